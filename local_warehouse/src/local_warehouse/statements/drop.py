"""DROP CATALOG, SCHEMA, TABLE and VIEW; FUNCTION is in `functions.py`."""

from __future__ import annotations

from local_warehouse import errors
from local_warehouse.catalog.locks import definition
from local_warehouse.catalog.model import Relation
from local_warehouse.catalog.names import full_name, quoted, schema_name
from local_warehouse.session.context import Context
from local_warehouse.statements import functions
from local_warehouse.statements.reader import StatementReader
from local_warehouse.storage import objects
from local_warehouse.types.results import Result, nothing


def drop(context: Context, reader: StatementReader) -> Result:
    """DROP {CATALOG | SCHEMA | TABLE | VIEW | FUNCTION} [IF EXISTS] name [CASCADE | RESTRICT]."""
    temporary = reader.accept("TEMPORARY") or reader.accept("TEMP")
    if reader.accept("FUNCTION"):
        return functions.drop(context, reader, temporary)
    kind = reader.accept_any("CATALOG", "SCHEMA", "DATABASE", "TABLE", "VIEW")
    if kind is None:
        raise reader.unsupported()
    if_exists = reader.accept("IF", "EXISTS")
    parts = reader.name()
    cascade = reader.accept_any("CASCADE", "RESTRICT") == "CASCADE"
    reader.end()
    if kind == "CATALOG":
        _drop_catalog(context, parts[0], if_exists, cascade)
    elif kind in ("TABLE", "VIEW"):
        _drop_relation(context, parts, kind, if_exists)
    else:
        catalog, name = schema_name(parts, context.session.catalog)
        _drop_schema(context, catalog, name, if_exists, cascade)
    return nothing()


def _drop_catalog(context: Context, name: str, if_exists: bool, cascade: bool) -> None:
    if if_exists and name.lower() not in context.catalog.catalogs():
        return
    context.catalog.require_catalog(name)
    for schema in context.catalog.schemas(name.lower()):
        _drop_schema(context, name, schema.name, False, cascade or schema.name == "default")
    context.catalog.drop_catalog(name)


def _drop_schema(context: Context, catalog: str, name: str, if_exists: bool, cascade: bool) -> None:
    if if_exists and context.catalog.schema(catalog, name) is None:
        return
    context.catalog.require_schema(catalog, name)
    relations = context.catalog.relations(catalog, name)
    user_functions = context.catalog.functions(catalog.lower(), name.lower())
    if (relations or user_functions) and not cascade:
        raise errors.SqlError(
            "SCHEMA_NOT_EMPTY",
            f"Cannot drop the schema {quoted(catalog, name)} because it holds "
            f"{len(relations) + len(user_functions)} objects. Use CASCADE to drop them too.",
        )
    for relation in relations:
        with definition(relation.name):
            if (still_there := context.catalog.relation(relation.name)) is not None:
                remove(context, still_there)
    for function in user_functions:
        context.catalog.drop_function(function.name)
    context.catalog.drop_schema(catalog, name)


def _drop_relation(context: Context, parts: list[str], kind: str, if_exists: bool) -> None:
    views = context.session.temporary_views
    if kind == "VIEW" and len(parts) == 1 and parts[0].lower() in views:
        del views[parts[0].lower()]
        return
    name = full_name(parts, context.session.namespace)
    with definition(name):
        relation = context.catalog.relation(name)
        if relation is not None:
            _check_kind(relation, kind)
            remove(context, relation)
        elif not if_exists:
            raise errors.table_not_found(str(name))


def _check_kind(relation: Relation, kind: str) -> None:
    if relation.is_view != (kind == "VIEW"):
        actual = "view" if relation.is_view else "table"
        raise errors.SqlError(
            "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE"
            if relation.is_view
            else "EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE",
            f"{relation.name} is a {actual}: use DROP {actual.upper()}.",
        )


def remove(context: Context, relation: Relation) -> None:
    """Take a relation out of the catalog, then delete a managed table's files."""
    folder = relation.location if relation.kind == "MANAGED" else None
    context.catalog.drop_relation(relation.name, deletes=folder)
    if relation.is_view:
        return
    context.engine.forget(relation)
    if folder is not None:
        objects.delete_tree(folder)
        context.catalog.finish(folder)
