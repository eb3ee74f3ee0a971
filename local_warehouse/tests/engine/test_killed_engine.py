"""The engine's process is killed: clients get what they asked for, and nothing is written twice."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from typing import Any

import pyarrow as pa
import pytest
from databricks.sql.exc import Error

from server_process import engines
from warehouse_under_test import WarehouseUnderTest, eventually


@pytest.fixture(scope="module")
def own(new_warehouse: Callable[[str], WarehouseUnderTest]) -> Iterator[WarehouseUnderTest]:
    """A warehouse for these tests alone, whose engine they kill."""
    warehouse = new_warehouse("engine-ends")
    warehouse.up()
    yield warehouse
    warehouse.down()


def signal_engine(warehouse: WarehouseUnderTest, number: signal.Signals) -> None:
    """Send a signal to each engine that runs."""
    for pid in engines(warehouse):
        os.kill(pid, number)


def log(warehouse: WarehouseUnderTest) -> str:
    """The warehouse's log."""
    return (warehouse.state / "logs" / "warehouse.log").read_text()


def test_what_runs_when_the_engine_is_killed_is_run_again(own: WarehouseUnderTest) -> None:
    own.sql("create table t as select id from range(10)")
    statements = {
        "select sum(id) as n from t": [(45,)],
        "create table made as select max(id) as n from t": [],
        "insert into other select id from t": [(10, 10)],
        "update updated set id = id + 1 where id = 4": [(1,)],
        "delete from deleted": [(10,)],
        "merge into merged m using t on m.id = t.id when not matched then insert *": [(8, 0, 0, 8)],
        "insert into replaced replace where id < 3 select 1L": [(1, 1)],
    }
    own.sql("create table other like t")
    for name in ("updated", "deleted", "replaced"):
        own.sql(f"create table {name} as select id from t")
    own.sql("create table merged as select id from t where id < 2")
    with closing(own.connect()) as connection:
        cursors = [connection.cursor() for _ in statements]
        signal_engine(own, signal.SIGSTOP)
        for cursor, statement in zip(cursors, statements, strict=True):
            cursor.execute_async(statement)
        signal_engine(own, signal.SIGKILL)
        for cursor, expected in zip(cursors, statements.values(), strict=True):
            cursor.get_async_execution_result()
            assert cursor.fetchall() == expected
    assert "again" in log(own)
    assert own.sql("select n from made") == [{"n": 9}]
    assert own.sql(
        "select (select count(*) from other) as a, (select sum(id) from updated) as b,"
        " (select count(*) from deleted) as c, (select count(*) from merged) as d,"
        " (select count(*) from replaced) as e"
    ) == [{"a": 10, "b": 46, "c": 0, "d": 10, "e": 8}]


def test_a_statement_whose_types_are_asked_for_when_the_engine_is_killed_is_run_again(
    own: WarehouseUnderTest,
) -> None:
    """The engine's end is no answer: that a type is unknown would be one."""
    own.sql("create table numbers as select id from range(3)")
    statement = (
        "select n.id, l.before from numbers n,"
        " lateral (select count(*) as before from numbers o where o.id < n.id) l order by n.id"
    )
    with closing(own.connect()) as connection, connection.cursor() as cursor:
        signal_engine(own, signal.SIGSTOP)
        cursor.execute_async(statement)
        signal_engine(own, signal.SIGKILL)
        cursor.get_async_execution_result()
        assert cursor.fetchall() == [(0, 0), (1, 1), (2, 2)]


def test_a_write_that_is_committed_is_done_though_the_engine_ends_before_it_counts(
    own: WarehouseUnderTest,
) -> None:
    """The rows that it reports are those of its own commit, whatever others add meanwhile."""
    from deltalake import write_deltalake

    own.sql("create table slow as select id from range(2000000)")
    before = len(own.sql("describe history slow"))
    location = own.sql("describe detail slow")[0]["location"]
    keys = {name: own.env[name] for name in own.env if name.startswith("AWS_")}
    with closing(own.connect()) as connection, closing(connection.cursor()) as cursor:
        # to count the rows of this condition takes seconds
        cursor.execute_async(
            "insert into slow replace where id % 2 = 1 and length(repeat(sha2(string(id), 512), 9))"
            " > 9 select id * 2 + 1 from range(1000)"
        )
        eventually(lambda: len(own.sql("describe history slow")) > before, every=0.01)
        signal_engine(own, signal.SIGKILL)
        write_deltalake(location, pa.table({"id": [1, 3]}), mode="append", storage_options=keys)
        cursor.get_async_execution_result()
        assert cursor.fetchall() == [(1000, 1000)]
    assert own.sql("select count(*) as n from slow where id % 2 = 1") == [{"n": 1002}]


def test_a_result_is_computed_again_until_its_client_has_rows(own: WarehouseUnderTest) -> None:
    query = "select id, repeat('x', 500) as text from range(200000)"
    with closing(own.connect()) as connection:
        whole, half = connection.cursor(), connection.cursor()
        half.execute(query)
        assert half.fetchone()[0] == 0
        whole.execute_async(query)
        eventually(lambda: not whole.is_query_pending())
        signal_engine(own, signal.SIGKILL)
        whole.get_async_execution_result()
        assert sum(whole.fetchall_arrow().column("id").to_pylist()) == 19999900000
        with pytest.raises(Error, match=r"\[ENGINE_ENDED\]"):
            half.fetchall()
        assert half.execute("select 1").fetchall() == [(1,)]


