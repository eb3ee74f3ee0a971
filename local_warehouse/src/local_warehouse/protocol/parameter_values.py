"""Parameter values of a request as SQL literals, so that binding cannot change a statement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from local_warehouse import errors
from local_warehouse.sql.dialect import literal

_TYPES = {
    "BIGINT", "BINARY", "BOOLEAN", "DATE", "DOUBLE", "FLOAT", "INT",
    "INTEGER", "SMALLINT", "TIMESTAMP", "TIMESTAMP_NTZ", "TINYINT",
}  # fmt: skip
_DECIMAL = re.compile(r"DECIMAL\(\d+,\d+\)")
_EXPONENT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)[eE][+-]?\d{1,2}")
_UNIT = "(YEAR|MONTH|DAY|HOUR|MINUTE|SECOND)"
_INTERVAL = re.compile(rf"INTERVAL( {_UNIT}( TO {_UNIT})?)?")


def to_literals(parameters: Sequence[Any] | None) -> tuple[dict[str, str], list[str]]:
    """The named and the positional values of a list of TSparkParameter.

    Raises SqlError (UNSUPPORTED_FEATURE) for a type that cannot be a parameter's.
    """
    named: dict[str, str] = {}
    positional: list[str] = []
    for parameter in parameters or ():
        value = _literal(
            parameter.type,
            parameter.value.stringValue if parameter.value is not None else None,
            parameter.arguments,
        )
        if parameter.name:
            named[parameter.name] = value
        else:
            positional.append(value)
    return named, positional


def _literal(type_name: str | None, text: str | None, arguments: Sequence[Any] | None) -> str:
    """The value as SQL; `arguments` are the elements of an array, or a map's keys and values."""
    kind = (type_name or "STRING").upper()
    if kind in ("ARRAY", "MAP"):
        elements = (_literal(a.type, a.value, a.arguments) for a in arguments or ())
        return f"{kind.lower()}({', '.join(elements)})"
    if kind == "VOID" or text is None:
        return "NULL"
    if kind == "STRING":
        return literal(text)
    if _DECIMAL.fullmatch(kind) and _EXPONENT.fullmatch(text):
        return _without_exponent(text, kind)
    if kind in _TYPES or _DECIMAL.fullmatch(kind):
        return f"cast({literal(text)} as {kind})"
    if _INTERVAL.fullmatch(kind):
        return f"interval {literal(text)}{kind.removeprefix('INTERVAL')}"
    raise errors.unsupported(f"parameters of type {kind}")


def _without_exponent(text: str, kind: str) -> str:
    """A decimal that Python writes with an exponent, such as 1E+5. The connector takes the
    precision from the length of that text, so the type is widened to what the value needs."""
    plain = f"{Decimal(text):f}"
    whole, _, fraction = plain.lstrip("-").partition(".")
    precision, scale = map(int, re.findall(r"\d+", kind))
    wide = max(scale, len(fraction))
    digits = min(max(precision - scale, len(whole)) + wide, 38)
    return f"cast({literal(plain)} as DECIMAL({digits},{wide}))"
