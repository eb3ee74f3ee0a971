"""databricks-sql-connector against the local warehouse: statements that run and are canceled."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from databricks.sql.backend.types import CommandState
from databricks.sql.exc import Error, RequestError
from databricks.sql.thrift_api.TCLIService import ttypes
from thrift.Thrift import TApplicationException

from local_warehouse.errors import SqlError
from local_warehouse.protocol.encoding import ARROW
from local_warehouse.protocol.operations import Operation
from local_warehouse.types.results import Result
from warehouse_under_test import eventually

# Neither ends by itself. The engine stops the first one when asked, and has to be replaced
# to stop the second one, a join that computes for minutes before it looks for such a request.
_LONG = "select sum(sqrt(id)) from range(1000000000000)"
_LONG_JOIN = (
    "select count(*) from range(10000000) a cross join range(10000000) b"
    " where (a.id * b.id) % 7 = 3"
)


def test_a_statement_runs_in_the_background(warehouse: Any) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute_async("select id from range(3)")
        eventually(lambda: not cursor.is_query_pending())
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
        eventually(warehouse.computes)
        assert cursor.is_query_pending()
        cursor.cancel()
        assert cursor.get_query_state() == CommandState.CANCELLED
        with pytest.raises(Error, match="CANCELLED"):
            cursor.get_async_execution_result()
        eventually(lambda: not warehouse.computes())
        assert cursor.execute("select 1 as a").fetchall() == [(1,)]


def test_a_statement_ends_after_the_time_that_its_session_allows(warehouse: Any) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("set statement_timeout = 1")
        with pytest.raises(Error, match=r"OPERATION_CANCELED.*after 1 s .STATEMENT_TIMEOUT"):
            cursor.execute(_LONG).fetchall()
        eventually(lambda: not warehouse.computes())
        assert cursor.execute("select 1 as a").fetchall() == [(1,)]
        with pytest.raises(Error, match="INVALID_PARAMETER_VALUE"):
            cursor.execute("set statement_timeout = soon")
        cursor.execute("reset statement_timeout")
        assert cursor.execute("select 2 as a").fetchall() == [(2,)]


def test_a_statement_that_the_engine_cannot_stop_ends_with_its_process(warehouse: Any) -> None:
    with (
        warehouse.connect() as connection,
        connection.cursor() as canceled,
        connection.cursor() as other,
    ):
        canceled.execute_async(_LONG_JOIN)
        eventually(warehouse.computes)
        canceled.cancel()
        assert canceled.get_query_state() == CommandState.CANCELLED
        eventually(lambda: not warehouse.computes())
        assert other.execute("select 1 as a").fetchall() == [(1,)]


def test_a_canceled_write_leaves_the_table_as_it_was(warehouse: Any) -> None:
    """Also after the time in which it would have committed; and it is not computed to its end."""
    table = "main.default.canceled"
    insert = (
        f"insert into {table} select sum(length(sha2(repeat(string(id), 20), 512)))"
        " from range(4000000)"
    )
    warehouse.sql(f"create or replace table {table} as select 1L as id")
    before, begun = warehouse.processor_times(), time.monotonic()
    warehouse.sql(insert)
    took, whole = time.monotonic() - begun, warehouse.computed_since(before)
    assert warehouse.sql(f"select count(*) as n from {table}") == [{"n": 2}]
    before = warehouse.processor_times()
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute_async(insert)
        eventually(lambda: warehouse.computed_since(before) > whole / 8, every=0.01)
        assert cursor.is_query_pending()
        canceled = warehouse.processor_times()
        cursor.cancel()
        time.sleep(took)
        eventually(lambda: not warehouse.computes())
        assert cursor.execute(f"select count(*) from {table}").fetchall() == [(2,)]
    assert warehouse.computed_since(canceled) < whole / 2
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
        eventually(lambda: cursor.query_id is not None)
        cursor.cancel()
        waiting.join()
    assert caught == ["[OPERATION_CANCELED] Operation has been canceled. SQLSTATE: HY008"]


def test_a_session_that_is_closed_ends_its_statements(warehouse: Any) -> None:
    connection = warehouse.connect()
    connection.cursor().execute_async(_LONG)
    eventually(warehouse.computes)
    connection.close()
    eventually(lambda: not warehouse.computes())


def test_an_operation_of_a_closed_session_does_not_exist(warehouse: Any) -> None:
    connection = warehouse.connect()
    cursor = connection.cursor()
    cursor.execute("select id from range(300000)")
    operation, backend = cursor.active_result_set.command_id, connection.session.backend
    assert backend.get_query_state(operation) == CommandState.SUCCEEDED
    connection.close()
    gone = f"RESOURCE_DOES_NOT_EXIST: Command {uuid.UUID(operation.to_hex_guid())} does not exist."
    handle = operation.to_thrift_handle()
    for request in (
        ttypes.TGetOperationStatusReq(operationHandle=handle),
        ttypes.TGetResultSetMetadataReq(operationHandle=handle),
        ttypes.TFetchResultsReq(operationHandle=handle, orientation=0, maxRows=1),
    ):
        method = getattr(backend._client, type(request).__name__[1:-3])
        with pytest.raises(TApplicationException) as caught:
            method(request)
        assert caught.value.message == gone
        assert backend._transport.code == 404
        with pytest.raises(RequestError, match="RESOURCE_DOES_NOT_EXIST"):
            backend.make_request(method, request)


def test_to_cancel_what_has_ended_changes_nothing(warehouse: Any) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("select id from range(300000)")
        cursor.cancel()
        assert len(cursor.fetchall()) == 300_000


@pytest.mark.parametrize(
    ("error", "free", "is_said"),
    [
        (OSError("database or disk is full"), 9, True),
        (SqlError("ENGINE_ERROR", "500 Internal Server Error"), 9, True),
        (SqlError("DIVIDE_BY_ZERO", "Division by zero."), 9, False),
        (SqlError("ENGINE_ERROR", "500 Internal Server Error"), 9000, False),
    ],
)
def test_a_failure_on_a_full_disk_names_the_place(
    error: Exception, free: int, is_said: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> Result:
        raise error

    disk = shutil._ntuple_diskusage(free << 20, 0, free << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: disk)
    engine: Any = SimpleNamespace(statement=lambda _: contextlib.nullcontext())
    operation = Operation(b"", engine, ARROW, Path("/of/the/warehouse"))
    operation.run(fail)
    said = str(operation.error)
    assert str(error) in said
    assert ("The disk of /of/the/warehouse has 9 MiB left: free some" in said) is is_said
