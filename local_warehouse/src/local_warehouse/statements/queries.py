"""SELECT and its relatives, and EXPLAIN."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from sqlglot import exp

from local_warehouse.resolver.query import Query
from local_warehouse.session.context import Context
from local_warehouse.statements.reader import StatementReader
from local_warehouse.types.results import Result, rows


def select(context: Context, reader: StatementReader) -> Result:
    """A query, whose rows are computed while the client reads them."""
    query = Query(context, _query(reader), reads=True)
    try:
        result = context.engine.stream(query.sql)
    except BaseException:
        query.close()
        raise
    return Result(result.schema, _closing(query, result.batches))


def _closing(query: Query, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    with query:
        yield from batches


def _query(reader: StatementReader) -> str | exp.Expr:
    if reader.accept("TABLE"):  # TABLE name is SELECT * FROM name, which sqlglot does not read
        return f"select * from {reader.rest()}"
    return reader.query()


def explain(context: Context, reader: StatementReader) -> Result:
    """EXPLAIN [EXTENDED | FORMATTED | CODEGEN | COST] query: the engine's plan as one text."""
    kind = reader.accept_any("EXTENDED", "FORMATTED", "CODEGEN", "COST") or ""
    with Query(context, _query(reader)) as query:
        plan = context.engine.run(f"explain {kind} {query.sql}").column(0)[0].as_py()
    return rows([("plan", "string")], [[plan]])
