"""databricks-sql-connector against the local warehouse: its lists of tables and columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def listed(warehouse: Any) -> Iterator[Any]:
    """A cursor, in a catalog with two schemas whose names are alike."""
    for statement in (
        "create schema if not exists listed_a",
        "create schema if not exists listedxa",
        "create or replace table listed_a.t (id int not null comment 'its key', n decimal(20,2))",
        "create or replace table listed_a.t_2 (v array<string>)",
        "create or replace table listedxa.tx2 (v string)",
        "create or replace view listed_a.v as select id from listed_a.t",
        "comment on table listed_a.t is 'a table'",
    ):
        warehouse.sql(statement)
    with warehouse.connect() as connection, connection.cursor() as cursor:
        yield cursor
    warehouse.sql("drop schema listed_a cascade")
    warehouse.sql("drop schema listedxa cascade")


def _column(cursor: Any, position: int) -> list[str]:
    return [row[position] for row in cursor.fetchall()]


def test_catalogs(listed: Any) -> None:
    assert "main" in _column(listed.catalogs(), 0)
    assert [c[0] for c in listed.description] == ["TABLE_CAT"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param("listed%", ["listed_a", "listedxa"], id="percent sign"),
        pytest.param("listed_a", ["listed_a", "listedxa"], id="underscore"),
        pytest.param("listed\\_a", ["listed_a"], id="escaped underscore"),
        pytest.param("LISTEDX%", ["listedxa"], id="capitals"),
        pytest.param("listed", [], id="no wildcard"),
    ],
)
def test_schemas_by_pattern(listed: Any, pattern: str, expected: list[str]) -> None:
    assert _column(listed.schemas("main", pattern), 0) == expected
    assert _column(listed.schemas("ma%", pattern), 0) == expected
    assert _column(listed.schemas(schema_name=pattern), 0) == expected
    assert _column(listed.schemas("other", pattern), 0) == []


def test_tables_by_pattern_and_type(listed: Any) -> None:
    rows = [tuple(row)[:5] for row in listed.tables("main", "listed\\_a").fetchall()]
    assert rows == [
        ("main", "listed_a", "t", "TABLE", "a table"),
        ("main", "listed_a", "t_2", "TABLE", ""),
        ("main", "listed_a", "v", "VIEW", ""),
    ]
    assert _column(listed.tables("main", "listed%", "t_2"), 2) == ["t_2", "tx2"]
    assert _column(listed.tables("main", "listed%", "t\\_2"), 2) == ["t_2"]
    assert _column(listed.tables("main", "listed%", None, ["VIEW"]), 2) == ["v"]
    assert _column(listed.tables("main", "listed%", None, ["TABLE"]), 2) == ["t", "t_2", "tx2"]
    assert _column(listed.tables("main", "gone"), 2) == []


def test_columns_with_their_types(listed: Any) -> None:
    listed.columns("main", "listed\\_a", "t", "%")
    names = [column[0] for column in listed.description]
    assert len(names) == 23
    found = [dict(zip(names, row, strict=True)) for row in listed.fetchall()]
    wanted = ("COLUMN_NAME", "TYPE_NAME", "DATA_TYPE", "COLUMN_SIZE", "DECIMAL_DIGITS",
              "NULLABLE", "REMARKS", "ORDINAL_POSITION", "IS_NULLABLE")  # fmt: skip
    assert [tuple(row[name] for name in wanted) for row in found] == [
        ("id", "INT", 4, 4, 0, 0, "its key", 0, "NO"),
        ("n", "DECIMAL(20,2)", 3, 16, 2, 1, "", 1, "YES"),
    ]
    assert _column(listed.columns("main", "listed%", "t%", "v"), 5) == ["ARRAY<STRING>", "STRING"]
    assert _column(listed.columns("main", "listed%", None, "i%"), 2) == ["t", "v"]
