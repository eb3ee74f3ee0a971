"""Many clients for a while: no error, no lost result, no leak.

A short run in the usual tests. A long one, of 16 clients and 10,000 statements:
    SOAK_CLIENTS=16 SOAK_STATEMENTS=10000 SOAK_ENGINE_MIB=256 \\
        pytest -s tests/protocol/test_soak.py
Meanwhile the engine is replaced each time that it has grown to SOAK_ENGINE_MIB.
"""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from databricks.sql.exc import Error

from server_process import Usage, usage
from warehouse_under_test import WarehouseUnderTest, eventually

CLIENTS = int(os.environ.get("SOAK_CLIENTS", "4"))
STATEMENTS = int(os.environ.get("SOAK_STATEMENTS", "120"))
CONNECTION_LASTS = 50  # statements
ENGINE_MIB = int(os.environ.get("SOAK_ENGINE_MIB", "75"))
PARTS = 10  # after each of which memory and open files are looked at
# The largest values of the second half over those of the first one, at the most.
SERVER = 64 * 2**20  # bytes: threads run for the first time
FILES = 20  # connections to S3 come and go
# The engine goes up and down: it is replaced some seconds after it has grown, and shares files.
ENGINE = (ENGINE_MIB + 400) * 2**20


class Client:
    """Runs statements one after the other and checks each answer."""

    def __init__(self, warehouse: WarehouseUnderTest, number: int) -> None:
        self.warehouse = warehouse
        self.table = f"soak.t{number}"
        self.number = number
        self.inserted = 0
        self.seconds: list[float] = []
        self.kinds: list[Callable[[Any, int], None]] = [
            self._select, self._parameters, self._insert, self._count, self._page, self._failure,
            self._view, self._columns, self._update, self._select,
        ]  # fmt: skip

    def run(self, steps: range) -> None:
        """Run the statements of these steps, on a new connection for every CONNECTION_LASTS."""
        for begin in range(steps.start, steps.stop, CONNECTION_LASTS):
            with closing(self.warehouse.connect()) as connection:
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
    new_warehouse: Callable[[str], WarehouseUnderTest],
) -> None:
    warehouse = new_warehouse("soak")
    warehouse.command("up", LOCAL_WAREHOUSE_ENGINE_MIB=str(ENGINE_MIB))
    warehouse.up()
    warehouse.sql("create schema if not exists soak")
    clients = [Client(warehouse, number) for number in range(CLIENTS)]
    for client in clients:
        warehouse.sql(f"create or replace table {client.table} (a int, n int)")
    part = STATEMENTS // CLIENTS // PARTS
    seen: list[Usage] = []
    begun = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        for begin in range(0, part * PARTS, part):
            list(pool.map(Client.run, clients, [range(begin, begin + part)] * CLIENTS))
            seen.append(settled(warehouse))
            print(f"{begin + part:,} statements of each client: {described(seen[-1])}", flush=True)
    seconds = [second for client in clients for second in client.seconds]
    print(
        f"{len(seconds):,} statements of {CLIENTS} clients in {time.monotonic() - begun:.0f} s, "
        f"median {statistics.median(seconds) * 1000:.0f} ms"
    )
    assert "replacing it" in (warehouse.state / "logs" / "warehouse.log").read_text()
    first, second = seen[: PARTS // 2], seen[PARTS // 2 :]
    assert max(u.server for u in second) <= max(u.server for u in first) + SERVER
    assert max(u.engine for u in seen) <= ENGINE
    assert max(u.files for u in second) <= max(u.files for u in first) + FILES
    for client in clients:
        rows = warehouse.sql(f"select count(*) as n, sum(n) as s from {client.table}")
        assert rows[0]["n"] == client.inserted


def settled(warehouse: WarehouseUnderTest) -> Usage:
    """What is used when the engines that were replaced have ended, and the clients' sockets too."""
    gc.collect()  # to which the connector leaves its sockets
    eventually(lambda: usage(warehouse).engines == 1, "one engine is left", every=0.1)
    return usage(warehouse)


def described(found: Usage) -> str:
    """Usage in one line, memory in MiB."""
    server, engine = found.server // 2**20, found.engine // 2**20
    return f"server {server} MiB, engine {engine} MiB, {found.files} open files"
