"""Statements that have been rewritten before: each `dbt build` sends the same ones again.

What a rewrite makes of a statement depends on its syntax tree, whose names are resolved, and on the
answers of the engine to questions about columns. Where no answer can be another one later, the
result is kept, also for the engine's next process: the names of snapshots and of
information_schema say which columns they have, and never stand for others.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

from cachetools import LRUCache
from sqlglot import exp

from local_warehouse.catalog.model import Column
from local_warehouse.rewrites.pipeline import rewrite
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes

_CHARACTERS = 512 * 1024  # in all texts that are kept; their trees take 100 bytes for each
_CHANGEABLE = re.compile(r"\bt_[0-9a-f]{32}_|\.`", re.IGNORECASE)  # tables as they are, and files
_lock = threading.Lock()
_kept: LRUCache[bytes, Rewritten] = LRUCache(_CHARACTERS, lambda one: len(one.sql))


@dataclass(frozen=True)
class Rewritten:
    """A statement as the engine takes it."""

    tree: exp.Expr  # shared, and not to be changed
    sql: str


def rewritten(tree: exp.Expr, columns_of_text: Callable[[str], list[Column]]) -> Rewritten:
    """The rewritten form of a tree, which it may change. `columns_of_text` asks the engine. Raises
    SqlError for a form that has none."""
    key = _identity(tree)
    with _lock:
        known = _kept.get(key)
    if known is not None:
        return known
    lasting = True

    def columns_of(question: exp.Expr) -> list[Column]:
        nonlocal lasting
        text = render(question, copy=False)  # it was made to be asked
        lasting = lasting and not _CHANGEABLE.search(text)
        return columns_of_text(text)

    tree = rewrite(tree, columns_of)
    made = Rewritten(tree, render(tree))
    with _lock:
        if lasting and len(made.sql) <= _CHARACTERS:
            _kept[key] = made
    return made


def _identity(tree: exp.Expr) -> bytes:
    """A digest of all that a tree says but comments."""
    parts: list[object] = []
    for node in nodes(tree):
        parts.append(type(node).__name__)
        for name, value in node.args.items():
            if isinstance(value, exp.Expr):
                parts.append(name)
            elif type(value) is list:
                others = (one for one in value if not isinstance(one, exp.Expr))
                parts += [name, len(value), *others]
            elif value is not None:
                parts += [name, value]
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()
