"""IN and EXISTS with subqueries: NULLs, totals, outer columns, joins."""

from __future__ import annotations

from typing import Any

import pytest

_TABLES = {
    "v": "values (1, 10), (2, 20), (3, null), (null, 40) as v(n, m)",
    "w": "values (1, 10), (5, 20), (2, 40), (null, 20), (7, null) as w(k, m)",
}


@pytest.fixture(scope="module")
def tables(warehouse: Any) -> dict[str, str]:
    """Two tables by their short names."""
    warehouse.sql("create schema if not exists predicates")
    for name, rows in _TABLES.items():
        warehouse.sql(f"create or replace table predicates.{name} as select * from {rows}")
    return {name: f"predicates.{name}" for name in _TABLES}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        # the row of a total
        ("n - 1 in (select count(*) from {w} where k = n)", [2]),
        ("n - 1 not in (select count(*) from {w} where k = n)", [1, 3]),
        ("n - 3 in (select count(*) from {w} where k = n) or m = 20", [2, 3]),
        ("n in (select max(k) from {w} where w.m > v.m)", [2]),
        ("n not in (select max(k) from {w} where w.m = v.m)", [2]),
        ("coalesce(n not in (select max(k) from {w} where w.m = v.m), true)", [2]),
        ("coalesce(n in (select max(k) from {w} where w.m = v.m), true)", [1]),
        ("exists (select max(k) from {w} where k = n)", [1, 2, 3, None]),
        ("not exists (select max(k) from {w} where k = n)", []),
        ("exists (select 1 from {w} where k = n having count(*) = 0)", [3, None]),
        ("not exists (select count(*) as c from {w} where k > n having c > 2)", [2, 3, None]),
        ("n in (select 3 from {w} where k = n having count(*) = 0)", [3]),
        ("n not in (select 3 from {w} where k = n having count(*) = 0)", [1, 2]),
        # NOT IN and what could be equal
        ("n not in (select k from {w} where w.m = v.m)", [3]),
        ("n not in (select k from {w} where w.m <= v.m)", [3]),
        ("n not in (select k from {w} where w.m <= v.m order by w.m)", [3]),
        ("m > 30 or n not in (select k from {w} where k > 4)", [1, 2, 3, None]),
        ("m > 90 or n not in (select k from {w})", []),
        ("m > 90 or n not in (select k from {w} where false)", [1, 2, 3, None]),
        ("not (n < 3 and n in (select k from {w} where k > 1))", [1, 3]),
        ("not (n < 2 or n in (select k from {w} where k > 4))", [2, 3]),
        ("not (not (n in (select k from {w} where k < 4)))", [1, 2]),
        ("(n, m) not in (select k, m from {w})", []),
        ("(n, m) not in (select * from {w} where k < 5)", [2, 3]),
        ("(n, m) not in (select k, w.m from {w} where k <= v.n)", [2, 3, None]),
        ("n = 1 or (n, m) not in (select k, w.m from {w} where k < 5)", [1, 2, 3]),
        # set operations
        ("n in (select k from {w} where w.m = v.m union all select 3)", [1, 3]),
        ("n not in (select k from {w} where w.m = v.m union select 3)", []),
        ("exists (select 1 from {w} where k = n union select 2 from {w} where w.m > v.m)", [1, 2]),
    ],
)
def test_conditions(
    warehouse: Any, tables: dict[str, str], condition: str, found: list[int | None]
) -> None:
    query = f"select n from {{v}} where {condition} order by n nulls last"
    assert [row["n"] for row in warehouse.sql(query.format(**tables))] == found


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (
            "select n, n in (select count(*) + 1 from {w} where k = n) as a, (n, m) not in (select"
            " k, m from {w}) as b, not (n = 3 or n in (select k from {w} where k = 5)) as c"
            " from {v} order by n nulls last",
            [
                (1, False, False, True),
                (2, True, False, True),
                (3, False, False, False),
                (None, False, False, False),
            ],
        ),
        (
            "select n from {v} group by n having exists (select 1 from {w} where k = n) order by n",
            [(1,), (2,)],
        ),
        (
            "select n, k from {v} join {w} on n < k and exists (select 1 from {v} x where x.n = k)",
            [(1, 2)],
        ),
        (
            "select n, k from {v} v join {w} w on n = k and v.m in (select x.m from {w} x where"
            " x.k = v.n)",
            [(1, 1)],
        ),
        (
            "select n, k from {v} join {w} on n = k or n not in (select x.k from {w} x where"
            " x.k > 2) and n = 3 and k = 5 order by n",
            [(1, 1), (2, 2), (3, 5)],
        ),
        (
            "select n, k from {v} left join {w} w on n = k and exists (select 1 from {v} x where"
            " x.n = k and x.m < w.m) and k not in (select 7) order by n nulls last",
            [(1, None), (2, 2), (3, None), (None, None)],
        ),
        (
            "select n from {v} left anti join {w} w on n = k and w.m in (select x.m from {v} x"
            " where x.n = w.k) order by n nulls last",
            [(2,), (3,), (None,)],
        ),
        (
            "select n, w.k from {v} join {w} w on n = w.k and n in (select 2) join {w} x on"
            " x.k = w.k",
            [(2, 2)],
        ),
        (
            "select n, w.k, x.j from {v} join {w} w on n = w.k and n in (select 2) join (select k,"
            " parse_json('{{\"a\": 5}}'):a::int as j from {w} qualify row_number() over (order by k"
            " desc) = 1) x on true",
            [(2, 2, 5)],
        ),
        ("select count(*) from (select n from {v}) natural left join (select k from {w})", [(20,)]),
        ("select count(*) from {v} natural full join (select k from {w} where false)", [(4,)]),
    ],
)
def test_outputs_groups_and_joins(
    warehouse: Any, tables: dict[str, str], query: str, rows: list[tuple[Any, ...]]
) -> None:
    assert [tuple(row.values()) for row in warehouse.sql(query.format(**tables))] == rows


