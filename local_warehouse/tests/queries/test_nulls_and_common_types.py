"""What generated questions found: NULL and NaN in places of their own, the one type of several
values, overflow within lambda functions. The answers are those of Apache Spark 4.0.1."""

from __future__ import annotations

import json
from typing import Any

_ROWS = (
    "(select * from values (1, 1, 1D, 'a', 3), (2, 1, cast('NaN' as double), null, null),"
    " (3, 1, 2D, 'b', 5), (4, 2, cast('NaN' as double), 'a', 3), (5, 2, 0D, 'c', 0)"
    " as v(id, g, f, s, i))"
)
_VALUES = {
    "left('abc', x)": None, "repeat('a', x)": None, "substring('abc', 1, x)": None,
    "zip_with(array(1), cast(null as array<int>), (a, b) -> a + b)": None,
    "array_contains(array(1, null), 2)": None, "array_contains(array(1, null), 1)": True,
    "x ^ x": None, "rint(2.5)": 2.0, "rint(-1.5)": -2.0, "try_divide(1D, 0D)": None,
    "array_max(transform(array(1, 2), e -> e + 1))": 3,
    "aggregate(array(1, 2), 0, (a, e) -> a + e, a -> a * 10)": 30,
    "date'2024-01-31' - (interval '1' month - interval 2 years)": "2025-12-31",
}  # fmt: skip
_TYPES = {
    "if(true, '5', x)": "bigint", "nvl('5', y)": "bigint",
    "case when true then '5' else y end": "bigint",
    "array('5', 1)[0]": "bigint", "coalesce('5', 1.5)": "double", "nvl2(x, '5', y)": "bigint",
    "coalesce(1D, 1.5)": "double", "nullif('5', y)": "string",
    "map('a', '5', 'b', y)['a']": "bigint",
    "coalesce('2024-01-01', date'2024-01-02')": "date", "round(12345.67, -1)": "decimal(6,0)",
    "try_avg(1.5)": "decimal(6,5)", "make_date(2024, null, 1)": "date",
    "sum(round((-1) * 1.555, 2))": "decimal(16,2)",
}  # fmt: skip


def test_values_beside_null(warehouse: Any) -> None:
    columns = ", ".join(f"{sql} as c{at}" for at, sql in enumerate(_VALUES))
    [row] = warehouse.sql(f"select {columns} from (select cast(null as int) as x)")
    found = [str(value) if hasattr(value, "year") else value for value in row.values()]
    assert dict(zip(_VALUES, found, strict=True)) == _VALUES


def test_values_of_several_types_have_one(warehouse: Any) -> None:
    columns = ", ".join(f"typeof({sql}) as c{at}" for at, sql in enumerate(_TYPES))
    [row] = warehouse.sql(f"select {columns} from (select max(1) as x, max(2) as y) group by x, y")
    assert dict(zip(_TYPES, row.values(), strict=True)) == _TYPES


def test_aggregates_of_nan_null_and_structs(warehouse: Any) -> None:
    grouped = (
        f"select g, isnan(max(f)) as most, min(f) as least, max(struct(i, id)).id as last"
        f" from {_ROWS} group by g order by g"
    )
    assert warehouse.sql(grouped) == [
        {"g": 1, "most": True, "least": 1.0, "last": 3},
        {"g": 2, "most": True, "least": 0.0, "last": 4},
    ]
    frame = "over (order by id rows between 1 preceding and current row)"
    moving = (
        f"select id, sum(f) {frame} as f, avg(f) {frame} as a, size(collect_list(s) {frame}) as n"
        f" from {_ROWS} order by id"
    )
    counts = warehouse.sql(f"select isnan(f) as nan, isnan(a) as none, n from ({moving})")
    assert [row["nan"] for row in counts] == [False, True, True, True, True]
    assert [row["none"] for row in counts] == [False, True, True, True, True]
    assert [row["n"] for row in counts] == [1, 1, 1, 2, 2]
    finite = warehouse.sql(moving.replace("'NaN'", "'7'"))
    assert [(row["f"], row["a"]) for row in finite] == [
        (1, 1),
        (8, 4),
        (9, 4.5),
        (9, 4.5),
        (7, 3.5),
    ]
    empty = f"select g, count(*) as n from {_ROWS} where false group by rollup(g)"
    assert warehouse.sql(empty) == []


