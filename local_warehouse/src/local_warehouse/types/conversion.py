"""Data types between their four spellings: Spark DDL, Delta's JSON, Arrow and Thrift."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
from databricks.sql.thrift_api.TCLIService import ttypes
from sqlglot import exp
from sqlglot.errors import ParseError

from local_warehouse.errors import SqlError, syntax_error
from local_warehouse.sql.dialect import WarehouseDialect
from local_warehouse.types import intervals

_SQL_NAME = b"Spark:DataType:SqlName"  # Arrow metadata: the SQL type of a column sent as text
_STRANGE = re.compile(r"[^\w\s<>(),:`.-]")  # signs that no type has
_DELTA_NAMES = {"integer": "int", "long": "bigint", "short": "smallint", "byte": "tinyint"}
_TYPE_NAMES = {
    "boolean": ttypes.TTypeId.BOOLEAN_TYPE,
    "tinyint": ttypes.TTypeId.TINYINT_TYPE,
    "smallint": ttypes.TTypeId.SMALLINT_TYPE,
    "int": ttypes.TTypeId.INT_TYPE,
    "bigint": ttypes.TTypeId.BIGINT_TYPE,
    "float": ttypes.TTypeId.FLOAT_TYPE,
    "double": ttypes.TTypeId.DOUBLE_TYPE,
    "string": ttypes.TTypeId.STRING_TYPE,
    "binary": ttypes.TTypeId.BINARY_TYPE,
    "date": ttypes.TTypeId.DATE_TYPE,
    "timestamp": ttypes.TTypeId.TIMESTAMP_TYPE,
    "timestamp_ntz": ttypes.TTypeId.TIMESTAMP_TYPE,
    "decimal": ttypes.TTypeId.DECIMAL_TYPE,
    "array": ttypes.TTypeId.ARRAY_TYPE,
    "map": ttypes.TTypeId.MAP_TYPE,
    "struct": ttypes.TTypeId.STRUCT_TYPE,
    "void": ttypes.TTypeId.STRING_TYPE,
}


def from_delta(delta_type: Any) -> str:
    """The DDL spelling of a type in a Delta log's schemaString (Delta protocol, Schema
    Serialization Format)."""
    if isinstance(delta_type, str):
        return _DELTA_NAMES.get(delta_type, delta_type)
    match delta_type["type"]:
        case "array":
            return f"array<{from_delta(delta_type['elementType'])}>"
        case "map":
            key, value = from_delta(delta_type["keyType"]), from_delta(delta_type["valueType"])
            return f"map<{key},{value}>"
        case _:
            fields = (f"{_field(f['name'])}:{from_delta(f['type'])}" for f in delta_type["fields"])
            return f"struct<{','.join(fields)}>"


def _field(name: str) -> str:
    return name if name.replace("_", "a").isalnum() else "`" + name.replace("`", "``") + "`"


# In a type: a name in quotes, a text, the name of a field, or a word of the type.
_WORDS = re.compile(r"`[^`]*`|'[^']*'|([<,]\s*)(\w+)(?=\s*:|\s+\w)|\w+")


def in_case(ddl_type: str, *, upper: bool = False) -> str:
    """A type's text in lower or upper case; the names of fields stay as they are."""

    def word(found: re.Match[str]) -> str:
        is_name = found[2] is not None or found[0][0] in "`'"
        return found[0] if is_name else found[0].upper() if upper else found[0].lower()

    return _WORDS.sub(word, ddl_type)


def to_arrow(ddl_type: str) -> pa.DataType:
    """The Arrow type of a DDL type. Only the types of information_schema and SHOW are known."""
    return {
        "string": pa.string(),
        "tinyint": pa.int8(),
        "smallint": pa.int16(),
        "int": pa.int32(),
        "bigint": pa.int64(),
        "boolean": pa.bool_(),
        "timestamp": pa.timestamp("us", "UTC"),
        "array<string>": pa.list_(pa.string()),
        "map<string,bigint>": pa.map_(pa.string(), pa.int64()),
        "map<string,string>": pa.map_(pa.string(), pa.string()),
    }[ddl_type]


