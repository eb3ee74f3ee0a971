"""JSON texts as the engine's from_json reads them without a mistake: as what a schema makes of
them, with a text for each value.

https://docs.databricks.com/aws/en/sql/language-manual/functions/from_json
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache

import pyarrow as pa

from local_warehouse.types.json_documents import ALLOWANCES, BY_DEFAULT, decoded
from local_warehouse.types.json_values import Mismatch, Reading, converter
from local_warehouse.types.record_texts import (
    CORRUPT,
    encode,
    malformed,
    schema_of,
    types_within,
    writer,
)

_TRIMMED = "".join(map(chr, range(33)))  # what Java's trim() takes off


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
    kind = schema_of(schema)
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
    convert, write = converter(wanted, reading), writer(wanted)
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
            raise malformed(text)
        if not is_record:
            return None if found is None else encode(write(found))
        fields = {} if found is None else write(found)
        if marks and len(read) < len(kind):
            fields[corrupt] = text
        return encode(fields)

    return record
