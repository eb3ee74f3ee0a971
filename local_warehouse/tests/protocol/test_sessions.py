"""databricks-sql-connector against the local warehouse: sessions."""

from __future__ import annotations

import ssl
import threading
import time
import urllib.error
import urllib.request
from typing import Any

import pytest
from databricks.sql.exc import Error

from warehouse_under_test import PATIENCE


def test_a_session_keeps_its_namespace_and_settings(warehouse: Any) -> None:
    warehouse.sql("create schema if not exists other")
    with warehouse.connect(schema="other") as one, warehouse.connect() as two:
        first, second = one.cursor(), two.cursor()
        assert first.execute("select current_schema()").fetchone()[0] == "other"
        second.execute("use schema other")
        assert second.execute("select current_schema()").fetchone()[0] == "other"
        second.execute("use main.default")
        assert first.execute("select current_schema()").fetchone()[0] == "other"
        first.execute("set x.y = 1")
        assert first.execute("set x.y").fetchone()[1] == "1"
        assert second.execute("set x.y").fetchone()[1] == "<undefined>"


def test_settings_of_a_connection_and_tags_of_its_queries(warehouse: Any) -> None:
    settings = {"ansi_mode": "true", "timezone": "UTC", "statement_timeout": "60"}
    with (
        warehouse.connect(
            session_configuration=dict(settings), query_tags={"team": "data", "urgent": None}
        ) as connection,
        connection.cursor() as cursor,
    ):
        for zone in ("UTC", "Etc/UTC", "GMT", "+00:00"):
            cursor.execute(f"set time zone '{zone}'")
        cursor.execute("set time zone local")
        cursor.execute("set timezone = UTC")
        kept = {row.key.lower(): row.value for row in cursor.execute("set").fetchall()}
        assert kept.items() >= settings.items()
        assert kept["query_tags"] == "team:data,urgent"
        cursor.execute("select 1 as a", query_tags={"step": "one"})
        assert cursor.fetchall() == [(1,)]
        cursor.execute("reset STATEMENT_TIMEOUT")
        shown = {row.key: row.value for row in cursor.execute("set -v").fetchall()}
        assert shown.items() >= {"statement_timeout": "172800", "use_cached_result": "true"}.items()
        for name, value in (("statement_timeout", "172800"), ("ANSI_MODE", "true")):
            assert tuple(cursor.execute(f"set {name}").fetchone()) == (name, value)


def test_each_statement_is_committed_and_a_client_can_ask_whether(warehouse: Any) -> None:
    with warehouse.connect(
        ignore_transactions=False, fetch_autocommit_from_server=True
    ) as connection:
        assert connection.autocommit is True
        connection.autocommit = True
        assert connection.autocommit is True


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("set time zone 'Asia/Tokyo'", id="time zone"),
        pytest.param("set timezone = 'Asia/Tokyo'", id="timezone"),
        pytest.param("set time zone 'Europe/London'", id="a zone that is UTC at times"),
        pytest.param("set spark.sql.ansi.enabled = false", id="spark.sql.ansi.enabled"),
    ],
)
def test_a_setting_that_would_change_results_is_refused(warehouse: Any, statement: str) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        with pytest.raises(Error, match="UNSUPPORTED_FEATURE"):
            cursor.execute(statement)
        name, _, value = statement.rpartition(" ")
        settings = {"spark.sql.ansi.enabled" if "ansi" in name else "timezone": value.strip("'")}
        with pytest.raises(Error, match="UNSUPPORTED_FEATURE"):
            warehouse.connect(session_configuration=settings)
        assert cursor.execute("select current_timezone()").fetchone()[0] == "Etc/UTC"


def test_a_temporary_view_is_its_sessions_own(warehouse: Any) -> None:
    with warehouse.connect() as one, warehouse.connect() as two:
        first, second = one.cursor(), two.cursor()
        first.execute("create temporary view mine as select 1 as a")
        second.execute("create temporary view mine as select 2 as a")
        assert first.execute("select a from mine").fetchall() == [(1,)]
        assert second.execute("select a from mine").fetchall() == [(2,)]
        first.execute("drop view mine")
        with pytest.raises(Error, match="TABLE_OR_VIEW_NOT_FOUND"):
            first.execute("select a from mine")
        assert second.execute("select a from mine").fetchall() == [(2,)]


