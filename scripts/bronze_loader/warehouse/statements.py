"""The SQL of the loader, in Databricks SQL. Pure text; every value and name goes in quoted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bronze_loader.datasets.charsets import as_read, read_as, replacements
from bronze_loader.datasets.column_names import METADATA_COLUMNS
from bronze_loader.datasets.declared import CsvOptions
from bronze_loader.datasets.globs import escape_glob
from bronze_loader.landing.bucket import LandingFile
from bronze_loader.sniffing.header import Header
from bronze_loader.warehouse.corrupt_record import CORRUPT, corrupt_record
from bronze_loader.warehouse.literals import _strings, identifier, string, timestamp


@dataclass(frozen=True)
class Schema:
    """Where the bronze tables are: in the catalog, and in storage (a URL without trailing /)."""

    catalog: str
    name: str
    lakehouse_url: str

    def table(self, name: str) -> str:
        return ".".join(map(identifier, (self.catalog, self.name, name)))

    def location(self, table: str) -> str:
        return f"{self.lakehouse_url}/{self.name}/{table}"


@dataclass(frozen=True)
class FileToLand:
    """A file and how to read it."""

    file: LandingFile
    header: Header


def schema_exists(schema: Schema) -> str:
    return (
        f"SELECT schema_name FROM {identifier(schema.catalog)}.information_schema.schemata "  # noqa: S608
        f"WHERE schema_name = {string(schema.name)}"
    )


def create_schema(schema: Schema) -> str:
    return f"CREATE SCHEMA IF NOT EXISTS {identifier(schema.catalog)}.{identifier(schema.name)}"


def table_columns(schema: Schema, tables: Iterable[str]) -> str:
    """The columns of those tables that exist, each table's in their order."""
    return (
        "SELECT table_name, column_name "  # noqa: S608
        f"FROM {identifier(schema.catalog)}.information_schema.columns "
        f"WHERE table_schema = {string(schema.name)} "
        f"AND table_name IN ({_strings(tables)}) ORDER BY table_name, ordinal_position"
    )


def create_bronze_table(schema: Schema, table: str, columns: Iterable[str]) -> str:
    typed = (*METADATA_COLUMNS, *((name, "STRING") for name in columns))
    return _create_table(schema, table, typed)


def _create_table(schema: Schema, table: str, columns: Iterable[tuple[str, str]]) -> str:
    body = ",\n  ".join(f"{identifier(name)} {data_type}" for name, data_type in columns)
    return (
        f"CREATE TABLE IF NOT EXISTS {schema.table(table)} (\n  {body}\n)\n"
        f"USING DELTA\nLOCATION {string(schema.location(table))}"
    )


def add_columns(schema: Schema, table: str, columns: Iterable[str]) -> str:
    body = ", ".join(f"{identifier(name)} STRING" for name in columns)
    return f"ALTER TABLE {schema.table(table)} ADD COLUMNS ({body})"


def remove(schema: Schema, table: str, urls: Iterable[str]) -> str:
    return (
        f"DELETE FROM {schema.table(table)} "  # noqa: S608
        f"WHERE {identifier('_source_file')} IN ({_strings(urls)})"
    )


def land(
    schema: Schema,
    table: str,
    columns: Sequence[str],
    files: Sequence[FileToLand],
    options: CsvOptions,
    batch_id: str,
    loaded_at: datetime,
) -> str:
    """One atomic statement that makes the files' rows in the table be what the files hold now.

    `columns` are all columns of the table in its order. A file's columns are found by name; those
    it has not are NULL. Run again, it replaces the same rows.
    """
    branches = "\nUNION ALL\n".join(
        land_branch(columns, one, options, batch_id, loaded_at) for one in files
    )
    return (
        f"INSERT INTO {schema.table(table)} "
        f"REPLACE WHERE {identifier('_source_file')} IN ({_strings(f.file.url for f in files)})\n"
        f"{branches}"
    )


