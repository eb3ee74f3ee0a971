"""Quotients of DECIMALs, rounded where Spark rounds them.

The engine's quotient has four digits more than its dividend and cuts off the others, so that the
dividend is given digits first; and it computes with 38 digits, those of the divisor among them.
"""

from __future__ import annotations

from local_warehouse.rewrites.templates import PREFIX
from local_warehouse.types.decimals import Decimal

_MOST_DIGITS = 38
_ADDED_DIGITS = 4


def quotient(left: Decimal, right: Decimal, result: Decimal) -> str:
    """The template of a quotient of `a` and `b`. Where these may need more digits on the way than
    the engine has, it is left to a function."""
    whole, most = left.precision - left.scale, _MOST_DIGITS - _ADDED_DIGITS - right.scale
    scale = max(result.scale + 1 - _ADDED_DIGITS, left.scale)
    wide = Decimal(min(whole + scale, _MOST_DIGITS), scale)
    divided = f"cast({f'cast(a as {wide})' if scale > left.scale else 'a'} / b as {result})"
    if whole + scale <= most:
        return divided
    fits = f"b = 0 or abs(a) < 1e{most - scale}D" if most > scale else "b = 0"
    digits = f"{PREFIX}divided(cast(a as string), cast(b as string), {result.scale})"
    return f"case when {fits} then {divided} else cast({digits} as {result}) end"
