"""The lists that the connector's metadata calls ask for: catalogs, schemas, tables and columns.

Their columns are those of the Thrift server of Spark and Databricks, which has them from
java.sql.DatabaseMetaData. Names in a request may be patterns: % is any text, _ any character.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from typing import Any

from databricks.sql.thrift_api.TCLIService import ttypes

from local_warehouse.catalog import information_schema
from local_warehouse.catalog.model import Column, Relation
from local_warehouse.catalog.store import Catalog
from local_warehouse.errors import unsupported
from local_warehouse.types.conversion import sql_name
from local_warehouse.types.results import Result, rows

# by a type's first word: its code in java.sql.Types, bytes of a value, decimal digits
_TYPES: dict[str, tuple[int, int | None, int | None]] = {
    "BOOLEAN": (16, 1, 0),
    "TINYINT": (-6, 1, 0),
    "SMALLINT": (5, 2, 0),
    "INT": (4, 4, 0),
    "BIGINT": (-5, 8, 0),
    "FLOAT": (6, 4, 7),
    "DOUBLE": (8, 8, 15),
    "DECIMAL": (3, None, None),
    "STRING": (12, None, None),
    "VARCHAR": (12, None, None),
    "CHAR": (1, None, None),
    "BINARY": (-2, None, None),
    "DATE": (91, 4, None),
    "TIMESTAMP": (93, 8, 6),
    "TIMESTAMP_NTZ": (93, 8, 6),
    "ARRAY": (2003, None, None),
    "MAP": (2000, None, None),
    "STRUCT": (2002, None, None),
    "VOID": (0, 1, None),
}
_OTHER = (1111, None, None)
_NUMBERS = {"TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL"}
_NULLABLE, _SEARCHABLE = 1, 3  # typeNullable and typeSearchable of java.sql.DatabaseMetaData
_TYPE_INFO = [
    ("TYPE_NAME", "string"), ("DATA_TYPE", "int"), ("PRECISION", "int"),
    ("LITERAL_PREFIX", "string"), ("LITERAL_SUFFIX", "string"), ("CREATE_PARAMS", "string"),
    ("NULLABLE", "int"), ("CASE_SENSITIVE", "boolean"), ("SEARCHABLE", "int"),
    ("UNSIGNED_ATTRIBUTE", "boolean"), ("FIXED_PREC_SCALE", "boolean"),
    ("AUTO_INCREMENT", "boolean"), ("LOCAL_TYPE_NAME", "string"), ("MINIMUM_SCALE", "int"),
    ("MAXIMUM_SCALE", "int"), ("SQL_DATA_TYPE", "int"), ("SQL_DATETIME_SUB", "int"),
    ("NUM_PREC_RADIX", "int"),
]  # fmt: skip
_VERSION = "4.0.0"  # of the Spark whose SQL this is
_INFORMATION: dict[int, str | int] = {
    ttypes.TGetInfoType.CLI_SERVER_NAME: "Spark SQL",
    ttypes.TGetInfoType.CLI_DBMS_NAME: "Spark SQL",
    ttypes.TGetInfoType.CLI_DBMS_VER: _VERSION,
    ttypes.TGetInfoType.CLI_MAX_COLUMN_NAME_LEN: 255,
    ttypes.TGetInfoType.CLI_MAX_SCHEMA_NAME_LEN: 255,
    ttypes.TGetInfoType.CLI_MAX_TABLE_NAME_LEN: 255,
}
_TABLES = [
    (name, "string")
    for name in (
        "TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE", "REMARKS", "TYPE_CAT",
        "TYPE_SCHEM", "TYPE_NAME", "SELF_REFERENCING_COL_NAME", "REF_GENERATION",
    )
]  # fmt: skip
_COLUMNS = [
    ("TABLE_CAT", "string"),
    ("TABLE_SCHEM", "string"),
    ("TABLE_NAME", "string"),
    ("COLUMN_NAME", "string"),
    ("DATA_TYPE", "int"),
    ("TYPE_NAME", "string"),
    ("COLUMN_SIZE", "int"),
    ("BUFFER_LENGTH", "tinyint"),
    ("DECIMAL_DIGITS", "int"),
    ("NUM_PREC_RADIX", "int"),
    ("NULLABLE", "int"),
    ("REMARKS", "string"),
    ("COLUMN_DEF", "string"),
    ("SQL_DATA_TYPE", "int"),
    ("SQL_DATETIME_SUB", "int"),
    ("CHAR_OCTET_LENGTH", "int"),
    ("ORDINAL_POSITION", "int"),
    ("IS_NULLABLE", "string"),
    ("SCOPE_CATALOG", "string"),
    ("SCOPE_SCHEMA", "string"),
    ("SCOPE_TABLE", "string"),
    ("SOURCE_DATA_TYPE", "smallint"),
    ("IS_AUTO_INCREMENT", "string"),
]


def catalogs(catalog: Catalog, _: Any) -> Result:
    """The answer to TGetCatalogsReq: all names."""
    return rows([("TABLE_CAT", "string")], [[name] for name in catalog.catalogs()])


def schemas(catalog: Catalog, request: Any) -> Result:
    """The answer to a TGetSchemasReq: the schemas that match its patterns."""
    found = [
        [schema.name, schema.catalog]
        for name in catalogs_like(catalog, request)
        for schema in information_schema.with_its_own(catalog, name)
        if like(request.schemaName, schema.name)
    ]
    return rows([("TABLE_SCHEM", "string"), ("TABLE_CATALOG", "string")], found)


def tables(catalog: Catalog, request: Any) -> Result:
    """The answer to a TGetTablesReq: tables and views of the kinds and patterns that it names."""
    types = [name.upper() for name in request.tableTypes or ()]
    found = [
        [*_name(relation), kind, relation.comment or "", *[None] * 5]
        for relation in _relations(catalog, request)
        for kind in ["VIEW" if relation.is_view else "TABLE"]
        if not types or kind in types
    ]
    return rows(_TABLES, found)


def table_types(_: Catalog, __: Any) -> Result:
    """The answer to TGetTableTypesReq: the kinds of relations, as GetTables has them."""
    return rows([("TABLE_TYPE", "string")], [["TABLE"], ["VIEW"]])


def type_info(_: Catalog, __: Any) -> Result:
    """The answer to TGetTypeInfoReq: the types of columns, and where in a query they may stand."""
    found = [
        [
            name, code, digits if name in _NUMBERS else None, None, None, None, _NULLABLE,
            name == "STRING", _SEARCHABLE if size is not None or name == "STRING" else 0,
            name not in _NUMBERS, False, False, None, 0 if name in _NUMBERS else None,
            digits if name in _NUMBERS else None, None, None, 10 if name in _NUMBERS else None,
        ]
        for name, (code, size, digits) in _TYPES.items()
    ]  # fmt: skip
    return rows(_TYPE_INFO, found)


def information(kind: int) -> dict[str, Any]:
    """The answer to a TGetInfoReq, as fields of TGetInfoValue. Raises SqlError for a `kind` that is
    not known, as Spark does."""
    if kind not in _INFORMATION:
        raise unsupported(f"GetInfo of type {kind}")
    value = _INFORMATION[kind]
    return {"stringValue": value} if isinstance(value, str) else {"lenValue": value}


def columns(catalog: Catalog, request: Any) -> Result:
    """The answer to a TGetColumnsReq; positions are counted from 0."""
    found = [
        [*_name(relation), *_column_row(column, position)]
        for relation in _relations(catalog, request)
        for position, column in enumerate(relation.columns)
        if like(request.columnName, column.name)
    ]
    return rows(_COLUMNS, found)


def _column_row(column: Column, position: int) -> list[Any]:
    type_name = sql_name(column.shown_type)
    kind, code, size, digits = _described(type_name)
    return [
        column.name, code, type_name, size, None, digits, 10 if kind in _NUMBERS else None,
        int(column.nullable), column.comment or "", None, None, None, None, position,
        "YES" if column.nullable else "NO", None, None, None, None, "NO",
    ]  # fmt: skip


def _described(type_name: str) -> tuple[str, int, int | None, int | None]:
    """A type's first word, its code in java.sql.Types, the bytes of a value or the characters of a
    text, and the decimal digits."""
    kind = re.match(r"\w*", type_name)[0]  # type: ignore[index]
    code, size, digits = _TYPES.get(kind, _OTHER)
    numbers = [int(number) for number in re.findall(r"\d+", type_name)]
    if kind == "DECIMAL":
        size, digits = 8 if numbers[0] <= 18 else 16, numbers[1]
    elif kind in ("VARCHAR", "CHAR"):
        size = numbers[0]
    return kind, code, size, digits


def catalogs_like(catalog: Catalog, request: Any) -> list[str]:
    """The names of the catalogs that a request's pattern matches."""
    return [name for name in catalog.catalogs() if like(request.catalogName, name)]


def _relations(catalog: Catalog, request: Any) -> Iterator[Relation]:
    for name in catalogs_like(catalog, request):
        for relation in [*catalog.relations(name), *information_schema.relations(name)]:
            if like(request.schemaName, relation.name.schema) and like(
                request.tableName, relation.name.table
            ):
                yield relation


def _name(relation: Relation) -> tuple[str, str, str]:
    return relation.name.catalog, relation.name.schema, relation.name.table


def like(pattern: str | None, name: str) -> bool:
    """Whether a name matches a pattern, in which a backslash escapes."""
    if not pattern:
        return True
    glob = "".join(
        {"%": "*", "_": "?", "\\_": "_", "\\%": "%"}.get(
            part, f"[{part}]" if part in "*?[" else part
        )
        for part in re.findall(r"\\[%_]|.", pattern.lower(), re.DOTALL)
    )
    return fnmatch.fnmatchcase(name.lower(), glob)
