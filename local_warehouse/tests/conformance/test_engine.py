"""Apache Spark's own Spark Connect server as the engine: `local-warehouse up --engine`."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from reference import WITHOUT, spark_is_there

pytestmark = pytest.mark.skipif(not spark_is_there(), reason=WITHOUT)

_SERVER = """
import sys
from pyspark.sql import SparkSession
settings = {
    "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.connect.grpc.binding.port": sys.argv[1],
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.warehouse.dir": sys.argv[2],
    "spark.ui.enabled": "false",
    "spark.log.level": "OFF",
}
builder = SparkSession.builder.master("local[1]")
for name, text in settings.items():
    builder = builder.config(name, text)
builder.getOrCreate()
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Spark Connect server without Delta Lake."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    folder = str(tmp_path_factory.mktemp("spark"))
    with subprocess.Popen(
        [os.environ["SPARK_PYTHON"], "-c", _SERVER, port, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield f"sc://127.0.0.1:{port}"
        process.kill()


def test_spark_computes_queries_and_files_and_lacks_tables(new_warehouse: Any, engine: str) -> None:
    own = new_warehouse("spark_engine")
    own.command("up", "--engine", engine)
    own.up()
    values = "values (1, 'a'), (2, 'b') as v(i, k)"
    query = f"select upper(k) as k from {values} qualify row_number() over (order by i) = 2"
    assert own.sql(query) == [{"k": "B"}]
    url = own.land(("a.csv", b"a,b\n1,x\n"), ("b.csv", b"a,b\n2,\n"))
    read = f"read_files('{url}', format => 'csv', header => true, schema => 'a string, b string')"
    assert own.sql(f"select sum(a + 1) as s, count(b) as n from {read}") == [{"s": 5, "n": 1}]
    own.sql("create view two as select 2 as n")
    assert own.sql("select n from two") == [{"n": 2}]
    message = own.fails("create table t (a int)", "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE")
    assert "Delta Lake" in message
    assert "Exception" not in message
    assert own.sql("show tables") == [
        {"database": "default", "tableName": "two", "isTemporary": False}
    ]
    assert own.fails("select cast('x' as int)", "CAST_INVALID_INPUT").count("SQLSTATE") == 1
