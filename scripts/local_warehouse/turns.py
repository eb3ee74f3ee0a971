"""Statements that take turns: of those with the same key, one runs at a time."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from local_warehouse.catalog.model import Name


class _Turn:
    def __init__(self) -> None:
        self.lock = threading.Lock()


_turns: weakref.WeakValueDictionary[str, _Turn] = weakref.WeakValueDictionary()
_guard = threading.Lock()


@contextmanager
def turn(key: str) -> Iterator[None]:
    with _guard:
        mine = _turns.setdefault(key, _Turn())
    with mine.lock:
        yield


def definition(name: Name) -> AbstractContextManager[None]:
    """The turn of a statement that creates, replaces or alters the relation of this name, which
    reads it from the catalog inside. One thread cannot take it twice."""
    return turn(f"DEFINITION {name}")
