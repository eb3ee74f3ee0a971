"""Elements of arrays and maps at an index that is computed, as Databricks finds them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def table(warehouse: Any) -> Iterator[str]:
    """A table of arrays and maps, and of what is looked up in them."""
    warehouse.sql("create schema indexes")
    warehouse.sql(
        "create table indexes.t as select * from values"
        " (1, array(10, 20, 30), map('k', 1, 'z', 2), 'z', 1),"
        " (2, array(40), map('k', 3), 'nothing', 0), (3, null, null, null, null)"
        " as t(id, a, m, k, i)"
    )
    yield "indexes.t"
    warehouse.sql("drop schema indexes cascade")


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("a[i]", [20, 40, None]),
        ("t.a[t.i]", [20, 40, None]),
        ("a[i + 0] + 1", [21, 41, None]),
        ("m[k]", [2, None, None]),
        ("map('k', 5)[k]", [None, None, None]),
        ("m.k", [1, 3, None]),
        ("t.m.z + m.k", [3, None, None]),
        ("max(t.m.k) over ()", [3, 3, 3]),
        ("m[concat('', 'k')]", [1, 3, None]),
        ("array(a, array(7, 8))[i][0]", [7, 40, None]),
        ("array(array(1, 2), array(3, 4))[i][i]", [4, 1, None]),
        ("split('x|y', '[|]')[i]", ["y", "x", None]),
        ("element_at(transform(array(0, 1), x -> array(5, 6)[x]), 2)", [6, 6, 6]),
        ("element_at(transform(a, (x, n) -> a[n] + x), 1)", [20, 80, None]),
        ("named_struct('x', a).x[i]", [20, 40, None]),
        ("get(a, i - 3)", [None, None, None]),
        ("get(a, -2)", [None, None, None]),
        ("get(a, cast(i as bigint))", [20, 40, None]),
        ("get(a, null)", [None, None, None]),
    ],
)
def test_element_is_found(
    warehouse: Any, table: str, expression: str, values: list[object]
) -> None:
    found = warehouse.sql(f"select {expression} as x from {table} as t order by id")
    assert [row["x"] for row in found] == values


def test_a_key_is_found_by_its_name(warehouse: Any, table: str) -> None:
    rows = warehouse.sql(
        "select t.m.k, count(*) as n, q.s.z.y from indexes.t join (select id, map('z', struct(id"
        " as y)) as s from indexes.t) q on q.s.z.y = t.id and m.k > 0 group by all order by m.k"
    )
    assert [tuple(row.items()) for row in rows] == [
        (("k", 1), ("n", 1), ("y", 1)),
        (("k", 3), ("n", 1), ("y", 2)),
    ]


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("select a[i + 2] from {t} where id = 2", "INVALID_ARRAY_INDEX"),
        ("select a[i - 2] from {t} where id = 1", "INVALID_ARRAY_INDEX"),
        ("select array(1, 2)[-1]", "INVALID_ARRAY_INDEX"),
        ("select a[k] from {t}", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"),
        ("select k[i] from {t}", "INVALID_EXTRACT_BASE_FIELD_TYPE"),
        ("select named_struct('i', 1)[k] from {t}", "INVALID_EXTRACT_FIELD_TYPE"),
        ("select parse_json('[1]')[i] from {t}", "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE"),
    ],
)
def test_index_that_finds_nothing_fails(
    warehouse: Any, table: str, query: str, condition: str
) -> None:
    warehouse.fails(query.format(t=table), condition)


def test_index_stands_wherever_an_expression_does(warehouse: Any, table: str) -> None:
    rows = f"(select m[k] as y, array(7, 8, 9) as z, a, i from {table} where m[k] = 2)"
    grouped = f"select z[y], max(a[i]) as most from {rows} group by z[y] having max(a[i]) > 0"
    assert warehouse.sql(grouped) == [{"z[y]": 9, "most": 20}]
    ordered = f"select sum(a[i]) over (partition by z[y]) as s from {rows} order by a[i]"
    assert warehouse.sql(ordered) == [{"s": 20}]
    warehouse.sql(f"create table {table}_2 as select * from {table}")
    warehouse.sql(f"update {table}_2 set id = a[i] where m[k] = 2")
    assert [r["id"] for r in warehouse.sql(f"select id from {table}_2 order by id")] == [2, 3, 20]