def test_a_replaced_engine_ends_when_only_readers_are_left_that_do_not_read(
    new_warehouse: Callable[[str], WarehouseUnderTest],
) -> None:
    """Where the machine takes longer over a single request than a reader may wait before the next
    one, nothing is known yet: a longer time follows."""
    for unread in (2, 8, 32):  # seconds
        warehouse = new_warehouse(f"unread-{unread}")
        settings = {"ENGINE_MIB": "1", "UNREAD_SECONDS": str(unread)}
        warehouse.command("up", **{f"LOCAL_WAREHOUSE_{name}": settings[name] for name in settings})
        warehouse.up()
        try:
            if _ends_without_readers(warehouse, unread):
                return
        finally:
            warehouse.down()
    pytest.fail(f"a request took more than {unread // 2} s")


def _wait_for_an_answer(connection: Any, seconds: float) -> None:
    """Ask again and again until some statement was answered, or the time is over."""
    asked: list[Any] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end and all(cursor.is_query_pending() for cursor in asked):
        asked.append(connection.cursor())
        asked[-1].execute_async("select 1")
        time.sleep(0.1)


@contextmanager
def _continued(pid: int) -> Iterator[None]:
    """Let a process that was stopped go on in the end, for those who wait for it."""
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _ends_without_readers(warehouse: WarehouseUnderTest, unread: float) -> bool:
    """Whether the engine ends as it should; False if the machine was too slow to tell."""
    (first,) = engines(warehouse)
    with (
        closing(warehouse.connect()) as connection,
        closing(warehouse.connect()) as other,
        ThreadPoolExecutor() as pool,
        _continued(first),
    ):
        cursor = connection.cursor()
        os.kill(first, signal.SIGSTOP)
        # begins there and has it replaced
        cursor.execute_async("select id, repeat('x', 500) as text from range(400000)")
        # which lasts for less than 20 s, in which a first connection is made or given up
        eventually(lambda: len(engines(warehouse)) > 1)
        _wait_for_an_answer(other, 8)  # of the second one
        time.sleep(2 * min(unread, 4))
        assert first in engines(warehouse)  # as the statement runs
        begun = time.monotonic()
        os.kill(first, signal.SIGCONT)
        eventually(lambda: not cursor.is_query_pending())
        cursor.get_async_execution_result()
        if time.monotonic() - begun > unread / 2:
            return False
        os.kill(first, signal.SIGSTOP)
        reading = pool.submit(cursor.fetchmany_arrow, 200_000)
        assert other.cursor().execute("select 1").fetchall() == [(1,)]  # so that one is asked
        if time.monotonic() - begun > unread / 2:
            return False
        time.sleep(2 * unread)
        assert not reading.done()
        assert first in engines(warehouse)  # as somebody waits for rows
        os.kill(first, signal.SIGCONT)
        assert reading.result().num_rows == 200_000
        eventually(lambda: first not in engines(warehouse))
        with pytest.raises(Error, match="ENGINE_ENDED"):
            cursor.fetchall_arrow()
    return True


def test_writers_write_each_row_once_while_engines_are_killed(own: WarehouseUnderTest) -> None:
    own.sql("create table counted (writer int, step int)")
    steps, writers = 12, 4
    done, acknowledged = threading.Event(), threading.Event()

    def write(writer: int) -> None:
        with closing(own.connect()) as connection, closing(connection.cursor()) as cursor:
            for step in range(steps):
                statement = f"insert into counted values ({writer}, {step})"
                while True:
                    try:
                        cursor.execute(statement)
                        break
                    except Error as error:  # its second engine was killed too: nothing is written
                        assert "[ENGINE_ENDED]" in str(error)
                assert cursor.rowcount == 1
                acknowledged.set()

    def kill() -> None:
        while not done.wait(1.5):
            if acknowledged.is_set():  # since the last time
                acknowledged.clear()
                signal_engine(own, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with ThreadPoolExecutor(writers) as pool:
            list(pool.map(write, range(writers)))
    finally:
        done.set()
        killer.join()
    rows = own.sql("select writer, step, count(*) as n from counted group by all")
    assert len(rows) == steps * writers
    assert {row["n"] for row in rows} == {1}


def test_a_statement_after_a_cancel_does_not_go_to_an_engine_that_is_silent(
    own: WarehouseUnderTest,
) -> None:
    """It waits until the engine is replaced; there, it would be run again when that one ends."""
    own.sql("create table asked as select id from range(10)")
    with closing(own.connect()) as connection:
        canceled, following = connection.cursor(), connection.cursor()
        signal_engine(own, signal.SIGSTOP)
        canceled.execute_async("select max(id) from asked")
        canceled.cancel()
        before = log(own)
        assert following.execute("select sum(id) from asked").fetchall() == [(45,)]
    assert "again" not in log(own)[len(before) :]
