"""The SQL of the loader, in Databricks SQL. Pure text; every value and name goes in quoted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bronze_loader.datasets.charsets import as_read, read_as, replacements
from bronze_loader.datasets.column_names import METADATA_COLUMNS
from bronze_loader.datasets.csv_options import CsvOptions
from bronze_loader.datasets.globs import escape_glob
from bronze_loader.landing.bucket import LandingFile
from bronze_loader.sniffing.header import Header
from bronze_loader.warehouse.corrupt_record import CORRUPT, corrupt_record
from bronze_loader.warehouse.literals import identifier, string, strings, timestamp


@dataclass(frozen=True)
class BronzeSchema:
    """Where the bronze tables are: in the catalog, and in storage (a URL without a slash at its
    end)."""

    catalog: str
    name: str
    lakehouse_url: str

    def table(self, name: str) -> str:
        """The quoted three-part name of a table."""
        return ".".join(map(identifier, (self.catalog, self.name, name)))

    def location(self, table: str) -> str:
        """The URL under which the table's files are kept."""
        return f"{self.lakehouse_url}/{self.name}/{table}"


@dataclass(frozen=True)
class FileToLoad:
    """A file and how to read it."""

    file: LandingFile
    header: Header


def schema_exists(schema: BronzeSchema) -> str:
    """A query with one row when the schema exists, else none."""
    return (
        f"SELECT schema_name FROM {identifier(schema.catalog)}.information_schema.schemata "  # noqa: S608
        f"WHERE schema_name = {string(schema.name)}"
    )


def create_schema(schema: BronzeSchema) -> str:
    """CREATE SCHEMA IF NOT EXISTS."""
    return f"CREATE SCHEMA IF NOT EXISTS {identifier(schema.catalog)}.{identifier(schema.name)}"


def table_columns(schema: BronzeSchema, tables: Iterable[str]) -> str:
    """A query for the columns of those tables that exist, each table's in its order."""
    return (
        "SELECT table_name, column_name "  # noqa: S608
        f"FROM {identifier(schema.catalog)}.information_schema.columns "
        f"WHERE table_schema = {string(schema.name)} "
        f"AND table_name IN ({strings(tables)}) ORDER BY table_name, ordinal_position"
    )


def create_bronze_table(schema: BronzeSchema, table: str, columns: Iterable[str]) -> str:
    """CREATE TABLE IF NOT EXISTS: the metadata columns, then the given ones as STRING."""
    typed = (*METADATA_COLUMNS, *((name, "STRING") for name in columns))
    return create_table(schema, table, typed, clustered_by=["_source_file"])


def create_table(
    schema: BronzeSchema,
    table: str,
    columns: Iterable[tuple[str, str]],
    clustered_by: Iterable[str],
) -> str:
    """CREATE TABLE IF NOT EXISTS for an external Delta table of (name, type) columns, clustered by
    what its rows are replaced and read by."""
    body = ",\n  ".join(f"{identifier(name)} {data_type}" for name, data_type in columns)
    keys = ", ".join(map(identifier, clustered_by))
    return (
        f"CREATE TABLE IF NOT EXISTS {schema.table(table)} (\n  {body}\n)\n"
        f"USING DELTA\nCLUSTER BY ({keys})\nLOCATION {string(schema.location(table))}"
    )


def add_columns(schema: BronzeSchema, table: str, columns: Iterable[str]) -> str:
    """ALTER TABLE that adds STRING columns behind the others."""
    body = ", ".join(f"{identifier(name)} STRING" for name in columns)
    return f"ALTER TABLE {schema.table(table)} ADD COLUMNS ({body})"


def remove(schema: BronzeSchema, table: str, urls: Iterable[str]) -> str:
    """DELETE of the rows of the files."""
    return (
        f"DELETE FROM {schema.table(table)} "  # noqa: S608
        f"WHERE {identifier('_source_file')} IN ({strings(urls)})"
    )


class BatchColumn(Enum):
    """A metadata column whose value is the same for all rows of a batch."""

    ID = "_batch_id"
    MOMENT = "_loaded_at"


# Bytes at the most: the literals of the batch, UNION ALL, and quotes and comma of the URL.
_AROUND_A_BRANCH = 160


@dataclass(frozen=True)
class Branch:
    """One file's SELECT in the statement of `load_files`, over all columns of the table.

    `pieces` are its text in order. Where the value of a batch column goes stands the column, for
    the batch's id and moment are given only when it is complete.
    """

    url: str
    pieces: tuple[str | BatchColumn, ...]

    def text(self, batch: Mapping[BatchColumn, str]) -> str:
        """The SELECT with the batch's literals."""
        return "".join(p if isinstance(p, str) else batch[p] for p in self.pieces)

    @property
    def size(self) -> int:
        """Bytes that the file adds to the statement: its SELECT, and its URL in the list."""
        text = sum(len(p.encode()) for p in self.pieces if isinstance(p, str))
        # `string` adds one backslash to a character at the most.
        return text + 2 * len(self.url.encode()) + _AROUND_A_BRANCH


