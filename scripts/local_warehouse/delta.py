"""Delta tables below the SQL level: reading their log, and commits that change only metadata.

Rows are always written by the engine; this module uses delta-rs to read a table's log, and writes
a metadata commit itself where neither the engine nor delta-rs has a call for it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from local_warehouse import storage
from local_warehouse.catalog.model import Column
from local_warehouse.errors import SqlError
from local_warehouse.types import from_delta

Field = dict[str, Any]  # a field of a Delta log's schemaString


def exists(location: str) -> bool:
    return DeltaTable.is_deltatable(location)


def open_table(location: str) -> DeltaTable:
    try:
        return DeltaTable(location)
    except TableNotFoundError as error:
        message = f"{location} is not a Delta table."
        raise SqlError("DELTA_TABLE_NOT_FOUND", message, "42P01") from error
    except (DeltaError, OSError) as error:
        raise SqlError("DELTA_CANNOT_READ_TABLE", f"{location}: {error}", "58030") from error


def columns(location: str) -> tuple[list[Column], list[str]]:
    """The columns of a table, and the names of those it is partitioned by."""
    table = open_table(location)
    found = [
        Column(f["name"], from_delta(f["type"]), f["nullable"], f["metadata"].get("comment"))
        for f in json.loads(table.schema().to_json())["fields"]
    ]
    return found, list(table.metadata().partition_columns)


def history(location: str, limit: int | None = None) -> list[dict[str, Any]]:
    """Commits, newest first."""
    return open_table(location).history(limit)


def metrics(table: DeltaTable) -> dict[str, int]:
    """The operation metrics of the newest commit that this table object has read."""
    found = table.history(1)[0].get("operationMetrics") or {}
    return {name: int(value) for name, value in found.items() if str(value).isdigit()}


def change_schema(location: str, change: Callable[[list[Field]], list[Field]]) -> None:
    """Commit a new schema: `change` gets the fields of the newest version and returns others.
    A commit that loses the race against another writer is built again on its version."""
    for _ in range(10):
        table = open_table(location)
        fields = json.loads(table.schema().to_json())["fields"]
        changed = change(json.loads(json.dumps(fields)))
        if changed == fields:
            return
        if _commit_metadata(table, location, {"type": "struct", "fields": changed}):
            return
    message = f"The schema of {location} changed ten times while it was being altered."
    raise SqlError("DELTA_METADATA_CHANGED", message, "2D521")


def _commit_metadata(table: DeltaTable, location: str, schema: dict[str, Any]) -> bool:
    metadata = table.metadata()
    now = int(time.time() * 1000)
    actions: list[dict[str, Any]] = [
        {"commitInfo": {"timestamp": now, "operation": "CHANGE COLUMN", "operationParameters": {}}},
        {
            "metaData": {
                "id": str(metadata.id),
                "name": metadata.name,
                "description": metadata.description,
                "format": {"provider": "parquet", "options": {}},
                "schemaString": json.dumps(schema),
                "partitionColumns": list(metadata.partition_columns),
                "configuration": dict(metadata.configuration),
                "createdTime": metadata.created_time,
            }
        },
    ]
    body = "\n".join(json.dumps(action) for action in actions).encode()
    version = table.version() + 1
    return storage.put_if_absent(f"{location}/_delta_log/{version:020}.json", body)


def relax(location: str) -> None:
    """Make every column nullable, as CREATE TABLE AS SELECT does whatever its query yields."""

    def nullable(fields: list[Field]) -> list[Field]:
        return [{**field, "nullable": True} for field in fields]

    change_schema(location, nullable)


def drop_constraint(location: str, name: str) -> None:
    open_table(location).alter.drop_constraint(name, raise_if_not_exists=False)


def constraints(location: str) -> dict[str, str]:
    """CHECK constraints recorded in the table's properties: name to expression."""
    prefix = "delta.constraints."
    configuration = open_table(location).metadata().configuration
    return {k.removeprefix(prefix): v for k, v in configuration.items() if k.startswith(prefix)}
