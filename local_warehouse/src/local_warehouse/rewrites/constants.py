"""Constants that the engine does not compute: decimals with an exponent, and arguments of range.

https://docs.databricks.com/aws/en/sql/language-manual/functions/range
"""

from __future__ import annotations

import re
from decimal import Decimal

from sqlglot import exp

from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.sql.walk import nodes, of_kind

_WHOLE = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_WITH_EXPONENT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)[eE][+-]?\d{1,2}")


def compute_constants(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Write decimals without an exponent, such as 5E3BD, and arguments of range as integers."""
    for node in of_kind(nodes(tree), exp.Cast, exp.Table):
        if isinstance(node, exp.Table):
            if isinstance(node.this, exp.Anonymous) and str(node.this.this).lower() == "range":
                _compute(node.this.expressions)
        elif isinstance(node, exp.Cast) and node.to.this == exp.DataType.Type.DECIMAL:
            number = node.this
            if (
                isinstance(number, exp.Literal)
                and number.is_string
                and _WITH_EXPONENT.fullmatch(number.name)
            ):
                number.replace(exp.Literal.string(f"{Decimal(number.name):f}"))
    return tree


def _compute(arguments: list[exp.Expr]) -> None:
    for argument in arguments:
        value = None if isinstance(argument, exp.Literal) and argument.is_int else _value(argument)
        if value is not None:
            argument.replace(exp.Literal.number(int(value)))


def _value(node: exp.Expr) -> Decimal | None:
    """The value of arithmetic on numbers and on texts of whole ones; None for anything else."""
    if isinstance(node, exp.Paren):
        return _value(node.this)
    if isinstance(node, exp.Cast) and node.to.this in exp.DataType.NUMERIC_TYPES:
        return _value(node.this)
    if isinstance(node, exp.Literal) and (not node.is_string or _WHOLE.fullmatch(node.name)):
        return Decimal(node.name)
    if isinstance(node, exp.Neg):
        operand = _value(node.this)
        return None if operand is None else -operand
    if not isinstance(node, (exp.Add, exp.Sub, exp.Mul)):
        return None
    left, right = _value(node.this), _value(node.expression)
    if left is None or right is None:
        return None
    if isinstance(node, exp.Mul):
        return left * right
    return left + right if isinstance(node, exp.Add) else left - right
