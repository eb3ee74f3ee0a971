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
    names = [column[0] for column in cursor.description or ()]
    is_plain = len(set(names)) == len(names)
    table = cursor.fetchmany_arrow(size) if is_plain else _next_rows(result, size)
    try:
        return list(result._convert_arrow_table(table))
    except (ValueError, OverflowError):
        return list(result._convert_arrow_table(_readable(table)))


def _next_rows(result: Any, size: int) -> pa.Table:
    """What fetchmany_arrow gives, which fails where two columns have one name."""
    import pyarrow as pa

    found = [result.results.next_n_rows(size)]
    while not result.has_been_closed_server_side and result.has_more_rows:
        left = size - sum(table.num_rows for table in found)
        if left == 0:
            break
        result._fill_results_buffer()
        found.append(result.results.next_n_rows(left))
    return pa.concat_tables(found)


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
