"""`read_files` for CSV: finds the files, parses them, says how the engine may read the result."""

import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import pyarrow as pa

from .csv_file import CsvFile, CsvParts
from .decode import decompress, utf8_blocks
from .errors import DamagedFile, PathNotFound, UnsupportedOption
from .options import CsvOptions, OptionValue, parse_options
from .read_ahead import read_ahead
from .schema import Column
from .storage import FoundFile, Storage
from .writers import string_schema


@dataclass(frozen=True)
class Scan:
    """What a `read_files` call becomes in a query.

    `sql` is a relation in Spark SQL, fit to stand after FROM; `setup` must be run before it and
    `teardown` after it, both are usually empty. `cleanup` removes the scratch files.
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
        settings = first[1].options
        relations = Relations(settings, folder.name)
        for number, (file, opened) in enumerate(chain([first], files)):
            parts = opened.write_parts(folder / str(number))
            metadata = _metadata_sql(storage.describe(file)) if with_metadata else None
            relations.add(parts, [metadata] if metadata else [])
        schema = string_schema(settings)
        if with_metadata:
            schema = schema.append(pa.field("_metadata", METADATA_TYPE))
        return relations.scan(schema, folder)


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
    except (OSError, EOFError, zlib.error) as error:
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


class Relations:
    """Collects the parts of all files into one relation and the statements around it."""

    def __init__(self, options: CsvOptions, name: str) -> None:
        self.setup: list[str] = []
        self.teardown: list[str] = []
        self._options = options
        self._name = name
        self._branches: list[str] = []

    def add(self, parts: CsvParts, more: Sequence[str] = ()) -> None:
        """`more` are columns besides, as SQL with their names."""
        last = "".join(f", {column}" for column in more)
        if parts.rows is not None:
            rows = f"parquet.{quoted(str(parts.rows))}"
            self._branches.append(f"select *{last} from {rows}" if last else rows)
        if parts.plain is not None:
            view = self._declare(parts.plain, parts.quoted_line_end)
            columns = ", ".join(map(self._column, self._options.schema or ()))
            self._branches.append(f"select {columns}{last} from {view}")

    def _column(self, column: Column) -> str:
        name = quoted(column.name)
        return f"cast(null as string) as {name}" if self._is_corrupt(column) else name

    def _is_corrupt(self, column: Column) -> bool:
        return column.name == self._options.corrupt_column

    def _declare(self, folder: Path, quoted_line_end: bool) -> str:
        options = self._options
        view = f"{self._name}_{len(self.setup)}"
        columns = ", ".join(f"{quoted(c.name)} string" for c in options.data_columns or ())
        settings = {
            "path": str(folder),
            "header": "false",
            "sep": options.delimiter,
            "quote": options.quote,
            "escape": options.quote,
            "multiLine": str(quoted_line_end).lower(),
        }
        pairs = ", ".join(f"{name} {literal(value)}" for name, value in settings.items())
        self.setup.append(f"create temporary view {view} ({columns}) using csv options ({pairs})")
        self.teardown.append(f"drop view if exists {view}")
        return view

    def scan(self, schema: pa.Schema, folder: Path) -> Scan:
        return Scan(
            schema,
            self._sql(),
            self.setup,
            self.teardown,
            lambda: remove(folder),
        )

    def _sql(self) -> str:
        if len(self._branches) == 1 and not self._branches[0].startswith("select "):
            return self._branches[0]
        selects = (b if b.startswith("select ") else f"select * from {b}" for b in self._branches)
        return f"({' union all '.join(selects)})"


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


def _metadata_sql(file: FoundFile) -> str:
    name = file.url.rpartition("/")[2]
    modified = file.modified_at.isoformat(sep=" ") if file.modified_at else ""
    return (
        f"named_struct('file_path', {literal(file.url)}, 'file_name', {literal(name)}, "
        f"'file_size', {file.size}L, 'file_block_start', 0L, 'file_block_length', {file.size}L, "
        f"'file_modification_time', timestamp{literal(modified)}) as _metadata"
    )


def literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
