"""A table that several sessions compact or restore while others write to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from concurrent_sessions import TABLE, outcomes_at_once


def test_tables_that_are_compacted_at_once_keep_each_row_once(warehouse: Any, parts: None) -> None:
    order = f"optimize {TABLE} zorder by (id)"
    outcomes = outcomes_at_once(warehouse, order, f"optimize {TABLE}", order)
    assert outcomes == ["done"] * 3
    assert warehouse.sql(f"select count(*) as c from {TABLE}") == [{"c": 1200000}]


def test_what_is_compacted_is_what_a_faster_writer_left(
    warehouse: Any, fill_parts: Callable[[], None]
) -> None:
    """The writer is the faster one in most rounds, and the rows are right in each of them."""
    order, delete = f"optimize {TABLE} zorder by (id)", f"delete from {TABLE} where n = 2"
    operations: list[str] = []
    for _ in range(20):
        fill_parts()
        assert outcomes_at_once(warehouse, order, delete) == ["done", "done"]
        found = warehouse.sql(f"select n, count(*) as c from {TABLE} group by n order by n")
        assert found == [{"n": n, "c": 300000} for n in (0, 1, 3)]
        history = warehouse.sql(f"describe history {TABLE} limit 2")
        operations = [row["operation"] for row in history]
        if operations == ["OPTIMIZE", "DELETE"]:
            break
    assert operations == ["OPTIMIZE", "DELETE"]


def test_those_who_restore_a_table_take_turns(warehouse: Any, parts: None) -> None:
    first = warehouse.sql(f"describe history {TABLE} limit 1")[0]["version"] - 3
    statements = [f"restore {TABLE} to version as of {first + i % 2}" for i in range(6)]
    assert outcomes_at_once(warehouse, *statements) == ["done"] * 6
    found = warehouse.sql(f"select count(*) as c from {TABLE}")[0]["c"]
    assert found in (300000, 600000)
