"""Conditions with lambda functions over a table, which the engine cannot compute while it reads the
table's files, and tries to.

They are written otherwise only after the engine has failed on them, so that other queries cost
nothing.
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import unsupported
from local_warehouse.rewrites.scopes import ColumnsOf, place_of
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.walk import nodes, of_kind


def may_help(sql: str, message: str) -> bool:
    """Whether the engine's error may come from such a condition."""
    return "No field named t_" in message and "->" in sql


def change(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Make the value of each call with a lambda function one that seems random, for which the
    engine waits until the rows are read. What groups or is grouped cannot be random."""
    if isinstance(tree, exp.Update):
        raise unsupported("a lambda function in the condition of an UPDATE (use MERGE)")
    for function in reversed(of_kind(nodes(tree), exp.Lambda)):
        call = function.parent
        if call is not None and call.find_ancestor(exp.Lambda) is None and not _is_grouped(call):
            call.replace(fill("if(rand() < 2, call, null)", {"call": call}))
    return tree


def _is_grouped(call: exp.Expr) -> bool:
    place = place_of(call)
    group = place.args.get("group") if place is not None else None
    if group is None:
        return False
    clause = call.find_ancestor(exp.Where, exp.Having, exp.Select)
    return not isinstance(clause, exp.Where) and (
        not isinstance(clause, exp.Having) or group.find(exp.Lambda) is not None
    )
