"""OPTIMIZE, VACUUM and ANALYZE."""

from __future__ import annotations

from local_warehouse import delta
from local_warehouse.context import Context
from local_warehouse.queries import target
from local_warehouse.results import Result, nothing, rows
from local_warehouse.statements.reader import StatementReader


def optimize(context: Context, reader: StatementReader) -> Result:
    """Compact small files. Ordering by ZORDER or by clustering keys is not applied."""
    relation = target(context, reader.name())
    metrics = delta.open_table(relation.path).optimize.compact()
    return rows([("path", "string"), ("metrics", "string")], [[relation.location, str(metrics)]])


def vacuum(context: Context, reader: StatementReader) -> Result:
    """Delete files that no version of the last seven days (or RETAIN n HOURS) needs."""
    relation = target(context, reader.name())
    hours = int(reader.take().text) if reader.accept("RETAIN") else None
    reader.accept("HOURS")
    dry_run = reader.accept("DRY", "RUN")
    reader.end()
    delta.open_table(relation.path).vacuum(
        retention_hours=hours, dry_run=dry_run, enforce_retention_duration=hours is None
    )
    return rows([("path", "string")], [[relation.location]])


def analyze(context: Context, reader: StatementReader) -> Result:
    """Statistics are always kept in the table's log: there is nothing to compute."""
    target(context, reader.name())
    return nothing()
