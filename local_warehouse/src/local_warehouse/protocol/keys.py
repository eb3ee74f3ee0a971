"""The lists of keys and functions that clients ask for, with the columns of
java.sql.DatabaseMetaData as Databricks has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from local_warehouse.catalog.model import Constraint, Relation
from local_warehouse.catalog.names import Name
from local_warehouse.catalog.store import Catalog
from local_warehouse.protocol.metadata import catalogs_like, like
from local_warehouse.types.results import Result, rows

_NO_TABLE, _NO_ACTION, _NOT_DEFERRABLE = 1, 3, 7  # functionNoTable, importedKeyNoAction, …
_FUNCTIONS = [
    ("FUNCTION_CAT", "string"), ("FUNCTION_SCHEM", "string"), ("FUNCTION_NAME", "string"),
    ("REMARKS", "string"), ("FUNCTION_TYPE", "int"), ("SPECIFIC_NAME", "string"),
]  # fmt: skip
_PRIMARY = [
    ("TABLE_CAT", "string"), ("TABLE_SCHEM", "string"), ("TABLE_NAME", "string"),
    ("COLUMN_NAME", "string"), ("KEY_SEQ", "int"), ("PK_NAME", "string"),
]  # fmt: skip
_CROSS = [
    ("PKTABLE_CAT", "string"), ("PKTABLE_SCHEM", "string"), ("PKTABLE_NAME", "string"),
    ("PKCOLUMN_NAME", "string"), ("FKTABLE_CAT", "string"), ("FKTABLE_SCHEM", "string"),
    ("FKTABLE_NAME", "string"), ("FKCOLUMN_NAME", "string"), ("KEY_SEQ", "int"),
    ("UPDATE_RULE", "int"), ("DELETE_RULE", "int"), ("FK_NAME", "string"), ("PK_NAME", "string"),
    ("DEFERRABILITY", "int"),
]  # fmt: skip


def functions(catalog: Catalog, request: Any) -> Result:
    """The answer to a TGetFunctionsReq: the user's functions, by patterns."""
    found = [
        [name, function.name.schema, function.name.table, function.comment or "", _NO_TABLE,
         function.full_name]
        for name in catalogs_like(catalog, request)
        for function in catalog.functions(name)
        if like(request.schemaName, function.name.schema)
        and like(request.functionName, function.name.table)
    ]  # fmt: skip
    return rows(_FUNCTIONS, found)


def primary_keys(catalog: Catalog, request: Any) -> Result:
    """The answer to a TGetPrimaryKeysReq: the columns of a table's primary key."""
    found = [
        [*_parts(relation), column, position, key.name]
        for relation in _named(catalog, request.catalogName, request.schemaName, request.tableName)
        for key in _keys(relation, "PRIMARY KEY")
        for position, column in enumerate(key.columns, start=1)
    ]
    return rows(_PRIMARY, found)


def cross_references(catalog: Catalog, request: Any) -> Result:
    """The answer to a TGetCrossReferenceReq: the columns of foreign keys, of the foreign table if
    the request names one, that refer to the parent table if it names one."""
    parent = (request.parentCatalogName, request.parentSchemaName, request.parentTableName)
    found = []
    for relation in _named(
        catalog, request.foreignCatalogName, request.foreignSchemaName, request.foreignTableName
    ):
        for key in _keys(relation, "FOREIGN KEY"):
            if not all(
                wanted is None or wanted.lower() == part.lower()
                for wanted, part in zip(parent, key.references, strict=True)
            ):
                continue
            referred = catalog.relation(Name(*key.references))
            primary = next(_keys(referred, "PRIMARY KEY"), None) if referred else None
            pairs = zip(key.reference_columns, key.columns, strict=True)
            found += [
                [*key.references, its, *_parts(relation), own, position, _NO_ACTION, _NO_ACTION,
                 key.name, primary and primary.name, _NOT_DEFERRABLE]
                for position, (its, own) in enumerate(pairs, start=1)
            ]  # fmt: skip
    return rows(_CROSS, found)


def _named(
    catalog: Catalog, name: str | None, schema: str | None, table: str | None
) -> Iterator[Relation]:
    """The tables of these names, which are no patterns; None is any."""
    for relation in catalog.relations(name or None, schema or None):
        if not table or table.lower() == relation.name.table:
            yield relation


def _keys(relation: Relation, kind: str) -> Iterator[Constraint]:
    return (key for key in relation.constraints if key.kind == kind)


def _parts(relation: Relation) -> tuple[str, str, str]:
    return relation.name.catalog, relation.name.schema, relation.name.table
