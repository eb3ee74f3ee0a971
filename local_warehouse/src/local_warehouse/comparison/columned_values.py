"""Calls of functions whose constants stand in columns, as the values of tables do.

The engine computes a call of constants beforehand and with code of its own, and a rewrite may look
at a literal; of a column neither knows anything but its type.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from sqlglot import exp

from local_warehouse.comparison.exchanged_arguments import is_argument, parsed
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes

_KEPT = 0.35  # the share of the constants that stay, as what must be one


def with_values_in_columns(examples: Iterable[str], chosen: random.Random) -> Iterator[str]:
    """Those of the statements that are SELECTs of constants, with most of these in columns."""
    for sql in examples:
        tree = parsed(sql)
        if not isinstance(tree, exp.Select) or tree.args.get("from_") is not None:
            continue
        values = [one for one in _constants(tree) if chosen.random() >= _KEPT]
        for number, value in enumerate(values):
            value.replace(exp.column(f"c{number}"))
        if values:
            names = ", ".join(f"c{number}" for number in range(len(values)))
            row = ", ".join(map(render, values))
            yield f"{render(tree)} FROM VALUES ({row}) AS given({names})"


def _constants(tree: exp.Expr) -> list[exp.Expr]:
    """The arguments of a statement's calls and operators that are constants and no part of one."""
    found = [node for node in nodes(tree) if is_argument(node) and _is_constant(node)]
    listed = {id(node) for node in found}
    return [node for node in found if id(node.parent) not in listed]


def _is_constant(node: exp.Expr) -> bool:
    inner = node.this if isinstance(node, (exp.Cast, exp.Neg)) else node
    return isinstance(inner, (exp.Literal, exp.Null, exp.Boolean))
