"""OPTIMIZE, VACUUM, ANALYZE and RESTORE."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable
from sqlglot import exp

from local_warehouse import errors
from local_warehouse.catalog.locks import definition, files_of
from local_warehouse.catalog.model import Constraint, Relation
from local_warehouse.catalog.names import full_name, schema_name
from local_warehouse.delta import log as delta_log
from local_warehouse.delta import tables as delta_tables
from local_warehouse.delta import transactions
from local_warehouse.resolver import time_travel
from local_warehouse.session.context import Context, require_table, target
from local_warehouse.statements.columns import read_again
from local_warehouse.statements.reader import StatementReader
from local_warehouse.types.results import Result, nothing, rows

_CHECK = "spark.databricks.delta.retentionDurationCheck.enabled"
_WEEK = 168  # hours
_ONE_FILE = 100_000_000  # bytes, of the files that OPTIMIZE writes
_KEYS = "clusterBy"  # of a commitInfo: the keys by which OPTIMIZE has ordered a table
_LOOKED_AT = 20  # commits


def optimize(context: Context, reader: StatementReader) -> Result:
    """OPTIMIZE name [FULL] [WHERE …] [ZORDER BY (…)]: compacts small files, or orders the rows.

    Rows of a table with clustering keys are ordered by them where they fit one file, unless they
    are so already. WHERE, which would leave partitions as they are, has no effect. Returns the
    metrics of delta-rs. Raises SqlError for ZORDER BY of a table with clustering keys.
    """
    relation = target(context, reader.name())
    anew = reader.accept("FULL")
    if reader.accept("WHERE"):
        reader.until("ZORDER")
    columns: list[str] = []
    if reader.accept("ZORDER", "BY"):
        columns = reader.names_in_parentheses()
        if relation.cluster_by or relation.cluster_by_auto:
            raise errors.SqlError(
                "DELTA_CLUSTERING_WITH_ZORDER_BY",
                "OPTIMIZE command for Delta table with Liquid clustering cannot specify ZORDER BY. "
                f"Please remove ZORDER BY ({', '.join(columns)}).",
            )
        for name in columns:
            if relation.column(name) is None:
                raise errors.column_not_found(name, str(relation.name))
    reader.end()

    def work(table: DeltaTable) -> dict[str, Any]:
        if columns:
            return table.optimize.z_order(columns)
        keys = relation.cluster_by
        if not keys or sum(_sizes(table).values()) > _ONE_FILE:
            return table.optimize.compact()
        if not anew and _is_clustered(table, keys, relation.path):
            return table.optimize.compact()
        return table.optimize.z_order(
            keys, commit_properties=CommitProperties(custom_metadata={_KEYS: json.dumps(keys)})
        )

    with files_of(relation.path):  # delta-rs would keep the rows of two at once twice
        metrics = transactions.by_delta_rs(relation, work, again=True)
    for files in ("filesAdded", "filesRemoved"):
        metrics[files] = json.loads(metrics[files])
    table = pa.table({"path": [relation.path], "metrics": pa.array([metrics])})
    return Result(table.schema, iter(table.to_batches()))


def vacuum(context: Context, reader: StatementReader) -> Result:
    """VACUUM name [FULL | LITE] [RETAIN n HOURS] [DRY RUN].

    Deletes the files that no version of the last seven days, or n hours, needs. With DRY RUN they
    are only listed.
    """
    relation = target(context, reader.name())
    is_full = reader.accept_any("FULL", "LITE") != "LITE"
    hours = reader.whole_number() if reader.accept("RETAIN") else None
    reader.accept("HOURS")
    dry_run = reader.accept("DRY", "RUN")
    reader.end()
    checks = context.session.configuration.get(_CHECK, "true").lower() != "false"
    if hours is not None and hours < _WEEK and checks:
        raise errors.SqlError(
            "DELTA_VACUUM_RETENTION_PERIOD_TOO_SHORT",
            f"Are you sure you would like to vacuum files with such a low retention period? It is "
            f"{hours} hours; at least {_WEEK} are safe for readers and writers at work. "
            f"SET {_CHECK} = false turns this check off.",
        )
    found = transactions.by_delta_rs(
        relation,
        lambda table: table.vacuum(
            retention_hours=hours,
            dry_run=dry_run,
            enforce_retention_duration=hours is None,
            full=is_full,
        ),
    )
    paths = [f"{relation.path}/{path}" for path in found] if dry_run else [relation.path]
    return rows([("path", "string")], [[path] for path in paths])


def analyze(context: Context, reader: StatementReader) -> Result:
    """ANALYZE TABLE name COMPUTE [DELTA] STATISTICS [NOSCAN | FOR {COLUMNS c, … | ALL COLUMNS}].

    Checks the names only, since the statistics are always in the table's log.
    """
    relation = target(context, reader.name())
    if reader.sees("PARTITION"):
        raise errors.unsupported("ANALYZE TABLE … PARTITION")
    reader.expect("COMPUTE")
    if reader.sees("STORAGE", "METRICS"):
        raise errors.unsupported("ANALYZE TABLE … COMPUTE STORAGE METRICS")
    reader.accept("DELTA")
    reader.expect("STATISTICS")
    columns: list[str] = []
    if reader.accept("FOR", "COLUMNS"):
        columns.append(reader.identifier())
        while reader.accept(","):
            columns.append(reader.identifier())
    elif not reader.accept("FOR", "ALL", "COLUMNS"):
        reader.accept("NOSCAN")
    reader.end()
    for name in columns:
        if relation.column(name) is None:
            raise errors.column_not_found(name, str(relation.name))
    return nothing()


def analyze_all(context: Context, reader: StatementReader) -> Result:
    """ANALYZE TABLES [IN schema] COMPUTE STATISTICS [NOSCAN]; checks the schema's name only."""
    parts = reader.name() if reader.accept_any("IN", "FROM") else []
    reader.expect("COMPUTE", "STATISTICS")
    reader.accept("NOSCAN")
    reader.end()
    if parts:
        context.catalog.require_schema(*schema_name(parts, context.session.catalog))
    return nothing()


