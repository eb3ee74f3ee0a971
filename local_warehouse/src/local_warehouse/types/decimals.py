"""The precision and scale of DECIMAL types in arithmetic.

https://docs.databricks.com/aws/en/sql/language-manual/data-types/decimal-type
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MOST = 38  # digits of a DECIMAL
_KEPT = 6  # digits behind the point that are kept when there are too many before it
_INTEGERS = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 20}  # digits beside a DECIMAL
_SPELLING = re.compile(r"decimal\((\d+),(\d+)\)")


@dataclass(frozen=True)
class Decimal:
    """A DECIMAL type; `str` spells it as Spark does, decimal(10,2)."""

    precision: int  # digits, 38 at the most
    scale: int  # digits behind the point

    @classmethod
    def of_literal(cls, text: str) -> Decimal:
        """The type of a literal such as 12.50: its digits, without leading zeros."""
        whole, _, fraction = text.partition(".")
        return cls(max(len(whole.lstrip("0")) + len(fraction), 1), len(fraction))

    def plus(self, other: Decimal) -> Decimal:
        """The type of a sum or a difference."""
        scale = max(self.scale, other.scale)
        whole = max(self.precision - self.scale, other.precision - other.scale)
        return _bounded(whole + scale + 1, scale)

    def times(self, other: Decimal) -> Decimal:
        """The type of a product."""
        return _bounded(self.precision + other.precision + 1, self.scale + other.scale)

    def divided_by(self, other: Decimal) -> Decimal:
        """The type of a quotient."""
        scale = max(_KEPT, self.scale + other.precision + 1)
        return _bounded(self.precision - self.scale + other.scale + scale, scale)

    def remainder(self, divisor: Decimal) -> Decimal:
        """The type of a remainder."""
        scale = max(self.scale, divisor.scale)
        whole = min(self.precision - self.scale, divisor.precision - divisor.scale)
        return Decimal(min(whole + scale, _MOST), scale)

    def union(self, other: Decimal) -> Decimal:
        """The type that can hold the values of both."""
        scale = max(self.scale, other.scale)
        whole = max(self.precision - self.scale, other.precision - other.scale)
        return Decimal(min(whole + scale, _MOST), scale)

    def __str__(self) -> str:
        return f"decimal({self.precision},{self.scale})"


def _bounded(precision: int, scale: int) -> Decimal:
    if precision <= _MOST:
        return Decimal(precision, scale)
    return Decimal(_MOST, max(_MOST - (precision - scale), min(scale, _KEPT)))


def decimal_of(ddl_type: str) -> Decimal | None:
    """The DECIMAL type that a DDL type counts as beside a DECIMAL; None where it is no exact
    number."""
    if ddl_type in _INTEGERS:
        return Decimal(_INTEGERS[ddl_type], 0)
    found = _SPELLING.fullmatch(ddl_type)
    return Decimal(int(found[1]), int(found[2])) if found else None
