"""Optimistic concurrency of writers to one Delta table, with the outcome Databricks gives it.

The engine commits what was computed on the newest version or fails; it never commits on top of
what it has not seen. What this module adds is Databricks' isolation level, WriteSerializable: a
write that lost the race against rows that others only added is computed again, any other conflict
is reported by its name.
https://docs.databricks.com/aws/en/optimizations/isolation/
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from local_warehouse import delta
from local_warehouse.catalog.model import Relation
from local_warehouse.errors import SqlError

_T = TypeVar("_T")
CONFLICT = (
    "DELTA_CONCURRENT_WRITE"  # what the engine's failed commit is called before a look at why
)
_SQLSTATE = "2D521"
_PATIENCE = 60.0  # seconds in which a write is computed again
_PAUSE = 0.05


def commit(relation: Relation, write: Callable[[], _T], *, append: bool = False) -> _T:
    """Run a write to a table; `append` says that it only adds rows.

    Raises SqlError with the condition of the conflict: nothing has been committed then.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        before = -1 if append else delta.latest_version(relation.path)
        try:
            return write()
        except SqlError as error:
            if error.condition != CONFLICT:
                raise
            winners = [] if append else delta.commits_after(relation.path, before)
            reason = _conflict(relation, winners)
            if reason is not None or time.monotonic() > deadline:
                raise (reason or error) from error
        time.sleep(random.uniform(0, _PAUSE))  # noqa: S311 - spreads writers, protects nothing


def count(relation: Relation, operation: str, write: Callable[[], int]) -> dict[str, int]:
    """Run UPDATE, DELETE or MERGE, which returns the rows it wrote, and return the metrics of its
    commit; none when there was nothing to commit. Among the commits of concurrent writers it is
    known by its operation and by these rows."""
    before = delta.latest_version(relation.path)
    rows = commit(relation, write)
    for found in delta.commits_after(relation.path, before):
        if found.operation == operation and found.metrics.get("numOutputRows", 0) == rows:
            return found.metrics
    return {}


def _conflict(relation: Relation, winners: list[delta.Commit]) -> SqlError | None:
    """What stands in the way of a write that read the table before these commits, if anything.
    The order of the questions is Delta's own (its ConflictChecker)."""
    for winner in winners:
        if winner.has("protocol"):
            return SqlError(
                "DELTA_PROTOCOL_CHANGED",
                "ProtocolChangedException: The protocol version of the Delta table has been "
                f"changed by a concurrent update. Conflicting commit: {winner.version}.",
                _SQLSTATE,
            )
        if winner.has("metaData"):
            return SqlError(
                "DELTA_METADATA_CHANGED",
                "MetadataChangedException: The metadata of the Delta table has been changed by a "
                f"concurrent update. Please try the operation again. Conflicting commit: "
                f"{winner.version}.",
                _SQLSTATE,
            )
        if winner.adds_data and not winner.is_blind_append:
            return SqlError(
                "DELTA_CONCURRENT_APPEND",
                f"Transaction conflict detected. A concurrent {winner.operation} added data to "
                f"table {relation.name} committed at version {winner.version}. "
                "Please retry the operation.",
                _SQLSTATE,
            )
        if winner.has("remove"):
            return SqlError(
                "DELTA_CONCURRENT_DELETE_READ",
                f"Transaction conflict detected, a concurrent {winner.operation} deleted data "
                f"from table {relation.name} (committed at version {winner.version}) that this "
                "transaction read. Please retry the operation.",
                _SQLSTATE,
            )
    return None
