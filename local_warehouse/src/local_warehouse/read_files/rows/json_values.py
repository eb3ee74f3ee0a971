"""The conversion of JSON values to a schema's types, as Spark's JacksonParser has it."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from typing import Any

import pyarrow as pa

from local_warehouse.read_files.rows.json_types import NUMBER

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"(\d{4,})-(\d{1,2})-(\d{1,2})(?:[T ].*)?", re.DOTALL)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?", re.DOTALL)
_NOT_FINITE = {"NaN", "Infinity", "-Infinity", "INF", "+INF", "-INF"}

Converter = Callable[[Any], Any]


class Mismatch(Exception):
    """A value that the type cannot hold."""


class RecordConverter:
    """A converter of records to one schema.

    A value that its type cannot hold makes a column or a field of a STRUCT NULL, and an ARRAY or a
    MAP NULL as a whole. `is_partial` tells whether the last record had such a value.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self.is_partial = False
        self._converters = [(field.name, self._converter(field.type)) for field in schema]

    def convert(self, record: dict[str, Any]) -> list[Any]:
        """The values of the schema's columns, None where the record has no such name."""
        self.is_partial = False
        return [self._value(convert, record.get(name)) for name, convert in self._converters]

    def _value(self, convert: Converter, value: Any) -> Any:
        if value is None:
            return None
        try:
            return convert(value)
        except Mismatch:
            self.is_partial = True
            return None

    def _converter(self, kind: pa.DataType) -> Converter:
        if pa.types.is_struct(kind):
            fields = [(field.name, self._converter(field.type)) for field in kind]
            return lambda v: {n: self._value(c, _dict(v).get(n)) for n, c in fields}
        if pa.types.is_list(kind):
            element = _or_null(self._converter(kind.value_type))
            return lambda v: [element(child) for child in _list(v)]
        if pa.types.is_map(kind):
            item = _or_null(self._converter(kind.item_type))
            return lambda v: [(name, item(child)) for name, child in _dict(v).items()]
        if pa.types.is_integer(kind):
            limit = 2 ** (kind.bit_width - 1)
            return lambda v: _integer(v, limit)
        if pa.types.is_decimal(kind):
            return lambda v: _decimal(v, kind.precision, kind.scale)
        if pa.types.is_timestamp(kind):
            return lambda v: _timestamp(v, kind.tz is not None)
        for is_kind, convert in _SIMPLE:
            if is_kind(kind):
                return convert
        raise AssertionError(kind)


def _or_null(convert: Converter) -> Converter:
    return lambda value: None if value is None else convert(value)


def _dict(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise Mismatch


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    raise Mismatch


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise Mismatch


def _integer(value: Any, limit: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and -limit <= value < limit:
        return value
    raise Mismatch


def _double(value: Any) -> float:
    if isinstance(value, str) and value in _NOT_FINITE:
        return float(value)
    if isinstance(value, (int, float, NUMBER)) and not isinstance(value, bool):
        return float(value)
    raise Mismatch


def _decimal(value: Any, precision: int, scale: int) -> Decimal:
    if isinstance(value, (bool, float, list, dict)):
        raise Mismatch
    with localcontext() as context:
        context.prec = 76
        try:
            number = Decimal(value).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
        except InvalidOperation:
            raise Mismatch from None
    if not number.is_finite() or len(number.as_tuple().digits) > precision:
        raise Mismatch
    return number


def text_of(value: Any) -> str:
    """A value as STRING: a text as it is, all else as JSON without spaces."""
    if isinstance(value, str):
        return value
    if isinstance(value, NUMBER):
        return str(value)
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """Numbers as the json module can write them."""
    if isinstance(value, NUMBER):
        return float(value)
    if isinstance(value, list):
        return [_plain(child) for child in value]
    if isinstance(value, dict):
        return {name: _plain(child) for name, child in value.items()}
    return value


def _binary(value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise Mismatch from None


def _date(value: Any) -> date:
    found = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    try:
        return date(*map(int, found.groups())) if found else _fail()
    except ValueError:
        raise Mismatch from None


def _timestamp(value: Any, with_zone: bool) -> datetime:
    try:
        if with_zone and isinstance(value, int) and not isinstance(value, bool):
            return _EPOCH + timedelta(seconds=value)
        if not isinstance(value, str) or not _MOMENT.fullmatch(value.strip()):
            raise Mismatch
        at = datetime.fromisoformat(value.strip())
    except (ValueError, OverflowError):
        raise Mismatch from None
    if with_zone:
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return _fail() if at.tzinfo else at


def _fail() -> Any:
    raise Mismatch


_SIMPLE: list[tuple[Callable[[pa.DataType], bool], Converter]] = [
    (pa.types.is_boolean, _boolean),
    (pa.types.is_floating, _double),
    (pa.types.is_string, text_of),
    (pa.types.is_binary, _binary),
    (pa.types.is_date, _date),
]
