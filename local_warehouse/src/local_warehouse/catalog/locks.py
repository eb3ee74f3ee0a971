"""Locks between statements: turns by a key, and the writers of a table.

One statement at a time has the turn of a key. Writers of one table run beside each other, but not
beside one that rewrites it. A lock lives as long as somebody holds it or waits for it.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from local_warehouse.catalog.names import Name, quoted


class _Turn:
    def __init__(self) -> None:
        self.lock = threading.Lock()


_turns: weakref.WeakValueDictionary[str, _Turn] = weakref.WeakValueDictionary()
_guard = threading.Lock()


@contextmanager
def turn(key: str) -> Iterator[None]:
    """Wait until no other thread has the turn of this key, and have it."""
    with _guard:
        mine = _turns.setdefault(key, _Turn())
    with mine.lock:
        yield


@contextmanager
def definition(*names: Name) -> Iterator[None]:
    """The turn of a statement that creates, replaces, alters or drops the relations of these names.

    It reads them from the catalog inside. One thread cannot take a name's turn twice.
    """
    with ExitStack() as turns:
        for name in sorted(set(names)):  # in one order, so that nobody waits in a circle
            turns.enter_context(turn(f"DEFINITION {name}"))
        yield


def files_of(path: str) -> AbstractContextManager[None]:
    """The turn of a statement that replaces files of the table at a path by what it finds in them,
    and has no conflict with others that do on Databricks."""
    return turn(f"FILES {path}")


def schema_definition(catalog: str, name: str) -> AbstractContextManager[None]:
    """The turn of a statement that alters a schema, which it reads from the catalog inside."""
    return turn(f"DEFINITION {quoted(catalog.lower(), name.lower())}")


class _Gate:
    """Lets in many, or one alone. Who waits to be alone goes before those that come later."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.inside = 0
        self.alone = 0  # how many are alone, or wait to be


_gates: weakref.WeakValueDictionary[str, _Gate] = weakref.WeakValueDictionary()


@contextmanager
def writing(location: str, *, rewrites: bool) -> Iterator[None]:
    """Wait until a write to the table at a location may begin, and hold off who must not join it.

    A write that `rewrites` the table reads its rows and puts others in place of all. It runs alone,
    since a row that another one adds between the two steps would be lost.
    """
    with _guard:
        gate = _gates.setdefault(location, _Gate())
    with gate.changed:
        if rewrites:
            gate.alone += 1
            gate.changed.wait_for(lambda: gate.inside == 0)
        else:
            gate.changed.wait_for(lambda: gate.alone == 0)
        gate.inside += 1
    try:
        yield
    finally:
        with gate.changed:
            gate.inside -= 1
            gate.alone -= rewrites
            gate.changed.notify_all()
