"""Snapshots of tables: the versions whose logs the engine has read.

The engine reads a table's log for each time that a query names the table: ten requests, and one
for each commit since the last checkpoint. A temporary view keeps what was read, so that only the
first query of a version reads its log.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlglot import exp

from local_warehouse.catalog.model import Column
from local_warehouse.delta import bounds
from local_warehouse.sql.dialect import render

_numbers = itertools.count(1)  # of all engines: a name never stands for another snapshot


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A table as of a version or a newer one. Its view is dropped when nobody holds the object."""

    name: str  # the name of the engine's view
    table: str  # the engine's name for the table
    version: tuple[int, str]  # the number of the version, and the tag of its entry in the log


class Snapshots:
    """The newest snapshot of each table that one engine knows, by the id of its relation."""

    def __init__(self) -> None:
        self._newest: dict[str, Snapshot] = {}
        self._unused: deque[str] = deque()  # names of views to drop
        self._lock = threading.Lock()

    def get(
        self, relation_id: str, table: str, version: tuple[int, str], create: Callable[[str], None]
    ) -> Snapshot:
        """The snapshot of a table's newest version. Where it is not known, `create` makes a view of
        the name that it is given. Two threads at once may make one each."""
        known = self._newest.get(relation_id)
        if known is not None and (known.table, known.version) == (table, version):
            return known
        name = f"snapshot_{next(_numbers)}"
        create(name)
        made = Snapshot(name, table, version)
        weakref.finalize(made, self._unused.append, name).atexit = False  # type: ignore[misc]
        with self._lock:
            self._newest[relation_id] = made
        return made

    def forget(self, relation_id: str) -> None:
        """Give the table's next query a new snapshot, whatever its version."""
        with self._lock:
            self._newest.pop(relation_id, None)

    def unused(self) -> list[str]:
        """The names of views that can be dropped now; each is returned once."""
        names = []
        while self._unused:
            names.append(self._unused.popleft())
        return names


def shown(columns: Iterable[Column]) -> str:
    """What a snapshot selects of a table: a star, or its columns with expressions for those of
    FLOAT and DOUBLE, whose bounds in the table's files know nothing of NaN."""
    listed = list(columns)
    if not any(column.may_be_nan for column in listed):
        return "*"
    return ", ".join(
        render(exp.alias_(bounds.read(column), column.name, quoted=True)) for column in listed
    )
