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
from local_warehouse.sql.dialect import render
from local_warehouse.types.kinds import ALL, everywhere, kinds

_UNORDERED = everywhere(kinds("Mv"))
# The conditions where a node of a class has such values: MAPs, and VARIANTs.
_CONDITIONS: dict[type[exp.Expr], str] = {
    exp.Ordered: "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
    exp.Window: "EXPRESSION_TYPE_IS_NOT_ORDERABLE",
    exp.Group: "GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE",
    exp.Distinct: "UNSUPPORTED_FEATURE.SET_OPERATION_ON_{}_TYPE",
}


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
        case _:
            return []
    return [one for one in values if not one.is_star and known.of(one) & _UNORDERED]


def check(node: exp.Expr, values: list[exp.Expr], types: OperandTypes) -> None:
    """Raise SqlError where one of these values has no order."""
    for value in values:
        given = types.of(value)
        kind = "VARIANT" if "variant" in given else "MAP" if "map<" in given else ""
        if kind == "MAP" and isinstance(node, exp.Group):
            raise unsupported(f"GROUP BY {render(value)}, which is a {given.upper()}")
        if kind:
            condition = _CONDITIONS.get(type(node), "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE")
            raise SqlError(
                condition.format(kind),
                f"Cannot resolve {render(node)}: {render(value)} is a {given.upper()}, which has no"
                " order.",
            )
