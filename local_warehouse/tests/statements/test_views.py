"""Views: their columns, their names, and the session that a temporary one belongs to."""

from __future__ import annotations

from typing import Any

import pytest
from databricks.sql.exc import Error


def test_views_read_views_and_name_their_columns(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t as select 1 as a, 'x' as b")
    warehouse.sql(
        f"create view {schema}.v (k comment 'key', l) comment 'a view' as select * from {schema}.t"
    )
    warehouse.sql(
        f"create or replace view {schema}.w as with v as (select * from {schema}.v) select k from v"
    )
    assert warehouse.sql(
        f"select w.k, {schema}.v.l from {schema}.w join {schema}.v on w.k = v.k"
    ) == [{"k": 1, "l": "x"}]
    described = warehouse.sql(f"describe table {schema}.v")
    assert described[0] == {"col_name": "k", "data_type": "int", "comment": "key"}
    warehouse.fails(f"create view {schema}.bad as select nope from {schema}.t", "UNRESOLVED_COLUMN")
    warehouse.fails(f"drop table {schema}.v", "EXPECT_TABLE_NOT_VIEW")


def test_a_star_in_a_view_means_the_columns_of_then_by_name(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (a int, b int)")
    warehouse.sql(f"create view {schema}.plain as select * from {schema}.t")
    warehouse.sql(
        f"create view {schema}.named (x, y) with schema compensation as select * from {schema}.t"
    )
    warehouse.sql(f"create or replace table {schema}.t (c int, b int, a int)")
    warehouse.sql(f"insert into {schema}.t values (3, 2, 1)")
    assert warehouse.sql(f"select * from {schema}.plain") == [{"a": 1, "b": 2}]
    assert warehouse.sql(f"select * from {schema}.named") == [{"x": 1, "y": 2}]
    warehouse.sql(f"alter view {schema}.plain as select * from {schema}.t")
    assert warehouse.sql(f"select * from {schema}.plain") == [{"c": 3, "b": 2, "a": 1}]


def test_a_views_inner_names_do_not_meet_the_querys(warehouse: Any, schema: str) -> None:
    warehouse.sql(
        f"create view {schema}.v as with final as (select 1 as a) select final.a from final"
    )
    assert warehouse.sql(
        f"with x as (select a from {schema}.v), final as (select a + 1 as b from x)"
        " select final.b, x.a from final cross join x"
    ) == [{"b": 2, "a": 1}]


def test_temporary_views_belong_to_their_session(warehouse: Any, schema: str) -> None:
    with warehouse.connect() as one, warehouse.connect() as other:
        mine, theirs = one.cursor(), other.cursor()
        mine.execute("create temporary view v as select 1 as a")
        theirs.execute("create temporary view v as select 2 as a")
        assert mine.execute("select a from v").fetchall()[0][0] == 1
        assert theirs.execute("select a from v").fetchall()[0][0] == 2
    warehouse.fails("select a from v", "TABLE_OR_VIEW_NOT_FOUND")


def test_a_view_does_not_read_itself(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create view {schema}.a as select 1 as n")
    warehouse.sql(f"create view {schema}.b as select n from {schema}.a")
    for change in ("create or replace view", "alter view"):
        for read in ("a", "b"):
            query = f"select n from {schema}.{read}"
            warehouse.fails(f"{change} {schema}.a as {query}", "RECURSIVE_VIEW")
    assert warehouse.sql(f"select n from {schema}.b") == [{"n": 1}]
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create temporary view a as select 2 as n")
        with pytest.raises(Error, match="RECURSIVE_VIEW"):
            cursor.execute("create or replace temporary view a as select n + 1 as n from a")
        cursor.execute(f"create or replace view {schema}.a as select 3 as n")
        cursor.execute(f"create or replace temporary view c as select n from {schema}.b")
        cursor.execute("select n from c")
        assert cursor.fetchall()[0][0] == 3


@pytest.mark.parametrize(
    ("statement", "condition"),
    [
        ("create temporary view a as select 2 as n", "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS"),
        ("create temporary view if not exists b as select 2 as n", "PARSE_SYNTAX_ERROR"),
        ("create or replace view if not exists {schema}.b as select 2 as n", "PARSE_SYNTAX_ERROR"),
        ("create temporary view {schema}.b as select 2 as n", "TEMP_VIEW_NAME_TOO_MANY_NAME_PARTS"),
    ],
)
def test_a_view_is_not_made_twice_or_elsewhere(
    warehouse: Any, schema: str, statement: str, condition: str
) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create or replace temporary view a as select 1 as n")
        with pytest.raises(Error, match=condition):
            cursor.execute(statement.format(schema=schema))


@pytest.mark.parametrize(
    ("query", "column"),
    [
        ("select 1 + 1", "(1 + 1)"),
        ("select k, count(*) from (select 1 as k) group by k", "count(1)"),
        ("select current_date()", "current_date()"),
        ("select * from (select upper('a'))", "upper(a)"),
        ("with q as (select -k from (select 1 as k)) select q.* from q", "(- k)"),
        ("select upper('a') union all select 'b'", "upper(a)"),
        ("select named_struct('a', 1).a", "named_struct(a, 1).a"),
        ("select cast(1 as string), array(1)[0]", "CAST(1 AS STRING)"),
    ],
)
def test_a_view_of_the_catalog_names_its_expressions(
    warehouse: Any, schema: str, query: str, column: str
) -> None:
    """As Spark 4.0.1 does: the conditions of these were asked of it."""
    condition = "CREATE_PERMANENT_VIEW_WITHOUT_ALIAS"
    assert f"`{column}`" in warehouse.fails(f"create view {schema}.v as {query}", condition)
    warehouse.fails(f"create view {schema}.v (a, b) as {query}", condition)
    warehouse.sql(f"create view {schema}.v as select 1 as a")
    warehouse.fails(f"alter view {schema}.v as {query}", condition)
    warehouse.sql(f"create temporary view unnamed as {query}")
    assert warehouse.sql(f"select * from {schema}.v") == [{"a": 1}]


@pytest.mark.parametrize(
    "query",
    [
        "select 1, null, true, date'2024-01-01'",
        "select k::string, m['a'], m.b, (k) as n from (select 1 as k, map('a', 1, 'b', 2) as m)",
        "select explode(array(1, 2))",
        "select 'a' as x union all select upper('b')",
        "with q as (select 1 + 1) select 1 as a from q",
        "select interval '1' day, X'1F', -1",
        "values (1, 2)",
    ],
)
def test_a_view_keeps_the_names_of_columns_and_literals(
    warehouse: Any, schema: str, query: str
) -> None:
    warehouse.sql(f"create view {schema}.v as {query}")
    assert warehouse.sql(f"select count(*) as n from {schema}.v")[0]["n"] >= 1


_COMMENTED = {
    "select a, b as bb, a + 1 as e, c.d from {t}": ["x", "y", None, None],
    "select * from {t}": ["x", "y", None],
    "select a from {t} union all select 1": ["x"],
    "with q as (select max(a) as m, b from {t} group by b) select * from q": [None, "y"],
    "select x.a, coalesce(y.b) as n, y.b from {t} x left join {t} y on x.a = y.a": ["x", None, "y"],
    "select cast(a as int) as n, (a) as m from (select * from {t})": [None, "x"],
    "with Q as (select a from {t}) select * from q": ["x"],
    "select k, l from {v}": ["own", "y"],
    "select * from {t} join {v} on a = k": ["x", "y", None, "own", "y"],
}


@pytest.mark.parametrize("query", _COMMENTED)
def test_columns_keep_their_comments_in_views_tables_and_queries(
    warehouse: Any, schema: str, query: str
) -> None:
    """As in Spark 4.0.1, which was asked."""
    t, v = f"{schema}.t", f"{schema}.v"
    warehouse.sql(f"create table {t} (a int comment 'x', b string comment 'y', c struct<d: int>)")
    warehouse.sql(f"create view {v} (k comment 'own', l) as select a, b from {t}")
    body = query.format(t=t, v=v)
    warehouse.sql(f"create view {schema}.made as {body}")
    warehouse.sql(f"create table {schema}.copied as {body}")
    for described in (f"{schema}.made", f"{schema}.copied", f"query {body}"):
        found = warehouse.sql(f"describe {described}")
        assert [row["comment"] for row in found] == _COMMENTED[query], described


def test_columns_keep_char_and_varchar_in_views_and_tables(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (c char(3), v varchar(5), s string)")
    warehouse.sql(f"insert into {schema}.t values ('a', 'b', 'c')")
    warehouse.sql(f"create view {schema}.w as select c as k, v, s, upper(v) as u from {schema}.t")
    warehouse.sql(f"create table {schema}.x as select * from {schema}.w")
    for made in ("w", "x"):
        types = [row["data_type"] for row in warehouse.sql(f"describe {schema}.{made}")]
        assert types == ["char(3)", "varchar(5)", "string", "string"]
        assert warehouse.sql(f"select s from {schema}.{made} where k = 'a'") == [{"s": "c"}]
    warehouse.fails(
        f"insert into {schema}.x values ('abcd', 'b', 'c', 'd')", "DELTA_EXCEED_CHAR_VARCHAR_LIMIT"
    )


def test_a_views_columns_keep_their_types(warehouse: Any, schema: str) -> None:
    """A table that is made anew with other types is read with those that the view had."""
    columns = {"a": "int", "c": "decimal(10, 2)", "d": "date", "e": "string"}
    declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    warehouse.sql(f"create table {schema}.t ({declared})")
    warehouse.sql(f"create view {schema}.v as select a, c, d, e from {schema}.t")
    warehouse.sql(f"create view {schema}.w (n, x) as select * from (select a, e from {schema}.v)")
    wider = "a bigint, c double, d timestamp, e string, f int"
    warehouse.sql(f"create or replace table {schema}.t ({wider})")
    warehouse.sql(
        f"insert into {schema}.t values (7, 1.005, '2020-01-02 03:04:05', 'x', 1),"
        " (5000000000, 2, null, 'y', 2)"
    )
    found = warehouse.sql(
        f"select a, typeof(a) as ta, string(c) as c, typeof(c) as tc, string(d) as d from"
        f" {schema}.v where e = 'x'"
    )
    expected = (7, "int", "1.01", "decimal(10,2)", "2020-01-02")
    assert [tuple(row.values()) for row in found] == [expected]
    assert warehouse.sql(f"select n from {schema}.w where x = 'x'") == [{"n": 7}]
    warehouse.fails(f"select a from {schema}.v", "CAST_OVERFLOW")
    warehouse.sql(f"alter view {schema}.v as select a, c, d, e from {schema}.t")
    assert len(warehouse.sql(f"select a from {schema}.v where typeof(a) = 'bigint'")) == 2