def test_a_decimal_beside_a_double_is_compared_as_a_double(warehouse: Any) -> None:
    numbers = (
        "(select cast(d as decimal(25, 2)) as d, cast(f as double) as f from values "
        "(-5.5, 1e30), (0.1, 1e-1), (7, -1e25) as v(d, f))"
    )
    (row,) = warehouse.sql(
        "select count_if(d < f) as less, count_if(d between f and 1e30) as between_them, "
        "count_if(d in (f, 7e0)) as listed, count_if(d <=> cast(f as float)) as equal, "
        f"count_if(nullif(d, f) is null) as none from {numbers}"
    )
    assert row == {"less": 1, "between_them": 2, "listed": 2, "equal": 0, "none": 1}


_TINY = (
    "select cast(m as decimal(10, 2)) as m, cast(d as double) as d, struct(d as x) as s, i,"
    " cast(d as string) as t"
    " from values (0, 1e-20, 1), (-1.5, -15e-1, 2), (3, 1e30, 3) as v(m, d, i)"
)
_COMPARED = {  # which rows it is true of
    "m = d": [2], "m <> d": [1, 3], "0.00 < d": [1, 3], "m <=> d": [2], "d > 0.0": [1, 3],
    "d between 0.0 and m": [], "m in (7, d)": [2], "s.x > 0.0": [1, 3], "t > 0.0": [1, 3],
    "case m when d then true end": [2], "nullif(m, d) is null": [2], "nullif(d, 0.0) is null": [],
    "d + 0.0 > m": [1, 3], "exists(array(d), x -> x > 0.0)": [1, 3], "t in (-1.5, 9)": [2],
    "(i, m) in (select w.i, w.d from t w)": [2], "(i, d) in ((1, 0.0), (2, -1.5))": [2],
    "m in (select w.d from t w)": [2], "m < (select max(w.d) from t w)": [1, 2, 3],
    "exists(array(s), f -> f.x = 0.0)": [], "0.1D + 0.2D = 0.3": [],
    "'0.30000000000000004' = 0.3": [], "0.1D = 0.1": [1, 2, 3],
}  # fmt: skip


def test_a_decimal_is_compared_as_a_double_wherever_one_may_meet_it(
    warehouse: Any, schema: str
) -> None:
    warehouse.sql(f"create table {schema}.t as {_TINY}")
    columns = ", ".join(f"{condition} as `{condition}`" for condition in _COMPARED)
    for relation in (f"{schema}.t", "c"):  # columns of a table, and of a query with other names
        query = columns.replace("from t w", f"from {relation} w")
        with_c = f"with c(d, m, s, t, i) as (select d, m, s, t, i from {schema}.t)"
        rows = warehouse.sql(f"{with_c} select i, {query} from {relation}")
        for condition, expected in _COMPARED.items():
            key = condition.replace("from t w", f"from {relation} w")
            assert sorted(row["i"] for row in rows if row[key]) == expected, key
    joined = f"select a.i, b.i as j from {schema}.t a join {schema}.t b on a.m = b.d and b.d < 0.1"
    assert warehouse.sql(joined) == [{"i": 2, "j": 2}]
    sides = f"(select i, m as k from {schema}.t) join (select i as j, d as k from {schema}.t)"
    for named in (f"{sides} using (k)", f"{sides.replace('join', 'natural join')}"):
        assert warehouse.sql(f"select i, j from {named}") == [{"i": 2, "j": 2}]
    warehouse.sql(f"update {schema}.t set d = 1.5 where d <= 0.00")
    warehouse.sql(f"delete from {schema}.t where d < 0.000000000000001")
    assert [r["i"] for r in warehouse.sql(f"select i from {schema}.t order by i")] == [2, 3]


def test_values_of_decimals_and_doubles_are_doubles(warehouse: Any) -> None:
    for rows in ("select * from values (-1.5), (1e30), (1e-20)", "select -1.5 union select 1e30"):
        [row] = warehouse.sql(f"select typeof(max(x)) as t, max(x) as x from ({rows}) as v(x)")
        assert row == {"t": "double", "x": 1e30}


