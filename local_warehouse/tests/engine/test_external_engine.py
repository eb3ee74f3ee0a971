"""`up --engine sc://…`: another Spark Connect server computes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from databricks.sql.exc import Error

_SERVER = """
from pysail.spark import SparkConnectServer
server = SparkConnectServer(ip="127.0.0.1", port=0)
server.start(background=True)
print(server.listening_address[1], flush=True)
input()
"""


@pytest.fixture
def engine(warehouse: Any) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A second Sail, and its URL."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        env=warehouse.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    yield f"sc://127.0.0.1:{process.stdout.readline().strip()}", process
    process.kill()
    process.communicate()


def test_statements_run_on_the_engine_that_is_named(
    new_warehouse: Any, engine: tuple[str, subprocess.Popen[str]]
) -> None:
    url, process = engine
    own = new_warehouse("engine")
    own.command("up", "--engine", url)
    own.up()
    assert own.sql("select 1 + 1 as two") == [{"two": 2}]
    process.kill()
    process.wait()
    with pytest.raises(Error, match="ENGINE_UNAVAILABLE"):
        own.sql("select 1 + 1 as two")
    refused = own.command("up", "--engine", "sc://127.0.0.1:1", check=False)
    assert refused.returncode == 1
    assert "No Spark Connect server answers at sc://127.0.0.1:1" in refused.stderr
    own.command("up", "--engine", "embedded")
    assert own.sql("select 1 + 1 as two") == [{"two": 2}]


def test_an_engine_of_another_kind_is_refused(warehouse: Any) -> None:
    refused = warehouse.command("up", "--engine", "https://localhost", check=False)
    assert refused.returncode == 2
    assert "neither sc://host:port nor embedded" in refused.stderr
