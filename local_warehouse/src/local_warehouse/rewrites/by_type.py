"""Corrections that depend on the types of operands, all in one walk and with one question a place.

A correction says whose types decide, and changes a node once they are known. Inner nodes are
corrected before outer ones. What the engine does not know the type of stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from local_warehouse.rewrites import (
    argument_kinds,
    argument_types,
    arithmetic,
    array_values,
    common_types,
    exact_doubles,
    formatted_texts,
    functions_by_type,
    json_texts,
    mixed_numbers,
    moments,
    negative_zeros,
    ordering,
    statistics,
    texts,
    unordered_values,
    variants,
    window_aggregates,
)
from local_warehouse.rewrites.kinds import Kinds
from local_warehouse.rewrites.operand_types import (
    ByClass,
    ByName,
    Correction,
    OperandTypes,
    unclear_parts,
)
from local_warehouse.rewrites.scopes import ColumnsOf, place_of, queries
from local_warehouse.rewrites.set_operations import align_all
from local_warehouse.sql.node_map import NodeMap
from local_warehouse.sql.walk import nodes

_BY_CLASS: ByClass = {
    **arithmetic.CORRECTIONS,
    **moments.CORRECTIONS,
    **texts.CORRECTIONS,
    **functions_by_type.CORRECTIONS,
    **common_types.CORRECTIONS,
    **window_aggregates.CORRECTIONS,
    **statistics.CORRECTIONS,
    **ordering.CORRECTIONS,
}
_BY_NAME: ByName = {
    **arithmetic.CALLS,
    **moments.CALLS,
    **texts.CALLS,
    **functions_by_type.CALLS,
    **common_types.CALLS,
    **window_aggregates.CALLS,
    **argument_types.CALLS,
    **array_values.CALLS,
    **formatted_texts.CALLS,
    **json_texts.CALLS,
    **statistics.CALLS,
    **variants.CALLS,
}


# What finds the values of a node that may need a look, by their kinds, and what looks at them.
_DOUBTS = (
    (unordered_values.doubtful_values, unordered_values.check),
    (exact_doubles.doubtful_values, exact_doubles.take_doubles),
    (negative_zeros.doubtful_values, negative_zeros.check),
)
_Corrections = list[tuple[exp.Expr, Callable[[exp.Expr, OperandTypes], None], list[exp.Expr]]]


def correct_by_type(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Compute as Databricks does what the engine computes otherwise for some types, and cast the
    branches of set operations to one type: inner queries before outer ones, whose columns have the
    types that they get there."""
    arithmetic.cast_least_integers(nodes(tree))
    corrections = _corrections(tree)
    types = OperandTypes(columns_of)
    for query in queries(tree):
        if isinstance(query, exp.Select):
            _correct_place(corrections.pop(query, []), types)
        elif not isinstance(query.parent, exp.SetOperation):
            align_all(query, columns_of)
    for rest in corrections.values():  # of UPDATE, DELETE and MERGE
        _correct_place(rest, types)
    return tree


def _corrections(tree: exp.Expr) -> NodeMap[_Corrections]:
    """The nodes to correct, inner before outer, with the operands whose types decide, by the place
    that they belong to."""
    found = nodes(tree)
    mixed = {id(node) for node in mixed_numbers.mixed_comparisons(found)}
    kinds = Kinds(found)
    corrections = NodeMap[_Corrections]()
    for node in reversed(found):
        wanted: _Corrections = []
        if id(node) in mixed:
            compared = [one for group in mixed_numbers.compared_values(node) for one in group]
            wanted.append((node, mixed_numbers.compare_as_doubles, compared))
        correction = _correction(node)
        decisive = correction[0](node) if correction is not None else []
        if correction is not None and decisive:
            wanted.append((node, correction[1], decisive))
        fitting = argument_kinds.fitting(node)
        if fitting is not None:
            wanted = [(node, fitting.remember, [node]), *wanted, (node, fitting.apply, [node])]
        for doubtful_values, correct in _DOUBTS:
            values = doubtful_values(node, kinds)
            if values:
                wanted.insert(0, (node, _about(correct, values), values))
        if argument_kinds.is_doubtful(node):
            compared = [one for group in mixed_numbers.compared_values(node) for one in group]
            wanted.insert(0, (node, argument_kinds.check_types, compared))
        if wanted:
            corrections.setdefault(place_of(node) or tree, []).extend(wanted)
    return corrections


def _about(
    check: Callable[[exp.Expr, list[exp.Expr], OperandTypes], None], values: list[exp.Expr]
) -> Callable[[exp.Expr, OperandTypes], None]:
    """A correction that checks these values of its node, or what stands in their places by then."""
    places = [(value.parent, value.arg_key, value.index) for value in values]

    def correct(node: exp.Expr, types: OperandTypes) -> None:
        found = [_standing_at(*place) for place in places]
        check(node, [one or value for one, value in zip(found, values, strict=True)], types)

    return correct


def _standing_at(parent: exp.Expr | None, key: str | None, index: int | None) -> exp.Expr | None:
    """What stands at a place below a node, if it is there."""
    inside = parent.args.get(key) if parent is not None and key is not None else None
    found = inside[index] if index is not None and inside else inside
    return found if isinstance(found, exp.Expr) else None


def _correct_place(corrections: _Corrections, types: OperandTypes) -> None:
    """Correct the nodes of one place, once the engine has been asked for their operands' types."""
    # A window is corrected before the aggregate that is put in its place, with a copy of it.
    corrections.sort(key=lambda one: not _is_ordered_by_column(one[0]))
    unclear = [
        part for _, _, decisive in corrections for one in decisive for part in unclear_parts(one)
    ]
    types.ask(unclear)
    standing = NodeMap[exp.Expr]()  # what stands in place of nodes that were corrected
    for corrected, correct, decisive in corrections:
        node = standing.get(corrected, corrected)
        # What the engine did not know the type of, it may know as it is corrected.
        types.ask_again(standing.get(one, one) for one in decisive)
        parent, key, index = node.parent, node.arg_key, node.index
        correct(node, types)
        found = _standing_at(parent, key, index)
        if found is not None:
            types.keep(node, found)
            standing[corrected] = found


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
