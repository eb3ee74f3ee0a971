"""Arithmetic with the types and the overflow of Databricks, which the engine does not have.

Integers are computed as decimals and cast back, which fails where they overflow; the engine's
integers wrap around. A string beside a number becomes a number, and an integer literal beside a
DECIMAL counts as a DECIMAL of its digits. An operation on operands of unknown types stays as it is.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-ansi-compliance
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from local_warehouse.errors import SqlError
from local_warehouse.rewrites.operand_types import (
    DIGITS,
    OperandTypes,
    evident_type,
    unclear_parts,
    widest,
)
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind
from local_warehouse.types.decimals import Decimal, decimal_of

_OPERATORS = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.IntDiv)
_CHECKED = (exp.Add, exp.Sub, exp.Mul)
_QUOTIENTS = (exp.Div, exp.Mod, exp.IntDiv)
_LEAST = {str(2**31): "int", str(2**63): "bigint"}  # types that hold the negative of a literal
# Functions that are corrected, and how many arguments they have.
_COUNTS = {
    "sum": (1,),
    "round": (1, 2),
    "try_add": (2,),
    "try_subtract": (2,),
    "try_multiply": (2,),
}


def correct_arithmetic(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Compute sums, differences, products and quotients, and sum, round and try_add with their
    kin, as Databricks does, inner ones before outer ones."""
    outer_first = of_kind(nodes(tree), exp.Neg, exp.Anonymous, *_OPERATORS)
    for least in outer_first:
        if not isinstance(least, exp.Neg) or not isinstance(least.this, exp.Literal):
            continue
        if least.this.name in _LEAST:
            least.replace(exp.cast(least.copy(), _LEAST[least.this.name]))
    changing: list[exp.Expr] = [n for n in reversed(outer_first) if _is_arithmetic(n)]
    if not changing:
        return tree
    unnamed = list(_unnamed(tree, changing))
    types = OperandTypes(columns_of)
    types.ask([*unnamed, *(leaf for node in changing for leaf in _leaves(node))])
    places = [(_select_of(projection), projection.index or 0) for projection in unnamed]
    names = [types.name(projection) for projection in unnamed]
    for node in changing:
        if isinstance(node, exp.Binary):
            _operator(node, types)
        elif str(node.this).lower() == "sum":
            _sum(node, types)
        elif str(node.this).lower() == "round":
            _round(node, types)
        else:
            _widen(node, types)
    for (select, position), name in zip(places, names, strict=True):
        projection = select.expressions[position]
        projection.replace(exp.alias_(projection.copy(), name, quoted=True))
    return tree


def _select_of(projection: exp.Expr) -> exp.Select:
    assert isinstance(projection.parent, exp.Select)
    return projection.parent


