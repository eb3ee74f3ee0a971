"""Formats values as text: the file's number formats, and plain dates and times."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

MISSING = "\u2013"  # a dash, for NULL


@dataclass(frozen=True)
class NumberFormat:
    """A number format. `exact`: always so many decimal `places`; otherwise at most so many."""

    percent: bool
    places: int
    exact: bool

    def as_dict(self) -> dict[str, Any]:
        """The format as the page's script reads it."""
        return {"percent": self.percent, "places": self.places, "exact": self.exact}

    @property
    def d3(self) -> str:
        """The format in the language of d3-format, for Vega."""
        trimmed = "" if self.exact else "~"
        return f".{self.places}{trimmed}%" if self.percent else f",.{self.places}{trimmed}f"


def format_of(encoding: Mapping[str, Any]) -> NumberFormat:
    """The number format of an encoding; at most two decimal places where it names none."""
    named = encoding.get("format", {})
    percent = named.get("type") == "number-percent"
    places = named.get("decimalPlaces", {})
    return NumberFormat(
        percent, places.get("places", 1 if percent else 2), places.get("type") == "exact"
    )


def format_value(value: Any, format_: NumberFormat, missing: str = MISSING) -> str:
    """The value as text, rounded as browsers do (Intl.NumberFormat); `missing` for None."""
    if value is None:
        return missing
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value).replace("T", " ")[:16] if _is_time(value) else str(value)
    number = Decimal(str(value)) * (100 if format_.percent else 1)
    rounded = number.quantize(Decimal(1).scaleb(-format_.places), ROUND_HALF_UP)
    text = f"{rounded:,.{format_.places}f}"
    if not format_.exact and "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{text}%" if format_.percent else text


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 20 and value[10] == "T" and value[-1] == "Z"
