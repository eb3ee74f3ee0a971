"""COMMENT ON CATALOG, SCHEMA, TABLE, VIEW and COLUMN."""

from __future__ import annotations

from local_warehouse import errors
from local_warehouse.catalog.locks import definition, schema_definition
from local_warehouse.catalog.names import full_name, schema_name
from local_warehouse.session.context import Context
from local_warehouse.statements.reader import StatementReader
from local_warehouse.types.results import Result, nothing


def comment_on(context: Context, reader: StatementReader) -> Result:
    """COMMENT ON kind name IS {text | NULL}."""
    kind = reader.accept_any("CATALOG", "SCHEMA", "DATABASE", "TABLE", "VIEW", "COLUMN")
    if kind is None:
        raise reader.unsupported()
    parts = reader.name()
    reader.expect("IS")
    text = None if reader.accept("NULL") else reader.string()
    reader.end()
    if kind == "CATALOG":
        context.catalog.set_catalog_comment(parts[0], text)
        return nothing()
    if kind in ("SCHEMA", "DATABASE"):
        catalog, name = schema_name(parts, context.session.catalog)
        with schema_definition(catalog, name):
            schema = context.catalog.require_schema(catalog, name).copy()
            schema.comment = text
            context.catalog.put_schema(schema)
        return nothing()
    table = parts[:-1] if kind == "COLUMN" else parts
    relation_name = full_name(table, context.session.namespace)
    with definition(relation_name):
        relation = context.relation(relation_name).copy()
        if kind == "COLUMN":
            column = relation.column(parts[-1])
            if column is None:
                raise errors.column_not_found(parts[-1], str(relation.name))
            column.comment = text
        else:
            relation.comment = text
        context.catalog.put_relation(relation)
    return nothing()
