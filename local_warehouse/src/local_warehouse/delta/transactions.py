"""Optimistic concurrency of the writers to one Delta table, with Databricks' outcomes.

The engine commits what it has computed on the newest version, or fails; it never commits on top of
a version that it has not seen. This module adds Databricks' isolation level, WriteSerializable: a
write that lost the race against commits that only added rows is computed again, and any other
conflict is reported by its name. Each commit carries a mark, by which it is found when the engine
ended before it could say whether it has committed.
https://docs.databricks.com/aws/en/optimizations/isolation/
"""

from __future__ import annotations

import json
import logging
import random
import re
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError
from sqlglot import exp

from local_warehouse import changes
from local_warehouse.catalog.locks import writing
from local_warehouse.catalog.model import Relation
from local_warehouse.delta import log as delta_log
from local_warehouse.delta import tables as delta_tables
from local_warehouse.errors import CONFLICT, EngineEnded, SqlError, metadata_changed
from local_warehouse.storage import objects

_T = TypeVar("_T")
_PATIENCE = 60.0  # seconds for which a write is computed again, or its store asked again
_PAUSE = 0.05  # seconds before a write is computed again, at the most
_MARKED = re.compile(r"(?: AND )?('?)commit_[0-9a-f]{32}\1(?: = ('?)commit_[0-9a-f]{32}\2)?")
# The metrics of what changed nothing, by operation; all of them are 0.
_METRICS = {
    "WRITE": ("numFiles", "numOutputRows", "numOutputBytes"),
    "MERGE": (
        "numTargetRowsInserted", "numTargetRowsUpdated", "numTargetRowsDeleted",
        "numTargetRowsCopied", "numTargetFilesAdded", "numTargetFilesRemoved", "numOutputRows",
    ),
    "UPDATE": ("numUpdatedRows", "numCopiedRows", "numAddedFiles", "numRemovedFiles"),
    "DELETE": ("numDeletedRows", "numCopiedRows", "numAddedFiles", "numRemovedFiles"),
    "TRUNCATE": ("numDeletedRows", "numRemovedFiles"),
}  # fmt: skip
_SETTLING_SECONDS = 0.5  # after which a store has handled the last request of an ended process
_log = logging.getLogger(__name__)


def commit(
    relation: Relation,
    write: Callable[[str], object],
    *,
    append: bool = False,
    rewrites: bool = False,
    operation: str = "WRITE",
    mark: str | None = None,
) -> delta_log.Commit:
    """Run a write to a table, perhaps more than once, until it has committed; returns the commit.

    `write` gets the mark that its commit is to carry, as userMetadata or in its condition
    (`with_mark`). `append` says that it only adds rows, `rewrites` that it puts others in place of
    all rows. A write that changes nothing is committed too, as an `operation`: Delta leaves such
    commits out under other isolation levels only. Raises SqlError with the condition of a conflict,
    or EngineEnded; nothing has been committed then.
    """
    with writing(relation.path, rewrites=rewrites):
        return _commit(relation, write, append, operation, mark or new_mark())


def _commit(
    relation: Relation, write: Callable[[str], object], append: bool, operation: str, mark: str
) -> delta_log.Commit:
    deadline = time.monotonic() + _PATIENCE
    first = (delta_log.known_version if append else delta_log.latest_version)(relation.path)
    before = first
    while True:
        found = None
        try:
            write(mark)
        except EngineEnded:
            time.sleep(_SETTLING_SECONDS)
            found = _find(relation, first, mark)
            if found is None:
                raise
            _log.warning("the engine ended after its commit to %s", relation.name)
        except SqlError as error:
            if error.condition != CONFLICT:
                raise
            winners = [] if append else delta_log.commits_after(relation.path, before)
            reason = _conflict(relation, winners)
            if reason is not None or time.monotonic() > deadline:
                raise (reason or error) from error
            time.sleep(random.uniform(0, _PAUSE))  # noqa: S311 - spreads writers, protects nothing
            before = before if append else delta_log.latest_version(relation.path)
            continue
        changes.note_change()
        return (
            found
            or _find(relation, first, mark)
            or _commit_nothing(relation, operation, mark, append)
        )


