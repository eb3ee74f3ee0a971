"""Column masks and row filters: what a query sees, and how they are set, changed and removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def guarded(warehouse: Any, schema: str) -> Iterator[str]:
    """A schema with functions, in another schema than the table that they guard."""
    for statement in (
        "create schema {s}_rules",
        "create function {s}_rules.hide(x string) return case when is_member('admins') then x"
        " else '***' end",
        "create function {s}_rules.part(x string, region string, sign string)"
        " return if(region = 'EU', concat(left(x, 1), sign), x)",
        "create function {s}_rules.seen(region string, other string)"
        " return region in ('EU', other)",
        "create function {s}_rules.none(id int) return false",
        "create table {s}.t (id int, name string mask {s}_rules.hide, region string)"
        " with row filter {s}_rules.seen on (region, 'US')",
        "insert into {s}.t values (1, 'ann', 'EU'), (2, 'bob', 'US'), (3, 'cy', 'AP')",
        "create view {s}.v as select id, name from {s}.t",
    ):
        warehouse.sql(statement.format(s=schema))
    yield schema
    warehouse.sql(f"drop schema {schema}_rules cascade")


def _rows(warehouse: Any, query: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row.values()) for row in warehouse.sql(query))


def test_a_query_sees_what_they_let_it_see(warehouse: Any, guarded: str) -> None:
    s = guarded
    hidden = [(1, "***"), (2, "***")]
    for query in (
        f"select id, name from {s}.t",
        f"select * from {s}.v",
        f"with c as (select * from {s}.t as x) select c.id, c.name from c",
        f"select a.id, b.name from {s}.t a join {s}.t b on a.id = b.id",
        f"select id, name from {s}.t version as of 1 where name = '***'",
        f"select id, (select max(name) from {s}.t) as m from {s}.t",
    ):
        assert _rows(warehouse, query) == hidden, query
    warehouse.sql(f"create table {s}.copied as select id, name from {s}.t")
    warehouse.sql(f"insert into {s}.copied select id, name from {s}.v")
    assert _rows(warehouse, f"select * from {s}.copied") == sorted(hidden * 2)
    warehouse.fails(f"create table {s}.c deep clone {s}.t", "UNSUPPORTED_FEATURE")


def test_they_are_changed_and_removed(warehouse: Any, guarded: str) -> None:
    s = guarded
    alter = f"alter table {s}.t alter column name"
    warehouse.sql(f"{alter} set mask {s}_rules.part using columns (region, '.')")
    names = f"select name from {s}.t"
    assert _rows(warehouse, names) == [("a.",), ("bob",)]
    (mask,) = warehouse.sql(
        "select mask_name, using_columns from main.information_schema.column_masks"
        f" where table_schema = '{s}'"
    )
    assert tuple(mask.values()) == (f"main.{s}_rules.part", "region,'.'")
    warehouse.fails(f"alter table {s}.t drop column region", "DELTA_CONSTRAINT_DEPENDENT")
    warehouse.sql(
        f"create function {s}_rules.literals(v string, n int, b boolean, z string, i interval day)"
        " returns string return concat(v, n, b, coalesce(z, '-'), cast(i as string))"
    )
    warehouse.sql(
        f"{alter} set mask {s}_rules.literals using columns (-3, true, null, interval 2 days)"
    )
    assert _rows(warehouse, names)[0] == ("ann-3true-INTERVAL '2' DAY",)
    warehouse.sql(f"{alter} drop mask")
    assert _rows(warehouse, names) == [("ann",), ("bob",)]
    warehouse.sql(f"alter table {s}.t set row filter {s}_rules.none on (id)")
    assert _rows(warehouse, names) == []
    warehouse.sql(f"alter table {s}.t drop row filter")
    assert _rows(warehouse, names) == [("ann",), ("bob",), ("cy",)]
    for wrong, condition in (
        (f"{alter} set mask {s}_rules.nobody", "ROUTINE_NOT_FOUND"),
        (f"{alter} set mask {s}_rules.part", "WRONG_NUM_ARGS"),
        (f"{alter} set mask {s}_rules.part using columns (regoin, '')", "UNRESOLVED_COLUMN"),
        (f"alter table {s}.t set row filter {s}_rules.none on (gone)", "UNRESOLVED_COLUMN"),
    ):
        warehouse.fails(wrong, condition)


def test_rows_that_are_not_seen_are_not_changed(warehouse: Any, guarded: str) -> None:
    s = guarded
    warehouse.sql(f"update {s}.t set name = upper(name) where id > 0")
    warehouse.sql(
        f"merge into {s}.t as t using (select 1 as id union all select 3) as s on t.id = s.id"
        " when matched then update set name = 'merged' when not matched then"
        " insert (id, name, region) values (s.id, 'new', 'EU')"
    )
    warehouse.fails(
        f"merge into {s}.t as t using (select 1 as id) as s on t.id = s.id"
        " when not matched by source then delete",
        "UNSUPPORTED_FEATURE",
    )
    warehouse.sql(f"delete from {s}.t where id = 2 or region = 'AP'")
    warehouse.sql(f"alter table {s}.t drop row filter")
    warehouse.sql(f"alter table {s}.t alter column name drop mask")
    assert _rows(warehouse, f"select * from {s}.t") == [
        (1, "merged", "EU"), (3, "cy", "AP"), (3, "new", "EU"),
    ]  # fmt: skip
