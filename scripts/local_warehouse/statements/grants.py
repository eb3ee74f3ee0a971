"""GRANT and REVOKE: recorded and shown, not enforced (there is one user)."""

from __future__ import annotations

from local_warehouse.catalog.model import Grant
from local_warehouse.context import Context
from local_warehouse.results import Result, nothing
from local_warehouse.sessions import full_name
from local_warehouse.statements.reader import StatementReader


def grant(context: Context, reader: StatementReader) -> Result:
    context.catalog.grant(_read(context, reader, "TO"))
    return nothing()


def revoke(context: Context, reader: StatementReader) -> Result:
    for found in _read(context, reader, "FROM"):
        context.catalog.revoke(found)
    return nothing()


def _read(context: Context, reader: StatementReader, preposition: str) -> list[Grant]:
    privileges = [p.strip().upper() for p in reader.until("ON").split(",")]
    reader.expect("ON")
    kind, securable = read_securable(context, reader)
    reader.expect(preposition)
    principal = reader.take().text
    reader.end()
    return [Grant(kind, securable, principal, privilege) for privilege in privileges]


def read_securable(context: Context, reader: StatementReader) -> tuple[str, str]:
    """The kind and full dotted name of what a privilege is on."""
    kind = reader.accept_any("CATALOG", "SCHEMA", "DATABASE", "TABLE", "VIEW") or "TABLE"
    parts = reader.name()
    if kind == "CATALOG":
        return kind, context.catalog.require_catalog(parts[0])
    if kind in ("SCHEMA", "DATABASE"):
        catalog, name = parts if len(parts) == 2 else (context.session.catalog, parts[0])
        schema = context.catalog.require_schema(catalog, name)
        return "SCHEMA", f"{schema.catalog}.{schema.name}"
    relation = context.relation(full_name(parts, context.session.namespace)).name
    return "TABLE", f"{relation.catalog}.{relation.schema}.{relation.table}"
