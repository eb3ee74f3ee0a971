"""Statements by kind, one module each; `execute` finds the handler by a statement's first words.

A handler gets the context and a reader that stands behind those words, and returns a Result, or
the statement to run in its place. To add a statement, write its handler and name its first words
in `_HANDLERS`.
"""

from __future__ import annotations

from collections.abc import Callable

from local_warehouse.errors import SqlError
from local_warehouse.resolver import parameters
from local_warehouse.rewrites import without_ansi
from local_warehouse.rewrites.merged_scans import merge
from local_warehouse.session.context import Context
from local_warehouse.sql.parse_cache import without_comment
from local_warehouse.statements import (
    alter,
    comment,
    copy_into,
    create,
    describe,
    dml,
    drop,
    error_texts,
    grants,
    identifiers,
    immediate,
    insert,
    listing,
    maintenance,
    queries,
    settings,
    show,
)
from local_warehouse.statements.reader import StatementReader
from local_warehouse.types.results import Result

Outcome = Result | immediate.NextStatement
Handler = Callable[[Context, StatementReader], Outcome]

_HANDLERS: dict[tuple[str, ...], Handler] = {
    ("ALTER", "SCHEMA"): alter.schema,
    ("ALTER", "DATABASE"): alter.schema,
    ("ALTER", "TABLE"): alter.table,
    ("ALTER", "VIEW"): alter.table,
    ("ANALYZE", "TABLE"): maintenance.analyze,
    ("ANALYZE", "TABLES"): maintenance.analyze_all,
    ("COMMENT", "ON"): comment.comment_on,
    ("COMMIT",): settings.commit,
    ("CREATE", "GROUP"): grants.create_group,
    ("COPY", "INTO"): copy_into.copy_into,
    ("CREATE",): create.create,
    ("DELETE", "FROM"): dml.delete,
    ("DESC",): describe.describe,
    ("DESCRIBE",): describe.describe,
    ("DROP", "GROUP"): grants.drop_group,
    ("DROP",): drop.drop,
    ("EXECUTE", "IMMEDIATE"): immediate.execute_immediate,
    ("EXPLAIN",): queries.explain,
    ("GRANT",): grants.grant,
    ("INSERT",): insert.insert,
    ("LIST",): listing.list_files,
    ("MERGE",): dml.merge,
    ("OPTIMIZE",): maintenance.optimize,
    ("RESET",): settings.reset,
    ("RESTORE",): maintenance.restore,
    ("REVOKE",): grants.revoke,
    ("ROLLBACK",): settings.rollback,
    ("SET",): settings.set_configuration,
    ("SHOW", "GROUPS"): grants.show_groups,
    ("SHOW",): show.show,
    ("TRUNCATE", "TABLE"): dml.truncate,
    ("UPDATE",): dml.update,
    ("USE",): settings.use,
    ("VACUUM",): maintenance.vacuum,
}
_QUERIES = ("SELECT", "WITH", "VALUES", "TABLE", "FROM", "(")
# What computes nothing, or only by a query: it means the same with `ansi_mode = false`.
_WITHOUT_ANSI = (
    ("COMMENT", "ON"), ("COMMIT",), ("CREATE", "DATABASE"), ("CREATE", "SCHEMA"), ("DESC",),
    ("DESCRIBE",), ("DROP",), ("EXECUTE", "IMMEDIATE"), ("EXPLAIN",), ("GRANT",), ("LIST",),
    ("RESET",), ("REVOKE",), ("ROLLBACK",), ("SET",), ("SHOW",), ("USE",), ("VACUUM",),
    *((word,) for word in _QUERIES),
)  # fmt: skip
# First words of what Databricks has and this warehouse may not; another word is a mistake.
_STATEMENTS = {words[0] for words in _HANDLERS} | {
    "BEGIN", "CACHE", "CALL", "CLEAR", "CONVERT", "COPY", "DECLARE", "DENY", "EXECUTE",
    "FSCK", "GET", "LIST", "LOAD", "MSCK", "PUT", "REFRESH", "REMOVE", "REORG", "REPAIR",
    "REPLACE", "RESTORE", "SYNC", "UNCACHE", "UNDROP",
}  # fmt: skip


def execute(context: Context, text: str) -> Result:
    """Run one statement of a session.

    Raises SqlError for whatever the author of the statement can mend, an unsupported statement
    included.
    """
    outcome: Outcome = immediate.NextStatement(context, text)
    while isinstance(outcome, immediate.NextStatement):
        context, text = outcome.context, outcome.text
        try:
            outcome = _run(context, text)
        except SqlError as error:
            if (completed := error_texts.completed(context, error, text)) is error:
                raise
            raise completed from error
    return outcome


def _run(context: Context, text: str) -> Outcome:
    context, text = parameters.name_markers(context, without_comment(text))
    text = identifiers.replace_identifiers(context, text)
    text, context.merged = merge(text)
    reader = StatementReader(text)
    if reader.at_end():
        message = "Syntax error, unexpected empty statement."
        raise SqlError("PARSE_EMPTY_STATEMENT", message)
    if not context.session.is_ansi and not any(reader.sees(*words) for words in _WITHOUT_ANSI):
        raise without_ansi.refusal(f"the statement {reader.peek().text.upper()}")
    for words, handler in _HANDLERS.items():
        if reader.accept(*words):
            return handler(context, reader)
    if (written := insert.with_ctes_inside(reader)) is not None:
        return immediate.NextStatement(context, written)
    if reader.sees("TABLE") or any(reader.sees(word) for word in _QUERIES):
        return queries.select(context, reader)
    if reader.peek().text.upper() not in _STATEMENTS:
        raise reader.error("a statement does not begin like that")
    raise reader.unsupported()
