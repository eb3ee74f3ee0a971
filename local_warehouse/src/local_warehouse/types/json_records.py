"""JSON texts as the engine's from_json reads them without a mistake: as what a schema makes of
them, with a text for each value.

https://docs.databricks.com/aws/en/sql/language-manual/functions/from_json
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import pyarrow as pa

from local_warehouse.errors import SqlError
from local_warehouse.types.json_documents import ALLOWANCES, BY_DEFAULT, decoded
from local_warehouse.types.json_values import Mismatch, Reading, converter

CORRUPT = "_corrupt_record"
_ENCODE = json.JSONEncoder().encode
_TRIMMED = "".join(map(chr, range(33)))  # what Java's trim() takes off


def schema_text(kind: pa.DataType) -> str:
    """A type as a text that `json_records` takes."""
    schema = pa.schema([pa.field("value", kind)])
    return base64.b64encode(schema.serialize().to_pybytes()).decode()


def json_records(text: str | None, schema: str, options: str) -> str | None:
    """The JSON text of the value of a JSON text by a schema and by options, a JSON object. None for
    what has no value.

    Raises SqlError: MALFORMED_RECORD_IN_PARSING in the mode FAILFAST, UNSUPPORTED_FEATURE.
    """
    if text is None or not text.strip(_TRIMMED):
        return None
    return _reader(schema, options)(text)


@lru_cache(64)
def _reader(schema: str, options_text: str) -> Callable[[str], str | None]:
    kind = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(schema))).field(0).type
    options: dict[str, str] = json.loads(options_text)
    corrupt = options.get("columnNameOfCorruptRecord", CORRUPT)
    fails = options.get("mode", "").upper() == "FAILFAST"
    allowed = frozenset(
        name for name in ALLOWANCES if options.get(name, str(name in BY_DEFAULT)).lower() == "true"
    )
    is_record = pa.types.is_struct(kind)
    read = [field for field in kind if field.name != corrupt] if is_record else []
    wanted = pa.struct(read) if is_record else kind
    reading = Reading(
        date_format=options.get("dateFormat"),
        timestamp_format=options.get("timestampFormat"),
        timestamp_ntz_format=options.get("timestampNTZFormat"),
        not_finite="allowNonNumericNumbers" in allowed,
    )
    convert, write = converter(wanted, reading), _writer(wanted)
    # one object is a list of its own
    is_list = pa.types.is_list(kind) and pa.types.is_struct(kind.value_type)

    exact = any(pa.types.is_decimal(one) or pa.types.is_map(one) for one in types_within(wanted))

    def record(text: str) -> str | None:
        marks: list[str] = []
        try:
            value = decoded(text, allowed, exact=exact)
            found = convert([value] if is_list and isinstance(value, dict) else value, marks)
        except (ValueError, Mismatch):
            marks.append("")
            found = None
        if marks and fails:
            raise SqlError(
                "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
                f"Malformed records are detected in record parsing: {text}. Parse Mode: FAILFAST.",
            )
        if not is_record:
            return None if found is None else _ENCODE(write(found))
        fields = {} if found is None else write(found)
        if marks and len(read) < len(kind):
            fields[corrupt] = text
        return _ENCODE(fields)

    return record


def _writer(kind: pa.DataType) -> Callable[[Any], Any]:
    """What makes of a converted value one that the json module writes."""
    if pa.types.is_struct(kind):
        names = [field.name for field in kind]
        writers = [_or_null(_writer(field.type)) for field in kind]
        if all(write is _as_is for write in writers):
            return lambda v: dict(zip(names, v, strict=True))
        return lambda v: {n: w(one) for n, w, one in zip(names, writers, v, strict=True)}
    if pa.types.is_list(kind):
        element = _or_null(_writer(kind.value_type))
        return lambda v: list(map(element, v))
    if pa.types.is_map(kind):
        item = _or_null(_writer(kind.item_type))
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
