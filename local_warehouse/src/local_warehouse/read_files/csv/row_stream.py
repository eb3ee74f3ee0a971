"""The rows of CSV files as Arrow tables, parsed on all cores while the files are read.

Records are told apart as for the engine: what is well-formed is parsed by Arrow, the rest exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from local_warehouse.read_files.csv.blocks import BlockSplitter
from local_warehouse.read_files.csv.csv_options import CsvOptions
from local_warehouse.read_files.csv.relation import open_files
from local_warehouse.read_files.csv.writers import RowWriter, parse_plain
from local_warehouse.read_files.file_storage import FileStorage
from local_warehouse.read_files.scan import reporting_damage

_CHUNK_BYTES = 4 * 1024 * 1024  # of plain CSV that are parsed at once
_READERS = 8  # files that are read at once where there are many

Work = Callable[[], pa.Table | None]  # gives rows, on whatever thread


def stream_rows(
    paths: Sequence[str],
    options: CsvOptions,
    *,
    storage: FileStorage,
    take: Callable[[int, Work], None],
) -> None:
    """Read the files of all paths, and hand on what yields their rows, with the path's number.

    `take` is called from several threads; it may wait, and it stops the reading by an exception.
    The options must have a schema, whose columns the tables have. Raises as `read_files` does.
    """

    def read(number: int) -> None:
        with reporting_damage(paths[number]):
            for _, opened in open_files(paths[number], options, storage):
                plain = _Chunks(lambda work: take(number, work), options, paths[number])
                opened.parse(lambda table: take(number, lambda: table), plain, lines=plain.lines)

    if len(paths) == 1:
        read(0)
        return
    with ThreadPoolExecutor(_READERS, "read_files") as pool:
        for _ in pool.map(read, range(len(paths))):
            pass


class _Chunks:
    """A sink of plain CSV, and of lines without quotes, that hands them on in chunks."""

    def __init__(self, take: Callable[[Work], None], options: CsvOptions, url: str) -> None:
        self._take = take
        self._options = options
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
            self._take(lambda: parse_plain(b"".join(runs), self._options))
        if lines and splitter is not None:
            self._take(lambda: self._parse_lines(b"".join(lines), splitter))

    def _parse_lines(self, data: bytes, splitter: BlockSplitter) -> pa.Table | None:
        try:
            return parse_plain(data, self._options)
        except pa.ArrowInvalid:  # as a line has another width
            pass
        tables: list[pa.Table] = []
        rows = RowWriter(tables.append, self._url, self._options)
        block = splitter.split(data, final=True)
        rows.write_plain(b"".join(splitter.runs(data, block)))
        rows.write(block.odd)
        rows.flush()
        return pa.concat_tables(tables) if tables else None

    def __enter__(self) -> _Chunks:
        return self

    def __exit__(self, *raised: object) -> None:
        if raised[:1] == (None,):
            self._flush()
