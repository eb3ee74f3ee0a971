"""Aggregates with FILTER, whose arguments are computed for the rows alone that it takes.

The engine computes them for every row, and fails by `sum(10 / n) filter (where n <> 0)`.
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.walk import nodes, of_kind

_SAFE = (exp.Column, exp.Literal, exp.Star, exp.Null, exp.Boolean, exp.Case, exp.If)


def compute_what_is_taken(tree: exp.Expr, _: ColumnsOf) -> exp.Expr:
    """Put what may fail as an argument behind the condition of its FILTER."""
    for filtered in reversed(of_kind(nodes(tree), exp.Filter)):
        call = filtered.this
        given = call.expressions or [call.this]
        if given and isinstance(given[0], exp.Distinct):
            given = given[0].expressions
        for argument in given:
            if isinstance(argument, exp.Expr) and _may_fail(argument):
                places = {"x": argument, "condition": filtered.expression.this}
                argument.replace(fill("if(condition, x, null)", places))
    return tree


def _may_fail(argument: exp.Expr) -> bool:
    """Whether it is computed of columns."""
    return not isinstance(argument, _SAFE) and argument.find(exp.Column) is not None