def test_what_is_permanent_does_not_see_what_is_temporary(warehouse: Any) -> None:
    warehouse.sql("create or replace table main.default.kept as select 1 as a")
    warehouse.sql("create or replace view main.default.of_kept as select a from kept")
    warehouse.sql(
        "create or replace function main.default.in_kept() returns int"
        " return (select max(a) from kept)"
    )
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create temporary view kept as select 2 as a")
        cursor.execute("create temporary function twice(a int) return a * 2")
        cursor.execute("create temporary view of_temporary as select twice(a) as a from kept")
        cursor.execute("select in_kept(), a, (select a from of_temporary) from of_kept")
        assert cursor.fetchall() == [(1, 1, 4)]
        for permanent in (
            "create view main.default.v as select a from kept",
            "alter view main.default.of_kept as select twice(1) as a",
            "create function main.default.f() return (select max(a) from of_temporary)",
        ):
            with pytest.raises(Error, match="INVALID_TEMP_OBJ_REFERENCE"):
                cursor.execute(permanent)
    warehouse.sql("drop function main.default.in_kept")
    warehouse.sql("drop view main.default.of_kept")
    warehouse.sql("drop table main.default.kept")


def test_an_idle_session_ends(new_warehouse: Any) -> None:
    """And one that is used in shorter intervals does not. Where the machine takes longer over a
    single statement than a session may be idle, nothing is known yet: a longer time follows."""
    own = new_warehouse("idle")
    for seconds in (1, 4, 16, 64):
        own.down()
        own.command("up", LOCAL_WAREHOUSE_SESSION_IDLE_SECONDS=str(seconds))
        own.up()
        refused, longest = _refused_while_another_is_idle(own, seconds)
        if 2 * longest < seconds:  # the server may see two statements this far apart
            assert not refused
            break
    else:
        pytest.fail(f"a statement took {longest:.0f} s")
    own.down()


def _refused_while_another_is_idle(own: Any, seconds: float) -> tuple[bool, float]:
    """Whether a session was refused that is used all the time, and the longest time between two of
    its answers. Another session is not used, and must have ended."""
    last, longest, refused = time.monotonic(), 0.0, False

    def ask(cursor: Any, statement: str) -> None:
        nonlocal last, longest, refused
        try:
            assert cursor.execute(statement).fetchall() in ([], [(1,)])
        except Error as error:
            assert "SESSION_NOT_FOUND" in str(error)
            refused = True
        longest, last = max(longest, time.monotonic() - last), time.monotonic()

    with own.connect() as idle, own.connect() as busy:
        waiting, working = idle.cursor(), busy.cursor()
        ask(waiting, "create temporary view mine as select 1 as a")
        end = time.monotonic() + 1.5 * seconds
        while not refused and last < end:
            ask(working, "select 1 as a")
        time.sleep(max(0.0, end - time.monotonic()))
        with pytest.raises(Error, match="SESSION_NOT_FOUND"):
            waiting.execute("select a from mine")
    return refused, longest


def test_many_clients_at_once_get_their_own_answers(warehouse: Any) -> None:
    wrong: list[object] = []

    def ask(number: int) -> None:
        with warehouse.connect() as connection, connection.cursor() as cursor:
            for step in range(10):
                cursor.execute(f"select {number} as n, {step} as s")
                answer = tuple(cursor.fetchone())
                if answer != (number, step):
                    wrong.append(answer)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_wrong_token_is_refused(warehouse: Any) -> None:
    with pytest.raises(Error, match="Invalid access token"):
        warehouse.connect(access_token="not the token")


def test_a_request_that_is_no_thrift_message_is_refused_and_the_server_stays_up(
    warehouse: Any,
) -> None:
    tls = ssl.create_default_context(cafile=warehouse.env["SSL_CERT_FILE"])
    request = urllib.request.Request(
        warehouse.env["DATABRICKS_HOST"] + warehouse.env["DATABRICKS_HTTP_PATH"],
        data=b"\x80nonsense",
        headers={"Authorization": f"Bearer {warehouse.env['DATABRICKS_TOKEN']}"},
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, context=tls, timeout=PATIENCE)
    assert caught.value.code == 400
    assert warehouse.sql("select 1 as a") == [{"a": 1}]