def _is_arithmetic(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        name, count = str(node.this).lower(), len(node.expressions)
        return count in _COUNTS.get(name, ())
    return isinstance(node, _OPERATORS) and not _are_small(node)


def _are_small(node: exp.Binary) -> bool:
    """Whether both operands are literals that are too small for an overflow."""
    sides = (node.this, node.expression)
    return isinstance(node, _CHECKED) and all(
        isinstance(side, exp.Literal) and side.name.isdecimal() and len(side.name) < 5
        for side in sides
    )


def _argument(call: exp.Expr) -> exp.Expr:
    """The first argument of a call, without DISTINCT."""
    argument: exp.Expr = call.expressions[0]
    if isinstance(argument, exp.Distinct) and len(argument.expressions) == 1:
        argument = argument.expressions[0]
    return argument


def _leaves(node: exp.Expr) -> Iterator[exp.Expr]:
    """The parts of a node's operands whose types the engine has to be asked for."""
    if isinstance(node, exp.Anonymous):
        sides = [_argument(node), *node.expressions[1:]]
    else:
        sides = [node.this, node.expression]
    if any(evident_type(side) == "interval" for side in sides):
        return
    for side in sides:
        yield from unclear_parts(side)


def _unnamed(tree: exp.Expr, changing: list[exp.Expr]) -> Iterator[exp.Expr]:
    """The projections without an alias that contain some of these nodes."""
    wanted = {id(node) for node in changing}
    for select in of_kind(nodes(tree), exp.Select):
        for projection in select.expressions:
            if not isinstance(projection, exp.Alias) and any(
                id(node) in wanted for node in nodes(projection)
            ):
                yield projection


# corrections


def _operator(node: exp.Binary, types: OperandTypes) -> None:
    operands = [types.of(node.this), types.of(node.expression)]
    if operands == ["string", "string"] and not isinstance(node, exp.IntDiv):
        message = f"Cannot resolve {render(node)}: it needs numbers or intervals, not two STRINGs."
        raise SqlError("DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE", message)
    pairs = zip(("this", "expression"), operands, reversed(operands), strict=True)
    for side, own, beside in pairs:
        wanted = _wanted(node.args[side], own, beside)
        if wanted is not None:
            node.set(side, exp.cast(node.args[side].copy(), wanted))
    left, right = types.of(node.this), types.of(node.expression)
    if isinstance(node, _QUOTIENTS):
        _divide_null(node)
    if isinstance(node, _CHECKED) and left in DIGITS and right in DIGITS:
        wide = node.copy()
        wide.set("this", exp.cast(wide.this.copy(), f"decimal({DIGITS[left]}, 0)"))
        node.replace(exp.cast(wide, widest({left, right})))
    elif isinstance(node, exp.Sub) and left == right == "date":
        node.replace(exp.Anonymous(this="make_dt_interval", expressions=[node.copy()]))
    elif isinstance(node, exp.Div) and not {left, right} <= DIGITS.keys():
        _divide(node, decimal_of(left), decimal_of(right))


def _divide_null(node: exp.Binary) -> None:
    """Make a divisor NULL where the dividend is: NULL divided by zero is NULL, and the engine fails
    on it. This repeats the dividend. One with a quotient of its own, whose dividend is repeated
    already, is not repeated: the text would double with each division."""
    dividend, divisor = node.this, node.expression
    is_given = isinstance(divisor, exp.Literal) and not _is_zero(divisor)
    if is_given or isinstance(dividend, exp.Literal) or dividend.find(*_QUOTIENTS):
        return
    is_null = exp.paren(dividend.copy()).is_(exp.null())
    node.set("expression", exp.If(this=is_null, true=exp.null(), false=divisor))


def _is_zero(number: exp.Literal) -> bool:
    return not number.name.strip("0.")


def _divide(node: exp.Div, left: Decimal | None, right: Decimal | None) -> None:
    """Round a quotient of decimals where Spark does. The engine's quotient has four digits more
    than its dividend and cuts off the others, so the dividend is given digits first."""
    if left is None or right is None:
        return
    quotient, result = node.copy(), left.divided_by(right)
    whole = left.precision - left.scale
    scale = min(result.scale - 3, 34 - right.scale - whole)  # the engine computes with 38 digits
    if scale > left.scale:
        wide = str(Decimal(whole + scale, scale))
        quotient.set("this", exp.cast(quotient.this.copy(), wide))
    node.replace(exp.cast(quotient, str(result)))


def _wanted(side: exp.Expr, own: str, beside: str) -> str | None:
    """The type to which an operand is cast because of the type beside it; None for no cast."""
    if own == "string" and beside in DIGITS:
        return "bigint"
    is_fraction = beside in ("float", "double") or beside.startswith("decimal")
    if own == "string" and is_fraction:
        return "double"
    literal = side.this if isinstance(side, exp.Cast) else side
    if beside.startswith("decimal") and own in DIGITS and isinstance(literal, exp.Literal):
        return str(Decimal(len(literal.name), 0))
    return None


def _sum(call: exp.Expr, types: OperandTypes) -> None:
    summed = _argument(call)
    data_type = types.of(summed)
    if data_type == "string":
        summed.replace(exp.cast(summed.copy(), "double"))
    elif data_type == "bigint":
        summed.replace(exp.cast(summed.copy(), f"decimal({DIGITS[data_type]}, 0)"))
        whole: exp.Expr = call
        while isinstance(whole.parent, (exp.Filter, exp.Window)) and whole.arg_key == "this":
            whole = whole.parent
        whole.replace(exp.cast(whole.copy(), data_type))


def _round(call: exp.Expr, types: OperandTypes) -> None:
    decimal = decimal_of(types.of(_argument(call)))
    places = call.expressions[1].name if len(call.expressions) > 1 else "0"
    if decimal is not None and places.isdecimal() and 0 <= int(places) < decimal.scale:
        digits = min(decimal.precision - decimal.scale + 1 + int(places), 38)
        call.replace(exp.cast(call.copy(), str(Decimal(digits, int(places)))))


def _widen(call: exp.Expr, types: OperandTypes) -> None:
    """Give the arguments of try_add and the like one type, where one is INT and one BIGINT."""
    integers = [types.of(argument) for argument in call.expressions]
    if set(integers) == {"int", "bigint"}:
        narrow = call.expressions[integers.index("int")]
        narrow.replace(exp.cast(narrow.copy(), "bigint"))