def from_arrow(arrow_type: pa.DataType) -> str:
    """The DDL spelling of an Arrow type in a result; string for what has no other."""
    if pa.types.is_decimal(arrow_type):
        return f"decimal({arrow_type.precision},{arrow_type.scale})"
    if pa.types.is_timestamp(arrow_type):
        return "timestamp" if arrow_type.tz else "timestamp_ntz"
    if pa.types.is_list(arrow_type):
        return f"array<{from_arrow(arrow_type.value_type)}>"
    if pa.types.is_map(arrow_type):
        return f"map<{from_arrow(arrow_type.key_type)},{from_arrow(arrow_type.item_type)}>"
    if pa.types.is_struct(arrow_type):
        fields = (f"{_field(f.name)}:{from_arrow(f.type)}" for f in arrow_type)
        return f"struct<{','.join(fields)}>"
    simple = {
        pa.bool_(): "boolean",
        pa.int8(): "tinyint",
        pa.int16(): "smallint",
        pa.int32(): "int",
        pa.int64(): "bigint",
        pa.float32(): "float",
        pa.float64(): "double",
        pa.binary(): "binary",
        pa.date32(): "date",
        pa.null(): "void",
    }
    return simple.get(arrow_type, "string")


def client_type(arrow_type: pa.DataType) -> pa.DataType:
    """The Arrow type that the connector can read for this type of the engine: strings and lists
    in their plain layouts, intervals and VARIANT as text."""
    if pa.types.is_large_string(arrow_type) or pa.types.is_string_view(arrow_type):
        return pa.string()
    if pa.types.is_large_binary(arrow_type) or pa.types.is_binary_view(arrow_type):
        return pa.binary()
    if pa.types.is_unsigned_integer(arrow_type):
        return pa.int64()
    if pa.types.is_timestamp(arrow_type):
        return pa.timestamp("us", arrow_type.tz and "Etc/UTC")
    if intervals.is_sent_as_text(arrow_type):
        return pa.string()
    if pa.types.is_list(arrow_type) or pa.types.is_large_list(arrow_type):
        return pa.list_(client_type(arrow_type.value_type))
    if pa.types.is_struct(arrow_type):
        return pa.struct([pa.field(f.name, client_type(f.type)) for f in arrow_type])
    if pa.types.is_map(arrow_type):
        key_type = client_type(arrow_type.key_type)
        if pa.types.is_null(key_type):  # the keys of map(), a type that Arrow does not have
            key_type = pa.string()
        return pa.map_(key_type, client_type(arrow_type.item_type))
    return arrow_type


def client_schema(schema: pa.Schema) -> pa.Schema:
    """The Arrow schema of the engine's result as the client gets it; intervals and VARIANT say
    their SQL type in the metadata of their field."""
    return pa.schema([_client_field(field) for field in schema])


def _client_field(field: pa.Field) -> pa.Field:
    metadata = (
        {_SQL_NAME: intervals.sql_name(field.type)}
        if intervals.is_sent_as_text(field.type)
        else None
    )
    return pa.field(field.name, client_type(field.type), metadata=metadata)


