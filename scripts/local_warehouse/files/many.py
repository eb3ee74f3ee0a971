"""Many `read_files` calls that differ in their path alone, as one relation."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from .csv_file import CsvParts
from .options import CsvOptions, OptionValue
from .scan import Relations, Scan, csv_options, fetched, literal, open_files, quoted, scratch_folder
from .storage import Storage
from .writers import ParquetRows, string_schema

T = TypeVar("T")

THREADS = 8
_ROW_GROUP_BYTES = 16 * 1024 * 1024

Parts = list[pa.Table] | CsvParts
"""What became of a file: a small one's rows, or where the rows of a large one are."""


def read_many(
    paths: Sequence[str],
    options: Mapping[str, OptionValue],
    constants: Mapping[str, Sequence[str | int]],
    *,
    storage: Storage,
    scratch: Path,
) -> Scan:
    """The rows of all paths, each with the constants of its path in columns of those names.

    The options must have a schema. The rows of all small files go to one Parquet file, so that
    the engine has one scan for them. Raises as `read_files` does.
    """
    settings = csv_options(options)
    schema = string_schema(settings)
    for name, values in constants.items():
        schema = schema.append(pa.field(name, _type(values)))
    with scratch_folder(scratch) as folder:
        relations = Relations(settings, folder.name)

        def read(number: int) -> list[Parts]:
            return list(_read(paths[number], settings, storage, folder / str(number)))

        with ParquetRows(folder / "rows.parquet", schema, list(constants)) as parquet:
            rows = _Gathered(parquet, schema)
            for number, found in enumerate(_in_threads(read, range(len(paths)))):
                here = {name: values[number] for name, values in constants.items()}
                for parts in found:
                    if isinstance(parts, CsvParts):
                        relations.add(parts, [_column(name, v) for name, v in here.items()])
                    else:
                        rows.add(parts, here)
            rows.flush()
            relations.add(CsvParts(parquet.finish()))
        return relations.scan(schema, folder)


def _read(path: str, options: CsvOptions, storage: Storage, folder: Path) -> Iterator[Parts]:
    with fetched(path):
        for number, (_, opened) in enumerate(open_files(path, options, storage)):
            if opened.is_small:
                yield opened.tables()
            else:
                yield opened.write_parts(folder.with_name(f"{folder.name}_{number}"))


def _in_threads(work: Callable[[int], T], items: Iterable[int]) -> Iterator[T]:
    """The results in their order; not many more than there are threads are held at a time."""
    source = iter(items)
    with ThreadPoolExecutor(THREADS, "read_files") as pool:
        waiting: deque[Future[T]] = deque()
        try:
            waiting.extend(pool.submit(work, item) for item in islice(source, 2 * THREADS))
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(work, item) for item in islice(source, 1))
        finally:
            for future in waiting:
                future.cancel()


class _Gathered:
    """Writes small tables together, as a row group each would cost more than its rows."""

    def __init__(self, parquet: ParquetRows, schema: pa.Schema) -> None:
        self._parquet = parquet
        self._schema = schema
        self._tables: list[pa.Table] = []
        self._bytes = 0

    def add(self, tables: Iterable[pa.Table], constants: Mapping[str, str | int]) -> None:
        for table in tables:
            columns = list(table.columns)
            for name, value in constants.items():
                constant = pa.scalar(value, self._schema.field(name).type)
                columns.append(pa.repeat(constant, table.num_rows))
            self._tables.append(pa.Table.from_arrays(columns, schema=self._schema))
            self._bytes += table.nbytes
        if self._bytes > _ROW_GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        if self._tables:
            self._parquet.write(pa.concat_tables(self._tables))
            self._tables, self._bytes = [], 0


def _type(values: Sequence[str | int]) -> pa.DataType:
    """The type that SQL gives to such literals."""
    if isinstance(values[0], str):
        return pa.string()
    return pa.int32() if all(int(value) < 2**31 for value in values) else pa.int64()


def _column(name: str, value: str | int) -> str:
    return f"{literal(value) if isinstance(value, str) else value} as {quoted(name)}"
