"""databricks-sql-connector against the local warehouse: sessions with `ansi_mode = false`, which
are answered what means the same in both modes, and refused the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from databricks.sql.exc import Error

REFUSED = r"\[UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE\].* with ansi_mode = false"


@pytest.fixture(scope="module")
def schema(warehouse: Any) -> Iterator[str]:
    """A schema with two tables, t and u."""
    warehouse.sql("create schema both_modes")
    warehouse.sql(
        "create table both_modes.t as select * from values"
        " (1, 2L, 0.5D, 1.50, '2024-02-29', true, date'2024-02-29', array(1), map('a', 1),"
        "  named_struct('x', 1)),"
        " (2, 3L, 1.5D, 0.01, 'no', false, date'2024-01-01', array(2), map(), null)"
        " as v(i, l, f, n, s, b, d, a, m, st)"
    )
    warehouse.sql("create table both_modes.u as select * from both_modes.t")
    yield "both_modes"
    warehouse.sql("drop schema both_modes cascade")


@pytest.fixture
def cursor(warehouse: Any, schema: str) -> Iterator[Any]:
    settings = {"ansi_mode": False}
    with (
        warehouse.connect(session_configuration=settings, schema=schema) as connection,
        connection.cursor() as cursor,
    ):
        yield cursor


def test_the_setting_is_shown_as_it_was_given_and_ends_with_the_session(
    warehouse: Any, cursor: Any
) -> None:
    assert tuple(cursor.execute("set ansi_mode").fetchone()) == ("ansi_mode", "False")
    with pytest.raises(Error, match=REFUSED):
        cursor.execute("select 1 + 1")
    for back in ("reset ansi_mode", "set ansi_mode = TRUE", "reset"):
        cursor.execute(back)
        assert cursor.execute("select 1 + 1").fetchone()[0] == 2
        cursor.execute("set ANSI_MODE = false")
        with pytest.raises(Error, match=REFUSED):
            cursor.execute("select 1 + 1")
    assert warehouse.sql("select 1 + 1 as a") == [{"a": 2}]
    with pytest.raises(Error, match="UNSUPPORTED_FEATURE"):
        cursor.execute("set ansi_mode = no")


# Of each text, what Spark 4.0.1 with spark.sql.ansi.enabled=false makes of it.
@pytest.mark.parametrize(
    "text, kind, expected",
    [
        ("2021-09", "date", dt.date(2021, 9, 1)),
        ("2021-09-30 x", "date", dt.date(2021, 9, 30)),
        ("2021-09 x", "date", None),
        ("2021T11", "date", None),
        ("2021-09-30\t11", "date", None),
        ("\t2021-09-30 T\n", "date", dt.date(2021, 9, 30)),
        ("9999-99-31", "date", None),
        ("2021-09-30 11:27:35+04:00", "timestamp", dt.datetime(2021, 9, 30, 7, 27, 35, 0, dt.UTC)),
        ("9999-99-31T15:59:59", "timestamp", None),
        ("2021-09-30 24:00:00", "timestamp_ntz", None),
        ("2021-09-30 11", "timestamp_ntz", dt.datetime(2021, 9, 30, 11)),
        (" Yes\n", "boolean", True),
        ("\x01true", "boolean", True),
        ("on", "boolean", None),
        ("1.5d", "double", 1.5),
        ("1,5", "double", None),
        ("\x001", "string", "\x001"),
        ("é", "binary", "é".encode()),
    ],
)
def test_a_text_that_is_no_such_value_is_null(
    cursor: Any, text: str, kind: str, expected: object
) -> None:
    literal = "'" + "".join(f"\\u{ord(character):04x}" for character in text) + "'"
    ways = [f"cast({literal} as {kind})", f"cast(s as {kind})", f"{literal}::{kind}"]
    if kind != "timestamp_ntz":
        ways.append(f"{kind}({literal})")
    for way in ways:
        cursor.execute(f"select {way} as a from (select {literal} as s)")
        assert cursor.fetchall() == [(expected,)], way


@pytest.mark.parametrize(
    "query, expected",
    [
        ("select * except (a, m, st) from t where i = 2 limit 1", 1),
        ("table t", 2),
        ("select t.i from t where s is null or b and not d < date'2024-02-01' order by 1", 1),
        ("select i from t where l between 2 and 3 and i in (1, 5) and b is not false", 1),
        ("select i from t where date(s) = d", 1),
        ("select i from t where i <=> null", 0),
        ("select count(*), min(n), max(st) from t group by b having count(distinct i) > 0", 2),
        ("select distinct b from t union all select null union select cast(1 as boolean)", 3),
        ("with x as (select i, s from t) select x.s from x join u on x.i = u.i", 2),
        ("select i from t where l in (select l from t where i = 1)", 1),
        ("select current_schema(), current_date, now(), -1, -1.5D, x'1f' from range(3)", 3),
        ("select i::bigint as a, cast(d as string) as b, timestamp(d) as c from t", 2),
        ("select try_cast('1.5' as int), try_cast(n as int) from t", 2),
        ("execute immediate 'select date(?) from t' using 'x'", 2),
        ("explain select i from t", 1),
    ],
)
def test_what_means_the_same_in_both_modes(cursor: Any, query: str, expected: int) -> None:
    rows = cursor.execute(query).fetchall()
    assert len(rows) == expected
    if "try_cast" in query:
        assert sorted(rows, key=str) == [(None, 0), (None, 1)]


@pytest.mark.parametrize(
    "statement",
    [
        "select i + 1 from t",
        "select -i from t",
        "select cast('1' as int)",
        "select cast(i as tinyint) from t",
        "select cast(n as string) from t",
        "select cast(n as boolean) from t",
        "select cast(a as string) from t",
        "select cast('now' as timestamp)",
        "select date((cast(' Today' as string)))",
        "select i from t where d = '2024-01-01'",
        "select i from t where s between 1 and 2",
        "select i from t where i in ('1')",
        "select i from t where n = 0.010",
        "select i from t where f > 1",
        "select i from t where s",
        "select not s from t",
        "select i from t where s is true",
        "select a[5] from t",
        "select m.k from t",
        "select m['k'] from t",
        "select st.x from t",
        "select s || 1 from t",
        "select upper(s) from t",
        "select sum(i) from t",
        "select count(*) over () from t",
        "select case when b then i else s end from t",
        "select 1 union all select 'a'",
        "select n from t union select 1.5",
        "select * from t union all select * from t",
        "select i from t order by i + 1",
        "select * from t natural join u",
        "select * from t join u using (i)",
        "select * from values (1, '2')",
        "values (1)",
        "select * from range('3')",
        "select explode(a) from t",
        "select i from t limit 1 + 1",
        "select interval '1' day",
        "describe query select 1 + 1",
        "explain select 1 + 1",
        "execute immediate 'select ?' using 1 + 1",
        "insert into t (i) values (1)",
        "with x as (select 1 as i) insert into t (i) select i from x",
        "update t set i = 1",
        "delete from t",
        "merge into t using u on t.i = u.i when matched then delete",
        "create table x as select 1 as a",
        "create view x as select 1 as a",
        "alter table t add column z int",
    ],
)
def test_what_may_mean_something_else_is_refused(cursor: Any, statement: str) -> None:
    with pytest.raises(Error, match=REFUSED):
        cursor.execute(statement)


def test_views_and_functions_keep_the_mode_in_which_they_were_made(cursor: Any) -> None:
    cursor.execute("set ansi_mode = true")
    cursor.execute("create or replace temporary view strict as select cast('x' as date) as d")
    cursor.execute("create or replace temporary view added as select 1 + 1 as i")
    cursor.execute("create or replace temporary function three() return 1 + 2")
    cursor.execute("set ansi_mode = false")
    assert cursor.execute("select i, three() from added").fetchall() == [(2, 3)]
    with pytest.raises(Error, match="CAST_INVALID_INPUT"):
        cursor.execute("select * from strict").fetchall()


@pytest.mark.parametrize("literal", ["date'x'", "timestamp '2021-99-01'"])
def test_a_literal_that_is_no_such_value_fails(cursor: Any, literal: str) -> None:
    with pytest.raises(Error, match="CAST_INVALID_INPUT"):
        cursor.execute(f"select {literal}").fetchall()


def test_statements_that_compute_nothing(cursor: Any) -> None:
    cursor.execute("create schema if not exists of_both_modes")
    cursor.execute("use schema of_both_modes")
    cursor.execute("drop schema of_both_modes")
    cursor.execute("use main.both_modes")
    cursor.execute("comment on table u is 'one of two'")
    assert len(cursor.execute("describe table u").fetchall()) == 10
    assert len(cursor.execute("show tables like 'u'").fetchall()) == 1
    assert len(cursor.columns(schema_name="both_modes", table_name="u").fetchall()) == 10
    cursor.execute("drop table u")
