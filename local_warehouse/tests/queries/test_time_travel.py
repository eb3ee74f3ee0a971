"""Older versions of a table: read, and restored."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest


@pytest.fixture
def table(schema: str, warehouse: Any) -> str:
    """A table of two versions with rows: 1 and 2, then 3 with a new column and a CHECK."""
    name = f"{schema}.t"
    warehouse.sql(f"create table {name} (a int)")
    warehouse.sql(f"insert into {name} values (1), (2)")
    warehouse.sql(f"alter table {name} add columns (b string)")
    warehouse.sql(f"alter table {name} add constraint positive check (a > 0)")
    warehouse.sql(f"insert into {name} values (3, 'x')")
    return name


def commits(warehouse: Any, table: str) -> dict[int, dt.datetime]:
    """The times of a table's commits by their versions."""
    history = warehouse.sql(f"describe history {table}")
    return {row["version"]: row["timestamp"] for row in history}


def test_a_version_and_a_moment_are_read(warehouse: Any, table: str) -> None:
    then = commits(warehouse, table)[1]
    for travel in (
        "version as of 1", "@v1", f"timestamp as of '{then.isoformat()}'",
        f"timestamp as of cast('{then.isoformat()}' as timestamp) + interval 1 millisecond",
        f"@{then:%Y%m%d%H%M%S}{then.microsecond // 1000:03}",
    ):  # fmt: skip
        query = f"select * from {table}{'' if travel[0] == '@' else ' '}{travel} order by a"
        assert warehouse.sql(query) == [{"a": 1}, {"a": 2}], travel
    warehouse.fails(f"select * from {table} version as of 99", "DELTA_VERSION_NOT_FOUND")
    too_late = f"select * from {table} timestamp as of current_timestamp()"
    warehouse.fails(too_late, "DELTA_TIMESTAMP_GREATER_THAN_COMMIT")
    warehouse.fails(
        f"select * from {table} timestamp as of '2020-01-01'", "DELTA_TIMESTAMP_EARLIER"
    )


def test_restore_brings_rows_columns_and_checks_back(warehouse: Any, table: str) -> None:
    newest = max(commits(warehouse, table))
    restored = warehouse.sql(f"restore table {table} to version as of 1")[0]
    assert (restored["num_of_files_after_restore"], restored["num_removed_files"]) == (1, 1)
    assert warehouse.sql(f"select * from {table} order by a") == [{"a": 1}, {"a": 2}]
    warehouse.sql(f"insert into {table} values (-1)")
    warehouse.sql(f"restore {table} version as of {newest}")
    found = warehouse.sql(f"select a, b from {table} order by a")
    assert [tuple(row.values()) for row in found] == [(1, None), (2, None), (3, "x")]
    warehouse.fails(f"insert into {table} values (-1, 'y')", "DELTA_VIOLATE_CONSTRAINT")
    warehouse.sql(f"alter table {table} drop constraint positive")
    now = warehouse.sql(f"restore table {table} to timestamp as of current_timestamp()")[0]
    assert now["num_removed_files"] == now["num_restored_files"] == 0
    warehouse.fails(f"restore table {table} to version as of 99", "DELTA_VERSION_NOT_FOUND")
