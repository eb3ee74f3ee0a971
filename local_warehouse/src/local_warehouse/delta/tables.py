"""Delta tables by their location: their columns, constraints and history, and changes of metadata.

Rows are written by the engine, and those of files that are loaded by `data_files`. delta-rs reads
tables here, and makes the commits that it has a call for; a commit of another schema is written to
the log by this module itself.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from local_warehouse import changes
from local_warehouse.catalog.model import Column
from local_warehouse.delta import bounds
from local_warehouse.delta.log import entries, entry_url
from local_warehouse.errors import SqlError
from local_warehouse.storage import objects
from local_warehouse.types.conversion import from_delta

Field = dict[str, Any]  # a field of a Delta log's schemaString

_CHECKPOINT_INTERVAL = 10  # commits, as Delta's writers do by default

_KEPT = 64  # tables
_kept: OrderedDict[str, tuple[DeltaTable, str]] = OrderedDict()  # by location: see `newest_table`
_keeping = threading.Lock()
_log = logging.getLogger(__name__)


def exists(location: str) -> bool:
    """Whether there is a Delta table at a location."""
    return DeltaTable.is_deltatable(location)


@contextmanager
def newest_table(location: str) -> Iterator[DeltaTable]:
    """Yield a table as of its newest version, for this thread alone.

    The table is then kept for the next caller, who reads only the commits after its version: a
    whole log takes up to a hundred requests. Raises SqlError (DELTA_TABLE_NOT_FOUND,
    DELTA_CANNOT_READ_TABLE).
    """
    table, tag = _from_kept(location) or _from_log(location)
    version = table.version()
    yield table
    if not tag or table.version() != version:
        return
    with _keeping:
        _kept[location] = table, tag
        _kept.move_to_end(location)
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)


def _from_log(location: str) -> tuple[DeltaTable, str]:
    """A table, and the tag of its newest version's entry; an empty one if that is gone already."""
    table = open_table(location)
    version = table.version()
    return table, dict(entries(location, version - 1)).get(version, "")


def _from_kept(location: str) -> tuple[DeltaTable, str] | None:
    """The kept table, brought to its newest version, and the tag of that version's entry; None if
    no table is kept or another one has taken its place."""
    with _keeping:
        kept = _kept.pop(location, None)
    if kept is None:
        return None
    table, tag = kept
    found = entries(location, table.version() - 1)
    if found[:1] != [(table.version(), tag)]:
        return None
    if len(found) > 1:
        try:
            table.update_incremental()
        except (DeltaError, OSError) as error:  # the whole log will say what is wrong
            _log.debug("%s at version %d: %s", location, table.version(), error)
            return None
    return table, dict(found).get(table.version(), "")


def open_table(location: str, version: int | None = None) -> DeltaTable:
    """A table as of a version, or its newest.

    Raises SqlError (DELTA_TABLE_NOT_FOUND, DELTA_CANNOT_READ_TABLE).
    """
    try:
        return DeltaTable(location, version=version)
    except TableNotFoundError as error:
        message = f"{location} is not a Delta table."
        raise SqlError("DELTA_TABLE_NOT_FOUND", message) from error
    except (DeltaError, OSError) as error:
        raise SqlError("DELTA_CANNOT_READ_TABLE", f"{location}: {error}") from error


def columns(location: str) -> tuple[list[Column], list[str]]:
    """The columns of a table, and the names of those it is partitioned by."""
    with newest_table(location) as table:
        return columns_of(table)


def columns_of(table: DeltaTable) -> tuple[list[Column], list[str]]:
    """The same of a table that is open."""
    return _columns(_fields(table)), list(table.metadata().partition_columns)


def _columns(fields: list[Field]) -> list[Column]:
    return [
        Column(f["name"], from_delta(f["type"]), f["nullable"], f["metadata"].get("comment"))
        for f in fields
    ]


def _fields(table: DeltaTable) -> list[Field]:
    fields: list[Field] = json.loads(table.schema().to_json())["fields"]
    return fields


def takes_plain_files(table: DeltaTable) -> bool:
    """Whether files of rows may be added to a table with no more than NOT NULL to be checked."""
    protocol, metadata = table.protocol(), table.metadata()
    return (
        protocol.min_reader_version == 1
        and protocol.min_writer_version <= 2
        and not metadata.partition_columns
        and not any(
            key.startswith("delta.") and key not in bounds.PROPERTIES
            for key in metadata.configuration
        )
        and all(set(field["metadata"]) <= {"comment"} for field in _fields(table))
    )


