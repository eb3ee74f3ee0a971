"""Many clients for a while: no error, no lost result, no leak.

A short run in the usual tests. A long one, of 16 clients and 10,000 statements:
    SOAK_CLIENTS=16 SOAK_STATEMENTS=10000 SOAK_ENGINE_MIB=1024 \\
        pytest -s tests/local_warehouse/test_soak.py
The engine is ended and started again in the middle, when it has grown to SOAK_ENGINE_MIB.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from databricks.sql.exc import Error
from server_process import Usage, usage

from lakehouse import Lakehouse

CLIENTS = int(os.environ.get("SOAK_CLIENTS", "4"))
STATEMENTS = int(os.environ.get("SOAK_STATEMENTS", "120"))
CONNECTION_LASTS = 50  # statements
ENGINE_MIB = int(os.environ.get("SOAK_ENGINE_MIB", "150"))
MEMORY = (ENGINE_MIB + 800) * 2**20  # of server and engine, at the most
FILES = 60 + 12 * CLIENTS  # of server and engine, at the most; most are connections to S3


class Client:
    """Runs statements one after the other and checks each answer."""

    def __init__(self, lakehouse: Lakehouse, number: int) -> None:
        self.lakehouse = lakehouse
        self.table = f"soak.t{number}"
        self.number = number
        self.inserted = 0
        self.seconds: list[float] = []
        self.kinds: list[Callable[[Any, int], None]] = [
            self._select, self._parameters, self._insert, self._count, self._page, self._failure,
            self._view, self._columns, self._update, self._select,
        ]  # fmt: skip

    def run(self, steps: range) -> None:
        for begin in range(steps.start, steps.stop, CONNECTION_LASTS):
            with closing(self.lakehouse.connect()) as connection:
                for step in range(begin, min(begin + CONNECTION_LASTS, steps.stop)):
                    with closing(connection.cursor()) as cursor:
                        begun = time.monotonic()
                        self.kinds[step % len(self.kinds)](cursor, step)
                        self.seconds.append(time.monotonic() - begun)

    def _select(self, cursor: Any, step: int) -> None:
        assert cursor.execute(f"select {self.number} as a, {step} as b").fetchall() == [
            (self.number, step)
        ]

    def _parameters(self, cursor: Any, step: int) -> None:
        row = cursor.execute("select :a || 'x' as a", {"a": f"{self.number}-{step}"}).fetchone()
        assert row.a == f"{self.number}-{step}x"

    def _insert(self, cursor: Any, step: int) -> None:
        cursor.execute(f"insert into {self.table} values ({step}, 0)")
        assert cursor.rowcount == 1
        self.inserted += 1

    def _count(self, cursor: Any, step: int) -> None:
        row = cursor.execute(f"select count(*) as n from {self.table}").fetchone()
        assert row.n == self.inserted

    def _page(self, cursor: Any, step: int) -> None:
        cursor.execute(f"select id + {step} as id, repeat('x', 100) as text from range(20000)")
        assert sum(cursor.fetchall_arrow().column("id").to_pylist()) == 199_990_000 + 20_000 * step

    def _failure(self, cursor: Any, step: int) -> None:
        with pytest.raises(Error, match="TABLE_OR_VIEW_NOT_FOUND"):
            cursor.execute(f"select * from soak.missing_{step}")

    def _view(self, cursor: Any, step: int) -> None:
        cursor.execute(f"create or replace temporary view v as select {step} as n")
        assert cursor.execute("select n from v").fetchone().n == step

    def _columns(self, cursor: Any, step: int) -> None:
        schema, table = self.table.split(".")
        rows = cursor.columns("main", schema, table).fetchall()
        assert [row[3] for row in rows] == ["a", "n"]

    def _update(self, cursor: Any, step: int) -> None:
        cursor.execute(f"update {self.table} set n = n + 1 where a = {step - 6}")
        assert cursor.rowcount == 1


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="usage is read from /proc")
def test_many_clients_get_every_answer_and_leave_nothing_behind(
    new_lakehouse: Callable[[str], Lakehouse],
) -> None:
    lakehouse = new_lakehouse("soak")
    lakehouse.local_warehouse("up", LOCAL_WAREHOUSE_ENGINE_MIB=str(ENGINE_MIB))
    lakehouse.up()
    lakehouse.sql("create schema if not exists soak")
    clients = [Client(lakehouse, number) for number in range(CLIENTS)]
    for client in clients:
        lakehouse.sql(f"create or replace table {client.table} (a int, n int)")
    fifth = STATEMENTS // CLIENTS // 5
    seen: list[Usage] = []
    begun = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        for part in range(5):
            steps = range(part * fifth, (part + 1) * fifth)
            list(pool.map(Client.run, clients, [steps] * CLIENTS))
            seen.append(usage(lakehouse))
    seconds = [second for client in clients for second in client.seconds]
    print(
        f"\n{len(seconds):,} statements of {CLIENTS} clients in {time.monotonic() - begun:.0f} s,"
        f" median {statistics.median(seconds) * 1000:.0f} ms;"
        f" memory {[found.memory // 2**20 for found in seen]} MiB,"
        f" open files {[found.files for found in seen]}",
        file=sys.stderr,
    )
    log = (lakehouse.state / "logs" / "warehouse.log").read_text()
    assert "ending it" in log
    assert max(found.files for found in seen) <= FILES
    assert max(found.memory for found in seen) <= MEMORY
    for client in clients:
        rows = lakehouse.sql(f"select count(*) as n, sum(n) as s from {client.table}")
        assert rows[0]["n"] == client.inserted
