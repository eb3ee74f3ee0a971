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
from dataclasses import dataclass
from typing import Any

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from local_warehouse import attempts, storage
from local_warehouse.catalog.model import Column
from local_warehouse.errors import SqlError
from local_warehouse.types import from_delta

Field = dict[str, Any]  # a field of a Delta log's schemaString
_LOG = "_delta_log"
_CHECKPOINT_INTERVAL = 10  # commits, as Delta's writers do by default
_newest: dict[str, int] = {}  # versions seen last, by location: where a listing begins
_KEPT = 64
_kept: OrderedDict[str, tuple[DeltaTable, str]] = OrderedDict()  # by location: see `opened`
_keeping = threading.Lock()
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Commit:
    """One entry of a table's log."""

    version: int
    actions: list[dict[str, Any]]

    @property
    def info(self) -> dict[str, Any]:
        return next((action["commitInfo"] for action in self.actions if "commitInfo" in action), {})

    @property
    def operation(self) -> str:
        return str(self.info.get("operation", "UPDATE"))

    @property
    def metrics(self) -> dict[str, int]:
        found = self.info.get("operationMetrics") or {}
        return {name: int(value) for name, value in found.items() if str(value).isdigit()}

    def carries(self, mark: str) -> bool:
        return mark in json.dumps(self.info)

    def has(self, kind: str) -> bool:
        """Whether it holds an action of this kind: add, remove, metaData, protocol."""
        return any(kind in action for action in self.actions)

    @property
    def adds_data(self) -> bool:
        return any(
            action["add"].get("dataChange", True) for action in self.actions if "add" in action
        )

    @property
    def is_blind_append(self) -> bool:
        """Whether it adds rows without a look at those that were there."""
        blind = self.info.get("isBlindAppend", self.operation == "WRITE")
        return bool(blind) and not any(map(self.has, ("remove", "metaData", "protocol")))


def newest(location: str) -> tuple[int, str]:
    """The newest version of a table, and a tag of its entry, which a table that took its place
    does not have; -1 and none where there is no table."""
    after = _newest.get(location, -1) - 1
    found = _entries(location, after) or _entries(location)
    version, tag = found[-1] if found else (-1, "")
    _newest[location] = version
    return version, tag


def latest_version(location: str) -> int:
    """The newest version of a table; -1 where there is none."""
    return newest(location)[0]


def known_version(location: str) -> int:
    """A version of a table, perhaps not its newest one, mostly without a look at its log."""
    return _newest[location] if location in _newest else latest_version(location)


def find_commit(location: str, after: int, mark: str) -> Commit | None:
    """The commit after a version that carries a mark."""
    version = after
    while (commit := _commit(location, version + 1)) is not None:
        version += 1
        _newest[location] = max(version, _newest.get(location, -1))
        if commit.carries(mark):
            return commit
    last = latest_version(location)  # lower than `after` in the log of another table of the place
    for found in range(last, -1 if last < after else version, -1):
        commit = _commit(location, found)
        if commit is not None and commit.carries(mark):
            return commit
    return None


def _commit(location: str, version: int) -> Commit | None:
    try:
        return read_commit(location, version)
    except FileNotFoundError:
        return None


def commits_after(location: str, version: int) -> list[Commit]:
    """The commits after a version, oldest first."""
    return [read_commit(location, found) for found in log_versions(location, version)]


def log_versions(location: str, after: int = -1) -> list[int]:
    """The versions whose entries are in a table's log, in their order, from one after another."""
    return [version for version, _ in _entries(location, after)]


def _entries(location: str, after: int = -1) -> list[tuple[int, str]]:
    """The versions in a table's log, in their order, and the tags of their entries."""
    folder = f"{location}/{_LOG}/"
    names = storage.names(folder, after=f"{after:020}.json" if after >= 0 else "")
    found = ((name.removesuffix(".json"), tag) for name, tag in names if name.endswith(".json"))
    return sorted((int(stem), tag) for stem, tag in found if len(stem) == 20 and stem.isdigit())


def read_commit(location: str, version: int) -> Commit:
    """One entry of a log. Raises ValueError when it is not whole."""
    lines = storage.read(entry(location, version)).splitlines()
    return Commit(version, [json.loads(line) for line in lines if line.strip()])


def entry(location: str, version: int) -> str:
    return f"{location}/{_LOG}/{version:020}.json"


def forget_last_checkpoint(location: str) -> None:
    """Remove the hint that names the newest checkpoint; a reader without it lists the log."""
    storage.delete(f"{location}/{_LOG}/_last_checkpoint")


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
        raise SqlError("DELTA_TABLE_NOT_FOUND", message, "42P01") from error
    except (DeltaError, OSError) as error:
        raise SqlError("DELTA_CANNOT_READ_TABLE", f"{location}: {error}", "58030") from error


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
        raise SqlError("DELTA_CANNOT_RESTORE_TABLE_VERSION", message, "22003") from error


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
    raise SqlError("DELTA_METADATA_CHANGED", message, "2D521")


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
    attempts.note_change()
    if not storage.put_if_absent(entry(location, version), body):
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
