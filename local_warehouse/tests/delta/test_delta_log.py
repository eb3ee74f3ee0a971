"""The log of a Delta table: checkpoints, and commits of other programs."""

from __future__ import annotations

from typing import Any

import pytest


def version(warehouse: Any, table: str) -> int:
    """A table's newest version."""
    return int(warehouse.sql(f"describe history {table} limit 1")[0]["version"])


def test_a_query_sees_what_other_programs_did_to_a_table(warehouse: Any, schema: str) -> None:
    """The warehouse keeps what it has read of a log, and must read a newer one, and that of
    another table at the same place with the same versions."""
    import pyarrow as pa
    from deltalake import write_deltalake

    location = f"{warehouse.env['LAKEHOUSE_URL']}/{schema}/t"
    bucket, _, key = location.removeprefix("s3://").partition("/")
    keys = {name: warehouse.env[name] for name in warehouse.env if name.startswith("AWS_")}

    def write(number: int) -> None:
        rows = pa.table({"id": [number]})
        write_deltalake(location, rows, mode="append", storage_options=keys)

    def seen() -> list[int]:
        query = f"select a.id from {schema}.t as a join {schema}.t as b on a.id = b.id order by 1"
        return [row["id"] for row in warehouse.sql(query)]

    write(1)
    warehouse.sql(f"create table {schema}.t location '{location}'")
    assert seen() == seen() == [1]
    write(2)
    assert seen() == [1, 2]
    for found in warehouse.s3.list_objects_v2(Bucket=bucket, Prefix=key)["Contents"]:
        warehouse.s3.delete_object(Bucket=bucket, Key=found["Key"])
    write(3)
    write(4)
    assert seen() == [3, 4]


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("create or replace table {table} (n int)", id="CREATE OR REPLACE"),
        pytest.param("alter table {table} add columns (c{number} int)", id="ADD COLUMNS"),
    ],
)
def test_every_tenth_commit_has_a_checkpoint_whatever_it_is(
    warehouse: Any, schema: str, statement: str
) -> None:
    table = f"{schema}.t"
    warehouse.sql(f"create table {table} (n int)")
    warehouse.sql(f"insert into {table} values (1)")
    with warehouse.connect() as connection, connection.cursor() as cursor:
        for number in range(10 - version(warehouse, table)):
            cursor.execute(statement.format(table=table, number=number))
    location = warehouse.sql(f"describe detail {table}")[0]["location"]
    names = [url.rpartition("/")[2] for url in warehouse.objects(f"{location}/_delta_log")]
    assert f"{10:020}.checkpoint.parquet" in names
    assert warehouse.sql(f"select n from {table} version as of 1") == [{"n": 1}]
    warehouse.sql(f"insert into {table} (n) values (2)")
    rows = [{"n": 2}] if "replace" in statement else [{"n": 1}, {"n": 2}]
    assert warehouse.sql(f"select n from {table} order by n") == rows


@pytest.mark.parametrize("place", ["on disk", "on S3"])
def test_a_statement_that_changes_no_row_is_a_version(
    warehouse: Any, schema: str, place: str
) -> None:
    """https://github.com/trinodb/trino/pull/16125 shows so of an INSERT on Databricks, a test of
    dbt-databricks of a MERGE."""
    table = f"{schema}.nothing_{place.replace(' ', '_')}"
    location = f"{warehouse.env['LAKEHOUSE_URL']}/{table}"
    warehouse.sql(
        f"create table {table} (a int, b int)"
        + (f" location '{location}'" if place == "on S3" else "")
    )
    of_nothing = "select 1 as a, 2 as b where false"
    statements = {
        f"insert into {table} {of_nothing}": "WRITE",
        f"insert overwrite {table} {of_nothing}": "WRITE",
        f"insert into {table} replace where a = 9 {of_nothing}": "WRITE",
        f"insert into {table} replace using (a) {of_nothing}": "WRITE",
        f"merge into {table} as t using ({of_nothing}) as s on t.a = s.a"
        " when matched then delete when not matched then insert *": "MERGE",
        f"update {table} set b = 1 where a = 7": "UPDATE",
        f"delete from {table} where a = 7": "DELETE",
        f"delete from {table} where a in (select 7)": "DELETE",
        f"truncate table {table}": "TRUNCATE",
    }
    for number, (statement, operation) in enumerate(statements.items(), start=1):
        counted = warehouse.sql(statement)
        assert {count for row in counted for count in row.values()} == {0}, statement
        newest = warehouse.sql(f"describe history {table} limit 1")[0]
        assert (newest["version"], newest["operation"]) == (number, operation), statement
        metrics = dict(newest["operationMetrics"])
        assert {metrics[name] for name in metrics if "Rows" in name} == {"0"}, statement
        assert newest["userMetadata"] is None
    warehouse.sql(f"insert into {table} values (7, 1)")
    assert warehouse.sql(f"select * from {table} version as of 9") == []
    assert warehouse.sql(f"select a from {table}") == [{"a": 7}]


def test_versions_of_nothing_end_in_a_checkpoint(warehouse: Any, schema: str) -> None:
    table = f"{schema}.often_nothing"
    location = f"{warehouse.env['LAKEHOUSE_URL']}/{table}"
    warehouse.sql(f"create table {table} (a int) location '{location}'")
    warehouse.sql(f"insert into {table} values (1)")
    for _ in range(20):
        warehouse.sql(f"delete from {table} where a = 7")
    bucket, _, key = location.removeprefix("s3://").partition("/")
    found = warehouse.s3.list_objects_v2(Bucket=bucket, Prefix=f"{key}/_delta_log/")["Contents"]
    assert [entry for entry in found if entry["Key"].endswith(".checkpoint.parquet")]
    assert version(warehouse, table) == 21
    assert warehouse.sql(f"select a from {table}") == [{"a": 1}]
