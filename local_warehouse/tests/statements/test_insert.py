"""INSERT: how columns are matched, and which rows the new ones replace."""

from __future__ import annotations

from typing import Any

import pytest


def test_replace_where_replaces_just_its_rows_and_counts_just_its_own(
    warehouse: Any, schema: str
) -> None:
    warehouse.sql(f"create table {schema}.t as select * from (values ('a', 1), ('b', 2)) v(f, n)")
    result = warehouse.sql(
        f"insert into {schema}.t replace where f in ('a', 'c')"
        " select 'a', 7 union all select 'c', 8"
    )
    assert result == [{"num_affected_rows": 2, "num_inserted_rows": 2}]
    found = warehouse.sql(f"select f, n from {schema}.t order by f")
    assert [tuple(row.values()) for row in found] == [("a", 7), ("b", 2), ("c", 8)]


def test_columns_with_dots_and_capitals_in_their_names(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (`c.d` int, `Ef` int, st struct<x:int>)")
    warehouse.sql(f"insert into {schema}.t values (1, 2, struct(3))")
    warehouse.sql(f"insert into {schema}.t (`Ef`, `c.d`) select 5, 4")
    found = warehouse.sql(f"select `c.d`, `Ef`, st.x from {schema}.t order by 1")
    assert found == [{"c.d": 1, "Ef": 2, "x": 3}, {"c.d": 4, "Ef": 5, "x": None}]


def test_replace_where_refuses_rows_outside_its_predicate(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t as select 'a' as f")
    warehouse.fails(
        f"insert into {schema}.t replace where f = 'a' select 'b'",
        "DELTA_REPLACE_WHERE_MISMATCH",
    )
    assert warehouse.sql(f"select * from {schema}.t") == [{"f": "a"}]


def test_ctes_of_a_query_are_its_own_where_a_condition_is_held_back(
    warehouse: Any, schema: str
) -> None:
    """The engine fails on the lambda function in a table's condition, and gets the statement in
    another form with its CTEs where they were."""
    warehouse.sql(f"create table {schema}.a as select 1 as n, 'x' as s union all select 2, 'y'")
    warehouse.sql(f"create table {schema}.b as select 1 as n, 'x' as s")
    warehouse.sql(f"create table {schema}.t as select 1 as n, 'x' as s union all select 4, 'w'")
    query = (
        f"with chosen as (select * from {schema}.a where exists(array(s), t -> t = 'y'))"
        " select n, s from chosen"
        " union all (with b as (select 3 as n, 'z' as s) select n, s from b)"
        f" union all select n + 10, s from {schema}.b"
    )
    warehouse.sql(f"insert into {schema}.t replace where n < 4 or n > 10 {query}")
    found = warehouse.sql(f"select n, s from {schema}.t order by n")
    expected = [(2, "y"), (3, "z"), (4, "w"), (11, "x")]
    assert [tuple(row.values()) for row in found] == expected
    warehouse.sql(
        f"merge into {schema}.t t using ({query}) u on t.n = u.n when matched then delete"
    )
    assert warehouse.sql(f"select n from {schema}.t") == [{"n": 4}]


def test_columns_with_capitals_are_written_in_any_case(warehouse: Any, schema: str) -> None:
    table = f"{schema}.capitals"
    warehouse.sql(f"create table {table} (Id int, VALID_TO date, A_b string)")
    warehouse.sql(f"insert into {table} values (1, date'2024-01-02', 'x')")
    warehouse.sql(f"insert into {table} (valid_to, ID) select date'2024-01-03', 2")
    warehouse.sql(f"insert into {table} by name select 'y' as a_B, 3 as iD")
    rows = warehouse.sql(f"select Id, cast(VALID_TO as string) as v, A_b from {table} order by 1")
    assert [tuple(row.values()) for row in rows] == [
        (1, "2024-01-02", "x"), (2, "2024-01-03", None), (3, None, "y"),
    ]  # fmt: skip


def test_insert_matches_by_position_by_list_and_by_name(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (a int, b string, c string)")
    warehouse.sql(f"insert into {schema}.t select 1, null, null")
    warehouse.sql(f"insert into {schema}.t (c, a) values ('see', 2)")
    warehouse.sql(f"insert into {schema}.t by name select 'bee' as b, 3 as a")
    assert warehouse.sql(f"select * from {schema}.t order by a") == [
        {"a": 1, "b": None, "c": None},
        {"a": 2, "b": None, "c": "see"},
        {"a": 3, "b": "bee", "c": None},
    ]
    warehouse.fails(f"insert into {schema}.t select 1, 2", "INSERT_COLUMN_ARITY_MISMATCH")
    warehouse.fails(f"insert into {schema}.t by name select 1 as nope", "UNRESOLVED_COLUMN")
    warehouse.sql(f"insert overwrite {schema}.t values (9, 'x', 'y')")
    assert [row["a"] for row in warehouse.sql(f"select * from {schema}.t")] == [9]


def test_replace_on_and_using_replace_the_rows_that_match(warehouse: Any, schema: str) -> None:
    warehouse.sql(
        f"create table {schema}.t as"
        " select * from (values (1, 'a'), (2, 'b'), (null, 'n')) as v(id, x)"
    )
    assert warehouse.sql(
        f"insert into table {schema}.t as t replace on (t.id <=> s.id)"
        " (select 2 as id, 'B' as x union all select 2, 'BB' union all select null, 'N') as s"
    ) == [{"num_affected_rows": 3, "num_inserted_rows": 3}]
    found = warehouse.sql(f"select x from {schema}.t order by x")
    assert [row["x"] for row in found] == ["B", "BB", "N", "a"]
    warehouse.sql(f"insert into {schema}.t replace using (id) select 1, 'A'")
    found = warehouse.sql(f"select x from {schema}.t order by x")
    assert [row["x"] for row in found] == ["A", "B", "BB", "N"]


def test_what_replaces_by_a_match_is_not_random(warehouse: Any, schema: str) -> None:
    """The source is computed more than once, and would not remove what it inserts."""
    warehouse.sql(f"create table {schema}.t as select id from range(100)")
    warehouse.sql(f"create view {schema}.v as select cast(rand() * 100 as bigint) as id")
    evolving = f"insert with schema evolution into {schema}.t"
    for statement, function in (
        (f"{evolving} by name replace using (id) select 1L as id, uuid() as u", "uuid()"),
        (f"insert into {schema}.t replace using (id) select id from {schema}.v", "rand()"),
        (
            f"insert into {schema}.t as t replace on (t.id = s.id)"
            " (select cast(Randn() as bigint) as id) as s",
            "Randn()",
        ),
    ):
        assert f"support {function}" in warehouse.fails(statement, "UNSUPPORTED_FEATURE")
    assert warehouse.sql(f"select count(distinct id) as n, count(*) as rows from {schema}.t") == [
        {"n": 100, "rows": 100}
    ]
    assert [row["col_name"] for row in warehouse.sql(f"describe table {schema}.t")] == ["id"]


def test_rows_are_deleted_and_replaced_by_their_defaults(warehouse: Any, schema: str) -> None:
    """The engine computes no coalesce there."""
    warehouse.sql(f"create table {schema}.t as select * from values (1, 'a'), (2, null) as v(n, s)")
    warehouse.sql(f"insert into {schema}.t values (null, 'c'), (null, null)")
    warehouse.sql(f"delete from {schema}.t where coalesce(n, ifnull(length(s), 7)) = 7")
    warehouse.sql(f"delete from {schema}.t where nvl2(s, 'x', 'y') = 'y' and nvl(n, 0) = 2")
    warehouse.sql(f"insert into {schema}.t replace where coalesce(n, 0) = 0 select 0, 'd'")
    assert warehouse.sql(f"select * from {schema}.t order by n") == [
        {"n": 0, "s": "d"},
        {"n": 1, "s": "a"},
    ]


def test_ctes_may_stand_in_front_of_insert(warehouse: Any, schema: str) -> None:
    table = f"{schema}.t"
    warehouse.sql(f"create table {table} (id int, data string)")
    for statement in (
        f"with c as (select 1 as id) insert into {table} select id, 'a' from c",
        f"with c (x) as (select 2), d as (select x + 1 as y from c where x in (2))"
        f" insert into {table} (data, id) select 'b', x from c union all select 'b', y from d",
        f"with c as (select 4 as id) insert into {table}"
        " with merge as (select id, 'c' as data from c) select * from merge",
    ):
        warehouse.sql(statement)
    rows = [tuple(row.values()) for row in warehouse.sql(f"select * from {table} order by id")]
    assert rows == [(1, "a"), (2, "b"), (3, "b"), (4, "c")]
    assert warehouse.sql("with merge as (select 1 as a) select a from merge") == [{"a": 1}]
    for change in (
        f"delete from {table} where id in (select id from c)",
        f"update {table} set id = 0 where id in (select id from c)",
        f"merge into {table} t using c on t.id = c.id when matched then delete",
    ):
        warehouse.fails(f"with c as (select 1 as id) {change}", "UNSUPPORTED_FEATURE")


def test_doubles_are_rounded_for_decimals_as_by_a_cast(warehouse: Any, schema: str) -> None:
    table = f"{schema}.prices"
    warehouse.sql(f"create table {table} (price decimal(10, 2), exact decimal(38, 18))")
    warehouse.sql(f"insert into {table} values (1.005D, 3245874D)")
    warehouse.sql(f"insert into {table} (exact, price) select x, x from values (2.675D) as v(x)")
    warehouse.sql(f"insert into {table} by name select float(3.3) as exact, 1 as price")
    merge = f"merge into {table} t using (select 8.015D as price, 0.1D + 0.2D as exact) s"
    warehouse.sql(f"{merge} on t.price = 8.02 when not matched then insert *")
    warehouse.sql(f"{merge} on t.price = 2.68 when matched then update set price = s.price - 1")
    warehouse.sql(f"update {table} set price = 4.015D where exact > 1000")
    found = warehouse.sql(f"select * from {table} order by price")
    assert [tuple(map(str, row.values())) for row in found] == [
        ("1.00", "3.299999952316284000"),
        ("4.02", "3245874.000000000000000000"),
        ("7.02", "2.675000000000000000"),
        ("8.02", "0.300000000000000040"),
    ]


def test_default_is_null_where_a_column_has_no_default(warehouse: Any, schema: str) -> None:
    table = f"{schema}.defaults"
    warehouse.sql(f"create table {table} (a int, s string, d date)")
    warehouse.sql(f"insert into {table} values (1, default, default), (default, 'default', null)")
    warehouse.sql(f"insert into {table} (a, s) values (2, 'x')")
    warehouse.sql(f"update {table} set s = default where a = 2")
    merged = "when not matched then insert (a, s) values (s.a, default)"
    warehouse.sql(f"merge into {table} t using (select 3 as a) s on t.a = s.a {merged}")
    assert [tuple(row.values()) for row in warehouse.sql(f"select * from {table} order by a")] == [
        *((None, "default", None), (1, None, None), (2, None, None), (3, None, None)),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1e20D", "1.0E20"),
        ("1000000000000000.0D", "1.0E15"),
        ("0.1F", "0.1"),
        ("double('nan')", "NaN"),
        ("timestamp'2020-01-02 03:04:05.100'", "2020-01-02 03:04:05.1"),
        ("date'2020-01-02'", "2020-01-02"),
        ("1.50", "1.50"),
        ("true", "true"),
    ],
)
def test_what_becomes_a_text_is_stored_as_cast_writes_it(
    warehouse: Any, schema: str, value: str, text: str
) -> None:
    """By INSERT, UPDATE and MERGE, in columns and in arrays."""
    table = f"{schema}.t"
    warehouse.sql(f"create table {table} (k int, s string, a array<string>)")
    warehouse.sql(f"insert into {table} select 1, v, array(v) from (select {value} as v)")
    warehouse.sql(f"insert into {table} (s, k) values ({value}, 2)")
    warehouse.sql(f"insert into {table} select 3, 'x', array()")
    warehouse.sql(f"update {table} set s = {value}, a = array({value}) where k = 3")
    source = f"(select explode(array(2, 4)) as k, {value} as s, array({value}) as a)"
    merge = f"merge into {table} t using {source} q on t.k = q.k when matched then update set *"
    warehouse.sql(f"{merge} when not matched then insert *")
    found = warehouse.sql(f"select k, s, array_join(a, ',') as a from {table} order by k")
    expected = [(1, text, text), (2, text, text), (3, text, text), (4, text, text)]
    assert [tuple(row.values()) for row in found] == expected


def test_a_value_is_inserted_only_where_it_can_be_cast(warehouse: Any, schema: str) -> None:
    table = f"{schema}.t"
    warehouse.sql(
        f"create table {table} (i int, l bigint, d date, t timestamp, a array<int>, s string)"
    )
    refused = "DATATYPE_MISMATCH.CAST_WITH"
    for column, value in [
        ("i", "date'2020-01-02'"),
        ("d", "5"),
        ("a", "5"),
        ("a", "'5'"),
        ("l", "array(5)"),
        ("a", "array(date'2020-01-02')"),
    ]:
        warehouse.fails(f"insert into {table} ({column}) select {value}", refused)
    warehouse.fails(f"insert into {table} (i) values ('x')", "CAST_INVALID_INPUT")
    refused = "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE"
    warehouse.fails(f"insert into {table} (s) select interval '1' day", refused)
    warehouse.sql(
        f"insert into {table} select timestamp'2020-01-02 03:04:05.900', 7.9D, '2020', 1577934245,"
        " array('7', null), 5"
    )
    (row,) = warehouse.sql(f"select i, l, string(d), string(t), string(a), s from {table}")
    expected = (1577934245, 7, "2020-01-01", "2020-01-02 03:04:05", "[7, null]", "5")
    assert tuple(row.values()) == expected
