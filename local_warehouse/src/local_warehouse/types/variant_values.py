"""What a path finds in a VARIANT, cast to a type: as texts of JSON, in which a VARIANT reaches the
functions that Python computes, and of the value, which the engine casts again.

https://docs.databricks.com/aws/en/sql/language-manual/functions/variant_get
"""

from __future__ import annotations

import functools
import re
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.types.java_numbers import double_text, exact_text
from local_warehouse.types.json_documents import Fraction, decoded, java_double, written_with
from local_warehouse.types.json_values import Mismatch, decimal_of
from local_warehouse.types.text_moments import date_of, timestamp_of

_STEP = re.compile(r"\.([^.\[]+)|\['([^']*)'\]|\[\"([^\"]*)\"\]|\[(\d+)\]")
_BITS = {"TINYINT": 8, "SMALLINT": 16, "INT": 32, "BIGINT": 64}
_TRUE, _FALSE = ("t", "true", "y", "yes", "1"), ("f", "false", "n", "no", "0")
_DECIMAL = re.compile(r"DECIMAL(?:\((\d+)(?:, ?(\d+))?\))?")
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_MICROS = 1_000_000
_EPOCH = datetime(1970, 1, 1)


def variant_value(text: str | None, path: str | None, data_type: str, fails: str) -> str | None:
    """What a cast of the value at a path to a type makes, as a text; None for what is not there,
    for null, and, unless it is to fail, for what the type cannot be. The type VARIANT is as JSON.

    Raises SqlError: INVALID_VARIANT_GET_PATH, INVALID_VARIANT_CAST.
    """
    if text is None or path is None:
        return None
    value = decoded(text)
    for step in _steps(path):
        is_there = (
            isinstance(value, list) and step < len(value)
            if isinstance(step, int)
            else isinstance(value, dict) and step in value
        )
        if not is_there:
            return None
        value = value[step]
    if data_type == "VARIANT":
        return _json(value)
    if value is None:
        return None
    try:
        return _cast(value, data_type)
    except (Mismatch, ValueError):
        if fails != "true":
            return None
        raise SqlError(
            "INVALID_VARIANT_CAST",
            f"The variant value `{_json(value)}` cannot be cast into `{data_type}`. Please use"
            " `try_variant_get` instead.",
        ) from None


@functools.lru_cache(256)
def _steps(path: str) -> tuple[str | int, ...]:
    steps: list[str | int] = []
    at = 1
    while path.startswith("$") and at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            break
        at = step.end()
        name = next((part for part in step.groups()[:3] if part is not None), None)
        steps.append(int(step[4]) if name is None else name)
    if not path.startswith("$") or at < len(path):
        message = f"The path `{path}` is not a valid variant extraction path in `variant_get`."
        raise SqlError("INVALID_VARIANT_GET_PATH", message)
    return tuple(steps)


def _json(value: Any) -> str:
    """JSON with fractions as DECIMALs write them."""
    return written_with(value, _plain)


def _plain(value: Fraction) -> str:
    if "e" in value.text.lower() or value - value != 0:
        return java_double(value)
    digits = value.text
    return digits.rstrip("0").removesuffix(".") if "." in digits else digits


def _cast(value: Any, data_type: str) -> str:
    """The text of a value as a type. Raises Mismatch, and ValueError for a day that is none."""
    if data_type == "STRING":
        return value if isinstance(value, str) else _json(value)
    if isinstance(value, (list, dict)):
        raise Mismatch
    if data_type in _BITS:
        return _whole(value, 2 ** (_BITS[data_type] - 1))
    if data_type in ("FLOAT", "DOUBLE"):
        return _double(value)
    if data_type == "BOOLEAN":
        return _boolean(value)
    if found := _DECIMAL.fullmatch(data_type):
        text = exact_text(value) if isinstance(value, str) else _digits(value)
        if text is None:
            raise Mismatch
        return f"{decimal_of(text, int(found[1] or 10), int(found[2] or 0)):f}"
    if isinstance(value, bool):
        raise Mismatch
    return _moment(value, data_type)


def _digits(value: Any) -> str:
    """The digits of a number, or of a BOOLEAN as one."""
    if isinstance(value, bool):
        return str(int(value))
    return value.text if isinstance(value, Fraction) else str(value)


def _whole(value: Any, limit: int) -> str:
    if isinstance(value, str):
        if not _WHOLE.fullmatch(value.strip()):
            raise Mismatch
        number = int(value)
    else:
        try:
            number = int(Decimal(_digits(value)))
        except (InvalidOperation, OverflowError):
            raise Mismatch from None
    if not -limit <= number < limit:
        raise Mismatch
    return str(number)


def _double(value: Any) -> str:
    if not isinstance(value, str):
        return _digits(value)
    stripped = value.strip().lower()
    if stripped in ("nan", "infinity", "-infinity", "+infinity", "inf", "+inf", "-inf"):
        names = {"nan": "NaN", "-": "-Infinity"}
        return names.get(stripped[:1], names.get(stripped, "Infinity"))
    found = double_text(value)
    if found is None:
        raise Mismatch
    return found


def _boolean(value: Any) -> str:
    if isinstance(value, str):
        text = value.strip().lower()
        if text not in (*_TRUE, *_FALSE):
            raise Mismatch
        return str(text in _TRUE).lower()
    return str(bool(value)).lower()


def _moment(value: Any, data_type: str) -> str:
    if isinstance(value, str):
        day = date_of(value) if data_type == "DATE" else None
        found = day if data_type == "DATE" else timestamp_of(value)
        if found is None or data_type not in ("DATE", "TIMESTAMP", "TIMESTAMP_NTZ"):
            raise Mismatch
        return value if day is None else day.isoformat()
    if data_type != "TIMESTAMP":
        raise Mismatch
    try:
        micros = int(Decimal(_digits(value)) * _MICROS)
        return (_EPOCH + timedelta(microseconds=micros)).isoformat(" ")
    except OverflowError:
        raise unsupported(f"the moment {value} of a VARIANT, as years are from 1 to 9999") from None
