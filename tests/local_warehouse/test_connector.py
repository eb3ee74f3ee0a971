"""databricks-sql-connector against the local warehouse: results, types, metadata, sessions."""

from __future__ import annotations

import ssl
import threading
import urllib.error
import urllib.request
from typing import Any

import pytest
from databricks.sql.exc import Error


def test_a_result_is_read_page_by_page(lakehouse: Any) -> None:
    with lakehouse.connect() as connection, connection.cursor(arraysize=1000) as cursor:
        cursor.execute("select id, concat('row ', id) as name from range(250000) order by id")
        assert [row.id for row in cursor.fetchmany(3)] == [0, 1, 2]
        assert cursor.fetchone().name == "row 3"
        table = cursor.fetchall_arrow()
        assert table.num_rows == 249_996
        assert table.column("id")[-1].as_py() == 249_999
        assert cursor.fetchall() == []


def test_an_empty_result_keeps_its_columns(lakehouse: Any) -> None:
    with lakehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("select 1 as a, 'x' as b where false")
        assert [(c[0], c[1]) for c in cursor.description] == [("a", "int"), ("b", "string")]
        assert cursor.fetchall() == []


def test_metadata_calls_list_the_catalog(lakehouse: Any) -> None:
    lakehouse.sql("create schema if not exists metadata_calls")
    lakehouse.sql("create or replace table metadata_calls.t as select 1 as a, 'x' as b")
    lakehouse.sql("create or replace view metadata_calls.v as select a from metadata_calls.t")
    with lakehouse.connect() as connection, connection.cursor() as cursor:
        assert "main" in [row[0] for row in cursor.catalogs().fetchall()]
        schemas = cursor.schemas("main", "metadata_%").fetchall()
        assert [row[0] for row in schemas] == ["metadata_calls"]
        tables = cursor.tables("main", "metadata_calls").fetchall()
        assert [(row[2], row[3]) for row in tables] == [("t", "TABLE"), ("v", "VIEW")]
        columns = cursor.columns("main", "metadata_calls", "t").fetchall()
        assert [row[3] for row in columns] == ["a", "b"]
    lakehouse.sql("drop schema metadata_calls cascade")


def test_rowcount_is_the_number_of_changed_rows(lakehouse: Any) -> None:
    with lakehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create or replace table main.default.counted (a int)")
        cursor.execute("insert into main.default.counted values (1), (2), (3)")
        assert cursor.rowcount == 3
        cursor.execute("delete from main.default.counted where a > 1")
        assert cursor.rowcount == 2
        cursor.execute("drop table main.default.counted")


def test_a_session_keeps_its_namespace_and_settings(lakehouse: Any) -> None:
    lakehouse.sql("create schema if not exists other")
    with lakehouse.connect(schema="other") as one, lakehouse.connect() as two:
        first, second = one.cursor(), two.cursor()
        assert first.execute("select current_schema()").fetchone()[0] == "other"
        second.execute("use schema other")
        assert second.execute("select current_schema()").fetchone()[0] == "other"
        second.execute("use main.default")
        assert first.execute("select current_schema()").fetchone()[0] == "other"
        first.execute("set x.y = 1")
        assert first.execute("set x.y").fetchone()[1] == "1"
        assert second.execute("set x.y").fetchone()[1] == "<undefined>"


def test_many_clients_at_once_get_their_own_answers(lakehouse: Any) -> None:
    wrong: list[object] = []

    def ask(number: int) -> None:
        with lakehouse.connect() as connection, connection.cursor() as cursor:
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


def test_a_wrong_token_is_refused(lakehouse: Any) -> None:
    with pytest.raises(Error, match="Invalid access token"):
        lakehouse.connect(access_token="not the token")


def test_a_request_that_is_no_thrift_message_is_refused_and_the_server_stays_up(
    lakehouse: Any,
) -> None:
    tls = ssl.create_default_context(cafile=lakehouse.env["SSL_CERT_FILE"])
    request = urllib.request.Request(
        lakehouse.env["DATABRICKS_HOST"] + lakehouse.env["DATABRICKS_HTTP_PATH"],
        data=b"\x80nonsense",
        headers={"Authorization": f"Bearer {lakehouse.env['DATABRICKS_TOKEN']}"},
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, context=tls, timeout=10)
    assert caught.value.code == 400
    assert lakehouse.sql("select 1 as a") == [{"a": 1}]
