"""Versions of tables that the engine knows.

For each table that a query names, as often as it does, the engine reads the log: ten requests and
one for each commit since the last checkpoint. A view keeps what was read, so that queries read the
log only of a version that is new.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A table as of a version, or a newer one. It is let go when nobody holds it any more."""

    name: str  # of the engine's view
    table: str  # the engine's name for the table
    version: tuple[int, str]  # its number, and a tag of its entry in the log


class Snapshots:
    """The newest one of each table that one engine knows, by the id of its relation."""

    def __init__(self) -> None:
        self._newest: dict[str, Snapshot] = {}
        self._numbers = itertools.count(1)
        self._unused: deque[str] = deque()  # names of views
        self._lock = threading.Lock()

    def get(
        self, relation_id: str, table: str, version: tuple[int, str], create: Callable[[str], None]
    ) -> Snapshot:
        """The snapshot of a version; `create` makes the view of the newest one. Two threads may
        make it at once, each its own."""
        found = self._newest.get(relation_id)
        if found is not None and (found.table, found.version) == (table, version):
            return found
        name = f"snapshot_{next(self._numbers)}"
        create(name)
        made = Snapshot(name, table, version)
        weakref.finalize(made, self._unused.append, name).atexit = False  # type: ignore[misc]
        with self._lock:
            self._newest[relation_id] = made
        return made

    def forget(self, relation_id: str) -> None:
        with self._lock:
            self._newest.pop(relation_id, None)

    def unused(self) -> list[str]:
        """The views that can be dropped, each once."""
        names = []
        while self._unused:
            names.append(self._unused.popleft())
        return names
