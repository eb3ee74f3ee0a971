"""SELECT and its relatives, and EXPLAIN."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from sqlglot import exp

from local_warehouse.resolver.query import Query
from local_warehouse.session.context import Context
from local_warehouse.sql.dialect import WarehouseDialect, render
from local_warehouse.statements.describe import describe
from local_warehouse.statements.reader import StatementReader
from local_warehouse.types.conversion import from_arrow
from local_warehouse.types.results import Result, rows


def select(context: Context, reader: StatementReader) -> Result:
    """A query, whose rows are computed while the client reads them."""
    source: str | exp.Expr = reader.query()
    if "describe" in reader.text.lower():
        source = _with_descriptions(context, source)
    query = Query(context, source, reads=True)
    try:
        result = context.engine.stream(query.sql)
    except BaseException:
        query.close()
        raise
    return Result(result.schema, _closing(query, result.batches))


def _closing(query: Query, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    with query:
        yield from batches


def _with_descriptions(context: Context, query: str | exp.Expr) -> str | exp.Expr:
    """A query with the rows of every `(DESCRIBE …)` that it reads."""
    if isinstance(query, exp.Expr):
        for description in list(query.find_all(exp.Describe)):
            described = StatementReader(render(description))
            described.expect("DESCRIBE")
            description.replace(_inline(describe(context, described).table()))
    return query


def _inline(table: pa.Table) -> exp.Expr:
    """The rows of a table, of which there is one at least, as a query."""
    types = [from_arrow(kind) for kind in table.schema.types]
    selects = [
        exp.select(
            *(
                exp.alias_(_literal(value, kind), name, quoted=True)
                for value, kind, name in zip(row.values(), types, table.column_names, strict=True)
            )
        )
        for row in table.to_pylist()
    ]
    return selects[0] if len(selects) == 1 else exp.union(*selects, distinct=False)


def _literal(value: Any, kind: str) -> exp.Expr:
    if value is None:
        return exp.cast(exp.null(), kind, dialect=WarehouseDialect)
    if kind.startswith("map<"):
        keys, values = ([pair[i] for pair in value] for i in (0, 1))
        texts = (_array(keys, "string"), _array(values, kind[:-1].partition(",")[2]))
        return exp.Anonymous(this="map_from_arrays", expressions=list(texts))
    if kind.startswith("array<"):
        return _array(value, kind[6:-1])
    text = value.isoformat(" ") if isinstance(value, dt.datetime) else str(value)
    return exp.cast(exp.Literal.string(text), kind, dialect=WarehouseDialect)


def _array(values: list[Any], kind: str) -> exp.Expr:
    call = exp.Anonymous(this="array", expressions=[_literal(value, kind) for value in values])
    return exp.cast(call, f"array<{kind}>", dialect=WarehouseDialect)


def explain(context: Context, reader: StatementReader) -> Result:
    """EXPLAIN [EXTENDED | FORMATTED | CODEGEN | COST] query: the engine's plan as one text."""
    kind = reader.accept_any("EXTENDED", "FORMATTED", "CODEGEN", "COST") or ""
    with Query(context, reader.query()) as query:
        plan = context.engine.run(f"explain {kind} {query.sql}").column(0)[0].as_py()
    return rows([("plan", "string")], [[plan]])
