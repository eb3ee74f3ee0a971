"""Optimistic concurrency of writers to one Delta table, with the outcome Databricks gives it.

The engine commits what was computed on the newest version or fails; it never commits on top of
what it has not seen. What this module adds is Databricks' isolation level, WriteSerializable: a
write that lost the race against rows that others only added is computed again, any other conflict
is reported by its name. And each commit carries a mark, by which it is found when the engine ended
before it could say whether it has committed.
https://docs.databricks.com/aws/en/optimizations/isolation/
"""

from __future__ import annotations

import logging
import random
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError
from sqlglot import exp

from local_warehouse import changes
from local_warehouse.catalog.locks import writing
from local_warehouse.catalog.model import Relation
from local_warehouse.delta import log as delta_log
from local_warehouse.delta import tables as delta_tables
from local_warehouse.errors import CONFLICT, EngineEnded, SqlError, metadata_changed

_T = TypeVar("_T")
_PATIENCE = 60.0  # seconds in which a write is computed again, or its store asked
_PAUSE = 0.05
_MARKED = re.compile(r"(?: AND )?('?)commit_[0-9a-f]{32}\1(?: = ('?)commit_[0-9a-f]{32}\2)?")
_SETTLING_SECONDS = 0.5  # in which a store has handled the last request of a process that ended
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Write:
    """What has been written to a table, in a commit after a version; perhaps in none, as there was
    nothing to change."""

    relation: Relation
    version: int
    mark: str

    @property
    def commit(self) -> delta_log.Commit | None:
        """Waits for a store that does not answer: who is told of an error writes again."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                return delta_log.find_commit(self.relation.path, self.version, self.mark)
            except SqlError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(_SETTLING_SECONDS)

    @property
    def metrics(self) -> dict[str, int]:
        found = self.commit
        return found.metrics if found is not None else {}


def commit(
    relation: Relation,
    write: Callable[[str], object],
    *,
    append: bool = False,
    rewrites: bool = False,
    mark: str | None = None,
) -> Write:
    """Run a write to a table, whose commit is to carry the mark that it gets: as userMetadata, or
    in its condition (`marked`). `append` says that it only adds rows, `rewrites` that it puts
    others in place of all rows.

    Raises SqlError with the condition of the conflict, or EngineEnded: nothing has been committed
    then.
    """
    with writing(relation.path, rewrites=rewrites):
        return _commit(relation, write, append, mark)


def _commit(
    relation: Relation, write: Callable[[str], object], append: bool, mark: str | None
) -> Write:
    deadline = time.monotonic() + _PATIENCE
    before = (delta_log.known_version if append else delta_log.latest_version)(relation.path)
    attempt = Write(relation, before, mark or new_mark())
    while True:
        try:
            write(attempt.mark)
        except EngineEnded:
            time.sleep(_SETTLING_SECONDS)
            if attempt.commit is None:
                raise
            _log.warning("the engine ended behind its commit to %s", relation.name)
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
        return attempt


def by_delta_rs(
    relation: Relation, change: Callable[[DeltaTable], _T], *, again: bool = False
) -> _T:
    """Have delta-rs commit a change of a table's newest version; `again` says that it is as good
    on the version of one who was faster.

    Raises SqlError with the condition of the conflict, or with what else delta-rs says.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with delta_tables.opened(relation.path) as table:
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
    return f"commit_{uuid.uuid4().hex}"


def without_marks(text: str) -> str:
    """A text of a log as its reader knows it."""
    return _MARKED.sub("", text)


def marked(condition: exp.Expr | None, mark: str) -> exp.Expr:
    """A condition that also holds a mark: the log keeps its text, and it changes nothing."""
    literal = exp.Literal.string(mark)
    holds = exp.EQ(this=literal, expression=literal.copy())
    return holds if condition is None else exp.and_(condition, holds)


def _conflict(relation: Relation, winners: list[delta_log.Commit]) -> SqlError | None:
    """What stands in the way of a write that read the table before these commits, if anything.
    The order of the questions is Delta's own (its ConflictChecker)."""
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
