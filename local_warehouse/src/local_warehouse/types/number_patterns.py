"""Numbers by patterns of java.text.DecimalFormat, as format_number writes them.

https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/text/DecimalFormat.html
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

from local_warehouse.errors import unsupported

_WHOLE = "#,###,###,###,###,###,##0"  # what format_number has for a number of places
_AFFIX = r"(?:'(?:[^']|'')*'|[^#0,.;'\u00a4E])*"
_PATTERN = re.compile(
    rf"(?P<before>{_AFFIX})(?P<whole>[#,]*[0,]*)(?P<part>\.(?P<fraction>0*)(?P<more>#*))?"
    rf"(?P<exponent>E0+)?(?P<after>{_AFFIX})(?:;(?P<negative>.*))?",
    re.DOTALL,
)
_NEGATIVE = re.compile(rf"(?P<before>{_AFFIX})[#0,.]+(?:E0+)?(?P<after>{_AFFIX})", re.DOTALL)
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_FACTORS = {"%": 100, "\u2030": 1000}
_WIDE = Context(prec=800, rounding=ROUND_HALF_EVEN)  # for all digits of a DOUBLE


@dataclass(frozen=True)
class _Pattern:
    before: str
    after: str
    before_negative: str
    after_negative: str
    whole: int  # the least number of digits before the point
    group: int  # of digits, 0 for none
    least: int  # digits behind the point
    most: int
    has_point: bool  # also without digits behind it
    exponent: int  # the least number of its digits, 0 for none
    factor: int


def number_format(text: str | None, data_type: str, pattern: str | None, kind: str) -> str | None:
    """A number, by the text of it and by its type, as a pattern writes it or, where the `kind` of
    that is no string, with so many places; None where they are below 0. Raises SqlError for a
    pattern that is not known."""
    if text is None or pattern is None:
        return None
    if kind == "string":
        read = _read(pattern or _WHOLE)
    elif (places := int(pattern)) < 0:
        return None
    else:
        read = _read(_WHOLE + "." * (places > 0) + "0" * places)
    is_double = data_type == "double" and text[-1:].isdigit()
    return _written(_of_double(text, read) if is_double else text, read)


def _of_double(text: str, pattern: _Pattern) -> str:
    """The digits of a DOUBLE: the fewest that say which one it is, unless one of them is rounded.
    That is done by all digits, of which 2.675 has 2.67499..."""
    fewest = Decimal(repr(float(text)))
    exponent = fewest.as_tuple().exponent
    assert isinstance(exponent, int)
    is_whole = not pattern.exponent and pattern.factor == 1 and -exponent <= pattern.most
    return f"{fewest if is_whole else Decimal(float(text)):f}"


@functools.lru_cache(64)
def _read(pattern: str) -> _Pattern:
    found = _PATTERN.fullmatch(pattern)
    if found is None or (found["whole"] and found["whole"].endswith(",")):
        raise unsupported(f"the pattern {pattern!r} of format_number()")
    whole, fraction, more = found["whole"], found["fraction"] or "", found["more"] or ""
    zeros = whole.count("0")
    if not zeros and not fraction and found["part"]:  # #.## and .## have a digit where # is
        if whole:
            zeros = 1
        elif more:
            fraction, more = "0", more[1:]
    exponent = len(found["exponent"] or "") - bool(found["exponent"])
    if exponent and (zeros != 1 or whole != "0"):
        raise unsupported(f"the pattern {pattern!r} of format_number()")
    negative = _NEGATIVE.fullmatch(found["negative"] or "")
    before, after = _plain(found["before"]), _plain(found["after"])
    factor = 1
    for sign, times in _FACTORS.items():
        if any(sign in _QUOTED.sub("", found[name]) for name in ("before", "after")):
            factor = times
    return _Pattern(
        before=before,
        after=after,
        before_negative=_plain(negative["before"]) if negative else "-" + before,
        after_negative=_plain(negative["after"]) if negative else after,
        whole=zeros,
        group=len(whole) - whole.rindex(",") - 1 if "," in whole else 0,
        least=len(fraction),
        most=len(fraction) + len(more),
        has_point=found["part"] is not None and (not whole or not fraction + more),
        exponent=exponent,
        factor=factor,
    )


def _plain(affix: str) -> str:
    return _QUOTED.sub(lambda found: found[1].replace("''", "'") or "'", affix)


def _written(text: str, pattern: _Pattern) -> str:
    if text == "NaN":
        return text
    is_negative = text.startswith("-")
    if text.endswith("Infinity"):
        digits = "∞"
    else:
        digits = _digits(abs(Decimal(text)) * pattern.factor, pattern)
    if is_negative:
        return pattern.before_negative + digits + pattern.after_negative
    return pattern.before + digits + pattern.after


def _digits(number: Decimal, pattern: _Pattern) -> str:
    exponent = 0
    if pattern.exponent and number:
        exponent = number.adjusted()
        if _rounded(number.scaleb(-exponent, _WIDE), pattern.most) >= 10:
            exponent += 1
        number = number.scaleb(-exponent, _WIDE)
    whole, _, fraction = f"{_rounded(number, pattern.most):f}".partition(".")
    fraction = fraction.rstrip("0").ljust(pattern.least, "0")
    whole = whole.lstrip("0").rjust(pattern.whole, "0")
    if not whole and not fraction:
        whole = "0"
    if pattern.group:
        first = len(whole) % pattern.group
        groups = [whole[i : i + pattern.group] for i in range(first, len(whole), pattern.group)]
        whole = ",".join([whole[:first], *groups] if first else groups)
    point = "." if fraction or pattern.has_point else ""
    tail = (
        f"E{'-' * (exponent < 0)}{abs(exponent):0{pattern.exponent}d}" if pattern.exponent else ""
    )
    return whole + point + fraction + tail


def _rounded(number: Decimal, places: int) -> Decimal:
    return number.quantize(Decimal((0, (1,), -places)), context=_WIDE)
