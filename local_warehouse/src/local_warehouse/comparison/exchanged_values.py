"""Examples of functions with their values exchanged for NULL, empty, extreme and unicode ones.

The documented examples hold a value of a fitting type for each argument of each function, so each
function is called over its types without a table of signatures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_TOKENS = re.compile(
    r"""(?P<skipped>--[^\n]*|/\*.*?\*/|`[^`]*`)
    |(?P<text>(?<![\w])(?:'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"))
    |(?P<number>(?<![\w.])\d+(?:\.\d+)?(?![\w.]))
    |(?P<word>\w+)""",
    re.VERBOSE | re.DOTALL,
)
_NUMBERS = (
    "cast(null as int)", "0", "-1", "2147483647", "-2147483648", "9223372036854775807", "1.50",
    "1e300D", "cast('NaN' as double)", "'7'", "12345678901234567890.123456789",
    "cast(-128 as tinyint)", "cast(0.1 as float)",
)  # fmt: skip
_TEXTS = (
    "cast(null as string)", "''", "' a '", "'Straße é😀年'", "'%_\\\\'", "'-12.50'", "3",
    "'{\"a\":[1,{\"b\":null}]}'",
)  # fmt: skip
_MOMENTS = (
    "cast(null as string)", "''", "'0001-01-01'", "'9999-12-31 23:59:59.999999'", "'1582-10-15'",
    "'2024-02-29 12:30:00'", "'1969-12-31 23:59:59.5'", "'x'", "date'2024-02-29'",
    "timestamp'1969-12-31 23:59:59.5'",
)  # fmt: skip
_LOOKS_LIKE_MOMENT = re.compile(r"""['"]\d{4}-\d\d""")
_TYPED = ("date", "timestamp", "timestamp_ntz", "timestamp_ltz")
# Functions that make as much as a number says: what they are given stays small.
_GROWING = re.compile(
    r"\b(repeat|[lr]pad|space|array_repeat|sequence|range|randstr|array_insert|stack)\b",
    re.IGNORECASE,
)
_LARGE = re.compile(r"\d{4}|e\d")
# Words before a literal that the literal is a part of: INTERVAL '1', DECIMAL(10, 2), LIMIT 3.
_PART_OF = ("interval", "limit", "x", "r", "as", "tab", "t", "escape")


def exchanged(sql: str) -> Iterator[str]:
    """The statement with one of its literals exchanged, for each literal and each value."""
    before, is_growing = "", _GROWING.search(sql) is not None
    for token in _TOKENS.finditer(sql):
        text = token[0]
        kind = token.lastgroup
        if kind in ("text", "number") and before not in _PART_OF and not _is_of_type(sql, token):
            for value in _values(kind, text, before, is_growing=is_growing):
                if value != text:
                    yield sql[: token.start()] + value + sql[token.end() :]
        before = text.lower() if kind == "word" and _touches(sql, token.end()) else ""


def all_exchanged(examples: Iterable[str]) -> list[str]:
    """Every statement that `exchanged` makes of these, once."""
    return list(dict.fromkeys(found for sql in examples for found in exchanged(sql)))


def _values(kind: str, text: str, before: str, *, is_growing: bool) -> tuple[str, ...]:
    if before in _TYPED:  # a literal of this type, whose text must be one
        return tuple(v for v in _MOMENTS[2:7] if before != "date" or " " not in v)
    if kind == "number":
        return _NUMBERS if not is_growing else tuple(v for v in _NUMBERS if not _LARGE.search(v))
    return _MOMENTS if _LOOKS_LIKE_MOMENT.match(text) else _TEXTS


def _touches(sql: str, end: int) -> bool:
    """Whether a literal follows the word, with nothing but blanks between."""
    return re.match(r"\s*['\"\d]", sql[end:]) is not None


def _is_of_type(sql: str, token: re.Match[str]) -> bool:
    """Whether a number is a part of a type: DECIMAL(10, 2)."""
    return (
        re.search(r"(decimal|numeric|char|varchar)\(\d*,?\s*$", sql[: token.start()], re.I)
        is not None
    )
