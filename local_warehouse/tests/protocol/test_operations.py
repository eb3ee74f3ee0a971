"""databricks-sql-connector against the local warehouse: statements that run and are canceled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from databricks.sql.backend.types import CommandState
from databricks.sql.exc import Error

# Neither ends by itself. The engine stops the first one when asked, and has to be replaced
# to stop the second one, a join that computes for minutes before it looks for such a request.
_LONG = "select sum(sqrt(id)) from range(1000000000000)"
_LONG_JOIN = (
    "select count(*) from range(10000000) a cross join range(10000000) b"
    " where (a.id * b.id) % 7 = 3"
)


def _processor_seconds(warehouse: Any) -> int:
    """The time that the warehouse and its engine have computed."""
    seconds = 0.0
    for computed in warehouse.processes("time"):
        *hours, minutes, rest = computed.split(":")
        seconds += int(hours[0] if hours else 0) * 3600 + int(minutes) * 60 + float(rest)
    return int(seconds)


def _computes(warehouse: Any) -> bool:
    start = _processor_seconds(warehouse)
    time.sleep(4)
    return _processor_seconds(warehouse) > start


def _eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 120
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def test_a_statement_runs_in_the_background(warehouse: Any) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute_async("select id from range(3)")
        assert _eventually(lambda: not cursor.is_query_pending())
        assert cursor.get_query_state() == CommandState.SUCCEEDED
        cursor.get_async_execution_result()
        assert [row.id for row in cursor.fetchall()] == [0, 1, 2]
        cursor.execute_async("select 1 / (id - 2) from range(3)")
        with pytest.raises(Error, match="DIVIDE_BY_ZERO"):
            cursor.get_async_execution_result()
            cursor.fetchall()


def test_a_canceled_statement_stops(warehouse: Any) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute_async(_LONG)
        assert _eventually(lambda: _computes(warehouse))
        assert cursor.is_query_pending()
        cursor.cancel()
        assert cursor.get_query_state() == CommandState.CANCELLED
        with pytest.raises(Error, match="CANCELLED"):
            cursor.get_async_execution_result()
        assert _eventually(lambda: not _computes(warehouse))
        assert cursor.execute("select 1 as a").fetchall() == [(1,)]


def test_a_statement_that_the_engine_cannot_stop_ends_with_its_process(warehouse: Any) -> None:
    with (
        warehouse.connect() as connection,
        connection.cursor() as canceled,
        connection.cursor() as other,
    ):
        canceled.execute_async(_LONG_JOIN)
        assert _eventually(lambda: _computes(warehouse))
        canceled.cancel()
        assert canceled.get_query_state() == CommandState.CANCELLED
        assert _eventually(lambda: not _computes(warehouse))
        assert other.execute("select 1 as a").fetchall() == [(1,)]


def test_a_canceled_write_leaves_the_table_as_it_was(warehouse: Any) -> None:
    """Also after the time in which it would have committed; and it is not computed to its end."""
    table = "main.default.canceled"
    insert = (
        f"insert into {table} select sum(length(sha2(repeat(string(id), 20), 512)))"
        " from range(9000000)"
    )
    warehouse.sql(f"create or replace table {table} as select 1L as id")
    before, start = _processor_seconds(warehouse), time.monotonic()
    warehouse.sql(insert)
    took, whole = time.monotonic() - start, _processor_seconds(warehouse) - before
    assert warehouse.sql(f"select count(*) as n from {table}") == [{"n": 2}]
    before = _processor_seconds(warehouse)
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute_async(insert)
        time.sleep(min(took / 4, 0.5))
        assert cursor.is_query_pending()
        cursor.cancel()
        time.sleep(2 * took)
        assert cursor.execute(f"select count(*) from {table}").fetchall() == [(2,)]
    assert _processor_seconds(warehouse) - before < whole / 2
    warehouse.sql(f"drop table {table}")


def test_one_who_waits_for_a_canceled_statement_gets_the_error(warehouse: Any) -> None:
    caught: list[str] = []

    def wait(cursor: Any) -> None:
        try:
            cursor.execute(_LONG)
        except Error as error:
            caught.append(str(error))

    with warehouse.connect() as connection, connection.cursor() as cursor:
        waiting = threading.Thread(target=wait, args=(cursor,))
        waiting.start()
        assert _eventually(lambda: cursor.query_id is not None)
        cursor.cancel()
        waiting.join()
    assert caught == ["[OPERATION_CANCELED] Operation has been canceled. SQLSTATE: HY008"]


def test_a_session_that_is_closed_ends_its_statements(warehouse: Any) -> None:
    connection = warehouse.connect()
    connection.cursor().execute_async(_LONG)
    assert _eventually(lambda: _computes(warehouse))
    connection.close()
    assert _eventually(lambda: not _computes(warehouse))


def test_to_cancel_what_has_ended_changes_nothing(warehouse: Any) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("select id from range(300000)")
        cursor.cancel()
        assert len(cursor.fetchall()) == 300_000
