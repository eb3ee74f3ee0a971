"""CREATE TABLE … CLONE: rows, rules and partitions of the source."""

from __future__ import annotations

from typing import Any


def test_a_clone_has_the_rows_and_rules_of_its_source(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (id int not null comment 'key')")
    warehouse.sql(f"insert into {schema}.t values (1)")
    cloned = warehouse.sql(f"create or replace table {schema}.c shallow clone {schema}.t")[0]
    assert (cloned["source_num_of_files"], cloned["num_copied_files"]) == (1, 1)
    warehouse.sql(f"insert into {schema}.t values (2)")
    assert warehouse.sql(f"select * from {schema}.c") == [{"id": 1}]
    assert warehouse.sql(f"describe table {schema}.c")[0]["comment"] == "key"
    warehouse.fails(f"insert into {schema}.c values (null)", "DELTA_NOT_NULL_CONSTRAINT")


def test_a_clone_is_partitioned_as_its_source(warehouse: Any, schema: str) -> None:
    rows = "select * from (values (1, 'x', 10), (2, 'y', 20)) as v(id, p, n)"
    warehouse.sql(f"create table {schema}.t partitioned by (p) as {rows}")
    warehouse.sql(f"create or replace table {schema}.t partitioned by (n) as {rows}")
    for source, partitioned_by in (("t", "n"), ("t version as of 0", "p"), ("t@v0", "p")):
        warehouse.sql(f"create or replace table {schema}.c clone {schema}.{source}")
        detail = warehouse.sql(f"describe detail {schema}.c")[0]
        assert list(detail["partitionColumns"]) == [partitioned_by]
        assert warehouse.sql(f"select * from {schema}.c order by id") == [
            {"id": 1, "p": "x", "n": 10},
            {"id": 2, "p": "y", "n": 20},
        ]
    location = warehouse.sql(f"describe detail {schema}.c")[0]["location"]
    assert warehouse.objects(f"{location}/p=x")