def restore(context: Context, reader: StatementReader) -> Result:
    """RESTORE [TABLE] name [TO] {VERSION | TIMESTAMP} AS OF value.

    Commits the rows, columns and CHECK constraints of an older version as the newest.
    """
    reader.accept("TABLE")
    name = full_name(reader.name(), context.session.namespace)
    reader.accept("TO")
    travel = time_travel.parse_clause(reader.rest())
    with definition(name):
        return _restore(context, require_table(context.relation(name)).copy(), travel)


def _restore(context: Context, relation: Relation, travel: exp.Version) -> Result:
    version = time_travel.version_of(context.engine, relation, travel, restores=True)

    def change(table: DeltaTable) -> dict[str, int]:
        before = _sizes(table)
        if version != table.version():
            delta_tables.restore(table, version)
        return before

    before = transactions.by_delta_rs(relation, change)
    with delta_tables.newest_table(relation.path) as table:
        after = _sizes(table)
    checks = delta_tables.constraints(relation.path).items()
    relation.constraints = [c for c in relation.constraints if c.kind != "CHECK"] + [
        Constraint(name, "CHECK", expression=expression) for name, expression in checks
    ]
    read_again(context, relation)
    removed = [size for path, size in before.items() if path not in after]
    restored = [size for path, size in after.items() if path not in before]
    numbers = {
        "table_size_after_restore": sum(after.values()),
        "num_of_files_after_restore": len(after),
        "num_removed_files": len(removed),
        "num_restored_files": len(restored),
        "removed_files_size": sum(removed),
        "restored_files_size": sum(restored),
    }
    return rows([(name, "bigint") for name in numbers], [list(numbers.values())])


def _is_clustered(table: DeltaTable, keys: list[str], location: str) -> bool:
    """Whether no rows were written since OPTIMIZE has ordered a table by these keys."""
    wanted = json.dumps(keys)
    for commit in table.history(_LOOKED_AT):
        if commit.get(_KEYS) == wanted:
            later = delta_log.commits_after(location, commit["version"])
            return not any(commit.adds_data for commit in later)
    return False


def _sizes(table: Any) -> dict[str, int]:
    """The data files of a table's version, and their bytes."""
    files = table.get_add_actions(flatten=True)
    return dict(zip(files.column("path").to_pylist(), files.column("size_bytes").to_pylist(),
                    strict=True))  # fmt: skip
