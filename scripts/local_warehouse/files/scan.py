"""`read_files` itself: finds the files, parses them, says how the engine may read the result."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from .csv_file import CsvFile, CsvParts
from .decode import decompress, utf8_blocks
from .errors import PathNotFound, UnsupportedOption
from .options import CsvOptions, OptionValue, parse_options
from .read_ahead import read_ahead
from .schema import Column
from .storage import FoundFile, Storage


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


def read_files(
    path: str,
    options: Mapping[str, OptionValue],
    *,
    storage: Storage,
    scratch: Path,
    with_metadata: bool = False,
) -> Scan:
    """Reads the CSV files of a path as the table function of the same name would.

    `path` is an object's URL, a folder's or a Hadoop glob; `options` are the named arguments.
    The parsed rows go to a new folder under `scratch`. With `with_metadata` the last column is
    the struct `_metadata`. Raises `ReadFilesError`, and what the storage raises.
    """
    file_format = str(options.get("format") or "csv").lower()
    if file_format != "csv":
        raise UnsupportedOption("format", f"only csv, not {file_format!r}")
    settings = parse_options(options)
    scratch.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="read_files_", dir=scratch))
    try:
        return _scan(path, settings, storage, folder, with_metadata)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _scan(
    path: str, options: CsvOptions, storage: Storage, folder: Path, with_metadata: bool
) -> Scan:
    files, first = _open_first(path, options, storage)
    options = first.options
    relations = _Relations(options, folder.name)
    for number, file in enumerate(files):
        opened = first if number == 0 else _open(file, options, storage)
        parts = opened.write_parts(folder / str(number))
        relations.add(parts, _metadata_sql(storage.describe(file)) if with_metadata else None)
    schema = pa.schema([column.field for column in options.schema or ()])
    if with_metadata:
        schema = schema.append(pa.field("_metadata", METADATA_TYPE))
    return Scan(
        schema,
        relations.sql(),
        relations.setup,
        relations.teardown,
        lambda: shutil.rmtree(folder, ignore_errors=True),
    )


def _open(file: FoundFile, options: CsvOptions, storage: Storage) -> CsvFile:
    blocks = read_ahead(decompress(file.path, storage.read(file)))
    return CsvFile(file.url, utf8_blocks(blocks, options.encoding), options)


def _open_first(
    path: str, options: CsvOptions, storage: Storage
) -> tuple[list[FoundFile], CsvFile]:
    """The files of a path, the first of them opened: it names the columns if no schema does."""
    files = storage.find(path, options.path_glob_filter)
    try:
        return files, _open(files[0], options, storage)
    except PathNotFound:
        if path.endswith("/") or len(files) > 1:
            raise
    files = storage.find(path + "/", options.path_glob_filter)
    return files, _open(files[0], options, storage)


class _Relations:
    """Collects the parts of all files into one relation and the statements around it."""

    def __init__(self, options: CsvOptions, name: str) -> None:
        self.setup: list[str] = []
        self.teardown: list[str] = []
        self._options = options
        self._name = name
        self._branches: list[str] = []

    def add(self, parts: CsvParts, metadata: str | None) -> None:
        last = f", {metadata}" if metadata else ""
        if parts.rows is not None:
            rows = f"parquet.{_quoted(str(parts.rows))}"
            self._branches.append(f"select *{last} from {rows}" if last else rows)
        if parts.plain is not None:
            view = self._declare(parts.plain, parts.quoted_line_end)
            columns = ", ".join(map(self._column, self._options.schema or ()))
            self._branches.append(f"select {columns}{last} from {view}")

    def _column(self, column: Column) -> str:
        name = _quoted(column.name)
        return f"cast(null as string) as {name}" if self._is_corrupt(column) else name

    def _is_corrupt(self, column: Column) -> bool:
        return column.name == self._options.corrupt_column

    def _declare(self, folder: Path, quoted_line_end: bool) -> str:
        options = self._options
        view = f"{self._name}_{len(self.setup)}"
        columns = ", ".join(f"{_quoted(c.name)} string" for c in options.data_columns or ())
        settings = {
            "path": str(folder),
            "header": "false",
            "sep": options.delimiter,
            "quote": options.quote,
            "escape": options.quote,
            "multiLine": str(quoted_line_end).lower(),
        }
        pairs = ", ".join(f"{name} {_literal(value)}" for name, value in settings.items())
        self.setup.append(f"create temporary view {view} ({columns}) using csv options ({pairs})")
        self.teardown.append(f"drop view if exists {view}")
        return view

    def sql(self) -> str:
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
        f"named_struct('file_path', {_literal(file.url)}, 'file_name', {_literal(name)}, "
        f"'file_size', {file.size}L, 'file_block_start', 0L, 'file_block_length', {file.size}L, "
        f"'file_modification_time', timestamp{_literal(modified)}) as _metadata"
    )


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
