"""Statements that take turns: of those with the same key, one runs at a time."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager


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