def to_client(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The engine's table, cast to a schema from `client_schema`."""
    if table.schema.equals(schema):
        return table
    columns = [
        intervals.as_text(table, position, wanted.type)
        if intervals.contains_text(table.schema.field(position).type)
        else _cast(table.column(position), wanted.type)
        for position, wanted in enumerate(schema)
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _cast(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    """A column cast to another type. Arrow's cast of structs within an array or a map cuts off
    their fields that are nothing but NULL."""
    if pa.types.is_nested(wanted) and _holds_void(wanted):
        return pa.chunked_array([pa.array(column.to_pylist(), wanted)])
    return column.cast(wanted)


def _holds_void(arrow_type: pa.DataType) -> bool:
    fields = (arrow_type.field(at).type for at in range(arrow_type.num_fields))
    return pa.types.is_null(arrow_type) or any(map(_holds_void, fields))


def to_thrift(field: pa.Field) -> ttypes.TTypeDesc:
    """The column type that a result's Thrift metadata carries beside its Arrow schema. NULL and
    intervals are strings there (https://github.com/databricks/databricks-sql-python/issues/336)."""
    arrow_type = field.type
    base = from_arrow(arrow_type).partition("<")[0].partition("(")[0]
    entry = ttypes.TPrimitiveTypeEntry(type=_TYPE_NAMES[base])
    if base == "decimal":
        entry.typeQualifiers = ttypes.TTypeQualifiers(
            qualifiers={
                "precision": ttypes.TTypeQualifierValue(i32Value=arrow_type.precision),
                "scale": ttypes.TTypeQualifierValue(i32Value=arrow_type.scale),
            }
        )
    return ttypes.TTypeDesc(types=[ttypes.TTypeEntry(primitiveEntry=entry)])


def sql_name(ddl_type: str) -> str:
    """The type as Databricks writes it in listings: in capitals but for the names of fields."""
    return _sql_name(to_json(ddl_type)) if "<" in ddl_type else ddl_type.upper()


def _sql_name(json_type: dict[str, Any]) -> str:
    match json_type["name"]:
        case "array":
            return f"ARRAY<{_sql_name(json_type['element_type'])}>"
        case "map":
            key, value = _sql_name(json_type["key_type"]), _sql_name(json_type["value_type"])
            return f"MAP<{key}, {value}>"
        case "struct":
            fields = (f"{_field(f['name'])}: {_sql_name(f['type'])}" for f in json_type["fields"])
            return f"STRUCT<{', '.join(fields)}>"
        case "decimal":
            return f"DECIMAL({json_type['precision']},{json_type['scale']})"
        case "timestamp_ltz":
            return "TIMESTAMP"
        case name:
            length = json_type.get("length")
            return f"{name.upper()}({length})" if length else name.upper()


def to_json(ddl_type: str) -> dict[str, Any]:
    """The type object of `DESCRIBE TABLE … AS JSON` for a DDL spelling.

    Raises SqlError: UNSUPPORTED_DATATYPE for what is no type, PARSE_SYNTAX_ERROR for a sign that no
    type has.
    https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-aux-describe-table
    """
    try:
        return _json(exp.DataType.build(ddl_type, dialect=WarehouseDialect))
    except ParseError as error:
        strange = _STRANGE.search(ddl_type)
        if strange is not None:
            raise syntax_error(f"Syntax error at or near '{strange[0]}'.") from error
        message = f"Unsupported data type {ddl_type.upper()}."
        raise SqlError("UNSUPPORTED_DATATYPE", message) from error


def _json(tree: exp.Expr) -> dict[str, Any]:
    kind = tree.this if isinstance(tree, exp.DataType) else None
    parts = tree.expressions
    if kind in (exp.DataType.Type.ARRAY, exp.DataType.Type.LIST):
        return {"name": "array", "element_type": _json(parts[0]), "element_nullable": True}
    if kind == exp.DataType.Type.MAP:
        key, value = map(_json, parts)
        return {"name": "map", "key_type": key, "value_type": value, "value_nullable": True}
    if kind == exp.DataType.Type.STRUCT:
        fields = [
            {"name": part.name, "type": _json(part.args["kind"]), "nullable": True}
            for part in parts
        ]
        return {"name": "struct", "fields": fields}
    if kind == exp.DataType.Type.DECIMAL:
        precision, scale = ([int(part.name) for part in parts] + [10, 0][len(parts) :])[:2]
        return {"name": "decimal", "precision": precision, "scale": scale}
    if kind in (exp.DataType.Type.CHAR, exp.DataType.Type.VARCHAR) and parts:
        return {"name": kind.value.lower(), "length": int(parts[0].name)}
    name = tree.sql(dialect=WarehouseDialect).lower()
    if name == "string":
        return {"name": "string", "collation": "UTF8_BINARY"}
    return {"name": {"timestamp": "timestamp_ltz"}.get(name, name)}


def to_delta(ddl_type: str, *, lengths: bool = False) -> Any:
    """The type of a DDL spelling as the schemaString of a Delta log has it; with `lengths` also
    VARCHAR(n) and CHAR(n), except within a MAP, which are STRING there.

    Raises SqlError (UNSUPPORTED_DATATYPE) for what is no type.
    """
    return _delta(to_json(ddl_type), lengths=lengths)


def declared_type(ddl_type: str) -> str | None:
    """A type with lengths as it is shown, varchar(5); None for one that has none."""
    declared = from_delta(to_delta(ddl_type, lengths=True))
    return None if declared == from_delta(to_delta(ddl_type)) else declared


def _delta(json_type: dict[str, Any], *, lengths: bool) -> Any:
    names = {new: old for old, new in _DELTA_NAMES.items()} | {"timestamp_ltz": "timestamp"}
    match json_type["name"]:
        case "array":
            element = _delta(json_type["element_type"], lengths=lengths)
            return {"type": "array", "elementType": element, "containsNull": True}
        case "map":
            key = _delta(json_type["key_type"], lengths=False)
            value = _delta(json_type["value_type"], lengths=False)
            return {"type": "map", "keyType": key, "valueType": value, "valueContainsNull": True}
        case "struct":
            fields = [
                {
                    "name": f["name"],
                    "type": _delta(f["type"], lengths=lengths),
                    "nullable": True,
                    "metadata": {},
                }
                for f in json_type["fields"]
            ]
            return {"type": "struct", "fields": fields}
        case "decimal":
            return f"decimal({json_type['precision']},{json_type['scale']})"
        case "char" | "varchar":
            length = json_type.get("length")
            return f"{json_type['name']}({length})" if lengths and length else "string"
        case name:
            return names.get(name, name)
