"""Paths outside the storage and the allowed folders are refused, in whatever form they come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from databricks.sql.exc import Error

from warehouse_under_test import WarehouseUnderTest

OUTSIDE = [
    "file:///etc",
    "/etc/passwd",
    "s3://another-bucket/table",
    "s3a://another-bucket/table",
    "s3://lakehouse-2/table",
    "s3://lakehouse/../another-bucket/table",
    "s3://landing/%2e%2e/another-bucket",
    r"s3://landing/\\.\\./another-bucket",  # a glob that escapes its dots
    "https://example.com/table",
]
STATEMENTS = [
    pytest.param("create table safety.t (a int) location '{}'", id="CREATE TABLE"),
    pytest.param(
        "create or replace table safety.t location '{}' as select 1 as a",
        id="CREATE OR REPLACE TABLE",
    ),
    pytest.param("select * from read_files('{}', format => 'csv')", id="read_files"),
    pytest.param("select * from delta.`{}`", id="delta path"),
    pytest.param(
        "create table safety.t as select * from delta.`{}`", id="CREATE TABLE AS of a delta path"
    ),
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_path_outside_the_storage_is_refused(warehouse: Any, statement: str) -> None:
    warehouse.sql("create schema if not exists safety")
    with warehouse.connect() as connection, connection.cursor() as cursor:
        for path in OUTSIDE:
            with pytest.raises(Error, match=r"NO_PARENT_EXTERNAL_LOCATION.*--allow-location"):
                cursor.execute(statement.format(path))
    assert warehouse.sql("show tables in safety") == []


def test_a_path_in_the_storage_is_taken(warehouse: Any) -> None:
    warehouse.sql("create schema if not exists safety")
    warehouse.sql("create table safety.inside location 's3a://lakehouse/safety/t/' as select 1 a")
    assert warehouse.sql("select a from delta.`s3://lakehouse/safety/t`") == [{"a": 1}]
    warehouse.sql("drop table safety.inside")


def test_a_folder_is_used_once_it_is_allowed(new_warehouse: Any, tmp_path: Path) -> None:
    own = new_warehouse("allowed")
    (tmp_path / "a.csv").write_text("1,x\n2,y\n")
    path = f"file://{tmp_path}/*.csv"
    read = f"select _c0 from read_files('{path}', format => 'csv', inferColumnTypes => false)"
    own.command("up", "--allow-location", f"file://{tmp_path}")
    own.up()  # and stays allowed
    assert [row["_c0"] for row in own.sql(read)] == ["1", "2"]
    own.sql(f"create table t location 'file://{tmp_path}/t' as select 1 as a")
    own.sql("insert into t values (2)")
    own.sql("update t set a = 5 where a = 2")
    assert own.sql("select sum(a) as a from t") == [{"a": 6}]
    with pytest.raises(Error, match="NO_PARENT_EXTERNAL_LOCATION_FOR_PATH"):
        own.sql(f"select * from read_files('file://{tmp_path}-2/a.csv', format => 'csv')")
    with pytest.raises(Error, match="NO_PARENT_EXTERNAL_LOCATION_FOR_PATH"):
        own.sql(
            f"select * from read_files('file://{tmp_path}/t/\\\\.\\\\./a.csv', format => 'csv')"
        )
    with pytest.raises(Error, match="NO_PARENT_EXTERNAL_LOCATION_FOR_PATH"):
        own.sql(f"copy into t from 'file://{tmp_path}/t' fileformat = csv pattern = '../*.csv'")
    own.command("up", "--allow-location", "none")
    with pytest.raises(Error, match="NO_PARENT_EXTERNAL_LOCATION_FOR_PATH"):
        own.sql(read)


def test_a_location_that_readers_would_take_for_another_is_refused(
    warehouse: WarehouseUnderTest,
) -> None:
    names = ("a?b", "a#b", "a%2Fb", "a`b")
    on_s3 = [f"{warehouse.env['LAKEHOUSE_URL']}/{name}" for name in names]
    on_disk = [f"file://{warehouse.state}/managed/{name}" for name in (*names, "a b", "ä")]
    for location in on_s3 + on_disk:
        message = warehouse.fails(
            f"create table t (a int) location '{location}'", "UNSUPPORTED_FEATURE"
        )
        assert location in message
