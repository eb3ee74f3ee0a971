"""GRANT and REVOKE: recorded and shown, not enforced (there is one user).

Privileges and principals are checked as Unity Catalog does. A user is an e-mail address, a service
principal its application id, and a group a name that CREATE GROUP has made known.

https://docs.databricks.com/aws/en/data-governance/unity-catalog/manage-privileges/privileges
"""

from __future__ import annotations

import uuid

from local_warehouse import errors
from local_warehouse.catalog.model import Grant
from local_warehouse.catalog.names import full_name, quoted, schema_name
from local_warehouse.session.context import Context
from local_warehouse.statements.reader import StatementReader
from local_warehouse.types.results import Result, nothing, rows

_TABLE = {"ALL PRIVILEGES", "APPLY TAG", "MANAGE", "MODIFY", "SELECT"}
_SCHEMA = _TABLE | {
    "CREATE FUNCTION", "CREATE MATERIALIZED VIEW", "CREATE MODEL", "CREATE TABLE", "CREATE VIEW",
    "CREATE VOLUME", "EXECUTE", "EXTERNAL USE SCHEMA", "READ VOLUME", "REFRESH", "USE SCHEMA",
    "WRITE VOLUME",
}  # fmt: skip
_PRIVILEGES = {
    "FUNCTION": {"ALL PRIVILEGES", "APPLY TAG", "EXECUTE", "MANAGE"},
    "TABLE": _TABLE,
    "SCHEMA": _SCHEMA,
    "CATALOG": _SCHEMA | {"BROWSE", "CREATE SCHEMA", "USE CATALOG"},
}
_SYSTEM_GROUPS = ("account users", "admins", "users")


def grant(context: Context, reader: StatementReader) -> Result:
    """GRANT privilege, … ON securable TO principal."""
    context.catalog.grant(_read(context, reader, "TO"))
    return nothing()


def revoke(context: Context, reader: StatementReader) -> Result:
    """REVOKE privilege, … ON securable FROM principal."""
    context.catalog.revoke(_read(context, reader, "FROM"))
    return nothing()


def _read(context: Context, reader: StatementReader, preposition: str) -> list[Grant]:
    privileges = [p.strip().upper() for p in reader.until("ON").split(",")]
    reader.expect("ON")
    kind, securable = read_securable(context, reader)
    reader.expect(preposition)
    principal = reader.take().text
    reader.end()
    for privilege in privileges:
        if privilege not in _PRIVILEGES[kind]:
            message = f"Privilege {privilege} is not applicable to this entity [{securable}]."
            raise errors.SqlError("INVALID_PARAMETER_VALUE", message)
    _check_principal(context, principal)
    return [Grant(kind, securable, principal, privilege) for privilege in privileges]


def _check_principal(context: Context, name: str) -> None:
    if "@" in name or _is_application_id(name) or name == context.session.user:
        return
    if name.lower() not in (*_SYSTEM_GROUPS, *context.catalog.groups()):
        message = (
            f"Could not find principal with name {name}. A group of the workspace is made known "
            f"here by CREATE GROUP {quoted(name)}."
        )
        raise errors.SqlError("PRINCIPAL_DOES_NOT_EXIST", message)


def _is_application_id(name: str) -> bool:
    try:
        uuid.UUID(name)
    except ValueError:
        return False
    return True


def create_group(context: Context, reader: StatementReader) -> Result:
    """CREATE GROUP name, which makes a group of the workspace known here."""
    name = reader.identifier()
    reader.end()
    context.catalog.create_group(name)
    return nothing()


def drop_group(context: Context, reader: StatementReader) -> Result:
    """DROP GROUP name."""
    name = reader.identifier()
    reader.end()
    context.catalog.drop_group(name)
    return nothing()


def show_groups(context: Context, reader: StatementReader) -> Result:
    """SHOW GROUPS: one row a group that CREATE GROUP has made known."""
    reader.end()
    return rows([("name", "string")], [[name] for name in context.catalog.groups()])


def read_securable(context: Context, reader: StatementReader) -> tuple[str, str]:
    """Read what a privilege is on; returns its kind, as `Grant` has it, and its dotted full name.

    Raises SqlError if there is none.
    """
    kind = (
        reader.accept_any("CATALOG", "SCHEMA", "DATABASE", "TABLE", "VIEW", "FUNCTION") or "TABLE"
    )
    parts = reader.name()
    if kind == "CATALOG":
        return kind, context.catalog.require_catalog(parts[0])
    if kind in ("SCHEMA", "DATABASE"):
        catalog, name = schema_name(parts, context.session.catalog)
        schema = context.catalog.require_schema(catalog, name)
        return "SCHEMA", f"{schema.catalog}.{schema.name}"
    if kind == "FUNCTION":
        function = context.function(parts)
        if function is None:
            raise errors.routine_not_found(".".join(parts))
        return kind, function.full_name
    relation = context.relation(full_name(parts, context.session.namespace)).name
    return "TABLE", f"{relation.catalog}.{relation.schema}.{relation.table}"
