"""The rows of CSV files as Arrow tables, parsed on all cores while the files are read.

Records are told apart as for the engine: what is well-formed is parsed by Arrow, the rest exactly.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa

from local_warehouse.read_files.csv.blocks import BlockSplitter
from local_warehouse.read_files.csv.csv_options import CsvOptions
from local_warehouse.read_files.csv.relation import open_files
from local_warehouse.read_files.csv.writers import RowWriter, parse_plain
from local_warehouse.read_files.file_storage import FileStorage
from local_warehouse.read_files.scan import reporting_damage

_CHUNK_BYTES = 4 * 1024 * 1024  # of plain CSV that are parsed at once
_READERS = 8  # files that are read at once where there are many


@dataclass(frozen=True)
class Part:
    """Rows of files, by the numbers of their paths: those of one file behind those of another,
    `counts` of each."""

    table: pa.Table
    files: Sequence[int]
    counts: Sequence[int]


Work = Callable[[], Iterable[Part]]  # gives rows, on whatever thread


def stream_rows(
    paths: Sequence[str],
    options: CsvOptions,
    *,
    storage: FileStorage,
    take: Callable[[Work], None],
    together: bool = False,
) -> None:
    """Read the files of all paths, and hand on what yields their rows. Small files may be parsed
    `together`: a part then has rows of many.

    `take` is called from several threads; it may wait, and it stops the reading by an exception.
    The options must have a schema, whose columns the tables have. Raises as `read_files` does.
    """
    small = _SmallFiles(take, options)

    def read(number: int) -> None:
        with reporting_damage(paths[number]):
            for _, opened in open_files(paths[number], options, storage):
                found = opened.few_lines() if together else None
                if found is not None:
                    small.add(_Lines(number, opened.url, *found))
                    continue
                plain = _Chunks(take, options, number, opened.url)
                opened.parse(
                    lambda table: take(lambda: [_part(number, table)]), plain, lines=plain.lines
                )

    if len(paths) == 1:
        read(0)
    else:
        with ThreadPoolExecutor(_READERS, "read_files") as pool:
            for _ in pool.map(read, range(len(paths))):
                pass
    small.flush()


def _part(number: int, table: pa.Table) -> Part:
    return Part(table, [number], [table.num_rows])


@dataclass(frozen=True)
class _Lines:
    """Whole lines without quotes, of any width, of the file of a path."""

    file: int
    url: str
    data: bytes
    splitter: BlockSplitter

    def parse(self, options: CsvOptions) -> Iterable[Part]:
        try:
            table = parse_plain(self.data, options)
        except pa.ArrowInvalid:  # as a line has another width
            table = self._parse_odd(options)
        return [] if table is None else [_part(self.file, table)]

    def _parse_odd(self, options: CsvOptions) -> pa.Table | None:
        tables: list[pa.Table] = []
        rows = RowWriter(tables.append, self.url, options)
        block = self.splitter.split(self.data, final=True)
        rows.write_plain(b"".join(self.splitter.runs(self.data, block)))
        rows.write(block.odd)
        rows.flush()
        return pa.concat_tables(tables) if tables else None


class _SmallFiles:
    """Gathers lines of small files, to be parsed at once. Its calls may come from many threads."""

    def __init__(self, take: Callable[[Work], None], options: CsvOptions) -> None:
        self._take = take
        self._options = options
        self._lock = threading.Lock()
        self._waiting: list[_Lines] = []
        self._size = 0

    def add(self, lines: _Lines) -> None:
        """Take all lines of a file."""
        with self._lock:
            self._waiting.append(lines)
            self._size += len(lines.data)
            is_enough = self._size >= _CHUNK_BYTES
        if is_enough:
            self.flush()

    def flush(self) -> None:
        """Hand on what has been gathered."""
        with self._lock:
            files, self._waiting, self._size = self._waiting, [], 0
        if files:
            self._take(lambda: self._parse(files))

    def _parse(self, files: Sequence[_Lines]) -> Iterable[Part]:
        counts = [one.data.count(b"\n") for one in files]
        try:
            table = parse_plain(b"".join(one.data for one in files), self._options)
        except pa.ArrowInvalid:
            table = None
        if table is not None and table.num_rows == sum(counts):
            return [Part(table, [one.file for one in files], counts)]
        return [part for one in files for part in one.parse(self._options)]


class _Chunks:
    """A sink of plain CSV, and of lines without quotes, that hands them on in chunks."""

    def __init__(
        self, take: Callable[[Work], None], options: CsvOptions, number: int, url: str
    ) -> None:
        self._take = take
        self._options = options
        self._number = number
        self._url = url
        self._runs: list[bytes | memoryview] = []
        self._lines: list[memoryview] = []
        self._splitter: BlockSplitter | None = None

    def write(self, runs: Iterable[bytes | memoryview]) -> None:
        self._runs.extend(runs)
        if sum(map(len, self._runs)) >= _CHUNK_BYTES:
            self._flush()

    def lines(self, data: memoryview, splitter: BlockSplitter) -> None:
        """Take whole lines without quotes, of any width."""
        self._lines.append(data)
        self._splitter = splitter
        if sum(map(len, self._lines)) >= _CHUNK_BYTES:
            self._flush()

    def _flush(self) -> None:
        runs, self._runs = self._runs, []
        lines, self._lines = self._lines, []
        splitter = self._splitter
        if runs:
            self._take(lambda: self._parse(runs))
        if lines and splitter is not None:
            self._take(
                lambda: _Lines(self._number, self._url, b"".join(lines), splitter).parse(
                    self._options
                )
            )

    def _parse(self, runs: Iterable[bytes | memoryview]) -> Iterable[Part]:
        table = parse_plain(b"".join(runs), self._options)
        return [] if table is None else [_part(self._number, table)]

    def __enter__(self) -> _Chunks:
        return self

    def __exit__(self, *raised: object) -> None:
        if raised[:1] == (None,):
            self._flush()
