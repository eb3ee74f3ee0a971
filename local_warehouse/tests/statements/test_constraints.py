"""NOT NULL and CHECK are enforced with each commit; keys are recorded."""

from __future__ import annotations

from typing import Any

import pytest


def test_not_null_and_check_are_enforced(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t as select 1 as a, cast(null as string) as b")
    warehouse.fails(f"alter table {schema}.t change column b set not null", "DELTA_NEW_NOT_NULL")
    warehouse.sql(f"alter table {schema}.t alter column a set not null")
    warehouse.fails(
        f"insert into {schema}.t values (null, 'x')",
        "DELTA_NOT_NULL_CONSTRAINT_VIOLATED",
    )
    warehouse.sql(f"alter table {schema}.t add constraint small check (a < 10)")
    warehouse.fails(
        f"insert into {schema}.t values (11, 'x')",
        "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES",
    )
    warehouse.fails(
        f"alter table {schema}.t add constraint big check (a > 10)",
        "DELTA_NEW_CHECK_CONSTRAINT_VIOLATION",
    )
    refused = "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE"  # a DECIMAL beside a DOUBLE
    mixed = f"create table {schema}.m (n decimal(4, 2), f DOUBLE, constraint c check (n {{}} f))"
    warehouse.fails(mixed.format("<"), refused)
    warehouse.sql(mixed.format("> 0.5D and 0 <"))
    warehouse.fails(f"alter table {schema}.m add constraint d check (f in (1, n))", refused)
    warehouse.sql(f"alter table {schema}.t drop constraint small")
    warehouse.sql(f"insert into {schema}.t values (12, 'z')")  # nothing else has changed since
    warehouse.sql(f"update {schema}.t set a = a + 1 where a = 12")
    warehouse.sql(f"alter table {schema}.t add constraint small check (a < 14)")
    warehouse.fails(f"update {schema}.t set a = 14", "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES")
    warehouse.sql(f"alter table {schema}.t drop constraint if exists Small")
    warehouse.sql(f"alter table {schema}.t alter column a drop not null")
    warehouse.sql(f"insert into {schema}.t values (11, 'x'), (null, 'y')")
    assert len(warehouse.sql(f"select * from {schema}.t")) == 4


def test_constraints_are_never_apart_from_their_table(warehouse: Any, schema: str) -> None:
    """A change of both is one commit: whoever is killed in the middle has done both or none."""

    def commits() -> int:
        return len(warehouse.sql(f"describe history {schema}.t"))

    warehouse.sql(
        f"create table {schema}.t (a int not null, d decimal(4, 2) not null, s array<int> not null,"
        " constraint Positive check (a > 0))"
    )
    assert commits() == 1
    warehouse.sql(f"insert into {schema}.t values (1, 1.5, array(1))")
    warehouse.sql(f"alter table {schema}.t rename column s to r")
    warehouse.sql(f"alter table {schema}.t alter column d type decimal(6, 3)")
    assert commits() == 4
    for row in ("-1, 1.5, array(1)", "1, null, array(1)", "1, 1.5, null"):
        warehouse.fails(f"insert into {schema}.t values ({row})", "DELTA_")
    warehouse.fails(
        f"create or replace table {schema}.t as select 1 / id as a from range(2)", "DIVIDE_BY_ZERO"
    )
    warehouse.fails(f"insert into {schema}.t values (-1, 1.5, array(1))", "DELTA_")
    warehouse.sql(f"create or replace table {schema}.t as select -1 as a")
    warehouse.sql(f"insert into {schema}.t values (-2)")
    warehouse.sql(f"create or replace table {schema}.t (b int, constraint few check (b < 9))")
    warehouse.fails(f"insert into {schema}.t values (9)", "DELTA_VIOLATE_CONSTRAINT")
    warehouse.sql(f"create or replace table {schema}.t (b int)")
    warehouse.sql(f"insert into {schema}.t values (9)")
    wrong = "(a int, constraint c check (missing > 0))"
    warehouse.fails(f"create table {schema}.wrong {wrong}", "UNRESOLVED_COLUMN")
    assert [row["tableName"] for row in warehouse.sql(f"show tables in {schema}")] == ["t"]


def test_checks_see_only_the_rows_that_are_written(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (f string not null, n int, constraint c check (n > 0))")
    source = "(select * from values ('a', 1), ('b', 0), (null, 2), ('c', 3) as v(f, n))"
    kept = f"select f, n from {source} where f is not null and n > 0"
    warehouse.sql(f"insert into {schema}.t {kept}")
    warehouse.sql(f"insert into {schema}.t replace where f in ('a', 'c') {kept}")
    warehouse.sql(
        f"insert into {schema}.t select s.f, s.n from {source} s join ({kept}) k on s.n = k.n"
    )
    assert warehouse.sql(f"select count(*) as n from {schema}.t") == [{"n": 4}]


def test_keys_are_recorded_and_shown(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.p (id int not null, constraint p_pk primary key (id))")
    warehouse.sql(
        f"create table {schema}.f (p_id int,"
        f" constraint f_fk foreign key (p_id) references {schema}.p (id))"
    )
    keys = warehouse.sql(
        "select constraint_name, constraint_type from main.information_schema.table_constraints"
        f" where table_schema = '{schema}' order by 1"
    )
    assert [tuple(key.values()) for key in keys] == [
        ("f_fk", "FOREIGN KEY"),
        ("p_pk", "PRIMARY KEY"),
    ]


@pytest.mark.parametrize(
    ("condition", "refused"),
    [
        ("a in (select 1)", "SUBQUERY_IN_CHECK_CONSTRAINT"),
        ("exists(select 1)", "SUBQUERY_IN_CHECK_CONSTRAINT"),
        ("a > (select 1)", "SUBQUERY_IN_CHECK_CONSTRAINT"),
        ("a > rand()", "NON_DETERMINISTIC_CHECK_CONSTRAINT"),
        ("length(uuid()) > a", "NON_DETERMINISTIC_CHECK_CONSTRAINT"),
        ("explode(array(a)) > 0", "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT"),
    ],
)
def test_a_check_reads_its_own_row_and_says_the_same_at_all_times(
    warehouse: Any, schema: str, condition: str, refused: str
) -> None:
    warehouse.sql(f"create table {schema}.t (a int)")
    warehouse.fails(f"alter table {schema}.t add constraint c check ({condition})", refused)
    warehouse.fails(f"create table {schema}.u (a int, constraint c check ({condition}))", refused)
    warehouse.sql(f"alter table {schema}.t add constraint c check ((a > 0) and a in (1, 2))")
    warehouse.sql(f"alter table {schema}.t add constraint d check (current_date() > '2020-01-01')")
    warehouse.sql(f"insert into {schema}.t values (1)")


def test_the_columns_of_a_primary_key_are_not_null(warehouse: Any, schema: str) -> None:
    """Those of a new table become so, and those of another have to be."""
    warehouse.sql(f"create table {schema}.k (id int primary key, n int)")
    warehouse.sql(f"create table {schema}.l (id int, n int, constraint k primary key (ID))")
    for name in ("k", "l"):
        broken = f"insert into {schema}.{name} values (null, 1)"
        warehouse.fails(broken, "DELTA_NOT_NULL_CONSTRAINT_VIOLATED")
    second = f"alter table {schema}.k add constraint second primary key (id)"
    warehouse.fails(second, "UC_INVALID_PRIMARY_KEY")
    warehouse.sql(f"create table {schema}.t (id int)")
    add = f"alter table {schema}.t add constraint k primary key (id)"
    warehouse.fails(add, "UC_INVALID_PRIMARY_KEY")
    warehouse.sql(f"alter table {schema}.t alter column id set not null")
    warehouse.sql(add)
