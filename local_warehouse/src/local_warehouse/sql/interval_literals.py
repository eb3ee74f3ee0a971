"""Literals of intervals: what their texts and their units say, all of them one value.

https://docs.databricks.com/aws/en/sql/language-manual/data-types/interval-type
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

_NAMES = (
    *("YEAR", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"),
    *("MILLISECOND", "MICROSECOND", "NANOSECOND"),
)
_MONTHS = {"YEAR", "MONTH"}
UNITS = {name + plural for name in _NAMES for plural in ("", "S")}
_BLANKS = "".join(map(chr, (*range(33), 127)))
_NUMBER = r"[+-]?[\x00-\x20\x7f]*(?:\d+\.?\d*|\.\d+)"
_WHOLE_NUMBER = re.compile(_NUMBER, re.ASCII)
_PART = re.compile(
    rf"[\x00-\x20\x7f]*({_NUMBER})[\x00-\x20\x7f]+({'|'.join(UNITS)})(?=[\x00-\x20\x7f]|$)",
    re.ASCII | re.IGNORECASE,
)
_PREFIX = re.compile(r"[\x00-\x20\x7f]*interval(?=[\x00-\x20\x7f])", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """A number, which may have a sign, and its unit."""

    number: str
    unit: str


def signed(text: str, is_negative: bool) -> str:
    """A text of an interval without blanks around it, with a sign that stands before it."""
    stripped = text.strip(_BLANKS)
    has_minus = stripped.startswith("-")
    digits = stripped.lstrip("+-").strip(_BLANKS) if stripped[:1] in ("+", "-") else stripped
    digits = f"0{digits}" if digits.startswith(".") else digits  # as the engine reads it
    return f"-{digits}" if has_minus != is_negative else digits


def is_number(part: Part) -> bool:
    """Whether the number of a part is one, and no text of several fields."""
    return _WHOLE_NUMBER.fullmatch(part.number) is not None


def parts_of(text: str) -> list[Part]:
    """The parts of a text such as `interval 1 day 2 hours`; none where it is no interval."""
    prefix = _PREFIX.match(text)
    at, parts = prefix.end() if prefix else 0, []
    while text[at:].strip(_BLANKS):
        found = _PART.match(text, at)
        if found is None:
            return []
        parts.append(Part(signed(found[1], is_negative=False), found[2].upper()))
        at = found.end()
    return parts


def are_of_one_kind(parts: Sequence[Part]) -> bool:
    """Whether units are all of months, or none is."""
    return len({part.unit.removesuffix("S") in _MONTHS for part in parts}) == 1


def literal_of(parts: Sequence[Part]) -> exp.Interval:
    """The literal of these parts, several of which are one text."""
    if len(parts) == 1:
        unit = exp.Var(this=parts[0].unit)
        return exp.Interval(this=exp.Literal.string(parts[0].number), unit=unit)
    text = " ".join(f"{part.number} {part.unit.lower()}" for part in parts)
    return exp.Interval(this=exp.Literal.string(text))
