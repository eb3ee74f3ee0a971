"""Writers of rows to one table at the same time: conflicts are named, and no commit is lost."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from databricks.sql.exc import Error

from concurrent_sessions import TABLE
from warehouse_under_test import eventually


def commits(warehouse: Any, operation: str) -> int:
    """The commits of an operation since the table was made."""
    history = warehouse.sql(f"describe history {TABLE}")
    newest = next(i for i, row in enumerate(history) if "CREATE" in row["operation"])
    return [row["operation"] for row in history[:newest]].count(operation)


def test_every_append_is_kept(warehouse: Any, write: Callable[..., Counter[str]]) -> None:
    outcomes = write(*[lambda w, s: f"insert into {TABLE} values ({w * 100 + s + 2}, 0)"] * 4)
    assert outcomes == {"done": 20}
    assert warehouse.sql(f"select count(*) n, count(distinct id) d from {TABLE}") == [
        {"n": 21, "d": 21}
    ]
    assert commits(warehouse, "WRITE") == 21


def test_an_update_is_either_counted_or_reported(
    warehouse: Any, write: Callable[..., Counter[str]]
) -> None:
    update = f"update {TABLE} set n = n + 1 where id = 1"
    outcomes, rounds = Counter[str](), 0
    while not outcomes["DELTA_CONCURRENT_APPEND"] and rounds < 20:  # until two have met
        outcomes += write(*[lambda w, s: update] * 4, steps=4)
        rounds += 1
    assert set(outcomes) == {"done", "DELTA_CONCURRENT_APPEND"}
    assert outcomes.total() == 16 * rounds
    assert warehouse.sql(f"select n from {TABLE}") == [{"n": outcomes["done"]}]
    assert commits(warehouse, "UPDATE") == outcomes["done"]


def test_rows_that_others_only_add_stand_in_no_ones_way(
    warehouse: Any, write: Callable[..., Counter[str]]
) -> None:
    def append(writer: int, step: int) -> str:
        return f"insert into {TABLE} values ({writer * 100 + step + 2}, 0)"

    outcomes = write(lambda w, s: f"update {TABLE} set n = n + 1 where id = 1", append, append)
    assert outcomes == {"done": 15}
    assert warehouse.sql(f"select count(*) c, max(n) n from {TABLE}") == [{"c": 11, "n": 5}]


def test_replacing_leaves_one_writers_rows_for_each_key(
    warehouse: Any, write: Callable[..., Counter[str]]
) -> None:
    outcomes = write(
        *[lambda w, s: f"insert into {TABLE} replace where id = {w % 2} select {w % 2}, {s}"] * 4,
        lambda w, s: f"optimize {TABLE}",
        steps=3,
    )
    assert outcomes == {"done": 15}, "they wait for each other, as their rows are others"
    rows = warehouse.sql(f"select id, count(*) c from {TABLE} group by id order by id")
    assert rows == [{"id": 0, "c": 1}, {"id": 1, "c": 1}]


def test_a_merge_is_either_counted_or_reported(
    warehouse: Any, write: Callable[..., Counter[str]]
) -> None:
    merge = (
        f"merge into {TABLE} t using (select 1 as id) s on t.id = s.id"
        " when matched then update set n = t.n + 1"
    )
    outcomes = write(*[lambda w, s: merge] * 3, steps=3)
    assert set(outcomes) <= {"done", "DELTA_CONCURRENT_APPEND"}
    assert warehouse.sql(f"select n from {TABLE}") == [{"n": outcomes["done"]}]


def test_each_version_can_be_read_again(warehouse: Any, write: Callable[..., Counter[str]]) -> None:
    """Versions behind the last checkpoint (every tenth commit) too."""
    write(lambda w, s: f"insert into {TABLE} values ({s}, 0)", steps=12)
    first = warehouse.sql(f"describe history {TABLE}")[11]["version"]
    for rows in range(2, 12, 3):
        version = first + rows - 2
        found = warehouse.sql(f"select count(*) c from {TABLE} version as of {version}")
        assert found == [{"c": rows}]


_MERGE = (
    "merge into {table} t using (select 1 as id, max(sha2(repeat(string(id), 20), 512)) as s"
    " from range({rows})) s on t.id = s.id when matched then update set n = t.n + 1"
)
_INSERT = (
    "insert into {table} select 9, length(max(sha2(repeat(string(id), 20), 512)))"
    " from range({rows})"
)


def _wait_until_it_computes(warehouse: Any, cursor: Any, before: Mapping[int, float]) -> None:
    """Return when 0.4 processor seconds were computed, in which a version is read long before.

    Now and then look whether the statement has ended, as it may sooner on a fast machine.
    """
    looks = itertools.count(1)
    eventually(
        lambda: (
            warehouse.computed_since(before) > 0.4
            or (next(looks) % 100 == 0 and not cursor.is_query_pending())
        ),
        every=0.01,
    )


@pytest.mark.parametrize(
    ("slow", "fast", "condition"),
    [
        (_MERGE, f"delete from {TABLE} where id = 2", "DELTA_CONCURRENT_DELETE_READ"),
        (_MERGE, f"optimize {TABLE}", "DELTA_CONCURRENT_DELETE_READ"),
        (_MERGE, f"alter table {TABLE} add column more int", "DELTA_METADATA_CHANGED"),
        (_INSERT, f"alter table {TABLE} add column more int", "DELTA_METADATA_CHANGED"),
    ],
    ids=["merge-delete", "merge-optimize", "merge-alter", "insert-alter"],
)
def test_a_slow_writer_hears_what_a_faster_one_did(
    warehouse: Any, slow: str, fast: str, condition: str
) -> None:
    warehouse.sql("create schema if not exists concurrent")
    for rows in (1_000_000, 4_000_000, 16_000_000):  # more where the machine is fast
        warehouse.sql(f"create or replace table {TABLE} (id int, n int)")
        for number in (1, 2):  # a file each
            warehouse.sql(f"insert into {TABLE} values ({number}, 0)")
        with warehouse.connect() as connection, connection.cursor() as cursor:
            before = warehouse.processor_times()
            cursor.execute_async(slow.format(table=TABLE, rows=rows))
            _wait_until_it_computes(warehouse, cursor, before)
            warehouse.sql(fast)
            left = warehouse.sql(f"select * from {TABLE} order by id")
            try:
                cursor.get_async_execution_result()
            except Error as error:
                message = str(error)
                break
    else:
        pytest.fail("it heard of nothing")
    assert message.startswith(f"[{condition}]")
    assert "SQLSTATE: 2D521" in message
    assert warehouse.sql(f"select * from {TABLE} order by id") == left
