"""The `schema` option as an Arrow schema."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
from sqlglot import exp
from sqlglot.errors import SqlglotError

from local_warehouse.read_files.errors import InvalidOption, UnsupportedOption
from local_warehouse.sql.dialect import WarehouseDialect
from local_warehouse.sql.foreign_forms import check_type

_Type = exp.DataType.Type
_SIMPLE = {
    _Type.BOOLEAN: pa.bool_(),
    _Type.TINYINT: pa.int8(),
    _Type.SMALLINT: pa.int16(),
    _Type.INT: pa.int32(),
    _Type.BIGINT: pa.int64(),
    _Type.FLOAT: pa.float32(),
    _Type.DOUBLE: pa.float64(),
    _Type.TEXT: pa.string(),
    _Type.VARCHAR: pa.string(),
    _Type.CHAR: pa.string(),
    _Type.BINARY: pa.binary(),
    _Type.DATE: pa.date32(),
    _Type.TIMESTAMP: pa.timestamp("us", "UTC"),
    _Type.TIMESTAMPTZ: pa.timestamp("us", "UTC"),
    _Type.TIMESTAMPNTZ: pa.timestamp("us"),
}


def parse_ddl(ddl: str) -> pa.Schema:
    """The schema of a column list such as `id INT, tags ARRAY<STRING>`.

    Raises InvalidOption where the text is no column list, UnsupportedOption for a type that no file
    holds.
    """
    columns = columns_of(ddl)
    if columns is None:
        raise InvalidOption(f"read_files: schema is not a column list: {ddl!r}")
    return pa.schema(_fields(columns))


def columns_of(ddl: str) -> list[exp.ColumnDef] | None:
    """The columns of a column list; None where the text is none. Raises SqlError for a type that
    Databricks has not."""
    try:
        [tree] = WarehouseDialect().parse(f"create table t ({ddl})")
    except (SqlglotError, ValueError):  # also of two statements
        tree = None
    columns = tree.this.expressions if tree is not None and tree.this is not None else []
    is_list = columns and all(isinstance(c, exp.ColumnDef) and c.kind for c in columns)
    for column in columns if is_list else []:
        check_type(column.kind)
    return columns if is_list else None


def _fields(columns: Iterable[exp.ColumnDef]) -> list[pa.Field]:
    return [pa.field(column.name, arrow_type(column.args["kind"])) for column in columns]


def arrow_type(kind: exp.DataType) -> pa.DataType:
    """A type of SQL as one of Arrow. Raises UnsupportedOption for one that no file holds."""
    parts = kind.expressions
    if kind.this == _Type.DECIMAL:
        precision, scale = ([int(part.name) for part in parts] + [10, 0][len(parts) :])[:2]
        return pa.decimal128(precision, scale)
    if kind.this in (_Type.ARRAY, _Type.LIST):
        return pa.list_(arrow_type(parts[0]))
    if kind.this == _Type.MAP:
        return pa.map_(arrow_type(parts[0]), arrow_type(parts[1]))
    if kind.this == _Type.STRUCT:
        return pa.struct(_fields(parts))
    if kind.this in _SIMPLE:
        return _SIMPLE[kind.this]
    raise UnsupportedOption("schema", f"the type {kind.sql(WarehouseDialect)}")
