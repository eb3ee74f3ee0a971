"""Corrections that depend on the types of operands, all in one walk and with one question a place.

A correction says whose types decide, and changes a node once they are known. Inner nodes are
corrected before outer ones. What the engine does not know the type of stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

from local_warehouse.rewrites import (
    argument_types,
    arithmetic,
    common_types,
    exact_doubles,
    functions_by_type,
    mixed_numbers,
    moments,
    texts,
    window_aggregates,
)
from local_warehouse.rewrites.operand_types import (
    ByClass,
    ByName,
    Correction,
    OperandTypes,
    unclear_parts,
)
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.sql.walk import nodes, of_kind

_GENERATORS = ("inline", "inline_outer", "json_tuple", "posexplode", "posexplode_outer", "stack")
_BY_CLASS: ByClass = {
    **arithmetic.CORRECTIONS,
    **moments.CORRECTIONS,
    **texts.CORRECTIONS,
    **functions_by_type.CORRECTIONS,
    **common_types.CORRECTIONS,
    **window_aggregates.CORRECTIONS,
}
_BY_NAME: ByName = {
    **arithmetic.CALLS,
    **moments.CALLS,
    **texts.CALLS,
    **functions_by_type.CALLS,
    **common_types.CALLS,
    **window_aggregates.CALLS,
    **argument_types.CALLS,
    **exact_doubles.CALLS,
}


def correct_by_type(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Compute as Databricks does what the engine computes otherwise for some types."""
    arithmetic.cast_least_integers(nodes(tree))
    found = nodes(tree)
    mixed = {id(node) for node in mixed_numbers.mixed_comparisons(found)}
    changing: list[tuple[exp.Expr, Callable[[exp.Expr, OperandTypes], None]]] = []
    unclear: list[exp.Expr] = []
    for node in reversed(found):
        if id(node) in mixed:
            changing.append((node, mixed_numbers.compare_as_doubles))
            compared = [one for group in mixed_numbers.compared_values(node) for one in group]
            unclear += [part for one in compared for part in unclear_parts(one)]
        correction = _correction(node)
        decisive = correction[0](node) if correction is not None else []
        if correction is not None and decisive:
            changing.append((node, correction[1]))
            unclear += [part for operand in decisive for part in unclear_parts(operand)]
    if not changing:
        return tree
    # A window is corrected before the aggregate that is put in its place, with a copy of it.
    changing.sort(key=lambda pair: not _is_ordered_by_column(pair[0]))
    unnamed = list(_unnamed(tree, [node for node, _ in changing]))
    types = OperandTypes(columns_of)
    types.ask([*unnamed, *unclear])
    places = [(_select_of(projection), projection.index or 0) for projection in unnamed]
    names = [types.name(projection) for projection in unnamed]
    for node, correct in changing:
        parent, key, index = node.parent, node.arg_key, node.index
        correct(node, types)
        if parent is not None and key is not None:
            inside = parent.args.get(key)
            types.keep(node, inside[index] if index is not None and inside else inside)
    for (select, position), name in zip(places, names, strict=True):
        projection = select.expressions[position]
        if not isinstance(projection, exp.Alias):
            projection.replace(exp.alias_(projection.copy(), name, quoted=True))
    return tree


def _is_ordered_by_column(node: exp.Expr) -> bool:
    order = node.args.get("order") if isinstance(node, exp.Window) else None
    return order is not None and all(
        isinstance(key.this if isinstance(key, exp.Ordered) else key, exp.Column)
        for key in order.expressions
    )


def _correction(node: exp.Expr) -> Correction | None:
    if isinstance(node, exp.Anonymous):
        return _BY_NAME.get(str(node.this).lower())
    return _BY_CLASS.get(type(node))


def _select_of(projection: exp.Expr) -> exp.Select:
    assert isinstance(projection.parent, exp.Select)
    return projection.parent


def _unnamed(tree: exp.Expr, changing: list[exp.Expr]) -> Iterator[exp.Expr]:
    """The projections without an alias that contain some of these nodes."""
    wanted = {id(node) for node in changing}
    for select in of_kind(nodes(tree), exp.Select):
        for projection in select.expressions:
            if not _has_names(projection) and any(id(node) in wanted for node in nodes(projection)):
                yield projection


def _has_names(projection: exp.Expr) -> bool:
    """Whether it has an alias, or gives several columns, which have names of their own."""
    is_call = isinstance(projection, exp.Anonymous)
    gives_several = is_call and str(projection.this).lower() in _GENERATORS
    return gives_several or isinstance(projection, (exp.Alias, exp.Aliases))
