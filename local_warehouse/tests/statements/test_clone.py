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
    is_shallow = f"select table_type from information_schema.tables where table_schema = '{schema}'"
    for kind, shown in (("shallow", "MANAGED_SHALLOW_CLONE"), ("deep", "MANAGED")):
        warehouse.sql(f"create or replace table {schema}.c {kind} clone {schema}.t")
        commits = warehouse.sql(f"describe history {schema}.c")
        told = [dict(c["operationParameters"]) for c in commits if c["operation"] == "CLONE"]
        version = warehouse.sql(f"describe history {schema}.t")[0]["version"]
        assert told == [
            {
                "source": f"main.{schema}.t",
                "sourceVersion": str(version),
                "isShallow": str(kind == "shallow").lower(),
            }
        ]
        described = warehouse.sql(f"describe extended {schema}.c")
        assert {"col_name": "Type", "data_type": shown, "comment": ""} in described
        assert {"table_type": shown} in warehouse.sql(is_shallow)
    warehouse.sql(f"create or replace table {schema}.c as select 1 as id")
    assert {"table_type": "MANAGED_SHALLOW_CLONE"} not in warehouse.sql(is_shallow)


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
