"""Rows of a result, whatever values it holds: what Python has no value for is text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from databricks.sql.client import Cursor


def fetch_rows(cursor: Cursor, size: int) -> list[Any]:
    """The next rows of a cursor, `size` at the most.

    Python's dates begin with the year 1 and end with 9999, while Databricks takes the years 0 and
    10000 too. A column with such a value has texts in place of values.
    """
    result: Any = cursor.active_result_set
    table = cursor.fetchmany_arrow(size)
    try:
        return list(result._convert_arrow_table(table))
    except (ValueError, OverflowError):
        return list(result._convert_arrow_table(_readable(table)))


def _readable(table: pa.Table) -> pa.Table:
    """The table with texts for each column that has a value Python cannot hold."""
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
    import pyarrow as pa

    if pa.types.is_temporal(data_type):
        return pa.string()
    if pa.types.is_list(data_type):
        return pa.list_(_text_type(data_type.value_type))
    if pa.types.is_map(data_type):
        return pa.map_(_text_type(data_type.key_type), _text_type(data_type.item_type))
    if pa.types.is_struct(data_type):
        return pa.struct([field.with_type(_text_type(field.type)) for field in data_type])
    return data_type