def files_between(table: DeltaTable, column: str, values: Collection[str]) -> bool:
    """Whether a file of a table may hold a row with one of these texts in a column, as far as the
    files' statistics tell."""
    actions: Any = table.get_add_actions(flatten=True)
    names = (f"min.{column}", f"max.{column}")
    if not actions.num_rows:
        return False
    if any(name not in actions.schema.names for name in names):
        return True
    bounds = [actions.column(name).to_pylist() for name in names]
    return any(
        low is None or high is None or any(low <= value <= high for value in values)
        for low, high in zip(*bounds, strict=True)
    )


def may_hold_null(table: DeltaTable, column: str) -> bool:
    """Whether a column may hold a NULL, as far as the statistics of the table's files tell."""
    actions: Any = table.get_add_actions(flatten=True)
    counts = f"null_count.{column}"
    if counts not in actions.schema.names:
        return bool(actions.num_rows)
    return any(count != 0 for count in actions.column(counts).to_pylist())


def checkpoint(table: DeltaTable) -> None:
    """Write a checkpoint if the table's version is a tenth, so that readers need not read the whole
    log. The engine does so only for commits of rows."""
    if table.version() == 0 or table.version() % _CHECKPOINT_INTERVAL:
        return
    try:
        table.create_checkpoint()
    except (DeltaError, OSError) as error:  # nothing but time is lost
        _log.warning("no checkpoint of version %d of %s: %s", table.version(), table, error)


def restore(table: DeltaTable, version: int) -> None:
    """Commit an older version of a table as its newest.

    Raises CommitFailedError for a conflict, or SqlError (DELTA_CANNOT_RESTORE_TABLE_VERSION).
    """
    try:
        table.restore(version)
    except CommitFailedError:
        raise
    except DeltaError as error:
        message = f"Version {version} cannot be restored: {error}"
        raise SqlError("DELTA_CANNOT_RESTORE_TABLE_VERSION", message) from error


def history(location: str, limit: int | None = None) -> list[dict[str, Any]]:
    """The commits of a table, newest first, each as delta-rs describes it."""
    with newest_table(location) as table:
        return table.history(limit)


def change_schema(
    location: str,
    change: Callable[[list[Field]], list[Field]],
    check: Callable[[DeltaTable], None] | None = None,
) -> tuple[list[Column], list[str]]:
    """Commit a new schema: `change` gets the fields of the newest version and returns others.

    `check` may refuse that version by an exception. A commit that loses the race against another
    writer is built again on that one's version. Returns what `columns` does. Raises SqlError
    (DELTA_METADATA_CHANGED) when it has lost ten times.
    """
    for _ in range(10):
        with newest_table(location) as table:
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
                "configuration": metadata.configuration | bounds.properties(_columns(fields)),
                "createdTime": metadata.created_time,
            }
        },
    ]
    body = "\n".join(json.dumps(action) for action in actions).encode()
    version = table.version() + 1
    changes.note_change()
    if not objects.put_if_absent(entry_url(location, version), body):
        return False
    if version % _CHECKPOINT_INTERVAL == 0:
        table.update_incremental()
        checkpoint(table)
    return True


def checkpoint_if_due(location: str, version: int) -> None:
    """Write a checkpoint behind a commit of this version, as `checkpoint` does."""
    if version % _CHECKPOINT_INTERVAL == 0:
        with newest_table(location) as table:
            checkpoint(table)


def settle(location: str, nullable: Mapping[str, bool]) -> tuple[list[Column], list[str]]:
    """Give the columns of a new table the order of `nullable`, and let them be NULL as it says.

    The engine puts the columns of partitions last. Returns what `columns` does.
    """
    order = list(nullable)

    def change(fields: list[Field]) -> list[Field]:
        changed = [{**field, "nullable": nullable[field["name"]]} for field in fields]
        return sorted(changed, key=lambda field: order.index(field["name"]))

    return change_schema(location, change)


def drop_constraint(table: DeltaTable, name: str) -> None:
    """Commit a table without a CHECK constraint; one that is not there does not matter."""
    table.alter.drop_constraint(name, raise_if_not_exists=False)
    checkpoint(table)


def constraints(location: str) -> dict[str, str]:
    """The CHECK constraints in a table's properties: their expressions by name in lower case."""
    prefix = "delta.constraints."
    with newest_table(location) as table:
        configuration = table.metadata().configuration
    return {k.removeprefix(prefix): v for k, v in configuration.items() if k.startswith(prefix)}
