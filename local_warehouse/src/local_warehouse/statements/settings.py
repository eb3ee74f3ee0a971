"""USE, SET and RESET: the namespace and the configuration of a session. COMMIT and ROLLBACK: each
statement is a transaction of its own, so that no other is ever active."""

from __future__ import annotations

from local_warehouse import errors
from local_warehouse.catalog.names import schema_name
from local_warehouse.errors import SqlError
from local_warehouse.session.context import Context
from local_warehouse.statements.reader import StatementReader
from local_warehouse.types.results import Result, nothing, rows


def use(context: Context, reader: StatementReader) -> Result:
    """USE [CATALOG | SCHEMA] name."""
    if reader.accept("CATALOG"):
        word = reader.take().text  # a name or a string
        context.session.catalog = context.catalog.require_catalog(word)
        context.session.schema = "default"
    else:
        reader.accept_any("SCHEMA", "DATABASE")
        parts = reader.name()
        catalog, name = schema_name(parts, context.session.catalog)
        found = context.catalog.require_schema(catalog, name)
        context.session.catalog, context.session.schema = found.catalog, found.name
    reader.end()
    return nothing()


def set_configuration(context: Context, reader: StatementReader) -> Result:
    """SET, SET -v, SET key or SET key = value. Values are kept and shown; none changes the engine.
    SET shows what the session has set, and with -v the defaults of all parameters too."""
    columns = [("key", "string"), ("value", "string")]
    session = context.session
    if reader.at_end():
        return rows(columns, sorted(session.configuration.items()))
    if reader.accept("-", "V"):
        reader.end()
        return rows(columns, sorted(session.settings().items()))
    if reader.accept_any("VAR", "VARIABLE") and not reader.sees("="):
        raise errors.unsupported("session variables (SET VARIABLE)")
    if reader.accept("TIME", "ZONE"):
        session.configure("timezone", reader.until().strip("'\""))
        return nothing()
    key, _, value = (part.strip() for part in reader.rest().partition("="))
    if key.lower() == "autocommit" and not value:
        return rows([("value", "string")], [["true"]])
    if value:
        session.configure(key, value.strip("'\""))
    return rows(columns, [[key, session.setting(key) or "<undefined>"]])


def reset(context: Context, reader: StatementReader) -> Result:
    """RESET [key]: back to the configuration of a new session, in one key or all."""
    if reader.at_end():
        context.session.configuration.clear()
    else:
        context.session.reset(reader.rest().strip())
    return nothing()


def commit(_: Context, reader: StatementReader) -> Result:
    """COMMIT [TRANSACTION | WORK]. Raises SqlError (NO_ACTIVE_TRANSACTION)."""
    reader.accept_any("TRANSACTION", "WORK")
    reader.end()
    raise SqlError("NO_ACTIVE_TRANSACTION", "There is no active transaction.")


def rollback(_: Context, reader: StatementReader) -> Result:
    """ROLLBACK [TRANSACTION | WORK], which without an active transaction is no error and does
    nothing (https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-txn-rollback)."""
    reader.accept_any("TRANSACTION", "WORK")
    reader.end()
    return nothing()
