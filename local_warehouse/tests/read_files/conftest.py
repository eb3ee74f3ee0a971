"""Fixtures of the tests of read_files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from csv_reader import CsvReader, Row


@pytest.fixture
def reader(tmp_path: Path) -> CsvReader:
    """A reader of files in a folder of the test's own."""
    return CsvReader(tmp_path)


@pytest.fixture(scope="module")
def engine() -> Iterator[Callable[[str], list[Row]]]:
    """An engine of the module's own: a function from a statement to its rows."""
    from pysail.spark import SparkConnectServer
    from pyspark.sql.connect.session import SparkSession

    server = SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    port = server.listening_address[1]
    spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
    yield lambda sql: [tuple(row.values()) for row in spark.sql(sql).toArrow().to_pylist()]
    spark.stop()
    server.stop()
