"""Expressions that are written as SQL, with places for parts of a tree."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from local_warehouse.sql.parse_cache import parse_again
from local_warehouse.sql.walk import nodes, of_kind

PREFIX = "local_warehouse_"  # of the names of functions that the warehouse gives its engine


def fill(template: str, places: Mapping[str, exp.Expr]) -> exp.Expr:
    """The expression of a template, with copies of these expressions in place of its columns of
    their names."""
    expression: exp.Expr = parse_again(f"select {template}").expressions[0]
    for place in of_kind(nodes(expression), exp.Column):
        if place.name in places:
            place.replace(places[place.name].copy())
    return expression


def refusal(form: str) -> str:
    """SQL that fails, where it is computed, with the error of a form that is not supported."""
    text = f"[UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE] The local SQL warehouse does not support {form}."
    return f"raise_error('{text}')"


def nullable_array(elements: list[exp.Expr]) -> exp.Expr:
    """An ARRAY of these that may hold NULL, as far as the engine knows."""
    listed = exp.Anonymous(this="array", expressions=[*elements, exp.null()])
    bounds = [exp.Literal.number(1), exp.Literal.number(len(elements))]
    return exp.Anonymous(this="slice", expressions=[listed, *bounds])


def held(computed: exp.Expr, data_type: str) -> exp.Expr:
    """A number that may have lost digits or overflown, in a form that the engine computes: of a
    cast beside a literal it compares what is cast, and finds no 1.50 by `cast(n as int) = 1` and no
    overflow in `n + 1 > 0`. A sum it leaves where it is."""
    sum_of_it = fill("(x + 0)", {"x": computed})
    return sum_of_it if data_type in ("int", "bigint") else exp.cast(sum_of_it, data_type)
