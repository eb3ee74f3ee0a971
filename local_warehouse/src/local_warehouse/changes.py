"""Whether a statement has changed something, so that it must not be run a second time.

When the engine ended or a table was redefined meanwhile, a statement is run again, once. That is
safe as long as it has changed no table and nothing in the catalog. Code that changes something
notes it here, for the statement that its thread runs.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Attempt:
    """One run of a statement."""

    has_changed: bool = False


_thread = threading.local()  # its `attempt`


@contextmanager
def attempt() -> Iterator[Attempt]:
    """Yield the record of one run of a statement by this thread, which `note_change` marks."""
    _thread.attempt = Attempt()
    try:
        yield _thread.attempt
    finally:
        _thread.attempt = None


def note_change() -> None:
    """Note that this thread's statement has changed something, or may have."""
    current: Attempt | None = getattr(_thread, "attempt", None)
    if current is not None:
        current.has_changed = True
