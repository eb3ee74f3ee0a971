"""Writers of scratch data: plain CSV parts, and tables of rows."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, Protocol, Self

import pyarrow as pa
import pyarrow.csv as pacsv

from local_warehouse.read_files.csv.csv_options import CsvOptions
from local_warehouse.read_files.csv.records import Record
from local_warehouse.read_files.errors import MalformedRecord, ReadFilesError
from local_warehouse.read_files.option_values import Mode

# Parts of this size let the engine read one file on several cores.
PART_BYTES = 8 * 1024 * 1024
_BATCH_ROWS = 65536
# What is parsed comes and goes by megabytes, on threads that end: in the heap of all threads it
# leaves holes, in this one none.
_POOL = pa.mimalloc_memory_pool() if "mimalloc" in pa.supported_memory_backends() else None


def string_schema(options: CsvOptions) -> pa.Schema:
    """The columns of the options' schema, which must be known."""
    return pa.schema([column.field for column in options.schema or ()])


class PlainSink(Protocol):
    """What takes well-formed records as bytes, some at a time, inside its `with` block."""

    def write(self, runs: Iterable[bytes | memoryview]) -> None:
        """Take whole records."""

    def __enter__(self) -> object: ...

    def __exit__(self, *_: object) -> None: ...


class PlainWriter:
    """A writer of numbered CSV files in a folder, which is made with the first of them.

    Each file has at most PART_BYTES, or one call's bytes.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._parts = 0
        self._size = 0
        self._file: BinaryIO | None = None

    def _open_part(self) -> BinaryIO:
        if self._parts == 0:
            self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{self._name}-{self._parts:05d}.csv"
        self._parts += 1
        self._size = 0
        return path.open("wb", buffering=0)

    def write(self, runs: Iterable[bytes | memoryview]) -> None:
        """Write whole records into one file."""
        data = b"".join(runs)
        if not data:
            return
        if self._file is None or self._size + len(data) > PART_BYTES:
            self._close()
            self._file = self._open_part()
        self._size += self._file.write(data)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()


class RowWriter:
    """A maker of tables of records, with the columns of the options' schema, all STRING.

    `sink` takes each table. Tokens fill the data columns by position; the raw text of a record of
    the wrong width goes to the corrupt-record column, and the mode decides whether there is a
    row at all.
    """

    def __init__(self, sink: Callable[[pa.Table], object], url: str, options: CsvOptions) -> None:
        self._sink = sink
        self._url = url
        self._options = options
        columns = options.schema or ()
        self._schema = string_schema(options)
        names = [column.name for column in columns]
        corrupt = options.corrupt_column
        self._corrupt = names.index(corrupt) if corrupt in names else None
        self._width = len(names) - (self._corrupt is not None)
        self._batch: list[list[str | None]] = []

    def write(self, records: Iterable[Record]) -> None:
        """Take records. Raises MalformedRecord in mode FAILFAST."""
        for record in records:
            row = self._row(record)
            if row is not None:
                self._batch.append(row)
                if len(self._batch) == _BATCH_ROWS:
                    self.flush()

    def _row(self, record: Record) -> list[str | None] | None:
        tokens = record.tokens or []
        well_formed = record.tokens is not None and len(tokens) == self._width
        if len(tokens) > self._options.max_columns:
            raise ReadFilesError(
                f"read_files: a record of {self._url} has {len(tokens)} fields, more than "
                f"the option maxColumns allows ({self._options.max_columns})"
            )
        if not well_formed:
            if self._options.mode is Mode.DROPMALFORMED:
                return None
            if self._options.mode is Mode.FAILFAST:
                raise MalformedRecord(self._url, record.raw)
        null = self._options.null_value
        row = [None if token == null else token for token in tokens[: self._width]]
        row += [None] * (self._width - len(row))
        if self._corrupt is not None:
            row.insert(self._corrupt, None if well_formed else record.raw)
        return row

    def flush(self) -> None:
        """Hand on the rows that are left; call it after the last record."""
        if self._batch:
            columns = zip(*self._batch, strict=True)
            arrays = [pa.array(column, pa.string()) for column in columns]
            self._sink(pa.Table.from_arrays(arrays, schema=self._schema))
            self._batch = []

    def write_plain(self, data: bytes) -> None:
        """Parse well-formed CSV bytes, as the block reader finds them."""
        if (table := parse_plain(data, self._options)) is not None:
            self._sink(table)


def parse_plain(data: bytes, options: CsvOptions) -> pa.Table | None:
    """Well-formed CSV bytes, as the block reader finds them, as a table with the columns of the
    options' schema; None where they have no record. Without a quote they take a third of the time.
    """
    if not data[:1].strip(b"\r\n") and not data.strip(b"\r\n"):  # which copies
        return None
    if data.startswith(codecs.BOM_UTF8):  # part of the first value, which Arrow would leave out
        data = b"\n" + data
    names = [column.name for column in options.data_columns or ()]
    has_quotes = options.quote.encode() in data
    table = pacsv.read_csv(
        pa.BufferReader(data),
        read_options=pacsv.ReadOptions(
            column_names=names, use_threads=False, block_size=len(data) + 1
        ),
        parse_options=pacsv.ParseOptions(
            delimiter=options.delimiter,
            quote_char=options.quote if has_quotes else False,
            newlines_in_values=has_quotes,
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            check_utf8=False,
        ),
        memory_pool=_POOL,
    )
    columns = [column.name for column in options.schema or ()]
    if options.corrupt_column in columns:
        nulls = pa.nulls(table.num_rows, pa.string())
        place = columns.index(options.corrupt_column)
        table = table.add_column(place, options.corrupt_column, nulls)
    return table
