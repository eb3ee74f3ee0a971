"""Delta tables below the SQL level: reading their log, and commits that change only metadata.

Rows are always written by the engine; this module uses delta-rs to read a table's log, and writes
a metadata commit itself where neither the engine nor delta-rs has a call for it.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from local_warehouse import changes
from local_warehouse.catalog.model import Column
from local_warehouse.delta.log import _entries, entry
from local_warehouse.errors import SqlError
from local_warehouse.storage import objects
from local_warehouse.types.conversion import from_delta

Field = dict[str, Any]  # a field of a Delta log's schemaString

_CHECKPOINT_INTERVAL = 10  # commits, as Delta's writers do by default

_KEPT = 64
_kept: OrderedDict[str, tuple[DeltaTable, str]] = OrderedDict()  # by location: see `opened`
_keeping = threading.Lock()
_log = logging.getLogger(__name__)


def exists(location: str) -> bool:
    return DeltaTable.is_deltatable(location)


@contextmanager
def opened(location: str) -> Iterator[DeltaTable]:
    """A table as of its newest version, for one thread. It is kept for the next one who opens it,
    who reads only the commits after its version: a log takes up to a hundred requests."""
    table, tag = _opened_again(location) or _opened_anew(location)
    version = table.version()
    yield table
    if not tag or table.version() != version:
        return
    with _keeping:
        _kept[location] = table, tag
        _kept.move_to_end(location)
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)


def _opened_anew(location: str) -> tuple[DeltaTable, str]:
    """A table, and the tag of its newest version's entry; none if that is gone already."""
    table = open_table(location)
    version = table.version()
    return table, dict(_entries(location, version - 1)).get(version, "")


def _opened_again(location: str) -> tuple[DeltaTable, str] | None:
    """The same of the table that is kept, unless another one has taken its place."""
    with _keeping:
        kept = _kept.pop(location, None)
    if kept is None:
        return None
    table, tag = kept
    entries = _entries(location, table.version() - 1)
    if entries[:1] != [(table.version(), tag)]:
        return None
    if len(entries) > 1:
        try:
            table.update_incremental()
        except (DeltaError, OSError) as error:  # to open it anew says what is wrong
            _log.debug("%s at version %d: %s", location, table.version(), error)
            return None
    return table, dict(entries).get(table.version(), "")


def open_table(location: str, version: int | None = None) -> DeltaTable:
    try:
        return DeltaTable(location, version=version)
    except TableNotFoundError as error:
        message = f"{location} is not a Delta table."
        raise SqlError("DELTA_TABLE_NOT_FOUND", message) from error
    except (DeltaError, OSError) as error:
        raise SqlError("DELTA_CANNOT_READ_TABLE", f"{location}: {error}") from error


def columns(location: str) -> tuple[list[Column], list[str]]:
    """The columns of a table, and the names of those it is partitioned by."""
    with opened(location) as table:
        return columns_of(table)


def columns_of(table: DeltaTable) -> tuple[list[Column], list[str]]:
    return _columns(_fields(table)), list(table.metadata().partition_columns)


def _columns(fields: list[Field]) -> list[Column]:
    return [
        Column(f["name"], from_delta(f["type"]), f["nullable"], f["metadata"].get("comment"))
        for f in fields
    ]


def _fields(table: DeltaTable) -> list[Field]:
    fields: list[Field] = json.loads(table.schema().to_json())["fields"]
    return fields


def may_hold_null(table: DeltaTable, column: str) -> bool:
    """Whether the statistics of a table's files leave it open that a column holds a NULL."""
    actions: Any = table.get_add_actions(flatten=True)
    counts = f"null_count.{column}"
    if counts not in actions.schema.names:
        return bool(actions.num_rows)
    return any(count != 0 for count in actions.column(counts).to_pylist())


def checkpoint(table: DeltaTable) -> None:
    """Write a checkpoint if the table's version is to have one, so that readers need not read the
    whole log. The engine writes one only if the commit is one of rows."""
    if table.version() == 0 or table.version() % _CHECKPOINT_INTERVAL:
        return
    try:
        table.create_checkpoint()
    except (DeltaError, OSError) as error:  # nothing but time is lost
        _log.warning("no checkpoint of version %d of %s: %s", table.version(), table, error)


def restore(table: DeltaTable, version: int) -> None:
    """Commit an older version of a table as its newest."""
    try:
        table.restore(version)
    except CommitFailedError:
        raise
    except DeltaError as error:
        message = f"Version {version} cannot be restored: {error}"
        raise SqlError("DELTA_CANNOT_RESTORE_TABLE_VERSION", message) from error


def history(location: str, limit: int | None = None) -> list[dict[str, Any]]:
    """Commits, newest first."""
    with opened(location) as table:
        return table.history(limit)


def change_schema(
    location: str,
    change: Callable[[list[Field]], list[Field]],
    check: Callable[[DeltaTable], None] | None = None,
) -> tuple[list[Column], list[str]]:
    """Commit a new schema: `change` gets the fields of the newest version and returns others.
    A commit that loses the race against another writer is built again on its version, which
    `check` may refuse. Returns what `columns` does."""
    for _ in range(10):
        with opened(location) as table:
            if check is not None:
                check(table)
            fields = _fields(table)
            changed = change(json.loads(json.dumps(fields)))
            if changed == fields or _commit_metadata(table, location, changed):
                return _columns(changed), list(table.metadata().partition_columns)
    message = f"The schema of {location} changed ten times while it was being altered."
    raise SqlError("DELTA_METADATA_CHANGED", message)


def _commit_metadata(table: DeltaTable, location: str, fields: list[Field]) -> bool:
    metadata = table.metadata()
    actions: list[dict[str, Any]] = [
        {
            "commitInfo": {
                "timestamp": int(time.time() * 1000),
                "operation": "CHANGE COLUMN",
                "operationParameters": {},
                "txnId": str(uuid.uuid4()),
            }
        },
        {
            "metaData": {
                "id": str(metadata.id),
                "name": metadata.name,
                "description": metadata.description,
                "format": {"provider": "parquet", "options": {}},
                "schemaString": json.dumps({"type": "struct", "fields": fields}),
                "partitionColumns": list(metadata.partition_columns),
                "configuration": dict(metadata.configuration),
                "createdTime": metadata.created_time,
            }
        },
    ]
    body = "\n".join(json.dumps(action) for action in actions).encode()
    version = table.version() + 1
    changes.note_change()
    if not objects.put_if_absent(entry(location, version), body):
        return False
    if version % _CHECKPOINT_INTERVAL == 0:
        table.update_incremental()
        checkpoint(table)
    return True


def settle(location: str, nullable: Mapping[str, bool]) -> tuple[list[Column], list[str]]:
    """Give the columns of rows that were written their order, and say which may be NULL: the
    engine puts those of partitions last. Returns what `columns` does."""
    order = list(nullable)

    def change(fields: list[Field]) -> list[Field]:
        settled = [{**field, "nullable": nullable[field["name"]]} for field in fields]
        return sorted(settled, key=lambda field: order.index(field["name"]))

    return change_schema(location, change)


def drop_constraint(table: DeltaTable, name: str) -> None:
    table.alter.drop_constraint(name, raise_if_not_exists=False)
    checkpoint(table)


def constraints(location: str) -> dict[str, str]:
    """CHECK constraints recorded in the table's properties: name to expression."""
    prefix = "delta.constraints."
    with opened(location) as table:
        configuration = table.metadata().configuration
    return {k.removeprefix(prefix): v for k, v in configuration.items() if k.startswith(prefix)}
