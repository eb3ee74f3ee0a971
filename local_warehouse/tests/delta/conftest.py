"""Fixtures of the tests in which several sessions write to one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from databricks.sql.exc import Error

from concurrent_sessions import TABLE, Write, condition


@pytest.fixture(params=["on disk", "on S3"])
def write(warehouse: Any, request: Any) -> Callable[..., Counter[str]]:
    """A function that runs writers at once on a new table and counts their statements' outcomes."""
    warehouse.sql("create schema if not exists concurrent")
    warehouse.sql(f"drop table if exists {TABLE}")
    location = f"location 's3://lakehouse/concurrent/{uuid4().hex}'"
    place = location if request.param == "on S3" else ""
    warehouse.sql(f"create table {TABLE} (id int, n int) {place}")
    warehouse.sql(f"insert into {TABLE} values (1, 0)")

    def one(writer: int, statement: Write, steps: int) -> Counter[str]:
        outcomes: Counter[str] = Counter()
        with warehouse.connect() as connection, connection.cursor() as cursor:
            for step in range(steps):
                try:
                    sent = statement(writer, step)
                    cursor.execute(sent)
                    assert cursor.rowcount == (-1 if sent.startswith("optimize") else 1)
                    outcomes["done"] += 1
                except Error as error:
                    assert "SQLSTATE: 2D521" in str(error), error
                    outcomes[condition(error)] += 1
        return outcomes

    def run(*statements: Write, steps: int = 5) -> Counter[str]:
        with ThreadPoolExecutor(len(statements)) as pool:
            found = pool.map(one, range(len(statements)), statements, [steps] * len(statements))
            return sum(found, Counter())

    return run


@pytest.fixture
def fill_parts(warehouse: Any) -> Callable[[], None]:
    """A function that makes the table of four files, each with the rows of one n.

    To order them takes a while.
    """

    def fill() -> None:
        warehouse.sql("create schema if not exists concurrent")
        warehouse.sql(f"create or replace table {TABLE} (id bigint, n int)")
        for n in range(4):
            warehouse.sql(f"insert into {TABLE} select id * 7919 % 300007, {n} from range(300000)")

    return fill


@pytest.fixture
def parts(fill_parts: Callable[[], None]) -> None:
    """The table of four files."""
    fill_parts()
