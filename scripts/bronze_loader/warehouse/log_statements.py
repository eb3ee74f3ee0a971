"""The SQL of the load log, in Databricks SQL. Pure text; every value and name goes in quoted."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from datetime import datetime

from bronze_loader.planning.file_state import LogEntry
from bronze_loader.warehouse.literals import identifier, moment_text, string, strings, timestamp
from bronze_loader.warehouse.statements import BronzeSchema, create_table

LOG_TABLE = "load_log"
LOG_COLUMNS: tuple[tuple[str, str], ...] = (
    ("batch_id", "STRING"),
    ("dataset", "STRING"),
    ("source_file", "STRING"),
    ("source_etag", "STRING"),
    ("source_size", "BIGINT"),
    ("source_modified_at", "TIMESTAMP"),
    ("status", "STRING"),
    ("row_count", "BIGINT"),
    ("corrupt_row_count", "BIGINT"),
    ("columns_added", "ARRAY<STRING>"),
    ("reason", "STRING"),
    ("logged_at", "TIMESTAMP"),
    ("rows_digest", "STRING"),  # last, as it came when there were logs already
)


def create_log(schema: BronzeSchema) -> str:
    """CREATE TABLE IF NOT EXISTS for the load log."""
    return create_table(schema, LOG_TABLE, LOG_COLUMNS, clustered_by=["dataset", "source_file"])


def add_log_columns(schema: BronzeSchema, names: Iterable[str]) -> str:
    """ALTER TABLE that gives the log of an earlier loader the columns that it lacks."""
    body = ", ".join(f"{identifier(name)} {dict(LOG_COLUMNS)[name]}" for name in names)
    return f"ALTER TABLE {schema.table(LOG_TABLE)} ADD COLUMNS ({body})"


def newest_entries(schema: BronzeSchema, columns: Iterable[str]) -> str:
    """The newest entry of each file of each dataset, and its newest that is no refusal. `columns`
    are those that the log has.

    Moments are microseconds since 1970, which no session's time zone changes.
    """
    digest = "rows_digest" if "rows_digest" in columns else "CAST(NULL AS STRING) AS rows_digest"
    return f"""SELECT dataset, source_file, source_etag, source_size, status, row_count,
  corrupt_row_count, reason, batch_id, {digest},
  unix_micros(source_modified_at) AS source_modified_at,
  unix_micros(logged_at) AS logged_at
FROM (
  SELECT *, row_number() OVER (
      PARTITION BY dataset, source_file, status = 'refused' ORDER BY logged_at DESC, batch_id DESC
    ) AS newest_first
  FROM {schema.table(LOG_TABLE)}
) AS entries
WHERE newest_first = 1"""  # noqa: S608


def log_entries(
    schema: BronzeSchema,
    columns: Iterable[str],
    datasets: Iterable[str],
    statuses: Iterable[str],
    limit: int,
) -> str:
    """The newest entries of the log, which has those columns; no dataset or no status means all."""
    chosen = [
        f"{name} IN ({strings(values)})"
        for name, values in (("dataset", list(datasets)), ("status", list(statuses)))
        if values
    ]
    where = f" WHERE {' AND '.join(chosen)}" if chosen else ""
    return (
        f"SELECT {', '.join(map(identifier, columns))} "  # noqa: S608
        f"FROM {schema.table(LOG_TABLE)}{where} "
        f"ORDER BY logged_at DESC, dataset, source_file LIMIT {limit}"
    )


def append_log(schema: BronzeSchema, entries: Sequence[LogEntry]) -> str:
    """The INSERT of entries of one batch and moment, which no other statement writes.

    Run again, it replaces them.
    """
    first = entries[0]
    values = [_log_values(entry) for entry in entries]
    shared = {
        name: value
        for name, value in values[0].items()
        if name != "source_file" and all(one[name] == value for one in values)
    }
    own = [{name: one[name] for name in one if name not in shared} for one in values]
    columns = ", ".join(
        f"CAST({'shared' if name in shared else 'entry'}.{identifier(name)} AS {kind})"
        f" AS {identifier(name)}"
        for name, kind in LOG_COLUMNS
    )
    # Two literals for all entries: a parser takes seconds for thousands of VALUES.
    return (
        f"INSERT INTO {schema.table(LOG_TABLE)} "
        f"REPLACE WHERE `batch_id` = {string(first.batch_id)} "
        f"AND `logged_at` = {timestamp(first.logged_at)}\n"
        f"SELECT {columns}\n"
        f"FROM (SELECT {_from_json(shared, _struct(shared))} AS shared, "
        f"explode({_from_json(own, f'ARRAY<{_struct(own[0])}>')}) AS entry) AS entries"
    )


def _from_json(value: object, data_type: str) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return f"from_json({string(text)}, {string(data_type)})"


def _struct(names: Container[str]) -> str:
    fields = (
        f"{name} {'STRING' if kind == 'TIMESTAMP' else kind}"
        for name, kind in LOG_COLUMNS
        if name in names
    )
    return f"STRUCT<{', '.join(fields)}>"


def _log_values(entry: LogEntry) -> dict[str, object]:
    """An entry for JSON; moments are text, as the JSON reader's own formats differ."""
    return {
        name: moment_text(value) if isinstance(value, datetime) else value
        for name, value in ((name, getattr(entry, name)) for name, _ in LOG_COLUMNS)
    }
