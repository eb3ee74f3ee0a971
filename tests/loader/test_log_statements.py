"""The SQL of the load log, to the letter."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime

import sqlglot

from bronze_loader.planning.file_state import LogEntry
from bronze_loader.warehouse import log_statements
from bronze_loader.warehouse.statements import BronzeSchema

SCHEMA = BronzeSchema("main", "bronze", "s3://lakehouse")


NOON = datetime(2024, 1, 2, 12, 0, 0, 5, tzinfo=UTC)


def test_append_log() -> None:
    entry = LogEntry("sales", "s3://l/it's.csv", "e1", 42, NOON, "loaded", 7, 1, ("tax",), None,
                     "b-1", NOON, "7-42")  # fmt: skip
    moment = "2024-01-02T12:00:00.000005Z"
    other = replace(entry, source_file="s3://l/b.csv", row_count=8)
    text = log_statements.append_log(SCHEMA, [entry, other])
    assert text.startswith(
        "INSERT INTO `main`.`bronze`.`load_log` "
        f"REPLACE WHERE `batch_id` = 'b-1' AND `logged_at` = TIMESTAMP'{moment}'\n"
        "SELECT CAST(shared.`batch_id` AS STRING) AS `batch_id`, "
    )
    assert "CAST(entry.`row_count` AS BIGINT) AS `row_count`" in text
    assert "CAST(shared.`logged_at` AS TIMESTAMP) AS `logged_at`" in text
    found = sqlglot.parse_one(text, read="databricks").find_all(sqlglot.exp.Literal)
    shared, own = (
        (json.loads(one.this), of.this)
        for one, of in itertools.pairwise(found)
        if one.this[:1] in "[{"
    )
    assert own == (
        [
            {"source_file": "s3://l/it's.csv", "row_count": 7},
            {"source_file": "s3://l/b.csv", "row_count": 8},
        ],
        "ARRAY<STRUCT<source_file STRING, row_count BIGINT>>",
    )
    assert shared[0] == {
        "batch_id": "b-1",
        "dataset": "sales",
        "source_etag": "e1",
        "source_size": 42,
        "source_modified_at": moment,
        "status": "loaded",
        "corrupt_row_count": 1,
        "columns_added": ["tax"],
        "reason": None,
        "logged_at": moment,
        "rows_digest": "7-42",
    }
    assert shared[1].startswith("STRUCT<batch_id STRING, dataset STRING, source_etag STRING, ")
