"""Expressions that are written as SQL, with places for parts of a tree."""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.sql.parse_cache import parse_again
from local_warehouse.sql.walk import nodes, of_kind

PREFIX = "local_warehouse_"  # of the names of functions that the warehouse gives its engine


def fill(template: str, places: dict[str, exp.Expr]) -> exp.Expr:
    """The expression of a template, with copies of these expressions in place of its columns of
    their names."""
    expression: exp.Expr = parse_again(f"select {template}").expressions[0]
    for place in of_kind(nodes(expression), exp.Column):
        if place.name in places:
            place.replace(places[place.name].copy())
    return expression


def hold(node: exp.Expr, cast: exp.Expr) -> None:
    """Put a cast that may lose digits in place of a node, so that the engine leaves it where it is:
    beside a literal it compares what is cast, and finds no 1.50 by `cast(n as int) = 1`.

    Not so among the keys of a window, where the engine takes no comparison with a call.
    """
    child = node
    while child.parent is not None and not isinstance(child.parent, (exp.Window, exp.Select)):
        child = child.parent
    is_key = isinstance(child.parent, exp.Window) and child.arg_key in ("partition_by", "order")
    node.replace(cast if is_key else fill("nullif(x, null)", {"x": cast}))
