"""One spelling for results of both engines, from the Arrow tables that both give."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from decimal import Decimal
from typing import Any

import pyarrow as pa

MOST_CHARACTERS = 20_000  # of an answer's rows as JSON, above which their digest stands for them

_SIMPLE = {
    pa.bool_(): "boolean", pa.int8(): "tinyint", pa.int16(): "smallint", pa.int32(): "int",
    pa.int64(): "bigint", pa.float32(): "float", pa.float64(): "double", pa.string(): "string",
    pa.large_string(): "string", pa.binary(): "binary", pa.large_binary(): "binary",
    pa.date32(): "date", pa.null(): "void",
}  # fmt: skip


def answer(table: pa.Table, *, ordered: bool = False, whole: bool = False) -> dict[str, Any]:
    """The table's column names, types and rows; rows that have no order are sorted. Many rows are
    told by their number and a digest, unless they are wanted `whole`."""
    columns = [
        [field.name, "string" if pa.types.is_null(field.type) else type_name(field.type)]
        for field in table.schema  # a warehouse describes a column of NULL as a string
    ]
    values = [list(map(value, _values(column))) for column in table.columns]
    rows = [list(row) for row in zip(*values, strict=True)]
    if not ordered:
        rows.sort(key=lambda row: json.dumps(row, sort_keys=True))
    text = json.dumps(rows, ensure_ascii=True)
    if len(text) > MOST_CHARACTERS and not whole:
        digest = hashlib.sha256(text.encode()).hexdigest()
        return {"columns": columns, "row_count": len(rows), "sha256": digest}
    return {"columns": columns, "rows": rows}


def _values(column: pa.ChunkedArray) -> list[Any]:
    try:
        found: list[Any] = column.to_pylist()
    except OverflowError:  # a year that Python does not have
        found = column.cast(pa.int32() if column.type == pa.date32() else pa.int64()).to_pylist()
    return found


def type_name(arrow: pa.DataType) -> str:
    """A type as Spark spells it."""
    if pa.types.is_duration(arrow):
        return "string"  # as which a warehouse sends intervals
    if pa.types.is_decimal(arrow):
        return f"decimal({arrow.precision},{arrow.scale})"
    if pa.types.is_timestamp(arrow):
        return "timestamp" if arrow.tz else "timestamp_ntz"
    if pa.types.is_list(arrow):
        return f"array<{type_name(arrow.value_type)}>"
    if pa.types.is_map(arrow):
        return f"map<{type_name(arrow.key_type)},{type_name(arrow.item_type)}>"
    if pa.types.is_struct(arrow):
        return f"struct<{','.join(f'{f.name}:{type_name(f.type)}' for f in arrow)}>"
    return _SIMPLE.get(arrow) or str(arrow)


def value(found: Any) -> Any:
    """A value as JSON has it, with nothing lost: moments in UTC, exact decimals, -0.0 and NaN."""
    match found:
        case None | bool() | int() | str():
            return found
        case float() | Decimal():
            return str(found)
        case bytes():
            return found.hex()
        case dt.datetime():
            moment = found.astimezone(dt.UTC) if found.tzinfo else found
            return moment.replace(tzinfo=None).isoformat(" ")
        case dt.timedelta():
            return _interval(found)
        case dict():
            return {name: value(inner) for name, inner in found.items()}
        case list() | tuple():
            return [value(inner) for inner in found]
        case _:
            return str(found)


def _interval(found: dt.timedelta) -> str:
    """A day-time interval as a warehouse sends it: 1 02:03:04.500000000."""
    seconds, micros = divmod(abs(found) // dt.timedelta(microseconds=1), 1_000_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    sign = "-" if found < dt.timedelta(0) else ""
    return f"{sign}{days} {hours:02}:{minutes:02}:{seconds:02}.{micros:06}000"
