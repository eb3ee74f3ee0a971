"""Values of columns that the table declares with a length or without a type: VARCHAR(n), CHAR(n),
VOID. The engine stores all of them as STRING, and knows neither.

https://docs.databricks.com/aws/en/sql/language-manual/data-types/string-type
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.catalog.model import Column
from local_warehouse.rewrites.structs import field_of, struct_of, type_of
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.dialect import literal

_Type = exp.DataType.Type
_LENGTHS = (_Type.VARCHAR, _Type.CHAR)


def has_length(kind: exp.Expr) -> bool:
    """Whether a type is VARCHAR(n) or CHAR(n), or holds one."""
    return any(
        inner.this in _LENGTHS and inner.expressions for inner in kind.find_all(exp.DataType)
    )


def stored(value: exp.Expr, column: Column) -> exp.Expr:
    """The value as a column stores it: without blanks behind its length, and padded for CHAR(n).
    What is too long fails with DELTA_EXCEED_CHAR_VARCHAR_LIMIT."""
    declared = column.declared
    if declared is None:
        return value
    if declared == "void":
        message = (
            "[UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE] The local SQL warehouse does not support values "
            "in a column of type VOID; give the column a type, by CREATE OR REPLACE TABLE."
        )
        template = f"case when x is null then cast(null as string) else {_failure(message)} end"
        return fill(template, {"x": value})
    if "<" in declared:  # the value may be NULL, whose fields nobody can name
        value = exp.cast(value, type_of(column.type))
    return _stored(value, type_of(declared))


def _stored(value: exp.Expr, kind: exp.Expr) -> exp.Expr:
    if not has_length(kind):
        return value
    if kind.this == _Type.STRUCT:
        fields = [
            (field.name, _stored(field_of(value, field), field.args["kind"]))
            for field in kind.expressions
        ]
        return struct_of(value, fields)
    if kind.this in (_Type.ARRAY, _Type.LIST):
        element = _stored(exp.column("element"), kind.expressions[0])
        return fill("transform(x, element -> y)", {"x": value, "y": element})
    length = int(kind.expressions[0].name)
    short = f"rpad(x, {length}, ' ')" if kind.this == _Type.CHAR else "x"
    message = (
        "[DELTA_EXCEED_CHAR_VARCHAR_LIMIT] Value exceeds char/varchar type length limitation. "
        f"Failed check: length <= {length}."
    )
    template = (
        f"case when length(x) <= {length} then {short}"
        f" when length(rtrim(x)) <= {length} then substring(x, 1, {length})"
        f" when x is null then cast(null as string) else {_failure(message)} end"
    )
    return fill(template, {"x": exp.cast(value, "string")})


def _failure(message: str) -> str:
    return f"cast(raise_error({literal(message)}) as string)"
