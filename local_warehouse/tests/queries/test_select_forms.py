"""Forms of Databricks SQL that the engine lacks and the local warehouse rewrites."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from databricks.sql.exc import Error

ROWS = "(select * from values ('a', 1, 10), ('a', 2, 20), ('b', 3, 30) as v(k, n, m))"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            f"select k, sum(n) as s, count(*) as c from {ROWS} group by all order by all",
            [("a", 3, 2), ("b", 3, 1)],
        ),
        (f"select count(*) from {ROWS} group by all", [(3,)]),
        (f"select n, k from {ROWS} order by all desc", [(3, "b"), (2, "a"), (1, "a")]),
        (f"select * from {ROWS} order by all", [("a", 1, 10), ("a", 2, 20), ("b", 3, 30)]),
        (f"select * except (m, k) from {ROWS} order by n", [(1,), (2,), (3,)]),
        (
            f"select x.* except (m), y.k as k2 from {ROWS} as x join {ROWS} as y on x.n = y.n"
            " order by all",
            [("a", 1, "a"), ("a", 2, "a"), ("b", 3, "b")],
        ),
        (
            f"with z as (select n as x, x + 1 as y from {ROWS}), w as (select * except (x) from z)"
            " select * from w order by all",
            [(2,), (3,), (4,)],
        ),
        (
            f"select n + 1 as p, p * 2 as q, p + q as r from {ROWS} order by r",
            [(2, 4, 6), (3, 6, 9), (4, 8, 12)],
        ),
        (  # fields of a STRUCT, behind a relation's name
            "select t.s.f, t.s.g.h from (select named_struct("
            " 'f', 1, 'g', named_struct('h', 2)) as s)"
            " as t join (select 3 as s) as u on true",
            [(1, 2)],
        ),
        # a column of the relations comes before an alias of the same name
        (f"select n as m, m + 1 as t from {ROWS} order by t", [(1, 11), (2, 21), (3, 31)]),
        (
            f"select k, row_number() over (partition by k order by n desc) as rn from {ROWS}"
            " qualify rn = 1 order by k",
            [("a", 1), ("b", 1)],
        ),
        (
            f"select * from {ROWS} pivot (sum(m) for n in (1, 2 as two)) order by k",
            [("a", 10, 20), ("b", None, None)],
        ),
        (  # a value without rows is NULL, and not a count of 0
            f"select p.* from {ROWS} as r pivot (max(r.m) as top, count(*) as c for (k, n) in"
            " (('a', 2) as a2, ('b', 1) as b1)) as p",
            [(20, 1, None, None)],
        ),
        (  # but where an aggregate is no number, each is filtered
            f"select * from {ROWS} pivot (count(*) as c, max(k) as top, collect_list(m) as all"
            " for n in (1, 9))",
            [(1, "a", [10], 0, None, [])],
        ),
        (
            f"select * from (select k, n, nullif(m, 20) as m from {ROWS}) unpivot"
            " (amount for kind in (n as `number`, m)) order by k, kind, amount",
            [
                ("a", "m", 10),
                ("a", "number", 1),
                ("a", "number", 2),
                ("b", "m", 30),
                ("b", "number", 3),
            ],
        ),
        (
            f"select u.* from {ROWS} unpivot include nulls ((x, y) for pair in ((n, m), (m, n) as"
            " turned)) as u where k = 'b' order by pair",
            [("b", "n_m", 3, 30), ("b", "turned", 30, 3)],
        ),
        (  # QUALIFY comes before DISTINCT, ORDER BY and LIMIT, and adds no column
            f"select * from {ROWS} qualify row_number() over (partition by k order by n desc) = 1"
            " order by n desc limit 1",
            [("b", 3, 30)],
        ),
        (
            f"select distinct k from {ROWS} qualify count(*) over (partition by k) > 0 order by k",
            [("a",), ("b",)],
        ),
        (
            f"select k, n * 2 from {ROWS} qualify n = max(n) over (partition by k) order by m desc",
            [("b", 6), ("a", 4)],
        ),
        (
            f"with x as (select * from {ROWS} qualify rank() over (order by n) < 3)"
            " select x.*, row_number() over (order by x.n desc) as rn from x qualify rn = 1",
            [("a", 2, 20, 1)],
        ),
        (
            f"select k, sum(n) as s from {ROWS} group by k"
            " qualify row_number() over (order by sum(n) desc, k) = 1 order by count(*)",
            [("a", 3)],
        ),
        (f"select k from {ROWS} group by k order by count(*) desc, sum(m) limit 1", [("a",)]),
        (
            f"select n from {ROWS} where (k, n) in (('a', 1), ('b', 3)) and (k, n) not in"
            " (('b', 3), (null, 1))",
            [(1,)],
        ),
        (
            f"select n, k like any ('b%', 'c') as any, k not like all ('b', 'c') as no from {ROWS}"
            " where n > 1 order by n",
            [(2, False, True), (3, True, False)],
        ),
        (
            "select timestampdiff(MICROSECOND, t, u) as a, datediff(millisecond, t, u) as b"
            " from values (timestamp'2020-01-01 00:00:00.9985', timestamp'2020-01-01 00:00:01')"
            " as v(t, u)",
            [(1500, 1)],
        ),
    ],
)
def test_a_form_gives_its_rows(
    warehouse: Any, query: str, expected: list[tuple[object, ...]]
) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        for run in range(3):  # a text that comes again is not read again
            cursor.execute(f"/* run {run} */ {query}")
            assert [tuple(map(plain, row)) for row in cursor.fetchall()] == expected


def plain(value: Any) -> Any:
    """A value as Python has it: the connector gives arrays of numpy."""
    return value.tolist() if hasattr(value, "tolist") else value


def test_a_date_that_meets_a_timestamp_is_cast(warehouse: Any) -> None:
    rows = warehouse.sql(
        "with a as (select date'2020-01-01' as d, 1 as k),"
        " b as (select d, k from a union all select timestamp'2020-01-02', 2)"
        " select k, date(d) as d, date(coalesce(nullif(b.d, b.d), date'2099-12-31')) as e,"
        " d < date'9999-12-31' as past, if(k = 1, d, date'9999-12-31') > d as later"
        " from b order by k"
    )
    day, end = dt.date(2020, 1, 1), dt.date(2099, 12, 31)
    assert [tuple(row.values()) for row in rows] == [
        (1, day, end, True, False),
        (2, day + dt.timedelta(days=1), end, True, True),
    ]
    made = "create or replace table default.date_meets_timestamp as"
    warehouse.sql(f"{made} select coalesce(timestamp'2020-01-01', date'9999-12-31') as t")
    inserted = "insert into default.date_meets_timestamp select date'9999-12-31' union select now()"
    warehouse.sql(inserted)
    warehouse.sql("delete from default.date_meets_timestamp where t >= date'9999-12-31'")
    assert warehouse.sql("select count(*) as n from default.date_meets_timestamp") == [{"n": 2}]
    warehouse.sql(
        "merge into default.date_meets_timestamp as o using (select now() as t) as n on o.t = n.t"
        " when matched and o.t < date'9999-12-31' then update set o.t = nullif(n.t, current_date())"
        " when not matched and n.t < date'9999-12-31' then insert (t) values (n.t)"
    )
    assert warehouse.sql("select count(*) as n from default.date_meets_timestamp") == [{"n": 3}]
    warehouse.sql("drop table default.date_meets_timestamp")


def test_a_string_that_meets_a_boolean_is_cast(warehouse: Any) -> None:
    rows = warehouse.sql(
        "select b, b = 'True' as same, 't' <> b as other, b in ('false', 'no') as listed"
        " from values (true), (false), (null) as v(b) order by b desc"
    )
    assert [tuple(row.values()) for row in rows] == [
        (True, True, False, False),
        (False, False, True, True),
        (None, None, None, None),
    ]
    with pytest.raises(Error, match="CAST_INVALID_INPUT"):
        warehouse.sql("select true = 'neither'")


LEFT, RIGHT = "(values (1, 'x'), (2, 'y')) as l(k, a)", "(values (1, 'p'), (3, 'q')) as r(k, b)"


@pytest.mark.parametrize(
    ("projections", "join", "expected"),
    [
        ("l.k, r.k as rk, k as key", "full join", [(1, 1, 1), (2, None, 2), (None, 3, 3)]),
        ("l.*, b", "left join", [(1, "x", "p"), (2, "y", None)]),
        ("*, r.k as rk", "right join", [(1, "x", "p", 1), (3, None, "q", 3)]),
        ("* except (a), l.a as la", "full join",
            [(1, "p", "x"), (2, None, "y"), (3, "q", None)]),
        ("l.k, count(*) as n", "join", [(1, 1)]),
        ("l.a", "left anti join", [("y",)]),
    ],
)  # fmt: skip
def test_a_join_by_names_keeps_its_keys_in_both_relations(
    warehouse: Any, projections: str, join: str, expected: list[tuple[object, ...]]
) -> None:
    group = " group by l.k" if "count" in projections else ""
    for merged in (f"{join} {RIGHT} using (k)", f"natural {join} {RIGHT}"):
        if join != "left anti join" or "using" in merged:
            found = warehouse.sql(f"select {projections} from {LEFT} {merged}{group}")
            assert sorted(map(str, (tuple(row.values()) for row in found))) == sorted(
                map(str, expected)
            )


def test_a_pivot_names_and_types_its_columns(warehouse: Any) -> None:
    one = f"select * from {ROWS} pivot (sum(m) as s for n in (1, 2 as two))"
    assert list(warehouse.sql(one)[0]) == ["k", "1", "two"]
    several = f"select * from {ROWS} pivot (sum(m) as s, max(m) for n in (1, 2 as two))"
    names = ["k", "1_s", "1_max(m)", "two_s", "two_max(m)"]
    assert list(warehouse.sql(several)[0]) == names
    mixed = f"select * from {ROWS} unpivot (v for c in (k, n))"
    warehouse.fails(mixed, "UNPIVOT_VALUE_DATA_TYPE_MISMATCH")


def test_a_random_value_is_not_computed_twice(warehouse: Any) -> None:
    warehouse.fails("select uuid() as a, a as b", "UNSUPPORTED_FEATURE")
    warehouse.fails("select rand() as a from range(3) qualify a < 2", "UNSUPPORTED_FEATURE")
    within = "select a = b as same from (select a, a as b from (select uuid() as a))"
    assert warehouse.sql(within) == [{"same": True}]