def _find(relation: Relation, version: int, mark: str) -> delta_log.Commit | None:
    """The commit after a version that carries a mark; None if there was nothing to change.

    A store that does not answer is asked again for a minute: a client that is told of an error
    would write a second time.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return delta_log.find_commit(relation.path, version, mark)
        except SqlError:
            if time.monotonic() > deadline:
                raise
        time.sleep(_SETTLING_SECONDS)


def _commit_nothing(
    relation: Relation, operation: str, mark: str, append: bool
) -> delta_log.Commit:
    """Commit that a statement changed nothing, behind whatever others have committed meanwhile."""
    parameters = {"mode": "Append"} if append else {}
    metrics = dict.fromkeys(_METRICS[operation], 0)
    info = _info(operation, parameters, mark, metrics, isBlindAppend=append)
    body = json.dumps(info).encode()
    while True:
        version = delta_log.latest_version(relation.path) + 1
        if version == 0:  # another session has dropped the table
            break
        if objects.put_if_absent(delta_log.entry_url(relation.path, version), body):
            delta_tables.checkpoint_if_due(relation.path, version)
            break
    return delta_log.Commit(version, [info])


def add_files(
    relation: Relation,
    version: int,
    adds: list[dict[str, Any]],
    parameters: dict[str, str],
    may_follow: Callable[[int], bool],
    *,
    append: bool,
) -> bool:
    """Commit files that hold new rows, which were made for a version of a table, whose rows stay.

    `parameters` describe the write in the log. Behind commits of others, that only added rows or
    with which it does not matter, it is committed too if `may_follow` their version. Returns
    whether it is committed. Raises SqlError with the condition of a conflict.
    """
    sizes = [action["add"]["size"] for action in adds]
    rows = sum(json.loads(action["add"]["stats"])["numRecords"] for action in adds)
    metrics = {"numFiles": len(adds), "numOutputRows": rows, "numOutputBytes": sum(sizes)}
    info = _info("WRITE", parameters, new_mark(), metrics, isBlindAppend=append)
    body = "\n".join(json.dumps(action) for action in [info, *adds]).encode()
    while True:
        changes.note_change()
        if objects.put_if_absent(delta_log.entry_url(relation.path, version + 1), body):
            delta_tables.checkpoint_if_due(relation.path, version + 1)
            return True
        winners = delta_log.commits_after(relation.path, version)
        reason = _conflict(relation, winners)
        if reason is not None and not append:
            raise reason
        if not winners or any(w.has("metaData") or w.has("protocol") for w in winners):
            return False
        version = winners[-1].version
        if not may_follow(version):
            return False


def _info(
    operation: str, parameters: dict[str, str], mark: str, metrics: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """The action that says what a commit did."""
    return {
        "commitInfo": {
            "timestamp": int(time.time() * 1000),
            "operation": operation,
            "operationParameters": parameters,
            "engineInfo": "local-warehouse",
            "operationMetrics": metrics,
            "userMetadata": mark,
            **more,
        }
    }


def by_delta_rs(
    relation: Relation, change: Callable[[DeltaTable], _T], *, again: bool = False
) -> _T:
    """Have delta-rs commit a change of a table's newest version, and return what `change` does.

    `again` says that the change is right on any version, so that it is made again on the version
    of a faster writer. Raises SqlError with the condition of the conflict, or
    (DELTA_CANNOT_CHANGE_TABLE) with what else delta-rs says.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with delta_tables.newest_table(relation.path) as table:
                before = table.version()
                changes.note_change()
                return change(table)
        except CommitFailedError as error:
            if again and time.monotonic() < deadline:
                continue
            reason = _conflict(relation, delta_log.commits_after(relation.path, before))
            message = f"Transaction conflict detected on table {relation.name}: {error}"
            raise reason or SqlError(CONFLICT, message) from error
        except (DeltaError, OSError) as error:
            message = f"{relation.name} at {relation.path}, version {before}: {error}"
            raise SqlError("DELTA_CANNOT_CHANGE_TABLE", message) from error


def new_mark() -> str:
    """A mark that no other commit carries."""
    return f"commit_{uuid.uuid4().hex}"


def without_marks(text: str) -> str:
    """A text of a log, such as a condition, as the author of the statement knows it."""
    return _MARKED.sub("", text)


def with_mark(condition: exp.Expr | None, mark: str) -> exp.Expr:
    """A condition that also compares a mark with itself: the log keeps its text."""
    literal = exp.Literal.string(mark)
    holds = exp.EQ(this=literal, expression=literal.copy())
    return holds if condition is None else exp.and_(condition, holds)


def _conflict(relation: Relation, winners: list[delta_log.Commit]) -> SqlError | None:
    """The conflict of a write that read the table before these commits with one of them, if any.
    The order of the questions is that of Delta's ConflictChecker."""
    for winner in winners:
        if winner.has("protocol"):
            return SqlError(
                "DELTA_PROTOCOL_CHANGED",
                "ProtocolChangedException: The protocol version of the Delta table has been "
                f"changed by a concurrent update. Conflicting commit: {winner.version}.",
            )
        if winner.has("metaData"):
            return SqlError("DELTA_METADATA_CHANGED", metadata_changed(winner.version))
        if winner.adds_data and not winner.is_blind_append:
            return SqlError(
                "DELTA_CONCURRENT_APPEND",
                f"Transaction conflict detected. A concurrent {winner.operation} added data to "
                f"table {relation.name} committed at version {winner.version}. "
                "Please retry the operation.",
            )
        if winner.has("remove"):
            return SqlError(
                "DELTA_CONCURRENT_DELETE_READ",
                f"Transaction conflict detected, a concurrent {winner.operation} deleted data "
                f"from table {relation.name} (committed at version {winner.version}) that this "
                "transaction read. Please retry the operation.",
            )
    return None
