"""ALTER TABLE: columns are added, moved, renamed, widened and dropped."""

from __future__ import annotations

from typing import Any

import pytest


def test_columns_are_added_and_read_at_once(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t as select 1 as a")
    warehouse.sql(
        f"alter table {schema}.t add columns (`b-c` string comment 'new', d decimal(5,1))"
    )
    warehouse.sql(f"insert into {schema}.t values (2, 'x', 1.5)")
    assert [r["b-c"] for r in warehouse.sql(f"select * from {schema}.t order by a")] == [None, "x"]
    warehouse.fails(f"alter table {schema}.t add columns (A string)", "FIELD_ALREADY_EXISTS")


def test_columns_are_put_in_their_place(warehouse: Any, schema: str) -> None:
    table = f"{schema}.t"
    warehouse.sql(f"create table {table} as select 1 as a, 'x' as b")
    warehouse.sql(f"alter table {table} add columns (f int first, d date comment 'day' after a)")
    warehouse.sql(f"insert into {table} values (7, 2, date'2020-01-01', 'y')")
    warehouse.sql(f"alter table {table} alter column b first")
    warehouse.sql(f"alter table {table} alter column f after a")
    found = warehouse.sql(f"select * except (d) from {table} order by a")
    assert found == [{"b": "x", "a": 1, "f": None}, {"b": "y", "a": 2, "f": 7}]
    names = [row["col_name"] for row in warehouse.sql(f"describe table {table}")]
    assert names == ["b", "a", "f", "d"]
    described = warehouse.sql(f"describe table {table} d")
    assert described[2] == {"info_name": "comment", "info_value": "day"}
    warehouse.fails(f"alter table {table} alter column b after nope", "UNRESOLVED_COLUMN")


def test_an_added_column_has_a_type_that_delta_has(warehouse: Any, schema: str) -> None:
    table = f"{schema}.added"
    warehouse.sql(f"create table {table} as select 1 as id")
    warehouse.sql(f"alter table {table} add columns (name varchar(20), size integer)")
    warehouse.sql(f"insert into {table} values (2, 'b', 3)")
    assert warehouse.sql(f"select name, size from {table} where id = 2") == [
        {"name": "b", "size": 3}
    ]
    with pytest.raises(Exception, match="UNSUPPORTED_DATATYPE"):
        warehouse.sql(f"alter table {table} add column x sometype")
    with pytest.raises(Exception, match="WRONG_COLUMN_DEFAULTS"):
        warehouse.sql(f"alter table {table} add column x string default 'a'")


def test_columns_are_dropped_renamed_and_widened(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (id int not null comment 'key', x string, n int)")
    warehouse.sql(f"insert into {schema}.t values (1, 'a', 7)")
    warehouse.sql(f"alter table {schema}.t add constraint positive check (n > 0)")
    warehouse.fails(f"alter table {schema}.t drop column n", "DELTA_CONSTRAINT_DEPENDENT")
    warehouse.sql(f"alter table {schema}.t rename column id to key")
    warehouse.sql(f"alter table {schema}.t drop columns (x)")
    warehouse.sql(f"alter table {schema}.t alter column n type bigint")
    for narrower in ("int", "string", "decimal(10,0)"):
        warehouse.fails(
            f"alter table {schema}.t alter column n type {narrower}",
            "DELTA_UNSUPPORTED_ALTER_TABLE_CHANGE_COL_OP",
        )
    assert warehouse.sql(f"describe table {schema}.t") == [
        {"col_name": "key", "data_type": "int", "comment": "key"},
        {"col_name": "n", "data_type": "bigint", "comment": None},
    ]
    assert warehouse.sql(f"select * from {schema}.t") == [{"key": 1, "n": 7}]
    warehouse.fails(f"insert into {schema}.t values (null, 1)", "DELTA_NOT_NULL_CONSTRAINT")
    warehouse.fails(f"insert into {schema}.t values (2, -1)", "DELTA_VIOLATE_CONSTRAINT")


def test_columns_keep_their_order_and_types_beside_a_partition(warehouse: Any, schema: str) -> None:
    table = f"{schema}.parted"
    warehouse.sql(f"create table {table} partitioned by (p) as select 1 as a, 'x' as p, 5L as b")
    warehouse.sql(f"insert into {table} values (2, 'y', 6)")
    warehouse.sql(f"alter table {table} rename column a to z")
    warehouse.sql(f"alter table {table} add column c double")
    warehouse.sql(f"alter table {table} drop column c")
    assert warehouse.sql(f"select * from {table} order by z") == [
        {"z": 1, "p": "x", "b": 5},
        {"z": 2, "p": "y", "b": 6},
    ]
    described = [row["data_type"] for row in warehouse.sql(f"describe {table}")][:3]
    assert described == ["int", "string", "bigint"]
    warehouse.fails(f"alter table {table} drop column p", "DELTA_UNSUPPORTED_DROP_PARTITION_COLUMN")
    warehouse.fails(
        f"alter table {table} drop columns (z, p, b)", "DELTA_DROP_COLUMN_ON_SINGLE_FIELD_SCHEMA"
    )


def test_a_change_that_is_not_understood_to_its_end_is_not_begun(
    warehouse: Any, schema: str
) -> None:
    warehouse.sql(f"create table {schema}.t (a int, c int)")
    before = warehouse.sql(f"describe table extended {schema}.t as json")
    for clause in (
        "set tags ('k' = 'v') more",
        "add column b int comment 'c' 'd'",
        "drop column c more",
        "rename column a to b more",
        "rename to other more",
        "alter column a comment 'x' more",
    ):
        warehouse.fails(f"alter table {schema}.t {clause}", "PARSE_SYNTAX_ERROR")
    warehouse.fails(f"alter table {schema}.t as select 1 as x", "UNSUPPORTED_FEATURE")
    assert warehouse.sql(f"describe table extended {schema}.t as json") == before
    assert warehouse.sql(f"select * from {schema}.t") == []
