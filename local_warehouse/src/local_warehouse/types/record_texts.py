"""Records as JSON texts that the engine's from_json reads without a mistake: of texts, of which a
cast makes the values.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from local_warehouse.errors import SqlError

CORRUPT = "_corrupt_record"
encode = json.JSONEncoder().encode


def schema_text(kind: pa.DataType) -> str:
    """A type as a text, for `schema_of`."""
    schema = pa.schema([pa.field("value", kind)])
    return base64.b64encode(schema.serialize().to_pybytes()).decode()


def schema_of(text: str) -> pa.DataType:
    """The type of a text that `schema_text` has made."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text))).field(0).type


def malformed(text: str) -> SqlError:
    """The error of a record of another form, in the mode FAILFAST."""
    return SqlError(
        "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
        f"Malformed records are detected in record parsing: {text}. Parse Mode: FAILFAST.",
    )


def writer(kind: pa.DataType) -> Callable[[Any], Any]:
    """What makes of a converted value one that the json module writes."""
    if pa.types.is_struct(kind):
        names = [field.name for field in kind]
        writers = [_or_null(writer(field.type)) for field in kind]
        if all(write is _as_is for write in writers):
            return lambda v: dict(zip(names, v, strict=True))
        return lambda v: {n: w(one) for n, w, one in zip(names, writers, v, strict=True)}
    if pa.types.is_list(kind):
        element = _or_null(writer(kind.value_type))
        return lambda v: list(map(element, v))
    if pa.types.is_map(kind):
        item = _or_null(writer(kind.item_type))
        return lambda v: {name: item(one) for name, one in v}
    if pa.types.is_timestamp(kind):
        return _moment
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_string(kind):
        return _as_is  # and the engine reads 12 as the text of it
    if pa.types.is_decimal(kind):
        return lambda v: f"{v:f}"
    return str


def _as_is(value: Any) -> Any:
    return value


def types_within(kind: pa.DataType) -> list[pa.DataType]:
    """A type, and all within it."""
    return [
        kind,
        *(inner for i in range(kind.num_fields) for inner in types_within(kind.field(i).type)),
    ]


def _moment(value: datetime) -> str:
    at = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return at.isoformat(" ")


def _or_null(write: Callable[[Any], Any]) -> Callable[[Any], Any]:
    if write is _as_is:
        return write
    return lambda value: None if value is None else write(value)
