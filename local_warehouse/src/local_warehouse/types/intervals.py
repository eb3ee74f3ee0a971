"""Intervals and VARIANT as text, as a Databricks SQL warehouse sends them to
databricks-sql-connector.

`1-2` is a year and two months, `1 02:03:04.500000000` a day and some hours. A calendar interval is
in words: `2 months 3 days`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa

from local_warehouse.types.variants import SQL_NAME, is_variant, to_json

_MONTHS = 21  # the id of Arrow's interval of months, for which pyarrow has no class
_MICROSECOND = timedelta(microseconds=1)


def is_interval(arrow_type: pa.DataType) -> bool:
    """Whether values of an Arrow type are intervals: months, durations or calendar intervals."""
    kinds = (arrow_type.id == _MONTHS, pa.types.is_duration(arrow_type))
    return any(kinds) or bool(pa.types.is_interval(arrow_type))


def is_sent_as_text(arrow_type: pa.DataType) -> bool:
    """Whether values of an Arrow type are intervals or VARIANT."""
    return is_interval(arrow_type) or is_variant(arrow_type)


def contains_text(arrow_type: pa.DataType) -> bool:
    """Whether an Arrow type is sent as text, or has such a one in its elements, keys, values or
    fields."""
    children = (arrow_type.field(i).type for i in range(arrow_type.num_fields))
    return is_sent_as_text(arrow_type) or any(map(contains_text, children))


def sql_name(arrow_type: pa.DataType) -> str:
    """The SQL name of an interval's Arrow type, or of a VARIANT's."""
    if is_variant(arrow_type):
        return SQL_NAME
    if arrow_type.id == _MONTHS:
        return "INTERVAL YEAR TO MONTH"
    return "INTERVAL DAY TO SECOND" if pa.types.is_duration(arrow_type) else "INTERVAL"


def as_text(table: pa.Table, column: int, client_type: pa.DataType) -> pa.Array:
    """A column of a table as values of `client_type`, with texts in place of intervals
    and VARIANT."""
    arrow_type = table.schema.field(column).type
    selected = table.select([column])
    readable = pa.schema([pa.field("values", _readable(arrow_type))])
    values = [
        _plain(value, arrow_type)
        for batch in selected.to_batches()
        for value in pa.ipc.read_record_batch(batch.serialize(), readable).column(0).to_pylist()
    ]
    return pa.array(values, client_type)


def _readable(arrow_type: pa.DataType) -> pa.DataType:
    """A type of the same layout that pyarrow can read: whole numbers in place of months."""
    if arrow_type.id == _MONTHS:
        return pa.int32()
    if pa.types.is_list(arrow_type):
        return pa.list_(_readable(arrow_type.value_type))
    if pa.types.is_map(arrow_type):
        return pa.map_(_readable(arrow_type.key_type), _readable(arrow_type.item_type))
    if pa.types.is_struct(arrow_type):
        return pa.struct([pa.field(f.name, _readable(f.type)) for f in arrow_type])
    return arrow_type


def _plain(value: Any, arrow_type: pa.DataType) -> Any:
    if value is None:
        return None
    if is_variant(arrow_type):
        return to_json(value)
    if arrow_type.id == _MONTHS:
        years, months = divmod(abs(value), 12)
        return f"{'-' if value < 0 else ''}{years}-{months}"
    if pa.types.is_duration(arrow_type):
        return _days(value)
    if pa.types.is_interval(arrow_type):
        return _words(value)
    if pa.types.is_list(arrow_type):
        return [_plain(element, arrow_type.value_type) for element in value]
    if pa.types.is_map(arrow_type):
        key_type, item_type = arrow_type.key_type, arrow_type.item_type
        return [(_plain(key, key_type), _plain(item, item_type)) for key, item in value]
    if pa.types.is_struct(arrow_type):
        return {field.name: _plain(value[field.name], field.type) for field in arrow_type}
    return value


def _days(value: timedelta) -> str:
    seconds, microseconds = divmod(abs(value) // _MICROSECOND, 1_000_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    sign = "-" if value < timedelta(0) else ""
    return f"{sign}{days} {hours:02}:{minutes:02}:{seconds:02}.{microseconds:06}000"


def _words(value: Any) -> str:
    """The words of a calendar interval, which has months, days and nanoseconds."""
    years, months = _whole(value.months, 12)
    minutes, nanoseconds = _whole(value.nanoseconds, 60 * 10**9)
    hours, minutes = _whole(minutes, 60)
    parts = [(years, "years"), (months, "months"), (value.days, "days")]
    parts += [(hours, "hours"), (minutes, "minutes")]
    words = [f"{count} {unit}" for count, unit in parts if count]
    if nanoseconds:
        sign = "-" if nanoseconds < 0 else ""
        whole, fraction = divmod(abs(nanoseconds), 10**9)
        words.append(f"{sign}{whole}.{fraction:09}".rstrip("0").rstrip(".") + " seconds")
    return " ".join(words) or "0 seconds"


def _whole(value: int, size: int) -> tuple[int, int]:
    """The quotient of a division towards zero, and its remainder."""
    quotient = abs(value) // size
    quotient = -quotient if value < 0 else quotient
    return quotient, value - quotient * size
