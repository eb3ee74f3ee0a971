"""Walks over syntax trees in one loop. sqlglot's own walks are generators and take twice the time,
which matters for a statement of thousands of nodes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from sqlglot import exp

PLAIN = frozenset({str, bool, int, type(None)})  # of most of the arguments of a node

_Kind = TypeVar("_Kind", bound=exp.Expr)


def nodes(tree: exp.Expr) -> list[exp.Expr]:
    """All nodes of a tree, each before the nodes below it."""
    found = [tree]
    for node in found:  # which grows meanwhile
        for value in node.args.values():
            kind = type(value)
            if kind is list:
                found += [part for part in value if isinstance(part, exp.Expr)]
            elif kind not in PLAIN and isinstance(value, exp.Expr):
                found.append(value)
    return found


def of_kind(nodes: Iterable[exp.Expr], *kinds: type[_Kind]) -> list[_Kind]:
    """The nodes that are of one of these classes, in their order."""
    return [node for node in nodes if isinstance(node, kinds)]
