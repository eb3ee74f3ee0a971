"""`read_files` for CSV: the files of a path as one relation for the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, count
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from local_warehouse.read_files.csv.csv_file import CsvFile
from local_warehouse.read_files.csv.csv_options import CsvOptions, parse_options
from local_warehouse.read_files.csv.writers import PlainWriter, string_schema
from local_warehouse.read_files.decoding import decompress, utf8_blocks
from local_warehouse.read_files.errors import PathNotFound, UnsupportedOption
from local_warehouse.read_files.file_storage import FileStorage, FoundFile
from local_warehouse.read_files.option_values import OptionValue
from local_warehouse.read_files.parquet_rows import ParquetRows
from local_warehouse.read_files.read_ahead import read_ahead
from local_warehouse.read_files.scan import (
    METADATA_TYPE,
    Scan,
    literal,
    metadata_of,
    parquet_relation,
    quoted,
    remove,
    reporting_damage,
    scratch_folder,
)


def read_csv_files(
    path: str,
    options: Mapping[str, OptionValue],
    *,
    storage: FileStorage,
    scratch: Path,
    with_metadata: bool = False,
) -> Scan:
    """Read files as `read_files` does, for CSV."""
    settings = csv_options(options)
    with scratch_folder(scratch) as folder, reporting_damage(path):
        files = open_files(path, settings, storage)
        first = next(files)
        metadata = []
        with CsvRelation(folder, first[1].options, numbered=with_metadata) as relation:
            for number, (file, opened) in enumerate(chain([first], files)):
                relation.add(opened, number)
                if with_metadata:
                    metadata.append(metadata_of(storage.describe(file)))
            if not with_metadata:
                return relation.scan()
            return relation.scan(pa.table({"_metadata": pa.array(metadata, METADATA_TYPE)}))


def csv_options(options: Mapping[str, OptionValue]) -> CsvOptions:
    """The options of a call for CSV. Raises UnsupportedOption for a format that is none."""
    file_format = str(options.get("format") or "csv").lower()
    if file_format != "csv":
        formats = "csv, json, parquet, text or binaryFile"
        raise UnsupportedOption("format", f"only {formats}, not {file_format!r}")
    return parse_options(options)


def open_files(
    path: str, options: CsvOptions, storage: FileStorage
) -> Iterator[tuple[FoundFile, CsvFile]]:
    """Open the files of a path in order; the first one names the columns if no schema does."""
    files, first = _open_first(path, options, storage)
    yield files[0], first
    for file in files[1:]:
        yield file, _open(file, first.options, storage)


def _open(file: FoundFile, options: CsvOptions, storage: FileStorage) -> CsvFile:
    blocks = read_ahead(decompress(file.path, storage.read(file)))
    return CsvFile(file.url, utf8_blocks(blocks, options.encoding), options)


def _open_first(
    path: str, options: CsvOptions, storage: FileStorage
) -> tuple[list[FoundFile], CsvFile]:
    files = storage.find(path, options.path_glob_filter)
    try:
        return files, _open(files[0], options, storage)
    except PathNotFound:
        if path.endswith("/") or len(files) > 1:
            raise
    files = storage.find(path + "/", options.path_glob_filter)
    return files, _open(files[0], options, storage)


class CsvRelation:
    """The rows of files as one relation, to which several threads may add files.

    Well-formed records are in CSV parts, which the engine parses, the others in a Parquet file.
    Where files are `numbered`, each row has its file's number, in a part by the name of its folder,
    by which it is joined with the constants of its file.
    """

    def __init__(self, folder: Path, options: CsvOptions, *, numbered: bool = False) -> None:
        self._folder = folder
        self._options = options
        self._schema = string_schema(options)
        self._plain = folder / "plain"
        self._number = f"{folder.name}_number"
        self._numbers = [pa.field(self._number, pa.int32())] if numbered else []
        schema = pa.schema([*self._schema, *self._numbers])
        self._rows = ParquetRows(folder / "rows.parquet", schema)
        self._names = count()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._rows.close()

    def add(self, file: CsvFile, number: int = 0, share: int = 1) -> None:
        """Parse a file; `share` is the number of files of the relation, or less."""
        place = self._plain / f"{self._number}={number}" if self._numbers else self._plain

        def write(table: pa.Table) -> None:
            for column in self._numbers:
                numbers = pa.repeat(pa.scalar(number, column.type), table.num_rows)
                table = table.append_column(column, numbers)
            self._rows.write(table)

        file.parse(write, PlainWriter(place, str(next(self._names))), share)

    def scan(
        self, constants: pa.Table | None = None, casts: Mapping[str, str] | None = None
    ) -> Scan:
        """The scan of all files.

        Where files are numbered, `constants` has a row for each number from 0 on; its columns are
        behind those of the files, cast to the SQL types of `casts`.
        """
        setup, teardown, branches = [], [], []
        if self._plain.exists():
            view = f"{self._folder.name}_plain"
            setup.append(self._declare(view))
            teardown.append(f"drop view if exists {view}")
            branches.append(f"select {', '.join(self._columns_of_parts())} from {view}")
        rows = self._rows.finish_if_any() if branches else self._rows.finish()
        if rows is not None:
            branches.append(f"select * from {parquet_relation(rows)}")
        sql = f"({' union all '.join(branches)})"
        schema = self._schema
        if constants is not None:
            schema = pa.schema([*schema, *constants.schema])
            sql = self._joined(sql, constants, casts or {})
        return Scan(schema, sql, setup, teardown, lambda: remove(self._folder))

    def _joined(self, relation: str, constants: pa.Table, casts: Mapping[str, str]) -> str:
        path = self._folder / "constants.parquet"
        numbers = pa.array(range(constants.num_rows), pa.int32())
        pq.write_table(constants.append_column(self._number, numbers), path)
        names = constants.column_names
        values = [
            f"cast({quoted(name)} as {casts[name]}) as {quoted(name)}"
            if name in casts
            else quoted(name)
            for name in (*names, self._number)
        ]
        columns = [f"r.{quoted(name)}" for name in self._schema.names]
        columns += [f"c.{quoted(name)}" for name in names]
        number = quoted(self._number)
        return (
            f"(select {', '.join(columns)}"
            f" from (select {', '.join(values)} from {parquet_relation(path)}) as c"
            f" join {relation} as r on c.{number} = r.{number})"
        )

    def _columns_of_parts(self) -> list[str]:
        corrupt = self._options.corrupt_column
        return [
            f"cast(null as string) as {quoted(name)}" if name == corrupt else quoted(name)
            for name in (*self._schema.names, *(column.name for column in self._numbers))
        ]

    def _declare(self, view: str) -> str:
        options = self._options
        names = [column.name for column in options.data_columns or ()]
        columns = [f"{quoted(name)} string" for name in names]
        columns += [f"{quoted(column.name)} int" for column in self._numbers]
        settings = {
            "path": str(self._plain),
            "header": "false",
            "sep": options.delimiter,
            "quote": options.quote,
            "escape": options.quote,
            # Else the engine looks for line ends in the middle of a part, which costs more.
            "multiLine": "true",
        }
        pairs = ", ".join(f"{name} {literal(value)}" for name, value in settings.items())
        return f"create temporary view {view} ({', '.join(columns)}) using csv options ({pairs})"
