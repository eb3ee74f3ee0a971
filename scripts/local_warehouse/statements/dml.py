"""MERGE, UPDATE, DELETE and TRUNCATE."""

from __future__ import annotations

from local_warehouse import errors, transactions
from local_warehouse.catalog.model import quoted
from local_warehouse.context import Context
from local_warehouse.queries import Query, target
from local_warehouse.results import Result, counts
from local_warehouse.statements.reader import StatementReader


def merge(context: Context, reader: StatementReader) -> Result:
    if reader.accept("WITH", "SCHEMA", "EVOLUTION"):
        raise errors.unsupported("MERGE WITH SCHEMA EVOLUTION")
    metrics = _run_on_target(context, reader, "merge into")
    updated = metrics.get("numTargetRowsUpdated", 0)
    deleted = metrics.get("numTargetRowsDeleted", 0)
    inserted = metrics.get("numTargetRowsInserted", 0)
    return counts(
        num_affected_rows=updated + deleted + inserted,
        num_updated_rows=updated,
        num_deleted_rows=deleted,
        num_inserted_rows=inserted,
    )


def update(context: Context, reader: StatementReader) -> Result:
    metrics = _run_on_target(context, reader, "update")
    return counts(num_affected_rows=metrics.get("numUpdatedRows", 0))


def delete(context: Context, reader: StatementReader) -> Result:
    metrics = _run_on_target(context, reader, "delete from")
    return counts(num_affected_rows=metrics.get("numDeletedRows", 0))


def _run_on_target(context: Context, reader: StatementReader, verb: str) -> dict[str, int]:
    """Run a statement that changes the table it names first; returns the commit's metrics."""
    reader.accept("INTO")
    text = reader.rest()
    parts = StatementReader(text).name()
    relation = target(context, parts)
    operation = verb.split()[0].upper()
    with Query(context, f"{verb} {text}") as query:
        return transactions.count(relation, operation, lambda: context.engine.count(query.sql))


def truncate(context: Context, reader: StatementReader) -> Result:
    relation = target(context, reader.name())
    statement = f"delete from {quoted(context.engine.name_of(relation))}"
    metrics = transactions.count(relation, "DELETE", lambda: context.engine.count(statement))
    return counts(num_affected_rows=metrics.get("numDeletedRows", 0))
