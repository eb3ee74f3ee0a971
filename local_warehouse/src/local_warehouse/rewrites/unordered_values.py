"""MAPs and VARIANTs, which have no order, where values are sorted, grouped or compared.

The engine does all of that, by the order in which a MAP has its entries.

https://docs.databricks.com/aws/en/sql/language-manual/data-types/map-type
https://docs.databricks.com/aws/en/sql/language-manual/data-types/variant-type
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.kinds import Kinds
from local_warehouse.rewrites.mixed_numbers import compared_values
from local_warehouse.rewrites.operand_types import OperandTypes
from local_warehouse.rewrites.ordering import output
from local_warehouse.rewrites.scopes import ColumnsOf, position_of, with_visible
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind
from local_warehouse.types.kinds import ALL, everywhere, kinds

_UNORDERED = everywhere(kinds("Mv"))
# The conditions where a node of a class has such values: MAPs, and VARIANTs.
_CONDITIONS: dict[type[exp.Expr], str] = {
    exp.Ordered: "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
    exp.Window: "EXPRESSION_TYPE_IS_NOT_ORDERABLE",
    exp.Group: "GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE",
    exp.Distinct: "UNSUPPORTED_FEATURE.SET_OPERATION_ON_{}_TYPE",
}


# Functions that sort or compare their first arguments, and so many of these.
_COMPARING = {
    **dict.fromkeys(
        ("array_contains", "array_distinct", "array_max", "array_min", "array_position",
         "array_remove", "collect_set", "max", "min", "mode", "sort_array"),
        1,
    ),
    **dict.fromkeys(("array_except", "array_intersect", "array_union", "arrays_overlap"), 2),
    **dict.fromkeys(("greatest", "least"), 99),
}  # fmt: skip


def refuse_unordered_stars(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Raise SqlError for SELECT DISTINCT * of columns that have no order, and for a position in
    ORDER BY of such a one beside a star."""
    found = nodes(tree)
    selects = [one for one in of_kind(found, exp.Select) if one.is_star and _sorts_outputs(one)]
    if selects and any(of & _UNORDERED for of in Kinds(found).of_names()):
        for select in selects:
            columns = columns_of(with_visible(select.copy(), select))
            distinct = select.args.get("distinct")
            if distinct is not None:
                for column in columns:
                    _check_type(distinct, column.name, column.type)
            for key, position in _positions(select):
                if 0 < position <= len(columns):
                    column = columns[position - 1]
                    _check_type(key, column.name, column.type)
    return tree


def _sorts_outputs(select: exp.Select) -> bool:
    return select.args.get("distinct") is not None or bool(_positions(select))


def _positions(select: exp.Select) -> list[tuple[exp.Expr, int]]:
    """The keys of ORDER BY that count an output, and their numbers."""
    order = select.args.get("order")
    found = [(key, position_of(key.this)) for key in (order.expressions if order else ())]
    return [(key, position) for key, position in found if position is not None]


def doubtful_values(node: exp.Expr, known: Kinds) -> list[exp.Expr]:
    """The values that a node sorts, groups or compares and that may have no order."""
    if isinstance(node, exp.Predicate):
        compared = [value for values in compared_values(node) for value in values]
        return [one for one in compared if known.of(one) != ALL and known.of(one) & _UNORDERED]
    match node:
        case exp.Ordered():
            values = [output(node)]
        case exp.Window():
            values = node.args.get("partition_by") or []
        case exp.Group():
            values = node.expressions
        case exp.Distinct() if isinstance(node.parent, exp.Select):
            values = [one.unalias() for one in node.parent.expressions]
        case exp.Distinct():
            values = node.expressions
        case exp.Anonymous():
            values = node.expressions[: _COMPARING.get(str(node.this).lower(), 0)]
        case _:
            return []
    return [one for one in values if not one.is_star and known.of(one) & _UNORDERED]


def check(node: exp.Expr, values: list[exp.Expr], types: OperandTypes) -> None:
    """Raise SqlError where one of these values has no order."""
    for value in values:
        _check_type(node, render(value), types.of(value))


def _check_type(node: exp.Expr, shown: str, given: str) -> None:
    kind = "VARIANT" if "variant" in given else "MAP" if "map<" in given else ""
    is_aggregated = isinstance(node, exp.Distinct) and not isinstance(node.parent, exp.Select)
    is_mode = isinstance(node, exp.Anonymous) and str(node.this).lower() == "mode"
    is_grouped = kind == "MAP" and isinstance(node, exp.Group)
    if kind and (is_aggregated or is_grouped or (kind == "VARIANT" and is_mode)):
        place = "mode()" if is_mode else "GROUP BY"
        place = "an aggregate of DISTINCT values" if is_aggregated else place
        raise unsupported(f"{place}, {shown}, of {given.upper()}")
    if kind:
        condition = _CONDITIONS.get(type(node), "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE")
        raise SqlError(
            condition.format(kind),
            f"Cannot resolve {render(node)}: {shown} is a {given.upper()}, which has no order.",
        )
