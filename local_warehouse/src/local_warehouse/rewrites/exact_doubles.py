"""DECIMALs and DOUBLEs that become each other: as the one that is next to the other.

The engine divides the digits of a DECIMAL by a power of ten; with more than 15 digits, the quotient
is not always the DOUBLE that is next to it, which is seen in a sine and in what is written out. It
multiplies a DOUBLE by a power of ten, so that 1.005 becomes 1.00, and rounds what it is in binary;
Spark rounds the digits that a DOUBLE is written with.
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.evident_types import name_of_type
from local_warehouse.rewrites.operand_types import ByName, OperandTypes
from local_warehouse.rewrites.templates import fill
from local_warehouse.types.decimals import Decimal, decimal_of

_EXACT = 15  # digits that a DOUBLE has of any number
_PLAIN = 16  # digits before the point with which the engine writes no exponent
_TOO_LARGE = (
    "cast(raise_error(concat('[NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION] ', x,"
    " ' cannot be represented as {0}.')) as {0})"
)
_SMALL = 4  # places behind the point with which it writes one


def as_double(value: exp.Expr, data_type: str) -> exp.Expr | None:
    """What casts a DECIMAL to DOUBLE; None where the engine's own cast does."""
    exact = decimal_of(data_type) if data_type.startswith("decimal") else None
    if exact is None or exact.precision <= _EXACT:
        return None
    return fill("cast(cast(x as string) as double)", {"x": value})


def as_decimal(cast: exp.Cast, data_type: str) -> exp.Expr | None:
    """What casts a FLOAT or a DOUBLE to DECIMAL by its digits; None for values of other types.

    The engine reads an exponent in JSON only. What has no digits there, or too many, is left to its
    own cast, which fails or makes NULL of it.
    """
    wanted = decimal_of(name_of_type(cast.to)) or Decimal(10, 0)
    if data_type not in ("float", "double"):
        return None
    value = cast.this if data_type == "double" else exp.cast(cast.this.copy(), "double")
    whole = wanted.precision - wanted.scale
    template = f"coalesce(try_cast(cast(x as string) as {wanted}), rest)"
    if whole > _PLAIN or wanted.scale >= _SMALL:
        fitting = f"if(abs(x) < 1e{whole}D, x, null)"
        json = f"from_json(cast(array({fitting}) as string), 'array<{wanted}>')[0]"
        template = f"coalesce(try_cast(cast(x as string) as {wanted}), {json}, rest)"
    rest: exp.Expr = type(cast)(this=value.copy(), to=cast.to.copy())
    if whole > _EXACT:  # the engine's own makes 99999999999999997748 of 1e20
        failed = "null" if isinstance(cast, exp.TryCast) else _TOO_LARGE.format(wanted)
        guarded = f"if(abs(x) >= 1e{whole}D and not isnan(x - x), {failed}, rest)"
        rest = fill(guarded, {"x": value, "rest": rest})
    return fill(template, {"x": value, "rest": rest})


def _only(call: exp.Expr) -> list[exp.Expr]:
    return list(call.expressions) if len(call.expressions) == 1 else []


def _angle(call: exp.Expr, types: OperandTypes) -> None:
    value = call.expressions[0]
    exact = as_double(value, types.of(value))
    if exact is not None:
        value.replace(exact)


CALLS: ByName = {
    **dict.fromkeys(("sin", "cos", "tan", "cot", "sec", "csc"), (_only, _angle)),
}