def test_not_in_and_intersect_all(warehouse: Any) -> None:
    other = "(select * from values (1, 3), (2, null) as w(id, i))"
    query = f"select v.id from {_ROWS} v where {{}} order by v.id"
    correlated = f"v.i not in (select w.i from {other} w where w.id = v.id)"
    assert [r["id"] for r in warehouse.sql(query.format(correlated))] == [3, 4, 5]
    either = f"v.i not in (select w.i from {other} w where w.i is not null) or v.id = 1"
    assert [r["id"] for r in warehouse.sql(query.format(either))] == [1, 3, 5]
    both = f"select g from {_ROWS} intersect all select * from values (1), (1), (2), (3) as w(g)"
    assert sorted(row["g"] for row in warehouse.sql(both)) == [1, 1, 2]
    exploded = "select x from (select array() as a), lateral explode(a) as e(x)"
    assert warehouse.sql(exploded) == []


def test_what_databricks_does_not_take_fails(warehouse: Any) -> None:
    for sql, condition in {
        "select transform(array(2147483647), (e, i) -> e + i + 1)": "ARITHMETIC_OVERFLOW",
        "select reduce(array(1, 2147483647), 0, (a, e) -> a + e)": "ARITHMETIC_OVERFLOW",
        "select map(cast(null as string), 1)": "NULL_MAP_KEY",
        "select make_timestamp(2024, 1, 2, 3, 4, id - 1.5) from range(1)": (
            "DATETIME_FIELD_OUT_OF_BOUNDS"
        ),
        "select abs(id) filter (where true) from range(1)": (
            "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX"
        ),
        "select cast(1 as date)": "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION",
        "select cast(1.5 as array<int>)": "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION",
        "select * from values (1), ('a')": "INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES",
        "select greatest('7', 9)": "DATATYPE_MISMATCH.DATA_DIFF_TYPES",
        "select map('a', 1) except select map('b', 1)": (
            "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE"
        ),
        "select count(*) over (order by array(1))": "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE",
        "select array_max(array(named_struct('a', 1)))": "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE",
        "select interval '1' month * 2": "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE",
        "select case when null then 1 end": "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
        "select 1 where (null)": "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN",
        "select count(*) filter (where null)": "INVALID_AGGREGATE_FILTER.NOT_BOOLEAN",
        "select 1 from range(1) a join range(1) b on null": "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE",
        "select max(id + rand()) from range(2)": (
            "AGGREGATE_FUNCTION_WITH_NONDETERMINISTIC_EXPRESSION"
        ),
        "select * from range(2) r, lateral (select r.id + rand()) q": (
            "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.NON_DETERMINISTIC_LATERAL_SUBQUERIES"
        ),
        "select count(distinct id) over () from range(2)": "DISTINCT_WINDOW_FUNCTION_UNSUPPORTED",
        "select median(id) over (order by id) from range(2)": (
            "INVALID_WINDOW_SPEC_FOR_AGGREGATION_FUNC"
        ),
        "select percentile(id, 0.5, id) from range(2)": "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE",
        "select date_format(ts - interval '9' year, 'y') from values"
        " (timestamp'0001-01-01') as v(ts)": "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE",
    }.items():
        warehouse.fails(sql, condition)


def test_arrays_of_which_one_may_hold_null(warehouse: Any) -> None:
    asked = {
        "array_except(array(1, null, 2), array(2))": [1, None],
        "array_except(split('a,b', ','), array('a'))": ["b"],
        "array_except(array(named_struct('a', 1)), array(named_struct('a', 1), null))": [],
        "array_union(array(1), array(2, null))": [1, 2, None],
        "array_union(array(1), array(null))": [1, None],
        "array_union(array(1), array(2L))": [1, 2],
    }
    [row] = warehouse.sql(f"select {', '.join(f'to_json({sql}) as `{sql}`' for sql in asked)}")
    assert {sql: json.loads(text) for sql, text in row.items()} == asked


def test_infinity_as_a_decimal_is_null(warehouse: Any) -> None:
    numbers = "values (double('inf')), (1.5D), (double('nan')) as v(x)"
    [row] = warehouse.sql(
        "select count(cast(x as decimal(4, 1))) as n, cast(sum(x) as decimal(4, 1)) as s,"
        f" cast(float('-inf') as decimal(4, 1)) as f from {numbers}"
    )
    assert row == {"n": 1, "s": None, "f": None}
    name = "CAST(sum(x) AS DECIMAL(4,1))"
    assert warehouse.sql(f"select {name} from {numbers}") == [{name: None}]
    warehouse.fails(
        "select cast(1e30 as decimal(4, 1))", "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"
    )
