"""`read_files` for CSV: finds the files, parses them, says how the engine may read the result."""

import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from .csv_file import CsvFile
from .decode import decompress, utf8_blocks
from .errors import DamagedFile, PathNotFound, UnsupportedOption
from .options import CsvOptions, OptionValue, parse_options
from .read_ahead import read_ahead
from .storage import FoundFile, Storage
from .writers import ParquetRows, PlainWriter, string_schema


@dataclass(frozen=True)
class Scan:
    """What a `read_files` call becomes in a query.

    `schema` has the columns as they are in the scratch files, before any cast. `sql` is a relation
    in Spark SQL, fit to stand after FROM; `setup` must be run before it and `teardown` after it,
    both are usually empty. `cleanup` removes the scratch files.
    """

    schema: pa.Schema
    sql: str
    setup: list[str] = field(default_factory=list)
    teardown: list[str] = field(default_factory=list)
    cleanup: Callable[[], None] = lambda: None


def read_csv_files(
    path: str,
    options: Mapping[str, OptionValue],
    *,
    storage: Storage,
    scratch: Path,
    with_metadata: bool = False,
) -> Scan:
    """As `read_files`, for CSV."""
    settings = csv_options(options)
    with scratch_folder(scratch) as folder, fetched(path):
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
    file_format = str(options.get("format") or "csv").lower()
    if file_format != "csv":
        formats = "csv, json, parquet, text or binaryFile"
        raise UnsupportedOption("format", f"only {formats}, not {file_format!r}")
    return parse_options(options)


@contextmanager
def scratch_folder(scratch: Path) -> Iterator[Path]:
    """A new folder, which goes again if an error is raised."""
    scratch.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="read_files_", dir=scratch))
    try:
        yield folder
    except BaseException:
        remove(folder)
        raise


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fetched(path: str) -> Iterator[None]:
    """Say which path it was that is cut off, damaged or out of reach."""
    try:
        yield
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise DamagedFile(path, error) from error


def open_files(
    path: str, options: CsvOptions, storage: Storage
) -> Iterator[tuple[FoundFile, CsvFile]]:
    """The files of a path; the first of them names the columns if no schema does."""
    files, first = _open_first(path, options, storage)
    yield files[0], first
    for file in files[1:]:
        yield file, _open(file, first.options, storage)


def _open(file: FoundFile, options: CsvOptions, storage: Storage) -> CsvFile:
    blocks = read_ahead(decompress(file.path, storage.read(file)))
    return CsvFile(file.url, utf8_blocks(blocks, options.encoding), options)


def _open_first(
    path: str, options: CsvOptions, storage: Storage
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
    """Collects the rows of files as one relation, from several threads.

    Well-formed records are in CSV parts, which the engine parses, the others rows of a Parquet
    file. Where files are numbered, the rows bear their file's number, those of a part by the name
    of its folder, and are joined with what is constant in a file.
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
        """Parse a file; `share` is the number of files that there will be, or less."""
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
        """The relation. Where files are numbered, `constants` has a row for each number from 0 on;
        its columns are behind those of the files, cast to what `casts` names."""
        setup, teardown, branches = [], [], []
        if self._plain.exists():
            view = f"{self._folder.name}_plain"
            setup.append(self._declare(view))
            teardown.append(f"drop view if exists {view}")
            branches.append(f"select {', '.join(self._columns_of_parts())} from {view}")
        rows = self._rows.finish_if_any() if branches else self._rows.finish()
        if rows is not None:
            branches.append(f"select * from {_parquet(rows)}")
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
            f" from (select {', '.join(values)} from {_parquet(path)}) as c"
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


METADATA_TYPE = pa.struct(
    [
        ("file_path", pa.string()),
        ("file_name", pa.string()),
        ("file_size", pa.int64()),
        ("file_block_start", pa.int64()),
        ("file_block_length", pa.int64()),
        ("file_modification_time", pa.timestamp("us", "UTC")),
    ]
)


def metadata_of(file: FoundFile) -> dict[str, object]:
    """The value of `_metadata` for a file whose size and time are known."""
    values = (file.url, file.name, file.size, 0, file.size, file.modified_at)
    return dict(zip([field.name for field in METADATA_TYPE], values, strict=True))


def _parquet(path: Path) -> str:
    return f"parquet.{quoted(str(path))}"


def literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
