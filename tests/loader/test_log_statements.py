"""The SQL of the load log, to the letter."""

from __future__ import annotations

import json
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
            "rows_digest": "7-42",
        }
    ]
