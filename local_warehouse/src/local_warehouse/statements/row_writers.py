"""Writers of rows to a table's data files: one a core, each with a file of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import Any

import pyarrow as pa

from local_warehouse.delta.data_files import DataFile, coded, repeated
from local_warehouse.read_files.csv.row_stream import Part, Work
from local_warehouse.rewrites.columnwise import Computed, Constant, NotCovered, Rows

_ROW_GROUP_BYTES = 24 * 1024 * 1024  # of Arrow's columns
_CONSTANT_BYTES = 16  # a row, for what is added to it
_FILE_BYTES = 128 * 1024 * 1024
_WAITING = 4  # pieces of work that a reader may be ahead
_POLL_SECONDS = 0.5  # after which a reader that waits looks whether the writers have failed
_CORES = os.cpu_count() or 1


@dataclass(frozen=True)
class TableColumn:
    """A column of the table: whether it may be NULL, and its `values` where it is constant in each
    file that is loaded, else None."""

    name: str
    type: pa.DataType
    nullable: bool
    values: Set[object] | None

    @property
    def is_coded(self) -> bool:
        """Whether it is written with a dictionary of its values."""
        return self.values is not None and pa.types.is_string(self.type)

    @property
    def field(self) -> pa.Field:
        """The column in the data files, where one that has no NULL takes less."""
        has_null = self.values is None or None in self.values
        return pa.field(self.name, self.type, has_null)


class Projection:
    """From the rows of files to the columns of the table. Constants are filled in last, for many
    pieces at once."""

    def __init__(self, outputs: Sequence[Constant | Computed]) -> None:
        self.outputs = outputs

    @property
    def varies(self) -> bool:
        """Whether a column is computed by constants of each file, so that each file's rows are to
        be a part of their own."""
        return any(isinstance(output, Computed) and output.varies for output in self.outputs)

    def rows(self, part: Part) -> list[Any]:
        """The columns of the table, None for those that are constant in each file."""
        table = part.table
        columns = {
            n.lower(): c.chunk(0) if c.num_chunks == 1 else c.combine_chunks()  # which copies
            for n, c in zip(table.column_names, table.columns, strict=True)
        }
        rows = Rows(columns, part.files[0], table.num_rows)
        return [o.compute(rows) if isinstance(o, Computed) else None for o in self.outputs]


class _Piece:
    """The rows of a part."""

    def __init__(self, projection: Projection, part: Part) -> None:
        rows = part.table.num_rows
        self.counts = part.counts
        self.columns = projection.rows(part)
        self.size = part.table.nbytes + rows * _CONSTANT_BYTES
        self._outputs, self._files = projection.outputs, part.files

    def is_constant(self, place: int) -> bool:
        """Whether a column has the same value in all rows of a file."""
        return self.columns[place] is None

    def column(self, place: int, kind: pa.DataType) -> Any:
        """The values of a column."""
        if self.is_constant(place):
            return repeated(self.constants(place), self.counts, kind)
        return self.columns[place]

    def constants(self, place: int) -> list[Any]:
        """The values of a column that is constant, one for each file."""
        output = self._outputs[place]
        assert isinstance(output, Constant)
        return [output.of(file) for file in self._files]


class RowWriters:
    """Threads that do work which gives rows, and write them. Close it; what is not kept is deleted.

    Raises from `put` and `finish` what a piece of work has raised, and NotCovered where a required
    column has a NULL.
    """

    def __init__(
        self,
        location: str,
        columns: Sequence[TableColumn],
        check: Callable[[], None],
    ) -> None:
        """`check` raises where the statement is canceled; it is called often."""
        self.rows = 0
        self._location = location
        self._columns = columns
        self._constants = {
            column.name: value
            for column in columns
            for value in column.values or ()
            if len(column.values or ()) == 1
        }
        self._check = check
        self._queue: Queue[tuple[Projection, Work] | None] = Queue(_WAITING)
        self._error: BaseException | None = None
        self._lock = threading.Lock()
        self._left: list[_Piece] = []
        self._files: list[DataFile] = []
        self._adds: list[dict[str, Any]] = []
        self._repeated: dict[int, tuple[Any, Any]] = {}  # by a column's place: a value, and rows
        self._kept = False
        self._threads = [
            threading.Thread(target=self._run, name="row-writer", daemon=True)
            for _ in range(_CORES)
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> RowWriters:
        return self

    def __exit__(self, *_: object) -> None:
        self._error = self._error or NotCovered("ended")
        self._join()
        if not self._kept:
            for file in self._files:
                file.abandon()
        pa.default_memory_pool().release_unused()

    def put(self, projection: Projection, work: Work) -> None:
        """Have a writer do the work and write its rows, as soon as one is free."""
        self._offer((projection, work))

    def finish(self) -> list[dict[str, Any]]:
        """Wait until all is written, and return the actions that add the files to the table."""
        for _ in self._threads:
            self._offer(None)
        for thread in self._threads:
            thread.join()
        self._raise()
        self._write_left()
        return self._adds

    def keep(self) -> None:
        """Note that the files belong to the table now."""
        self._kept = True

    def _offer(self, item: tuple[Projection, Work] | None) -> None:
        while True:
            self._check()
            self._raise()
            try:
                self._queue.put(item, timeout=_POLL_SECONDS)
            except Full:
                continue
            return

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _join(self) -> None:
        while any(thread.is_alive() for thread in self._threads):
            try:
                self._queue.get_nowait()
            except Empty:
                self._queue.put(None)
            for thread in self._threads:
                thread.join(timeout=0.01)

    # on the writers' threads

    def _run(self) -> None:
        try:
            self._write_all()
        except BaseException as error:
            self._error = self._error or error

    def _write_all(self) -> None:
        waiting: list[_Piece] = []
        size = 0
        file: DataFile | None = None
        while (item := self._queue.get()) is not None and self._error is None:
            projection, work = item
            for part in work():
                if part.table.num_rows:
                    waiting.append(_Piece(projection, part))
                    size += waiting[-1].size
            if size >= _ROW_GROUP_BYTES:
                file = self._write(file, waiting)
                waiting, size = [], 0
        if file is None:
            with self._lock:
                self._left += waiting
        elif self._error is None:
            if waiting:
                self._write(file, waiting)
            self._close(file)

    def _write(self, file: DataFile | None, pieces: Sequence[_Piece]) -> DataFile:
        """Write pieces as a row group of a file, of a new one if there is none or it is full."""
        if file is not None and file.size >= _FILE_BYTES:
            self._close(file)
            file = None
        table = self._table(pieces)
        if file is None:
            file = DataFile(self._location, table, self._constants)
            with self._lock:
                self._files.append(file)
        file.write(table)
        return file

    def _close(self, file: DataFile) -> None:
        action = file.close()
        with self._lock:
            self._adds.append(action)
            self.rows += file.rows

    def _write_left(self) -> None:
        """Write into one file what was too little for a row group of any writer."""
        if self._left:
            self._close(self._write(None, self._left))
            self._left = []

    def _table(self, pieces: Sequence[_Piece]) -> pa.Table:
        columns, fields = [], []
        for place, column in enumerate(self._columns):
            values = self._values(pieces, place, column)
            if not column.nullable and values.null_count:
                raise NotCovered(f"NULL in {column.name}")
            columns.append(values)
            fields.append(column.field.with_type(values.type))
        return pa.Table.from_arrays(columns, schema=pa.schema(fields))

    def _values(self, pieces: Sequence[_Piece], place: int, column: TableColumn) -> Any:
        if all(piece.is_constant(place) for piece in pieces):
            values = [value for piece in pieces for value in piece.constants(place)]
            counts = [count for piece in pieces for count in piece.counts]
            if len(set(values)) == 1:
                return self._repeat(values[0], sum(counts), place, column)
            return (coded if column.is_coded else repeated)(values, counts, column.type)
        return pa.chunked_array([piece.column(place, column.type) for piece in pieces], column.type)

    def _repeat(self, value: Any, count: int, place: int, column: TableColumn) -> Any:
        """A column of one value. Its rows are made once for all row groups of a large file."""
        known, rows = self._repeated.get(place, (None, None))
        if rows is None or known != value or len(rows) < count:
            rows = (coded if column.is_coded else repeated)([value], [count], column.type)
            self._repeated[place] = value, rows
        return rows.slice(0, count)
