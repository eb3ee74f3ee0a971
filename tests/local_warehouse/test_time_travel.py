"""Older versions of a table: read, and restored."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest


@pytest.fixture
def table(schema: str, lakehouse: Any) -> str:
    """A table of two versions with rows: 1 and 2, then 3 with a new column and a CHECK."""
    name = f"{schema}.t"
    lakehouse.sql(f"create table {name} (a int)")
    lakehouse.sql(f"insert into {name} values (1), (2)")
    lakehouse.sql(f"alter table {name} add columns (b string)")
    lakehouse.sql(f"alter table {name} add constraint positive check (a > 0)")
    lakehouse.sql(f"insert into {name} values (3, 'x')")
    return name


def commits(lakehouse: Any, table: str) -> dict[int, dt.datetime]:
    history = lakehouse.sql(f"describe history {table}")
    return {row["version"]: row["timestamp"] for row in history}


def test_a_version_and_a_moment_are_read(lakehouse: Any, table: str) -> None:
    then = commits(lakehouse, table)[1]
    for travel in (
        "version as of 1", "@v1", f"timestamp as of '{then.isoformat()}'",
        f"timestamp as of cast('{then.isoformat()}' as timestamp) + interval 1 millisecond",
        f"@{then:%Y%m%d%H%M%S}{then.microsecond // 1000:03}",
    ):  # fmt: skip
        query = f"select * from {table}{'' if travel[0] == '@' else ' '}{travel} order by a"
        assert lakehouse.sql(query) == [{"a": 1}, {"a": 2}], travel
    lakehouse.fails(f"select * from {table} version as of 99", "DELTA_VERSION_NOT_FOUND")
    too_late = f"select * from {table} timestamp as of current_timestamp()"
    lakehouse.fails(too_late, "DELTA_TIMESTAMP_GREATER_THAN_COMMIT")
    lakehouse.fails(
        f"select * from {table} timestamp as of '2020-01-01'", "DELTA_TIMESTAMP_EARLIER"
    )


def test_restore_brings_rows_columns_and_checks_back(lakehouse: Any, table: str) -> None:
    newest = max(commits(lakehouse, table))
    restored = lakehouse.sql(f"restore table {table} to version as of 1")[0]
    assert (restored["num_of_files_after_restore"], restored["num_removed_files"]) == (1, 1)
    assert lakehouse.sql(f"select * from {table} order by a") == [{"a": 1}, {"a": 2}]
    lakehouse.sql(f"insert into {table} values (-1)")
    lakehouse.sql(f"restore {table} version as of {newest}")
    found = lakehouse.sql(f"select a, b from {table} order by a")
    assert [tuple(row.values()) for row in found] == [(1, None), (2, None), (3, "x")]
    lakehouse.fails(f"insert into {table} values (-1, 'y')", "DELTA_VIOLATE_CONSTRAINT")
    lakehouse.sql(f"alter table {table} drop constraint positive")
    now = lakehouse.sql(f"restore table {table} to timestamp as of current_timestamp()")[0]
    assert now["num_removed_files"] == now["num_restored_files"] == 0
    lakehouse.fails(f"restore table {table} to version as of 99", "DELTA_VERSION_NOT_FOUND")
