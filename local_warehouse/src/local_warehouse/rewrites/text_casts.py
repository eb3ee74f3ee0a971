"""Texts that become numbers or BOOLEANs, as Databricks reads them.

The engine reads no exponent and no digits of other scripts for a DECIMAL, and no suffix for a
DOUBLE; it cuts off blanks that are no ASCII, and takes each beginning of a word for a BOOLEAN.

https://docs.databricks.com/aws/en/sql/language-manual/functions/cast
"""

from __future__ import annotations

import re

from sqlglot import exp

from local_warehouse.rewrites.evident_types import UNKNOWN, name_of_type
from local_warehouse.rewrites.templates import PREFIX, fill
from local_warehouse.types.java_numbers import double_text, exact_text

_KIND = exp.DataType.Type
_READ = {_KIND.DECIMAL: exact_text, _KIND.DOUBLE: double_text, _KIND.FLOAT: double_text}
_READABLE = (*_READ, _KIND.BOOLEAN)
_PLAIN = re.compile(
    r"[+-]?\d+(\.\d+)?|true|false|[+-]?(nan|inf|infinity)", re.ASCII | re.IGNORECASE
)
BLANKS = r"\\x00-\\x20\\x7f"  # what is cut off around a text, for a regular expression
_BLANK_TEXT = exp.Literal.string("".join(map(chr, (*range(33), 127))))
_IS_BOOLEAN = f"x rlike '(?i)^[{BLANKS}]*(t|true|y|yes|1|f|false|n|no|0)[{BLANKS}]*$'"
STRIPPED = "trim(both blanks from cast(x as string))"
_MALFORMED = (
    "raise_error(concat('[CAST_INVALID_INPUT] The value \\'', x, '\\' of the type STRING cannot be"
    " cast to {type} because it is malformed.'))"
)


def fill_text(template: str, text: exp.Expr) -> exp.Expr:
    """A template's expression of a text `x`, which may be STRIPPED there."""
    return fill(template, {"x": text, "blanks": _BLANK_TEXT})


def may_differ(cast: exp.Cast, given: str) -> bool:
    """Whether a value, of a type that may be unknown, may be a text that is read otherwise."""
    if cast.to.this not in _READABLE or given not in (UNKNOWN, "string"):
        return False
    return not isinstance(cast.this, exp.Literal) or _PLAIN.fullmatch(cast.this.name) is None


def of_text(cast: exp.Cast) -> exp.Expr:
    """What reads a text as the type of a cast of which `may_differ` is true."""
    wanted, places = name_of_type(cast.to), {"x": cast.this}
    is_tried = isinstance(cast, exp.TryCast)
    malformed = f"cast({_MALFORMED.format(type=wanted.upper())} as {wanted})"
    if cast.to.this == _KIND.BOOLEAN:
        cast_as, otherwise = ("try_cast", "null") if is_tried else ("cast", malformed)
        known = f"{cast_as}({STRIPPED} as boolean)"
        return fill_text(f"if(x is null or {_IS_BOOLEAN}, {known}, {otherwise})", cast.this)
    read = _READ[cast.to.this]
    text = f"{PREFIX}{read.__name__}(x)"
    # The engine reads what it can, which is fast, and Python what is left of it.
    fast = "if(octet_length(x) = length(x), x, null)" if read is exact_text else "x"
    slow = f"try_cast({text} as {wanted})"
    if not is_tried:
        slow = f"if({text} is null, {malformed}, cast({text} as {wanted}))"
    return fill(f"coalesce(try_cast({fast} as {wanted}), if(x is null, null, {slow}))", places)
