"""DECIMALs where the engine computes with DOUBLEs: as those that are next to them.

The engine divides the digits of a DECIMAL by a power of ten; with more than 15 digits, the quotient
is not always the DOUBLE that is next to it, which is seen in a sine and in what is written out.
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites import argument_types
from local_warehouse.rewrites.operand_types import ByName, OperandTypes
from local_warehouse.rewrites.templates import fill
from local_warehouse.types.decimals import decimal_of

_EXACT = 15  # digits that a DOUBLE has of any number


def as_double(value: exp.Expr, data_type: str) -> exp.Expr | None:
    """What casts a DECIMAL to DOUBLE; None where the engine's own cast does."""
    exact = decimal_of(data_type) if data_type.startswith("decimal") else None
    if exact is None or exact.precision <= _EXACT:
        return None
    return fill("cast(cast(x as string) as double)", {"x": value})


def _only(call: exp.Expr) -> list[exp.Expr]:
    return list(call.expressions) if len(call.expressions) == 1 else []


def _angle(call: exp.Expr, types: OperandTypes) -> None:
    value = call.expressions[0]
    exact = as_double(value, types.of(value))
    if exact is not None:
        value.replace(exact)


def _first(call: exp.Expr) -> list[exp.Expr]:
    return list(call.expressions) if len(call.expressions) == 2 else []


def _format(call: exp.Expr, types: OperandTypes) -> None:
    """Refuse numbers with more digits than a DOUBLE, as which the engine writes them."""
    value = call.expressions[0]
    argument_types.check(call, types)
    if types.of(value) in ("tinyint", "smallint", "int"):
        return
    call.replace(fill(_FORMATTED, {"x": value, "call": call}))


_FORMATTED = (
    "if(abs(cast(x as double)) >= 1e15, raise_error('[UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE] The"
    " local SQL warehouse does not support format_number() of numbers from 1e15 on.'), call)"
)
CALLS: ByName = {
    **dict.fromkeys(("sin", "cos", "tan", "cot", "sec", "csc"), (_only, _angle)),
    "format_number": (_first, _format),
}
