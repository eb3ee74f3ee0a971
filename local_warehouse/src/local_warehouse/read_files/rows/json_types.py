"""Types of JSON values as Spark's JsonInferSchema finds them.

A type is an Arrow type. Values that fit any type, such as an empty string, have the type null.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Any

import pyarrow as pa


def type_of(value: Any) -> pa.DataType:
    """The type of a value that `types.json_documents` has read."""
    if value is None or value == "":
        return pa.null()
    if isinstance(value, bool):
        return pa.bool_()
    if isinstance(value, int):
        if -(2**63) <= value < 2**63:
            return pa.int64()
        digits = len(str(abs(value)))
        return pa.decimal128(digits, 0) if digits <= 38 else pa.float64()
    if isinstance(value, float):
        return pa.float64()
    if isinstance(value, str):
        return pa.string()
    if isinstance(value, list):
        return pa.list_(common_type(map(type_of, value)))
    return pa.struct(sorted((name, type_of(child)) for name, child in value.items()))


def common_type(types: Iterable[pa.DataType]) -> pa.DataType:
    """The type that holds values of all these types."""
    return reduce(_common_type, types, pa.null())


def _common_type(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if one.equals(other) or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    if pa.types.is_struct(one) and pa.types.is_struct(other):
        fields = {field.name: field.type for field in one}
        for field in other:
            fields[field.name] = _common_type(fields.get(field.name, pa.null()), field.type)
        return pa.struct(sorted(fields.items()))
    if pa.types.is_list(one) and pa.types.is_list(other):
        return pa.list_(_common_type(one.value_type, other.value_type))
    if _is_number(one) and _is_number(other):
        if pa.types.is_floating(one) or pa.types.is_floating(other):
            return pa.float64()
        return pa.decimal128(
            max(20, *(t.precision for t in (one, other) if hasattr(t, "scale"))), 0
        )
    return pa.string()


def _is_number(arrow_type: pa.DataType) -> bool:
    return bool(
        pa.types.is_int64(arrow_type)
        or pa.types.is_floating(arrow_type)
        or pa.types.is_decimal(arrow_type)
    )


def column_type(arrow_type: pa.DataType) -> pa.DataType | None:
    """The type of a column: STRING if all values are null, None for a STRUCT without fields."""
    if pa.types.is_null(arrow_type):
        return pa.string()
    if pa.types.is_list(arrow_type):
        element = column_type(arrow_type.value_type)
        return None if element is None else pa.list_(element)
    if pa.types.is_struct(arrow_type):
        fields = [(f.name, column_type(f.type)) for f in arrow_type]
        fields = [(name, kind) for name, kind in fields if kind is not None]
        return pa.struct(fields) if fields else None
    return arrow_type
