"""`read_files` for JSON, Parquet, text and binary files.

Every file becomes tables of one schema, and all tables one Parquet file, which the engine reads.
What is read of a file at a time fits in memory, but for a binary file, and for a text that is one
value.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, islice
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from local_warehouse.read_files.decode import decompress, utf8_blocks
from local_warehouse.read_files.errors import (
    DamagedFile,
    MalformedRecord,
    PathNotFound,
    ReadFilesError,
    UnsupportedOption,
)
from local_warehouse.read_files.globs import literal_prefix
from local_warehouse.read_files.options import Mode, OptionValue
from local_warehouse.read_files.parquet_rows import ParquetRows
from local_warehouse.read_files.rows.json_types import NUMBER, canonical, merged, type_of
from local_warehouse.read_files.rows.json_values import Rows
from local_warehouse.read_files.rows.options import RowOptions, parse_row_options
from local_warehouse.read_files.rows.parquet_types import spark_type
from local_warehouse.read_files.scan import (
    METADATA_TYPE,
    Scan,
    fetched,
    metadata_of,
    quoted,
    remove,
    scratch_folder,
)
from local_warehouse.read_files.source import FileStorage, FoundFile

_BATCH_ROWS = 16 * 1024
_RESCUED = "_rescued_data"
_BINARY = pa.schema(
    [
        ("path", pa.string()),
        ("modificationTime", pa.timestamp("us", "UTC")),
        ("length", pa.int64()),
        ("content", pa.binary()),
    ]
)
_MOMENT = pa.timestamp("us", "UTC")
_PARTITION = re.compile(r"/[^/=]+=[^/]*/")
_SINGLE_QUOTED = re.compile(r"[{,\[:]\s*'")
_WHITESPACE = re.compile(r"\s*")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_LONG = 100  # digits of an integer that is no number of any type but DOUBLE
_DECODER = JSONDecoder(
    parse_float=NUMBER, parse_int=lambda text: int(text) if len(text) < _LONG else NUMBER(text)
)

Record = dict[str, Any]


def read_row_files(
    path: str,
    options: Mapping[str, OptionValue],
    *,
    storage: FileStorage,
    scratch: Path,
    with_metadata: bool,
) -> Scan:
    """As `read_files`, for the formats of `FORMATS`."""
    settings = parse_row_options(options)
    with scratch_folder(scratch) as folder, fetched(path):
        files = _find(path, settings, storage)
        source = _SOURCES[settings.file_format](settings, storage, folder)
        schema = source.schema(files)
        whole = schema.append(pa.field("_metadata", METADATA_TYPE)) if with_metadata else schema
        with ParquetRows(folder / "rows.parquet", whole) as rows:
            for file in files:
                for table in source.tables(file, schema):
                    rows.write(_with_metadata(table, file) if with_metadata else table)
            written = rows.finish()
        return Scan(whole, f"parquet.{quoted(str(written))}", cleanup=lambda: remove(folder))


def _find(path: str, options: RowOptions, storage: FileStorage) -> list[FoundFile]:
    files = storage.find(path, options.path_glob_filter)
    try:
        files = [storage.describe(file) for file in files]
    except PathNotFound:
        if path.endswith("/") or len(files) > 1:
            raise
        files = storage.find(path + "/", options.path_glob_filter)
    base = literal_prefix(path).rpartition("/")[0]
    if options.partition_columns is None:
        for file in files:
            if _PARTITION.search(file.url.removeprefix(base)):
                reason = f"folders with values, as in {file.url}; give partitionColumns => ''"
                raise UnsupportedOption("partitionColumns", f"{reason} to ignore them")
    return files


def _with_metadata(table: pa.Table, file: FoundFile) -> pa.Table:
    metadata = pa.scalar(metadata_of(file), METADATA_TYPE)
    return table.append_column("_metadata", pa.repeat(metadata, table.num_rows))


class _Source(ABC):
    """Tables of the files of one call."""

    def __init__(self, options: RowOptions, storage: FileStorage, folder: Path) -> None:
        self._options = options
        self._storage = storage
        self._folder = folder

    @abstractmethod
    def schema(self, files: list[FoundFile]) -> pa.Schema:
        """The columns of all the files together."""

    @abstractmethod
    def tables(self, file: FoundFile, schema: pa.Schema) -> Iterator[pa.Table]:
        """The rows of one of them, in that schema."""

    def _with_rescued(self, fields: Iterable[pa.Field]) -> pa.Schema:
        """An inferred schema ends with a column for what does not fit it, which is nothing."""
        rescued = [pa.field(_RESCUED, pa.string())] if self._options.has_rescued_data else []
        return pa.schema([*fields, *rescued])

    def _blocks(self, file: FoundFile) -> Iterator[bytes]:
        return decompress(file.path, self._storage.read(file))

    def _texts(self, file: FoundFile, is_whole: bool) -> Iterator[str]:
        """The lines of a file, or its whole text."""
        blocks = utf8_blocks(self._blocks(file), self._options.encoding)
        if is_whole:
            yield b"".join(blocks).decode()
        else:
            yield from _lines(blocks, self._options.line_separator)


def _lines(blocks: Iterable[bytes], separator: str | None) -> Iterator[str]:
    ends = re.compile(re.escape(separator) if separator else r"\r\n|\n|\r")
    rest = ""
    for block in blocks:
        text = rest + block.decode()
        # a carriage return at the end may be half of a line end
        held = text[-1:] if text.endswith("\r") and not separator else ""
        *lines, rest = ends.split(text[: len(text) - len(held)])
        rest += held
        yield from lines
    lines = ends.split(rest)
    yield from lines if lines[-1] else lines[:-1]


def _batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    source = iter(rows)
    while batch := list(islice(source, _BATCH_ROWS)):
        yield batch


class _Text(_Source):
    def schema(self, files: list[FoundFile]) -> pa.Schema:
        return pa.schema([("value", pa.string())])

    def tables(self, file: FoundFile, schema: pa.Schema) -> Iterator[pa.Table]:
        for batch in _batches(self._texts(file, self._options.whole_text)):
            yield pa.table([pa.array(batch, pa.string())], schema=schema)


class _Binary(_Source):
    def schema(self, files: list[FoundFile]) -> pa.Schema:
        return _BINARY

    def tables(self, file: FoundFile, schema: pa.Schema) -> Iterator[pa.Table]:
        content = b"".join(self._storage.read(file))
        row = [[file.url], [file.modified_at], [file.size], [content]]
        yield pa.table(
            [pa.array(v, f.type) for v, f in zip(row, schema, strict=True)], schema=schema
        )


class _Parquet(_Source):
    def schema(self, files: list[FoundFile]) -> pa.Schema:
        if self._options.schema is not None:
            return self._options.schema
        schemas = []
        for file in files:
            with _readable(file):
                schemas.append(self._columns(file))
        try:
            found = pa.unify_schemas(schemas, promote_options="permissive")
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise ReadFilesError(f"read_files: the files have no common schema: {error}") from error
        return self._with_rescued(found)

    def tables(self, file: FoundFile, schema: pa.Schema) -> Iterator[pa.Table]:
        with _readable(file), self._open(file) as opened:
            for batch in opened.iter_batches(_BATCH_ROWS):
                table = pa.Table.from_batches([batch])
                names = {name.lower(): name for name in table.column_names}
                columns = [
                    table[names[field.name.lower()]].cast(field.type)
                    if field.name.lower() in names
                    else pa.nulls(table.num_rows, field.type)
                    for field in schema
                ]
                yield pa.table(columns, schema=schema)

    def _open(self, file: FoundFile) -> pq.ParquetFile:
        return pq.ParquetFile(self._local(file), coerce_int96_timestamp_unit="us")

    def _columns(self, file: FoundFile) -> pa.Schema:
        with self._open(file) as opened:
            leaves = [opened.schema.column(i) for i in range(len(opened.schema.names))]
            moments = {leaf.path for leaf in leaves if leaf.physical_type == "INT96"}
            return pa.schema(
                pa.field(f.name, _MOMENT if f.name in moments else spark_type(f.type))
                for f in opened.schema_arrow
            )

    def _local(self, file: FoundFile) -> Path:
        """A copy of the file, as Parquet is not read from front to end."""
        path = self._folder / f"{abs(hash(file.url))}.parquet"
        if not path.exists():
            with path.open("wb") as copy:
                for block in self._storage.read(file):
                    copy.write(block)
        return path


@contextmanager
def _readable(file: FoundFile) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise DamagedFile(file.url, error) from error


class _Json(_Source):
    def schema(self, files: list[FoundFile]) -> pa.Schema:
        if self._options.schema is not None:
            return self._options.schema
        found = pa.struct([])
        is_corrupt = False
        for batch in _batches(chain.from_iterable(map(self._records, files))):
            records = [record for record, _ in batch if record is not None]
            found = merged([found, *map(type_of, records)])
            is_corrupt |= len(records) < len(batch)
        fields = [pa.field(f.name, canonical(f.type)) for f in found if canonical(f.type)]
        if not self._options.infer_types:
            fields = [field.with_type(pa.string()) for field in fields]
        if is_corrupt and self._options.mode is Mode.PERMISSIVE:
            fields.append(pa.field(self._options.corrupt_column, pa.string()))
        if not fields:
            raise ReadFilesError(
                "[CF_EMPTY_DIR_FOR_SCHEMA_INFERENCE] read_files: no file holds a JSON object to "
                "infer a schema from. Give the option schema."
            )
        names = {
            name for name, count in Counter(f.name.lower() for f in fields).items() if count > 1
        }
        if names:
            raise ReadFilesError(
                f"[COLUMN_ALREADY_EXISTS] The column `{min(names)}` already exists: names that "
                "differ only in upper and lower case need a schema with one of them."
            )
        return self._with_rescued(fields)

    def tables(self, file: FoundFile, schema: pa.Schema) -> Iterator[pa.Table]:
        for rows in _batches(self._rows(file, schema)):
            columns = zip(*rows, strict=True)
            arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
            yield pa.table(arrays, schema=schema)

    def _rows(self, file: FoundFile, schema: pa.Schema) -> Iterator[list[Any]]:
        position = schema.get_field_index(self._options.corrupt_column)
        converter = Rows(schema if position < 0 else schema.remove(position))
        mode = self._options.mode
        for record, text in self._records(file):
            row = converter.convert(record or {})
            is_bad = record is None or converter.is_partial
            if is_bad and mode is Mode.FAILFAST:
                raise MalformedRecord(file.url, text)
            if is_bad and mode is Mode.DROPMALFORMED:
                continue
            if position >= 0:
                row.insert(position, text if is_bad else None)
            yield row

    def _records(self, file: FoundFile) -> Iterator[tuple[Record | None, str]]:
        """Each object with its text; None where a text holds no object."""
        for text in self._texts(file, self._options.multi_line):
            start = _WHITESPACE.match(text).end()  # type: ignore[union-attr]
            if start == len(text):
                continue
            try:
                value, _ = _DECODER.raw_decode(text, start)
            except (JSONDecodeError, RecursionError):
                if _SINGLE_QUOTED.search(text):
                    raise UnsupportedOption(
                        "allowSingleQuotes", f"{file.url} has names in single quotes"
                    ) from None
                value = None
            if _SURROGATE.search(text):
                value = _of_characters(value)
            for record in value if isinstance(value, list) else [value]:
                yield (record if isinstance(record, dict) else None), text


def _of_characters(value: Any) -> Any:
    """A JSON value with `?` for halves of characters, which `\\ud800` may stand for, as in Java."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return list(map(_of_characters, value))
    if isinstance(value, dict):
        return {_of_characters(name): _of_characters(child) for name, child in value.items()}
    return value


_SOURCES: dict[str, type[_Source]] = {
    "json": _Json,
    "parquet": _Parquet,
    "text": _Text,
    "binaryfile": _Binary,
}
