"""databricks-sql-connector against the local warehouse: sessions."""

from __future__ import annotations

import ssl
import threading
import urllib.error
import urllib.request
from typing import Any

import pytest
from databricks.sql.exc import Error


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
