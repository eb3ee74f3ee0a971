"""Numbers in texts as Java reads them, which the engine does not: 1e3 as DECIMAL, 1.5d as DOUBLE.

https://docs.databricks.com/aws/en/sql/language-manual/functions/cast
"""

from __future__ import annotations

import decimal
import math
import re

_BLANKS = "".join(map(chr, range(33)))  # what is cut off on both sides of a text
_EXACT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,9})?")
_DOUBLE = re.compile(r"([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)[dDfF]?", re.ASCII)
_HEXADECIMAL = re.compile(
    r"([+-]?0[xX]([0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?\d+)[dDfF]?", re.ASCII
)
_MOST_PLACES = 60  # on both sides of the point, with which a DECIMAL has a value or overflows


def exact_text(text: str | None) -> str | None:
    """The digits of a text that is a DECIMAL, without exponent; None for what is none."""
    found = _EXACT.fullmatch(text.strip(_BLANKS)) if text is not None else None
    if found is None:
        return None
    number = decimal.Decimal(found[0])
    if number.adjusted() > _MOST_PLACES:
        number = decimal.Decimal((number.as_tuple().sign, (1,), _MOST_PLACES))
    elif number.adjusted() < -_MOST_PLACES:
        number = decimal.Decimal(0)
    return f"{number:f}"


def double_text(text: str | None) -> str | None:
    """A text that is a DOUBLE as the engine reads it, without a suffix; None for what is none."""
    if text is None:
        return None
    stripped = text.strip(_BLANKS)
    if found := _DOUBLE.fullmatch(stripped):
        return found[1]
    if found := _HEXADECIMAL.fullmatch(stripped):
        try:
            return repr(float.fromhex(found[1]))
        except OverflowError:
            return "-Infinity" if stripped.startswith("-") else "Infinity"
    return None


def java_decimal(digits: str | None) -> str | None:
    """A DECIMAL as Java's BigDecimal writes it, with an exponent where it is very small."""
    return None if digits is None else str(decimal.Decimal(digits))


def java_text(value: float) -> str:
    """A number as Java's Double.toString writes it: 1.5, 1.0E10, NaN."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(float(value))
    digits, _, exponent = f"{float(value)!r}".partition("e")
    if not exponent:
        sign, number = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
        whole, _, fraction = number.partition(".")
        if whole.strip("0"):
            shift, figures = len(whole) - 1, (whole + fraction).rstrip("0")
        else:
            shift, figures = len(fraction.lstrip("0")) - len(fraction) - 1, fraction.lstrip("0")
        return f"{sign}{figures[0]}.{figures[1:] or '0'}E{shift}"
    return f"{digits if '.' in digits else digits + '.0'}E{int(exponent)}"
