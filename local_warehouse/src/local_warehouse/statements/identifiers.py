"""IDENTIFIER(text) in a statement, replaced by the name that the constant text holds.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-names-identifier-clause
"""

from __future__ import annotations

from local_warehouse import errors
from local_warehouse.catalog.names import quoted
from local_warehouse.resolver.query import Query
from local_warehouse.session.context import Context
from local_warehouse.statements.reader import StatementReader


def replace_identifiers(context: Context, text: str) -> str:
    """A statement's text with the names in place of its IDENTIFIER clauses.

    Raises SqlError (NOT_A_CONSTANT_STRING.WRONG_TYPE) if one holds no text.
    """
    if "identifier" not in text.lower():
        return text
    reader = StatementReader(text)
    parts: list[str] = []
    end = 0
    while not reader.at_end():
        start = reader.peek().start
        if not reader.accept("IDENTIFIER", "("):
            reader.take()
            continue
        parts += [text[end:start], _name(context, reader.until(")"))]
        end = reader.take().end  # of the closing parenthesis
    return "".join([*parts, text[end:]])


def _name(context: Context, value: str) -> str:
    with Query(context, f"select {value}") as query:
        found = context.engine.run(query.sql).column(0)[0].as_py()
    if not isinstance(found, str):
        message = f"IDENTIFIER({value}) must be a text that is constant and not NULL."
        raise errors.SqlError("NOT_A_CONSTANT_STRING.WRONG_TYPE", message)
    reader = StatementReader(found)
    parts = reader.name()
    reader.end()
    return quoted(*parts)
