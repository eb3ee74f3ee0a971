"""The SQL text, to the letter; and nothing breaks out of a literal or an identifier."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from bronze_loader.datasets.charsets import replacements
from bronze_loader.datasets.declaration import CsvOptions
from bronze_loader.landing.bucket import LandingFile
from bronze_loader.planning.file_state import LogEntry
from bronze_loader.sniffing.header import Header
from bronze_loader.sniffing.unclosed_quote import Tail
from bronze_loader.warehouse import log_statements, statements
from bronze_loader.warehouse.corrupt_record import corrupt_record
from bronze_loader.warehouse.statements import BronzeSchema, FileToLoad

SCHEMA = BronzeSchema("main", "bronze", "s3://lakehouse")
NOON = datetime(2024, 1, 2, 12, 0, 0, 5, tzinfo=UTC)


def listed(key: str, etag: str = "e1") -> LandingFile:
    return LandingFile(f"s3://landing/{key}", key, key, etag, 42, NOON)


def test_create_table() -> None:
    assert statements.create_bronze_table(SCHEMA, "sales", ["id", "shop"]) == (
        """CREATE TABLE IF NOT EXISTS `main`.`bronze`.`sales` (
  `_source_file` STRING,
  `_source_etag` STRING,
  `_source_size` BIGINT,
  `_source_modified_at` TIMESTAMP,
  `_batch_id` STRING,
  `_loaded_at` TIMESTAMP,
  `_corrupt_record` STRING,
  `id` STRING,
  `shop` STRING
)
USING DELTA
LOCATION 's3://lakehouse/bronze/sales'"""
    )


def test_add_columns() -> None:
    assert statements.add_columns(SCHEMA, "sales", ["tax", "größe"]) == (
        "ALTER TABLE `main`.`bronze`.`sales` ADD COLUMNS (`tax` STRING, `größe` STRING)"
    )


def test_load_files_reads_each_file_by_its_own_header() -> None:
    files = [
        FileToLoad(listed("a.csv"), Header(("id", "shop"))),
        FileToLoad(listed("b[1]'.csv.gz", "e2"), Header(("tax", "id"), ";", "windows-1252")),
    ]
    columns = ["_source_file", "_source_etag", "_source_size", "_source_modified_at", "_batch_id",
               "_loaded_at", "_corrupt_record", "id", "shop", "tax"]  # fmt: skip
    moment = "TIMESTAMP'2024-01-02T12:00:00.000005Z'"
    decoded = ("`tax`", "`id`", "`_corrupt_record`")
    read, meant = replacements("windows-1252")
    assert read.encode("latin-1") == bytes(range(0x80, 0xA0))
    assert meant.startswith("€\ufffd")
    changed = f"'{read}', '{meant}'"
    branches = [statements.branch(columns, one, CsvOptions()) for one in files]
    assert statements.load_files(SCHEMA, "sales", branches, "b-1", NOON) == (
        f"""INSERT INTO `main`.`bronze`.`sales` REPLACE WHERE `_source_file` IN \