def test_changes(warehouse: Any, schema: str, tables: dict[str, str]) -> None:
    rows = "values (1, 10), (3, 30), (null, 50), (0, 60) as t(a, m)"
    warehouse.sql(f"create table {schema}.t as select * from {rows}")
    left = f"select a from {schema}.t order by a nulls last"
    total = "a in (select count(*) from {w} where k * 10 = t.m)".format(**tables)
    warehouse.sql(f"delete from {schema}.t where {total}")
    assert [row["a"] for row in warehouse.sql(left)] == [3, None]
    none = "a not in (select k from {w} where m > a * 9)".format(**tables)
    warehouse.sql(f"delete from {schema}.t where {none}")
    assert warehouse.sql(left) == []


@pytest.mark.parametrize(
    "query",
    [
        "select n from {v} where exists (select 1 from {w} where k = n offset 1)",
        "select n from {v} where n in (select k from {w} where w.m = v.m intersect select 1)",
        "select n from {v} where n not in (select k from {w} where w.m = v.m group by k)",
        "select n from {v} left join {w} on n = k and exists (select 1 from {v} x where x.m = v.m)",
        "select n from {v} right join {w} on n = k and n in (select 2)",
        "select n from {v} full join {w} on n = k and n in (select 2)",
        "select n from {v} order by n in (select 1)",
    ],
)
def test_what_is_refused(warehouse: Any, tables: dict[str, str], query: str) -> None:
    warehouse.fails(query.format(**tables), "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE")


@pytest.mark.parametrize(
    "values", ["n in (select k, m", "(n, m) not in (select k", "(n, m) in (select k"]
)
def test_rows_of_another_length_are_an_error(
    warehouse: Any, tables: dict[str, str], values: str
) -> None:
    query = f"select n from {{v}} where {values} from {{w}})".format(**tables)
    warehouse.fails(query, "DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH")
