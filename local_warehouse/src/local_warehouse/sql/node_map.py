"""A mapping from the nodes of a syntax tree, by identity.

sqlglot's nodes are equal where their texts are, so no dict can tell two of one text apart. Nor can
their ids alone: while a tree is rewritten, nodes go, and new ones get the ids of those. So the
mapping keeps its nodes.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import TypeVar

from sqlglot import exp

_Value = TypeVar("_Value")


class NodeMap(MutableMapping[exp.Expr, _Value]):
    """Values by nodes, each of which is itself alone, in the order in which they were given."""

    def __init__(self) -> None:
        self._entries: dict[int, tuple[exp.Expr, _Value]] = {}

    def __getitem__(self, node: exp.Expr) -> _Value:
        return self._entries[id(node)][1]

    def __setitem__(self, node: exp.Expr, value: _Value) -> None:
        self._entries[id(node)] = node, value

    def __delitem__(self, node: exp.Expr) -> None:
        del self._entries[id(node)]

    def __iter__(self) -> Iterator[exp.Expr]:
        return (node for node, _ in self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)
