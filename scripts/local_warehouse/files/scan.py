"""`read_files` itself: finds the files, parses them, says how the engine may read the result."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .decode import decode_text, decompress
from .errors import MalformedRecord, PathNotFound, UnsupportedOption
from .header import columns_from
from .options import CsvOptions, Mode, OptionValue, parse_options
from .records import Record, check_header, read_records
from .storage import FoundFile, Storage

_BATCH_ROWS = 65536


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
    files = storage.find(path, options.path_glob_filter)
    try:
        options, first = _with_schema(files[0], options, storage)
    except PathNotFound:
        if path.endswith("/") or len(files) > 1:
            raise
        files = storage.find(path + "/", options.path_glob_filter)
        options, first = _with_schema(files[0], options, storage)
    schema = pa.schema([column.field for column in options.schema or ()])
    branches = []
    for number, file in enumerate(files):
        part = folder / f"{number}.parquet"
        records = first if number == 0 else _records(file, options, storage)
        _write(part, schema, file, records, options)
        relation = f"parquet.{_quoted(str(part))}"
        if with_metadata:
            relation = f"(select *, {_metadata_sql(storage.describe(file))} from {relation})"
        branches.append(relation)
    if with_metadata:
        schema = schema.append(pa.field("_metadata", METADATA_TYPE))
    if len(branches) == 1:
        sql = branches[0]
    else:
        sql = "(" + " union all ".join(f"select * from {branch}" for branch in branches) + ")"
    return Scan(schema, sql, cleanup=lambda: shutil.rmtree(folder, ignore_errors=True))


def _records(file: FoundFile, options: CsvOptions, storage: Storage) -> Iterator[Record]:
    blocks = decompress(file.path, storage.read(file))
    return read_records(decode_text(blocks, options.encoding), options)


def _with_schema(
    file: FoundFile, options: CsvOptions, storage: Storage
) -> tuple[CsvOptions, Iterator[Record]]:
    """Names the columns after the first file, where no schema is given, and gives its records."""
    records = _records(file, options, storage)
    first = next(records, None)
    if options.schema is None:
        tokens = first.tokens if first and first.tokens else []
        options = replace(options, schema=columns_from(tokens, options))
    return options, (r for part in ([first] if first else [], records) for r in part)


def _write(
    part: Path, schema: pa.Schema, file: FoundFile, records: Iterator[Record], options: CsvOptions
) -> None:
    if options.header and (header := next(records, None)) is not None:
        check_header(header.tokens or [], options, file.url)
    rows = _rows(file, records, options)
    with pq.ParquetWriter(part, schema, compression="none", use_dictionary=False) as writer:
        while batch := list(islice(rows, _BATCH_ROWS)):
            columns = zip(*batch, strict=True)
            arrays = [pa.array(column, pa.string()) for column in columns]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _rows(
    file: FoundFile, records: Iterator[Record], options: CsvOptions
) -> Iterator[list[str | None]]:
    """Rows in the order of the schema: tokens by position, the raw text in the corrupt column."""
    names = [column.name for column in options.schema or ()]
    corrupt = names.index(options.corrupt_column) if options.corrupt_column in names else None
    width = len(names) - (corrupt is not None)
    null = options.null_value
    for record in records:
        tokens = record.tokens
        well_formed = tokens is not None and len(tokens) == width
        if not well_formed:
            if options.mode is Mode.DROPMALFORMED:
                continue
            if options.mode is Mode.FAILFAST:
                raise MalformedRecord(file.url, record.raw)
        row = [None if token == null else token for token in (tokens or ())[:width]]
        row += [None] * (width - len(row))
        if corrupt is not None:
            row.insert(corrupt, None if well_formed else record.raw)
        yield row


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
