"""SQL functions of the user, by their calls."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def schema(schema: str, warehouse: Any) -> str:
    """A schema with a table to look things up in."""
    warehouse.sql(f"create table {schema}.t as select * from values (1, 'a'), (2, 'b') as v(id, x)")
    return schema


def test_a_function_is_called_by_position_by_name_and_with_defaults(
    warehouse: Any, schema: str
) -> None:
    warehouse.sql(
        f"create function {schema}.price(amount float comment 'net', factor int default 2)"
        " returns float language sql return select amount * factor"
    )
    price = f"main.{schema}.price"
    row = warehouse.sql(
        f"select {price}(100), {price}(100, 3) as b, {price}(factor => 5, amount => 1) as c,"
        f" {price}({price}(1, 1), 7) as d"
    )[0]
    assert list(row.values()) == [200.0, 300.0, 5.0, 7.0]
    assert next(iter(row)) == f"{price}(100)"
    warehouse.fails(f"select {price}()", "REQUIRED_PARAMETER_NOT_FOUND")
    warehouse.fails(f"select {price}(1, 2, 3)", "WRONG_NUM_ARGS")
    warehouse.fails(f"select {price}(1, other => 2)", "UNRECOGNIZED_PARAMETER_NAME")
    warehouse.fails(f"select {schema}.nope(1)", "UNRESOLVED_ROUTINE")


def test_names_in_a_body_are_its_own(warehouse: Any, schema: str) -> None:
    warehouse.sql(
        f"create function {schema}.name_of(key int) returns string"
        f" return select max(x) from {schema}.t where id = key"
    )
    warehouse.sql(
        f"create function {schema}.same(id int) returns string"
        f" return (select max(x) from {schema}.t where t.id = same.id)"
    )
    for name in ("name_of", "same"):
        found = warehouse.sql(
            f"select id, {schema}.{name}(id) as n, {schema}.{name}(t.id + 1) as next"
            f" from {schema}.t order by id"
        )
        assert [tuple(row.values()) for row in found] == [(1, "a", "b"), (2, "b", None)]
    found = warehouse.sql(f"select id from {schema}.t where {schema}.name_of(id) = 'b'")
    assert found == [{"id": 2}]


def test_a_function_is_used_in_views_groups_and_updates(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create function {schema}.odd(n int) returns boolean return n % 2 = 1")
    warehouse.sql(f"create view {schema}.v as select *, {schema}.odd(id) as odd from {schema}.t")
    assert warehouse.sql(
        f"select {schema}.odd(id) as odd, count(*) as n from {schema}.v group by {schema}.odd(id)"
        " order by odd"
    ) == [{"odd": False, "n": 1}, {"odd": True, "n": 1}]
    warehouse.sql(f"update {schema}.t set x = 'odd' where {schema}.odd(id)")
    found = warehouse.sql(f"select x, odd from {schema}.v order by id")
    assert [tuple(row.values()) for row in found] == [("odd", True), ("b", False)]


def test_a_function_returns_a_table(warehouse: Any, schema: str) -> None:
    warehouse.sql(
        f"create function {schema}.after(n int default 0) returns table (key bigint, name string)"
        f" return select id, x from {schema}.t where id > n"
    )
    assert warehouse.sql(f"select * from {schema}.after(1)") == [{"key": 2, "name": "b"}]
    found = warehouse.sql(
        f"select a.name from {schema}.after() as a join {schema}.t on a.key = t.id order by 1"
    )
    assert [row["name"] for row in found] == ["a", "b"]
    warehouse.fails(f"select {schema}.after(1)", "NOT_A_SCALAR_FUNCTION")


def test_a_function_is_described_listed_replaced_and_dropped(warehouse: Any, schema: str) -> None:
    create = f"function {schema}.f(a int default 1 comment 'first') returns int comment 'adds'"
    warehouse.sql(f"create {create} return a + 1")
    warehouse.fails(f"create {create} return a", "ROUTINE_ALREADY_EXISTS")
    warehouse.sql(f"create function if not exists {schema}.f() return 0")
    warehouse.sql(f"create or replace {create} return a + 2")
    assert warehouse.sql(f"select {schema}.f() as n") == [{"n": 3}]
    described = warehouse.sql(f"describe function extended {schema}.f")
    lines = [row["function_desc"].split(maxsplit=1) for row in described]
    assert ["Function:", f"main.{schema}.f"] in lines
    assert ["Input:", "a INT DEFAULT 1 'first'"] in lines
    assert ["Body:", "a + 2"] in lines
    shown = [{"function": f"main.{schema}.f"}]
    assert warehouse.sql(f"show user functions in {schema} like 'f*'") == shown
    listed = warehouse.sql(
        "select routine_name, routines.full_data_type, parameter_name, parameter_default"
        " from main.information_schema.routines join main.information_schema.parameters"
        f" using (specific_schema, specific_name) where routine_schema = '{schema}'"
    )
    assert [tuple(row.values()) for row in listed] == [("f", "int", "a", "1")]
    warehouse.sql(f"grant execute on function {schema}.f to `a@example.com`")
    granted = warehouse.sql(f"show grants on function {schema}.f")
    assert [(row["ObjectType"], row["ActionType"]) for row in granted] == [("FUNCTION", "EXECUTE")]
    warehouse.fails(
        f"grant select on function {schema}.f to `a@example.com`", "INVALID_PARAMETER_VALUE"
    )
    warehouse.fails(f"drop schema {schema}", "SCHEMA_NOT_EMPTY")
    warehouse.sql(f"drop function {schema}.f")
    warehouse.fails(f"drop function {schema}.f", "ROUTINE_NOT_FOUND")
    warehouse.sql(f"drop function if exists {schema}.f")


def test_a_temporary_function_belongs_to_its_session(warehouse: Any) -> None:
    with warehouse.connect() as one, warehouse.connect() as other:
        mine, theirs = one.cursor(), other.cursor()
        mine.execute("create temporary function shout(a string) return upper(a) || '!'")
        assert mine.execute("select shout('a')").fetchall()[0][0] == "A!"
        with pytest.raises(Exception, match="UNRESOLVED_ROUTINE"):
            theirs.execute("select shout('a')")


def test_a_body_is_checked_when_it_is_written(warehouse: Any, schema: str) -> None:
    warehouse.fails(f"create function {schema}.f(a int) return a + b", "UNRESOLVED_COLUMN")
    warehouse.fails(f"create function {schema}.f(a int, A int) return 1", "DUPLICATE_ROUTINE")
    python = f"create function {schema}.f(a int) returns int language python as $$return a$$"
    assert "Python" in warehouse.fails(python, "UNSUPPORTED_FEATURE")


@pytest.mark.parametrize(
    ("rest", "condition"),
    [
        (
            "f(a int default 1, b int) returns int return a",
            "USER_DEFINED_FUNCTIONS.NOT_A_VALID_DEFAULT_PARAMETER_POS",
        ),
        ("f(a int, b int default a) returns int return b", "UNRESOLVED_COLUMN"),
        (
            "f(a int default (select 1)) returns int return a",
            "USER_DEFINED_FUNCTIONS.NOT_A_VALID_DEFAULT_EXPRESSION",
        ),
        ("f(a int default array(1)) returns int return a", "DATATYPE_MISMATCH"),
        (
            "f(a int not null) returns int return a",
            "USER_DEFINED_FUNCTIONS.NOT_NULL_ON_FUNCTION_PARAMETERS",
        ),
        (
            "f(a int generated always as (1)) returns int return a",
            "INVALID_SQL_SYNTAX.CREATE_FUNC_WITH_GENERATED",
        ),
        ("f() returns table() return select 1", "PARSE_SYNTAX_ERROR"),
        (
            "f() returns table(a int) return 1",
            "USER_DEFINED_FUNCTIONS.SQL_TABLE_UDF_BODY_MUST_BE_A_QUERY",
        ),
        (
            "f(a int) returns int return sum(a)",
            "USER_DEFINED_FUNCTIONS.CANNOT_CONTAIN_COMPLEX_FUNCTIONS",
        ),
    ],
)
def test_a_function_that_cannot_be_is_not_made(
    warehouse: Any, schema: str, rest: str, condition: str
) -> None:
    warehouse.fails(f"create function {schema}.{rest}", condition)


def test_a_default_may_call_functions_and_a_body_read_fields(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create function {schema}.f(a int, b int default 3) returns int return a + b")
    warehouse.sql(
        f"create function {schema}.g(a int, b int default {schema}.f(6)) returns int return a + b"
    )
    warehouse.sql(
        f"create function {schema}.h(s struct<n: int, p: struct<n: int>>) returns int"
        " return s.n * 10 + s.p.n"
    )
    point = "named_struct('n', id, 'p', named_struct('n', 7))"
    found = warehouse.sql(
        f"select {schema}.g(10) as a, {schema}.g(10, 2) as b, {schema}.h({point}) as c"
        f" from {schema}.t order by id"
    )
    assert [tuple(row.values()) for row in found] == [(19, 12, 17), (19, 12, 27)]


def test_lateral_calls_a_function_for_each_row(warehouse: Any, schema: str) -> None:
    warehouse.sql(
        f"create function {schema}.rows_of(id int) returns table(x string, n int)"
        f" return select upper(x), 7 from {schema}.t where t.id = rows_of.id"
    )
    warehouse.sql(
        f"create function {schema}.next(n int) returns table(m bigint) return select n + 1"
    )
    calls = f"(select id from {schema}.t) r {{}}"
    for query, expected in (
        (f", lateral {schema}.rows_of(id)", [(1, "A", 7), (2, "B", 7)]),
        (f"left join lateral {schema}.rows_of(id + 1) as f(y, z)", [(1, "B", 7), (2, None, None)]),
        (f", lateral {schema}.next(id), lateral {schema}.next(next.m + id) as b(k)",
         [(1, 2, 4), (2, 3, 6)]),
        (f"join lateral {schema}.rows_of(id => r.id) on rows_of.x = 'B'", [(2, "B", 7)]),
    ):  # fmt: skip
        text = f"select * from {calls.format(query)} order by id"
        assert [tuple(row.values()) for row in warehouse.sql(text)] == expected
    within = f"select * from {schema}.t, lateral (select n from {schema}.rows_of(id))"
    warehouse.fails(within, "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE")
    assert warehouse.sql(f"select x from {schema}.rows_of(id => 1 + 1)") == [{"x": "B"}]
