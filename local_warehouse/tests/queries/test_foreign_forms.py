"""Forms of other dialects, which Databricks refuses: a query with one fails here too."""

from __future__ import annotations

from typing import Any

import pytest

REFUSED = {
    "PARSE_SYNTAX_ERROR": [
        "select 1 as 'x'",
        'select 1 as "X"',
        'select x from (select 1 as x) as "t"',
        "select 1 as x union by name select 2 as x",
        "select 0x1F",
        "select 'a' similar to 'a'",
        "select 'a' ~~ 'a'",
        "select cast('2020-01-01' as timestamp with time zone)",
        "select cast(map(1, 2) as map(int, int))",
        "select cast('01/02/2020' as date format 'dd/MM/yyyy')",
        "select string_agg(cast(id as string), ',' order by id) from range(2)",
        "select first_value(id ignore nulls) over (order by id) from range(2)",
        "select lag(id, 1 respect nulls) over (order by id) from range(2)",
        "select a.id from range(2) a right anti join range(2) b on a.id = b.id",
    ],
    "UNSUPPORTED_DATATYPE": [
        *(
            f"select cast('1' as {name})"
            for name in (
                *("text", "bool", "int4", "int64", "float8", "number", "datetime", "timestamptz"),
                *("time", "uuid", "blob", "int(11)", "string(10)", "int[]", "double precision"),
            )
        ),
        "select '1'::text",
        "select '1'?::bool",
        "select cast(array('1') as array<text>)",
        "select from_json('{}', 'a text')",
        "select from_csv('1', 'a int4')",
        "create table {s}.t (a text)",
        "create table {s}.t (a struct<b: bool>)",
        "create function {s}.f(x text) returns int return 1",
        "create function {s}.f(x int) returns bool return true",
    ],
    "DATATYPE_MISSING_SIZE": ["select cast(1 as varchar)", "create table {s}.t (a char)"],
    "UNSUPPORTED_TYPED_LITERAL": ["select time '10:00'", "select text 'a'", "select int '5'"],
    "UNRESOLVED_ROUTINE": ["select convert('1', 'int')", "select strpos('abc', 'b')"],
    "UNRESOLVABLE_TABLE_VALUED_FUNCTION": ["select * from unnest(array(1, 2))"],
    "WRONG_NUM_ARGS": [
        "select greatest(1)",
        "select dayofweek('2020-01-01', 1)",
        "select substr('abc', 1, 2, 3)",
        "select to_number('1')",
        "select regexp_count('a', 'a', 'a')",
    ],
    "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX": ["select upper(distinct 'a')"],
    "INVALID_SCHEMA_OR_RELATION_NAME": [
        "create table {s}.`per cent` (a int)",
        "create view {s}.`a/b` as select 1 as a",
        "create table {s}.`a.b` as select 1 as a",
        "create schema `a b`",
    ],
    "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE": [
        "create table {s}.t (a interval day)",
        "create table {s}.t as select interval '1' month as a",
        "create table {s}.t (a void)",
        "create table {s}.t (a geometry(4326))",
        "select median(distinct a) from values (interval '1' day) as t(a)",
        "select try_sum(distinct a) from values (1) as t(a)",
        "select corr(distinct a, b) from values (1, 2) as t(a, b)",
    ],
}


@pytest.mark.parametrize(
    ("statement", "condition"),
    [(statement, condition) for condition, all_ in REFUSED.items() for statement in all_],
)
def test_what_databricks_does_not_take_is_refused(
    warehouse: Any, schema: str, statement: str, condition: str
) -> None:
    warehouse.fails(statement.replace("{s}", schema), condition)


def test_names_of_types_are_names_of_columns_too(warehouse: Any) -> None:
    query = "select 'a' as text, 2 as time, 3 as datetime, 4 as uuid, true as bool, 5 as number"
    found = warehouse.sql(
        f"select t.text, time + 1 as time, uuid, bool from ({query}) t order by 1"
    )
    assert found == [{"text": "a", "time": 3, "uuid": 4, "bool": True}]


def test_types_of_databricks_are_taken_by_all_their_names(warehouse: Any, schema: str) -> None:
    warehouse.sql(
        f"create table {schema}.t (a numeric(10, 2), b dec(5), c integer, d long, e short, f byte,"
        " g real, h character(3), i varchar(5), j timestamp_ltz, k array<struct<x: string>>)"
    )
    (row,) = warehouse.sql(
        "select cast('1' as varchar(3)) as a, '2'::char(1) as b, cast(1.5 as dec) as c,"
        " X'1f' as d, date'2020-01-02' as e, cast(array(1) as array<long>) as f"
    )
    assert (row["a"], row["b"], str(row["c"]), row["d"]) == ("1", "2", "2", b"\x1f")
