"""DECIMALs and DOUBLEs that become each other: as the one that is next to the other.

The engine divides the digits of a DECIMAL by a power of ten; with more than 15 digits, the quotient
is not always the DOUBLE that is next to it, which is seen in a sine and in what is written out. It
multiplies a DOUBLE by a power of ten, so that 1.005 becomes 1.00, and rounds what it is in binary;
Spark rounds the digits that a DOUBLE is written with.
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.evident_types import name_of_type
from local_warehouse.rewrites.kinds import Kinds
from local_warehouse.rewrites.operand_types import OperandTypes
from local_warehouse.rewrites.signatures import name_of
from local_warehouse.rewrites.templates import fill
from local_warehouse.types.decimals import Decimal, decimal_of
from local_warehouse.types.kinds import DECIMAL

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


def converted(value: exp.Expr, data_type: str, wanted: str) -> exp.Expr:
    """A value of a type as one of another, which may be DOUBLE."""
    exact = as_double(value, data_type) if wanted == "double" else None
    return exp.cast(value.copy(), wanted) if exact is None else exact


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


# Functions of DOUBLEs alone.
_OF_DOUBLES = {
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "cot", "csc",
    "degrees", "exp", "expm1", "hypot", "ln", "log", "log10", "log1p", "log2", "pow", "power",
    "radians", "rint", "sec", "sin", "sinh", "sqrt", "tan", "tanh",
}  # fmt: skip


def doubtful_values(node: exp.Expr, known: Kinds) -> list[exp.Expr]:
    """The arguments of a function of DOUBLEs that may be DECIMALs of more digits."""
    if not isinstance(node, exp.Anonymous) or name_of(node) not in _OF_DOUBLES:
        return []
    return [one for one in node.expressions if not _is_short(one) and known.of(one) & DECIMAL]


def _is_short(value: exp.Expr) -> bool:
    return isinstance(value, exp.Literal) and len(value.name) <= _EXACT


def take_doubles(_: exp.Expr, values: list[exp.Expr], types: OperandTypes) -> None:
    """Cast these arguments to DOUBLE where they are such DECIMALs."""
    for value in values:
        exact = as_double(value, types.of(value))
        if exact is not None:
            value.replace(exact)