def land_branch(
    columns: Sequence[str],
    one: FileToLand,
    options: CsvOptions,
    batch_id: str,
    loaded_at: datetime,
) -> str:
    """One file's part of the statement `land`."""
    literals = {
        "_source_file": string(one.file.url),
        "_source_etag": string(one.file.etag),
        "_source_size": f"CAST({one.file.size} AS BIGINT)",
        "_source_modified_at": timestamp(one.file.modified_at),
        "_batch_id": string(batch_id),
        "_loaded_at": timestamp(loaded_at),
        CORRUPT: corrupt_record(one.header),
    }
    present = set(one.header.columns)
    selected = []
    for name in columns:
        if name in literals:
            selected.append(f"{literals[name]} AS {identifier(name)}")
        elif name in present:
            selected.append(identifier(name))
        else:
            selected.append(f"CAST(NULL AS STRING) AS {identifier(name)}")
    return f"SELECT {', '.join(selected)}\nFROM {_relation(one, options)}"


def _relation(one: FileToLand, options: CsvOptions) -> str:
    """The rows of one file in the characters of its encoding."""
    read, meant = map(string, replacements(one.header.encoding))
    if read == meant:
        return read_files(one, options)
    columns = ", ".join(
        f"translate({name}, {read}, {meant}) AS {name}"
        for name in map(identifier, (*one.header.columns, CORRUPT))
    )
    return f"(SELECT {columns}\nFROM {read_files(one, options)}) AS decoded"


def read_files(one: FileToLand, options: CsvOptions) -> str:
    """The rows of one file. The schema is applied by position, over whatever the header says."""
    header = one.header

    def characters(text: str) -> str:
        return as_read(text, header.encoding)

    schema = ", ".join(f"{identifier(name)} STRING" for name in (*header.columns, CORRUPT))
    arguments = {
        "format": "csv",
        "schema": schema,
        "header": True,
        "enforceSchema": True,
        "mode": "PERMISSIVE",
        "columnNameOfCorruptRecord": CORRUPT,
        "multiLine": options.multi_line,
        # A lone backslash begins an escape sequence in Spark's delimiter.
        "sep": characters("\\\\" if header.delimiter == "\\" else header.delimiter),
        "quote": characters(header.quote),
        "escape": characters(header.escape),
        "encoding": read_as(header.encoding),
    }
    if options.skip_rows:
        arguments["skipRows"] = options.skip_rows
    if options.null_value is not None:
        arguments["nullValue"] = characters(options.null_value)
    named = ", ".join(
        f"{name} => {str(value).lower() if isinstance(value, bool) else string(str(value))}"
        for name, value in arguments.items()
    )
    return f"read_files({string(escape_glob(one.file.url))}, {named})"


def count_rows(schema: Schema, table: str, urls: Iterable[str]) -> str:
    """Rows and malformed rows that the table now holds of each file."""
    return (
        "SELECT `_source_file` AS source_file, count(*) AS row_count, "  # noqa: S608
        "count(`_corrupt_record`) AS corrupt_row_count "
        f"FROM {schema.table(table)} WHERE `_source_file` IN ({_strings(urls)}) "
        "GROUP BY `_source_file`"
    )


def landed_files(schema: Schema, table: str) -> str:
    """What the table holds of each file, by the rows' own word."""
    return f"""SELECT `_source_file` AS source_file, max(`_source_etag`) AS source_etag,
  max(`_source_size`) AS source_size, max(`_batch_id`) AS batch_id,
  unix_micros(max(`_source_modified_at`)) AS source_modified_at,
  unix_micros(max(`_loaded_at`)) AS loaded_at,
  count(*) AS row_count, count(`_corrupt_record`) AS corrupt_row_count
FROM {schema.table(table)} WHERE `_source_file` IS NOT NULL GROUP BY `_source_file`"""  # noqa: S608