def load_files(
    schema: BronzeSchema,
    table: str,
    branches: Sequence[Branch],
    batch_id: str,
    loaded_at: datetime,
) -> str:
    """One atomic statement that makes the files' rows in the table be what the files hold now.

    Run again, it replaces the same rows.
    """
    batch = {BatchColumn.ID: string(batch_id), BatchColumn.MOMENT: timestamp(loaded_at)}
    selects = "\nUNION ALL\n".join(branch.text(batch) for branch in branches)
    urls = strings(branch.url for branch in branches)
    return (
        f"INSERT INTO {schema.table(table)} "
        f"REPLACE WHERE {identifier('_source_file')} IN ({urls})\n{selects}"
    )


def branch(columns: Sequence[str], one: FileToLoad, options: CsvOptions) -> Branch:
    """One file's part of the statement `load_files`.

    `columns` are all columns of the table in its order. A file's columns are found by name; those
    that it does not have are NULL.
    """
    values: dict[str, str | BatchColumn] = {
        "_source_file": string(one.file.url),
        "_source_etag": string(one.file.etag),
        "_source_size": f"CAST({one.file.size} AS BIGINT)",
        "_source_modified_at": timestamp(one.file.modified_at),
        CORRUPT: corrupt_record(one.header),
        **{column.value: column for column in BatchColumn},
    }
    present = set(one.header.columns)
    pieces: list[str | BatchColumn] = []
    text = ["SELECT "]
    for place, name in enumerate(columns):
        text.append(", " if place else "")
        value = values.get(name)
        if isinstance(value, BatchColumn):
            pieces += ["".join(text), value]
            text = [f" AS {identifier(name)}"]
        elif value is not None:
            text.append(f"{value} AS {identifier(name)}")
        elif name in present:
            text.append(identifier(name))
        else:
            text.append(f"CAST(NULL AS STRING) AS {identifier(name)}")
    text.append(f"\nFROM {_relation(one, options)}")
    return Branch(one.file.url, (*pieces, "".join(text)))


def _relation(one: FileToLoad, options: CsvOptions) -> str:
    """The rows of one file, in the characters of its encoding."""
    read, meant = map(string, replacements(one.header.encoding))
    if read == meant:
        return read_files(one, options)
    columns = ", ".join(
        f"translate({name}, {read}, {meant}) AS {name}"
        for name in map(identifier, (*one.header.columns, CORRUPT))
    )
    return f"(SELECT {columns}\nFROM {read_files(one, options)}) AS decoded"


def read_files(one: FileToLoad, options: CsvOptions) -> str:
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
    if header.escape == header.quote:
        # Spark would have NUL for it, and lose each that stands in the last value of a line.
        arguments["charToEscapeQuoteEscaping"] = characters(header.escape)
    if header.skip_rows:
        arguments["skipRows"] = header.skip_rows
    if header.trims:
        arguments["ignoreLeadingWhiteSpace"] = True
    if header.says_line_end:
        arguments["lineSep"] = header.line_end
    if options.null_value is not None:
        arguments["nullValue"] = characters(options.null_value)
    named = ", ".join(
        f"{name} => {str(value).lower() if isinstance(value, bool) else string(str(value))}"
        for name, value in arguments.items()
    )
    return f"read_files({string(escape_glob(one.file.url))}, {named})"


def count_rows(schema: BronzeSchema, table: str, urls: Iterable[str]) -> str:
    """A query for the rows and malformed rows that the table holds of each file."""
    return (
        "SELECT `_source_file` AS source_file, count(*) AS row_count, "  # noqa: S608
        "count(`_corrupt_record`) AS corrupt_row_count "
        f"FROM {schema.table(table)} WHERE `_source_file` IN ({strings(urls)}) "
        "GROUP BY `_source_file`"
    )


def loaded_rows(
    schema: BronzeSchema, table: str, urls: Iterable[str], columns: Iterable[str]
) -> str:
    """A query for the rows and malformed rows that the table holds of each file, and a digest of
    these columns of the rows: their number and the sum of their hashes, which no order changes.

    A hash passes over NULL, so a column that no file had before leaves all digests as they were.
    """
    hashed = ", ".join(map(identifier, columns))
    return (
        "SELECT `_source_file` AS source_file, count(*) AS row_count, "  # noqa: S608
        "count(`_corrupt_record`) AS corrupt_row_count, "
        "concat_ws('-', CAST(count(*) AS STRING), "
        f"CAST(sum(CAST(xxhash64({hashed}) AS DECIMAL(38, 0))) AS STRING)) AS rows_digest "
        f"FROM {schema.table(table)} WHERE `_source_file` IN ({strings(urls)}) "
        "GROUP BY `_source_file`"
    )


def loaded_files(schema: BronzeSchema, table: str) -> str:
    """A query for what the table holds of each file, by the metadata columns of its rows.

    Moments are microseconds since 1970, which no session's time zone changes.
    """
    return f"""SELECT `_source_file` AS source_file, max(`_source_etag`) AS source_etag,
  max(`_source_size`) AS source_size, max(`_batch_id`) AS batch_id,
  unix_micros(max(`_source_modified_at`)) AS source_modified_at,
  unix_micros(max(`_loaded_at`)) AS loaded_at,
  count(*) AS row_count, count(`_corrupt_record`) AS corrupt_row_count
FROM {schema.table(table)} WHERE `_source_file` IS NOT NULL GROUP BY `_source_file`"""  # noqa: S608