('s3://landing/a.csv', 's3://landing/b[1]\\'.csv.gz')
SELECT 's3://landing/a.csv' AS `_source_file`, 'e1' AS `_source_etag`, \
CAST(42 AS BIGINT) AS `_source_size`, {moment} AS `_source_modified_at`, 'b-1' AS `_batch_id`, \
{moment} AS `_loaded_at`, {corrupt_record(files[0].header)} AS `_corrupt_record`, \
`id`, `shop`, CAST(NULL AS STRING) AS `tax`
FROM read_files('s3://landing/a.csv', format => 'csv', \
schema => '`id` STRING, `shop` STRING, `_corrupt_record` STRING', header => true, \
enforceSchema => true, mode => 'PERMISSIVE', \
columnNameOfCorruptRecord => '_corrupt_record', multiLine => true, \
sep => ',', quote => '"', escape => '"', encoding => 'UTF-8')
UNION ALL
SELECT 's3://landing/b[1]\\'.csv.gz' AS `_source_file`, 'e2' AS `_source_etag`, \
CAST(42 AS BIGINT) AS `_source_size`, {moment} AS `_source_modified_at`, 'b-1' AS `_batch_id`, \
{moment} AS `_loaded_at`, {corrupt_record(files[1].header)} AS `_corrupt_record`, \
`id`, CAST(NULL AS STRING) AS `shop`, `tax`
FROM (SELECT {", ".join(f"translate({name}, {changed}) AS {name}" for name in decoded)}
FROM read_files('s3://landing/b\\\\[1\\\\]\\'.csv.gz', format => 'csv', \
schema => '`tax` STRING, `id` STRING, `_corrupt_record` STRING', header => true, \
enforceSchema => true, mode => 'PERMISSIVE', \
columnNameOfCorruptRecord => '_corrupt_record', multiLine => true, \
sep => ';', quote => '"', escape => '"', encoding => 'ISO-8859-1')) AS decoded"""
    )


def test_a_record_misread_in_silence_is_kept_as_malformed() -> None:
    values = "concat_ws(';', coalesce(`id`, ''), coalesce(`note`, ''))"
    seen = "CASE WHEN `_corrupt_record` IS NOT NULL THEN `_corrupt_record` WHEN "
    undecoded = "(`id` LIKE '%\ufffd%' OR `note` LIKE '%\ufffd%')"
    for tail, cut_off in (
        (None, ""),
        (Tail("it's\n2;b\n"), " OR `note` = 'it\\'s\n2;b\n'"),
        (Tail(end="x\n"), " OR endswith(`note`, 'x\n')"),
        (Tail(), " OR (endswith(`note`, '\n') AND "
         "length(`note`) - length(replace(`note`, ';', '')) >= 1)"),
    ):  # fmt: skip
        header = Header(("id", "note"), ";", tail=tail, line_end="\r\n")
        assert corrupt_record(header) == f"{seen}{undecoded}{cut_off} THEN {values} END"
    other_line_end = " OR endswith(`note`, '\r')"
    assert corrupt_record(Header(("id", "note"), ";")) == (
        f"{seen}{undecoded}{other_line_end} THEN {values} END"
    )


def test_the_declared_options_reach_read_files() -> None:
    one = FileToLoad(listed("a.csv"), Header(("id",), "\t", quote="'", escape="\\"))
    text = statements.read_files(one, CsvOptions(multi_line=False, null_value="N'A", skip_rows=3))
    assert "quote => '\\'', escape => '\\\\'" in text
    assert "multiLine => false" in text
    assert text.endswith(r"skipRows => '3', nullValue => 'N\'A')")


def test_append_log() -> None:
    entry = LogEntry("sales", "s3://l/it's.csv", "e1", 42, NOON, "loaded", 7, 1, ("tax",), None,
                     "b-1", NOON)  # fmt: skip
    moment = "2024-01-02T12:00:00.000005Z"
    text = log_statements.append_log(SCHEMA, [entry, entry])
    assert text.startswith(
        "INSERT INTO `main`.`bronze`.`load_log` "
        f"REPLACE WHERE `batch_id` = 'b-1' AND `logged_at` = TIMESTAMP'{moment}'\n"
        "SELECT CAST(entry.`batch_id` AS STRING) AS `batch_id`, "
    )
    assert "CAST(entry.`logged_at` AS TIMESTAMP) AS `logged_at`" in text
    literals = sqlglot.parse_one(text, read="databricks").find_all(sqlglot.exp.Literal)
    rows, fields = (one.this for one in literals if one.this[:3] in ('[{"', "ARR"))
    assert fields.startswith("ARRAY<STRUCT<batch_id STRING, ")
    assert json.loads(rows) == 2 * [
        {
            "batch_id": "b-1",
            "dataset": "sales",
            "source_file": "s3://l/it's.csv",
            "source_etag": "e1",
            "source_size": 42,
            "source_modified_at": moment,
            "status": "loaded",
            "row_count": 7,
            "corrupt_row_count": 1,
            "columns_added": ["tax"],
            "reason": None,
            "logged_at": moment,
        }
    ]


def test_a_timestamp_is_written_in_utc() -> None:
    moment = datetime(2024, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert statements.timestamp(moment) == "TIMESTAMP'2023-12-31T23:30:00.000000Z'"


@given(st.text())
def test_a_literal_is_read_back_as_it_was(value: str) -> None:
    parsed = sqlglot.parse_one(f"SELECT {statements.string(value)}", read="databricks")
    (only,) = parsed.expressions
    assert isinstance(only, sqlglot.exp.Literal)
    assert only.this == value


def test_a_literal_holds_no_variable_that_spark_would_put_its_value_for() -> None:
    assert statements.string("${env:HOME}$${x}") == r"'$\{env:HOME}$$\{x}'"
    parsed = sqlglot.parse_one(statements.string("${env:HOME}"), read="databricks")
    assert parsed.this == "${env:HOME}"


@given(st.text(min_size=1))
def test_an_identifier_is_read_back_as_it_was(name: str) -> None:
    parsed = sqlglot.parse_one(f"SELECT {statements.identifier(name)}", read="databricks")
    (only,) = parsed.expressions
    assert isinstance(only, sqlglot.exp.Column)
    assert only.name == name
