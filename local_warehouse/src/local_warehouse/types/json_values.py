"""The conversion of JSON values to the types of a schema, as Spark's JacksonParser has it."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from local_warehouse.errors import unsupported
from local_warehouse.types.json_documents import Fraction, Repeated, written
from local_warehouse.types.text_moments import date_of, parsed, timestamp_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_FINITE = {"NaN", "Infinity", "+Infinity", "-Infinity", "+INF", "-INF"}
_EXACTLY = Context(prec=76, rounding=ROUND_HALF_UP)
_DAYS = re.compile(r"[+-]?\d+", re.ASCII)
_BYTES = 256  # Jackson takes numbers up to 255 for a byte, and keeps its bits

# A value's conversion, which appends to the list where a part of the value became NULL.
Converter = Callable[[Any, list[str]], Any]


class Mismatch(Exception):
    """A value that the type cannot hold."""


@dataclass(frozen=True)
class Reading:
    """How texts are read: moments by a pattern or as a cast reads them, all else that is to be a
    STRING by `as_text`."""

    date_format: str | None = None
    timestamp_format: str | None = None
    timestamp_ntz_format: str | None = None
    as_text: Callable[[Any], str] = written
    not_finite: bool = True  # whether "NaN" and the like are numbers


def converter(kind: pa.DataType, reading: Reading) -> Converter:
    """The conversion to a type, whose STRUCTs are tuples, and MAPs lists of pairs.

    A value that its type cannot hold makes a field of a STRUCT NULL, and an ARRAY or a MAP as a
    whole. Raises Mismatch where the value itself is none, SqlError for what is not supported.
    """
    if pa.types.is_struct(kind):
        fields = [(field.name, converter(field.type, reading)) for field in kind]
        return lambda v, marks: _fields(v, fields, marks)
    if pa.types.is_list(kind):
        element = _or_null(converter(kind.value_type, reading))
        return lambda v, marks: [element(child, marks) for child in _list(v)]
    if pa.types.is_map(kind):
        item = _or_null(converter(kind.item_type, reading))
        return lambda v, marks: [(name, item(child, marks)) for name, child in _pairs(v)]
    convert = _of_one(kind, reading)
    return lambda v, _: convert(v)


def _of_one(kind: pa.DataType, reading: Reading) -> Callable[[Any], Any]:
    if pa.types.is_integer(kind):
        limit = 2 ** (kind.bit_width - 1)
        return _byte if pa.types.is_int8(kind) else lambda v: _integer(v, limit)
    if pa.types.is_decimal(kind):
        return lambda v: decimal_of(v, kind.precision, kind.scale)
    if pa.types.is_timestamp(kind):
        is_zoned = kind.tz is not None
        pattern = reading.timestamp_format if is_zoned else reading.timestamp_ntz_format
        return lambda v: timestamp_of_value(v, pattern, is_zoned)
    if pa.types.is_date(kind):
        return lambda v: date_of_value(v, reading.date_format)
    if pa.types.is_floating(kind):
        return lambda v: _double(v, reading.not_finite)
    if pa.types.is_string(kind):
        return lambda v: v if isinstance(v, str) else reading.as_text(v)
    if pa.types.is_boolean(kind):
        return _boolean
    assert pa.types.is_binary(kind), kind
    return _binary


def _fields(value: Any, fields: list[tuple[str, Converter]], marks: list[str]) -> tuple[Any, ...]:
    found = _dict(value)
    try:
        return tuple(
            [
                None if (one := found.get(name)) is None else convert(one, marks)
                for name, convert in fields
            ]
        )
    except Mismatch:
        return tuple([_value(convert, found.get(name), name, marks) for name, convert in fields])


def _value(convert: Converter, value: Any, name: str, marks: list[str]) -> Any:
    try:
        return None if value is None else convert(value, marks)
    except Mismatch:
        marks.append(name)
        return None


def _or_null(convert: Converter) -> Converter:
    return lambda value, marks: None if value is None else convert(value, marks)


def _dict(value: Any) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    raise Mismatch


def _pairs(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Repeated):
        raise unsupported("a JSON object with a name twice as a MAP")
    return list(_dict(value).items())


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    raise Mismatch


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise Mismatch


def _byte(value: Any) -> int:
    found = _integer(value, _BYTES)
    if found < -_BYTES // 2:
        raise Mismatch
    return found if found < _BYTES // 2 else found - _BYTES


def _integer(value: Any, limit: int) -> int:
    if type(value) is int and -limit <= value < limit:  # a bool is an int
        return value
    raise Mismatch


def _double(value: Any, not_finite: bool) -> float:
    if isinstance(value, str) and not_finite and value in _NOT_FINITE:
        return float(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return math.copysign(math.inf, value)
    raise Mismatch


def decimal_of(value: Any, precision: int, scale: int) -> Decimal:
    """A number or a text as a DECIMAL, rounded half up. Raises Mismatch."""
    if isinstance(value, (bool, list, dict)):
        raise Mismatch
    text = value.text if isinstance(value, Fraction) else str(value).replace(",", "")
    if not text.isascii() or "_" in text or text.strip() != text:  # which Python would take
        raise Mismatch
    try:
        number = _EXACTLY.quantize(Decimal(text), Decimal((0, (1,), -scale)))
    except InvalidOperation:
        raise Mismatch from None
    if not number.is_finite() or len(number.as_tuple().digits) > precision:
        raise Mismatch
    return number


def _binary(value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise Mismatch from None


def date_of_value(value: Any, pattern: str | None, *, of_days: bool = True) -> date:
    """A text as a DATE, also one of the days since 1970, `of_days`, as Spark 1.5 wrote dates.
    Raises Mismatch."""
    if not isinstance(value, str) or not value:
        raise Mismatch
    try:
        at = parsed(value, pattern) if pattern else date_of(value)
        if at is None and pattern is None and of_days and _DAYS.fullmatch(value):
            at = _EPOCH + timedelta(days=int(value))
    except ValueError:
        raise Mismatch from None
    except OverflowError:
        raise unsupported(f"the date of {value!r} days since 1970") from None
    if at is None:
        raise Mismatch
    return at.date() if isinstance(at, datetime) else at


def timestamp_of_value(value: Any, pattern: str | None, is_zoned: bool) -> datetime:
    """A text, or whole seconds, as a TIMESTAMP or TIMESTAMP_NTZ. Raises Mismatch."""
    try:
        if is_zoned and isinstance(value, int) and not isinstance(value, bool):
            return _EPOCH + timedelta(seconds=value)
        if not isinstance(value, str) or not value:
            raise Mismatch
        at = parsed(value, pattern) if pattern else timestamp_of(value)
    except (ValueError, OverflowError):
        raise Mismatch from None
    if at is None or (at.tzinfo and not is_zoned):
        raise Mismatch
    return at.replace(tzinfo=at.tzinfo or UTC) if is_zoned else at
