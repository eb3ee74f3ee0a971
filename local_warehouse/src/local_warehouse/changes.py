"""Statements that are run again, once, when the engine ended or a table was redefined meanwhile.

That is safe as long as the statement has changed nothing: no table, nothing in the catalog. Whoever
changes something says so here, and the statement that is run by this thread is not run again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Attempt:
    has_changed: bool = False


_thread = threading.local()  # its `attempt`


@contextmanager
def attempt() -> Iterator[Attempt]:
    """Around one run of a statement."""
    _thread.attempt = Attempt()
    try:
        yield _thread.attempt
    finally:
        _thread.attempt = None


def note_change() -> None:
    """Say that this thread's statement has changed something, or may have."""
    current: Attempt | None = getattr(_thread, "attempt", None)
    if current is not None:
        current.has_changed = True
