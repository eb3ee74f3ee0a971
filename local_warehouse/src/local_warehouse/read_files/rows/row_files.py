"""`read_files` for JSON, Parquet, text and binary files.

Every file becomes tables of one schema, and all tables one Parquet file, which the engine reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from local_warehouse.read_files.errors import PathNotFound, UnsupportedOption
from local_warehouse.read_files.file_storage import FileStorage, FoundFile
from local_warehouse.read_files.globs import literal_prefix
from local_warehouse.read_files.option_values import OptionValue
from local_warehouse.read_files.parquet_rows import ParquetRows
from local_warehouse.read_files.rows.json_source import JsonSource
from local_warehouse.read_files.rows.parquet_source import ParquetSource
from local_warehouse.read_files.rows.row_options import RowOptions, parse_row_options
from local_warehouse.read_files.rows.row_source import RowSource
from local_warehouse.read_files.rows.text_source import BinarySource, TextSource
from local_warehouse.read_files.scan import (
    METADATA_TYPE,
    Scan,
    metadata_of,
    parquet_relation,
    remove,
    reporting_damage,
    scratch_folder,
)

_PARTITION = re.compile(r"/[^/=]+=[^/]*/")
_SOURCES: dict[str, type[RowSource]] = {
    "json": JsonSource,
    "parquet": ParquetSource,
    "text": TextSource,
    "binaryfile": BinarySource,
}


def read_row_files(
    path: str,
    options: Mapping[str, OptionValue],
    *,
    storage: FileStorage,
    scratch: Path,
    with_metadata: bool,
) -> Scan:
    """Read files as `read_files` does, for the formats of `row_options.FORMATS`."""
    settings = parse_row_options(options)
    with scratch_folder(scratch) as folder, reporting_damage(path):
        files = _find(path, settings, storage)
        source = _SOURCES[settings.file_format](settings, storage, folder)
        schema = source.schema(files)
        whole = schema.append(pa.field("_metadata", METADATA_TYPE)) if with_metadata else schema
        with ParquetRows(folder / "rows.parquet", whole) as rows:
            for file in files:
                for table in source.tables(file, schema):
                    rows.write(_with_metadata(table, file) if with_metadata else table)
            written = rows.finish()
        return Scan(whole, parquet_relation(written), cleanup=lambda: remove(folder))


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
