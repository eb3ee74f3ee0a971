"""EXECUTE IMMEDIATE, a statement that makes another one.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-aux-execute-immediate
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from local_warehouse import errors
from local_warehouse.resolver.query import Query
from local_warehouse.rewrites.merged_scans import MergedScans
from local_warehouse.session.context import Context
from local_warehouse.statements.reader import StatementReader


@dataclass(frozen=True)
class NextStatement:
    """A statement that is to be run in place of the one that made it, and the context for it."""

    context: Context
    text: str


def execute_immediate(context: Context, reader: StatementReader) -> NextStatement:
    """EXECUTE IMMEDIATE text [USING {value | value AS name}, …], up to the statement that it makes.

    Raises SqlError where the text is no string that can be computed now.
    """
    with Query(context, f"select {reader.until('INTO', 'USING')}") as query:
        text = context.engine.run(query.sql).column(0)[0].as_py()
    if reader.sees("INTO"):
        raise errors.unsupported("EXECUTE IMMEDIATE … INTO, which needs session variables")
    if not isinstance(text, str):
        message = "The statement to be executed must be a string and not NULL."
        raise errors.SqlError("NULL_QUERY_STRING_EXECUTE_IMMEDIATE", message)
    positional, named = _arguments(reader)
    inner = replace(context, positional=positional, named=named, merged=MergedScans())
    return NextStatement(inner, text)


def _arguments(reader: StatementReader) -> tuple[list[str], dict[str, str]]:
    """The values after USING as SQL: those by place, and those by name."""
    positional: list[str] = []
    named: dict[str, str] = {}
    if not reader.accept("USING"):
        reader.end()
        return positional, named
    in_parentheses = reader.accept("(")
    while True:
        value = reader.until(",", "AS")
        if reader.accept("AS"):
            named[reader.identifier()] = value
        else:
            positional.append(value)
        if not reader.accept(","):
            break
    if in_parentheses:
        reader.expect(")")
    reader.end()
    if positional and named:
        message = "USING takes values by place or by name, and not both."
        raise errors.SqlError("INVALID_QUERY_MIXED_QUERY_PARAMETERS", message)
    return positional, named
