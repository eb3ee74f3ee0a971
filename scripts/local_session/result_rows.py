"""Rows of a result, whatever values it holds: what Python has no value for is text."""

from typing import Any

import pyarrow as pa


def all_rows(cursor: Any) -> list[tuple[Any, ...]]:
    """The rows of a cursor of the connector.

    Python's dates begin with the year 1 and end with 9999, while Databricks takes the years 0 and
    10000 too. A column with such a value has texts in place of values.
    """
    result = cursor.active_result_set
    table = cursor.fetchall_arrow()
    try:
        rows = result._convert_arrow_table(table)
    except (ValueError, OverflowError):
        rows = result._convert_arrow_table(_readable(table))
    return [tuple(row) for row in rows]


def _readable(table: pa.Table) -> pa.Table:
    for at, column in enumerate(table.columns):
        try:
            column.to_pylist()
        except (ValueError, OverflowError):
            table = table.set_column(
                at, table.column_names[at], column.cast(_text_type(column.type))
            )
    return table


def _text_type(data_type: pa.DataType) -> pa.DataType:
    """The type with text in place of each date and timestamp in it."""
    if pa.types.is_temporal(data_type):
        return pa.string()
    if pa.types.is_list(data_type):
        return pa.list_(_text_type(data_type.value_type))
    if pa.types.is_map(data_type):
        return pa.map_(_text_type(data_type.key_type), _text_type(data_type.item_type))
    if pa.types.is_struct(data_type):
        return pa.struct([field.with_type(_text_type(field.type)) for field in data_type])
    return data_type
