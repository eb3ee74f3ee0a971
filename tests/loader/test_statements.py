"""The SQL of the bronze tables, to the letter."""

from __future__ import annotations

from datetime import UTC, datetime

from bronze_loader.datasets.charsets import replacements
from bronze_loader.datasets.column_names import METADATA_NAMES
from bronze_loader.datasets.csv_options import CsvOptions
from bronze_loader.landing.bucket import LandingFile
from bronze_loader.sniffing.header import Header
from bronze_loader.sniffing.unclosed_quote import Tail
from bronze_loader.warehouse import statements
from bronze_loader.warehouse.corrupt_record import corrupt_record
from bronze_loader.warehouse.statements import BronzeSchema, FileToLoad
from local_warehouse.rewrites.merged_scans import merge

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
CLUSTER BY (`_source_file`)
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
sep => ',', quote => '"', escape => '"', encoding => 'UTF-8', \
charToEscapeQuoteEscaping => '"')
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
sep => ';', quote => '"', escape => '"', encoding => 'ISO-8859-1', \
charToEscapeQuoteEscaping => '"')) AS decoded"""
    )


def test_a_branch_adds_at_most_its_size_to_the_statement() -> None:
    hostile = FileToLoad(
        listed("it's \\ ${x} größe.csv"), Header(("id", "größe"), ";", "windows-1252")
    )
    columns = ["_source_file", "_batch_id", "_corrupt_record", "id", "_loaded_at", "größe", "tax"]
    branch = statements.branch(columns, hostile, CsvOptions())
    run_and_number = "20240102T120000Z-01234567-0001"

    def size(branches: int) -> int:
        text = statements.load_files(SCHEMA, "sales", [branch] * branches, run_and_number, NOON)
        return len(text.encode())

    assert 0.8 * branch.size < size(3) - size(2) <= branch.size


def test_the_declared_options_reach_read_files() -> None:
    one = FileToLoad(listed("a.csv"), Header(("id",), "\t", quote="'", escape="\\", skip_rows=3))
    text = statements.read_files(one, CsvOptions(multi_line=False, null_value="N'A"))
    assert "quote => '\\'', escape => '\\\\'" in text
    assert "multiLine => false" in text
    assert text.endswith(r"skipRows => '3', nullValue => 'N\'A')")


def test_the_local_warehouse_reads_like_files_as_one() -> None:
    tails = (None, Tail(), Tail(end="a\n7"), Tail("b", '"c\n'))
    shapes = [(tail, line_end) for tail in tails for line_end in ("\n", "\r\n")]
    for tail, line_end in shapes:
        header = Header(("id", "shop"), line_end=line_end, tail=tail)
        files = [FileToLoad(listed(f"{name}.csv", f"e{name}"), header) for name in "ab"]
        columns = [*METADATA_NAMES, "id", "shop"]
        branches = [statements.branch(columns, file, CsvOptions()) for file in files]
        statement = statements.load_files(SCHEMA, "sales", branches, "b1", NOON)
        merged, scans = merge(statement)
        assert [one.paths for one in scans.by_path.values()] == [[b.url for b in branches]], tail
        assert "UNION ALL" not in merged
