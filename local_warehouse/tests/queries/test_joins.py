"""Joins: by names of columns, partial, and LATERAL."""

from __future__ import annotations

from typing import Any

import pytest

LEFT, RIGHT = "(values (1, 'x'), (2, 'y')) as l(k, a)", "(values (1, 'p'), (3, 'q')) as r(k, b)"


@pytest.mark.parametrize(
    ("projections", "join", "expected"),
    [
        pytest.param(
            "l.k, r.k as rk, k as key",
            "full join",
            [(1, 1, 1), (2, None, 2), (None, 3, 3)],
            id="key of a full join",
        ),
        pytest.param(
            "l.*, b", "left join", [(1, "x", "p"), (2, "y", None)], id="star of a left join"
        ),
        pytest.param(
            "*, r.k as rk",
            "right join",
            [(1, "x", "p", 1), (3, None, "q", 3)],
            id="star of a right join",
        ),
        pytest.param(
            "* except (a), l.a as la",
            "full join",
            [(1, "p", "x"), (2, None, "y"), (3, "q", None)],
            id="star EXCEPT of a full join",
        ),
        pytest.param("l.k, count(*) as n", "join", [(1, 1)], id="grouped by the key"),
        pytest.param("l.a", "left anti join", [("y",)], id="left anti join"),
    ],
)
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


def test_a_join_by_names_is_found_in_parentheses(warehouse: Any) -> None:
    left, right = (f"(select * from {rows}) {rows[-7]}" for rows in (LEFT, RIGHT))
    both = f"({left} full join {right} using (k))"
    query = f"select o.n, l.k as lk, r.k as rk from values (1), (3) as o(n) left join {both}"
    assert warehouse.sql(f"{query} on o.n = r.k order by n") == [
        {"n": 1, "lk": 1, "rk": 1},
        {"n": 3, "lk": None, "rk": 3},
    ]
    named = f"select l.a, o.n from values (1, 'n') as o(k, n) join {left} using (k) join"
    assert warehouse.sql(f"{named} ({right} cross join values (7) as x(y)) on r.k = l.k") == [
        {"a": "x", "n": "n"}
    ]


_CATEGORY = "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY"


@pytest.fixture
def parts(warehouse: Any, schema: str) -> dict[str, str]:
    """Two tables: k 1 to 4 with v 10, NULL, 30, 10, and what is sold of the first two."""
    rows = "values (1, 10), (2, null), (3, 30), (4, 10)"
    warehouse.sql(f"create table {schema}.t as select * from {rows} as v(k, v)")
    rows = "values (1, 5), (1, 7), (2, 9), (null, 1)"
    warehouse.sql(f"create table {schema}.u as select * from {rows} as v(k, n)")
    return {"t": f"{schema}.t", "u": f"{schema}.u"}


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("t.k, q.n from {t} t, lateral (select n from {u} u where u.k = t.k) q",
         [(1, 5), (1, 7), (2, 9)]),
        ("t.k, q.n from {t} t left join lateral (select n from {u} u where u.k > t.k) q on true",
         [(1, 9), (2, None), (3, None), (4, None)]),
        ("t.k, q.n from {t} t left join lateral (select n from {u} u where u.k = t.k) q"
         " on q.n > 6 where t.k < 3", [(1, 7), (2, 9)]),
        ("* from {t} t, lateral (select * from {u} u where u.k = t.k) q(uk, n)"
         " where t.k = 2", [(2, None, 2, 9)]),
        ("q.* from {t} t, lateral (select n + t.v from {u} u where u.k = t.k) as q(x)",
         [(15,), (17,), (None,)]),
        ("k, x from {t} t, lateral (select count(*), max(n) from {u} u where u.k = t.k) as q(c, x)"
         " where c < 2", [(2, 9), (3, None), (4, None)]),
        ("t.v, q.c from {t} t, lateral (select count(*) as c from {t} o where o.v <=> t.v) q",
         [(10, 2), (10, 2), (30, 1), (None, 1)]),
        ("t.k, q.* from {t} t, lateral (select u.k, sum(n) from {u} u where u.k >= t.k group by u.k"
         " having sum(n) > t.k + 8) as q(uk, s)", [(1, 1, 12)]),
        ("t.k, q.n from {t} t, lateral (select n from {u} u where u.k >= t.k order by u.n desc"
         " limit 1) q", [(1, 9), (2, 9)]),
        ("t.k, q.n from {t} t, lateral (select n from {u} u where u.k >= t.k order by 1"
         " limit 1 offset 1) q", [(1, 7)]),
        ("t.k, q.d from {t} t, lateral (select distinct u.k + t.k as d from {u} u where"
         " u.k <= t.k) q where t.k < 3", [(1, 2), (2, 3), (2, 4)]),
        ("t.k, q.r from {t} t, lateral (select row_number() over (order by n desc) as r, n from {u}"
         " u where u.k <= t.k) q where q.n = 5", [(1, 2), (2, 3), (3, 3), (4, 3)]),
        ("t.k, q.s from {t} t, lateral (select sum(n) over w as s from {u} u where u.k <= t.k"
         " window w as (partition by u.k)) q where t.k = 2", [(2, 12), (2, 12), (2, 9)]),
        ("t.k, q.n from {t} t, lateral (select n from {u} u where u.k = t.k union all select t.v) q"
         " where t.k < 3", [(1, 10), (1, 5), (1, 7), (2, 9), (2, None)]),
        ("t.k, q.n from {t} t, lateral (select n from {u} u where u.k = t.k union select t.v"
         " order by n limit 1) q where t.k <> 2", [(1, 5), (3, 30), (4, 10)]),
        ("t.k, q.n, p.c from {t} t, lateral (select n from {u} u where u.k = t.k) q,"
         " lateral (select count(*) as c from {u} u where u.n < q.n + t.k) p",
         [(1, 5, 2), (1, 7, 3), (2, 9, 4)]),
        ("(select sum(q.n) from {t} o, lateral (select n from {u} u where u.k = o.k) q where o.k"
         " = t.k) from {t} t where t.k < 4", [(12,), (9,), (None,)]),
        ("t.k, q.n from {t} t, lateral (select n from {u} u join {t} o on o.k = u.k and o.v = t.v)"
         " q",
         [(1, 5), (1, 7), (4, 5), (4, 7)]),
        ("count(*), count(v) from {t} t, lateral (select * from {u} u where u.k = t.k) q",
         [(3, 2)]),
        ("q.n, t.* from {t} t, lateral (select n from {u} u where u.k = t.k) q where t.v > 5",
         [(5, 1, 10), (7, 1, 10)]),
        ("T.*, n from {t} t left join lateral (select u.* from {u} u where u.k = t.k) q on n > 5"
         " where t.k < 4", [(1, 10, 7), (2, None, 9), (3, 30, None)]),
        ("t.k, q.* from {t} t, lateral (select sum(c), count(*) from (select count(*) as c from {u}"
         " u where u.k = t.k group by u.n)) q where t.k < 4", [(1, 2, 2), (2, 1, 1), (3, None, 0)]),
        ("t.k, q.c from {t} t, lateral (select a.c + b.c as c from (select count(*) as c from {u} u"
         " where u.k = t.k) a join (select count(*) as c from {t} o where o.v = t.v) b) q",
         [(1, 4), (2, 1), (3, 1), (4, 2)]),
        ("t.k, q.n from {t} t, lateral ((select n from {u} u where u.k = t.k) except (select n"
         " from {u} u where u.n < t.v - 4)) q", [(1, 7), (2, 9)]),
        ("t.k, q.c from {t} t, lateral (select count(*) as c from {u} u where u.k = t.k"
         " having c < 2) q", [(2, 1), (3, 0), (4, 0)]),
        ("t.k, q.s from {t} t, lateral (with w as (select n from {u} u where u.k = t.k) select"
         " sum(n) as s from w) q where t.k < 3", [(1, 12), (2, 9)]),
        ("t.k, q.m from {t} t left join lateral (select t.v + 1 as m) q on m > 11",
         [(1, None), (2, None), (3, 31), (4, None)]),
        ("count(*) from {t} t, lateral (select distinct n from {u} u where u.n > t.v - 5) q",
         [(4,)]),
        ("x, y from {t} t, lateral (select k, v) q(x, y) where k = 1", [(1, 10)]),
        ("* from lateral (select n from {u}) q, lateral (select 1 as one) p where n > 6",
         [(7, 1), (9, 1)]),
    ],
)  # fmt: skip
def test_lateral_reads_the_relations_before_it(
    warehouse: Any, parts: dict[str, str], query: str, wanted: list[tuple[Any, ...]]
) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"select {query.format(**parts)}")
        found = [tuple(row) for row in cursor.fetchall()]
    assert sorted(found, key=repr) == sorted(wanted, key=repr)


@pytest.mark.parametrize(
    ("lateral", "condition"),
    [
        (", lateral (select t.k + count(*) from {u} u) q", f"{_CATEGORY}.CORRELATED_REFERENCE"),
        (", lateral (select sum(t.k + u.n) from {u} u) q",
         f"{_CATEGORY}.AGGREGATE_FUNCTION_MIXED_OUTER_LOCAL_REFERENCES"),
        (", lateral (select n from {u} u order by u.n - t.k limit 1) q",
         f"{_CATEGORY}.CORRELATED_REFERENCE"),
        (", lateral (select n from {u} u where u.k = t.k group by rollup(n)) q",
         f"{_CATEGORY}.ACCESSING_OUTER_QUERY_COLUMN_IS_NOT_ALLOWED"),
        (" right join lateral (select n from {u} u where u.k = t.k) q on true",
         "INVALID_LATERAL_JOIN_TYPE"),
        (" left semi join lateral (select n from {u} u where u.k = t.k) q",
         "INVALID_LATERAL_JOIN_TYPE"),
        (" natural join lateral (select n from {u} u where u.k = t.k) q",
         "INCOMPATIBLE_JOIN_TYPES"),
        (" natural join lateral (select t.k + 1 as k) q", "INCOMPATIBLE_JOIN_TYPES"),
        (" join lateral (select k from {u}) q on t.k + rand() > q.k",
         f"{_CATEGORY}.LATERAL_JOIN_CONDITION_NON_DETERMINISTIC"),
        (" join lateral (select *) q", "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE"),
        (" join lateral (select u.* from {u} u where u.k >= t.k) q using (k)",
         "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE"),
        (", lateral (select (select max(n) from {u} u where u.k = t.k)) q",
         "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE"),
        (", lateral (select o.k from {t} o left join (select k from {u} u where u.n = t.k) u"
         " on u.k = o.k) q", f"{_CATEGORY}.ACCESSING_OUTER_QUERY_COLUMN_IS_NOT_ALLOWED"),
    ],
)  # fmt: skip
def test_lateral_that_spark_or_the_warehouse_refuses(
    warehouse: Any, parts: dict[str, str], lateral: str, condition: str
) -> None:
    warehouse.fails(f"select * from {{t}} t{lateral}".format(**parts), condition)


def test_lateral_without_a_column_of_others(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t as select 1 as k, 2 as v")
    beside = f"select l.v from {schema}.t, lateral (select t.k + t.v as v) l"
    assert warehouse.sql(beside) == [{"v": 3}]
    derived = f"select t.k, l.v from {schema}.t, lateral (select v from (select 5 as v) i) l"
    assert warehouse.sql(derived) == [{"k": 1, "v": 5}]
    warehouse.fails(f"select k + count(*) from {schema}.t", "MISSING_AGGREGATION")


@pytest.mark.parametrize(
    ("left", "right", "condition", "error"),
    [
        ("date'2024-01-01'", "interval 2 hours", "l.v + r.v > timestamp'2024-01-01 01:00'", None),
        ("0.1D", "cast('0.10000000000000000555' as decimal(38, 34))", "l.v = r.v", None),
        ("7", "map('k', 7)", "r.v[concat(r.k, '')] = l.v", None),
        ("7D", "2", "l.v div r.v = 3", "DATATYPE_MISMATCH"),
        ("2147483647", "2147483647", "l.v * r.v > 0", "ARITHMETIC_OVERFLOW"),
    ],
    ids=["moment", "double and decimal", "key of a map", "unfit operand", "overflow"],
)
def test_the_condition_of_a_partial_join_is_that_of_a_join(
    warehouse: Any, left: str, right: str, condition: str, error: str | None
) -> None:
    """Its operands are of both relations, though the rest of the query sees one."""
    pair = f"(select {left} as v) l {{}} join (select {right} as v, 'k' as k) r on {condition}"
    for kind, rows in (("", 1), ("left semi", 1), ("left anti", 0)):
        query = f"select l.v is null as n from {pair.format(kind)}"
        if error:
            warehouse.fails(query, error)
        else:
            assert len(warehouse.sql(query)) == rows, kind


@pytest.mark.parametrize("kind", ["semi", "anti"])
def test_a_join_within_a_partial_one_is_that_of_a_join(warehouse: Any, kind: str) -> None:
    """Also of a partial one within: a DATE and two hours are later than the DATE."""
    a, b, c = (f"(select 1 as k, date'2024-01-01' as d) {name}" for name in "abc")
    later = "{}.d + interval 2 hours > {}.d"
    rows = 1 if kind == "semi" else 0
    for relations in (
        f"{a} join ({b} left {kind} join {c} on {later.format('b', 'c')}) on a.k = b.k",
        f"{a} left {kind} join ({b} join {c} on {later.format('b', 'c')}) on a.k = b.k",
        f"{a} left {kind} join ({b} left join {c} on true) on {later.format('a', 'c')}",
    ):
        assert len(warehouse.sql(f"select a.k from {relations}")) == rows, relations


VIEWED = (
    "(select * from values (1, array(1, 2, null), map('a', 1)), (2, array(), map()),"
    " (3, null, map('b', null)) as v(id, a, m))"
)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("v.x from {t} t lateral view explode(a) v as x where v.x > 1", [2]),
        ("x from {t} t lateral view explode(a) v as x where x is null", [None]),
        ("id from {t} t lateral view outer explode(a) v as x where x is null order by 1",
         [1, 2, 3]),
        ("col from {t} t lateral view explode(a) where col = id", [1]),
        ("p from {t} t lateral view posexplode(a) v as p, x where v.x is null", [2]),
        ("k from {t} t lateral view explode(m) v as k, n where n is null", ["b"]),
        ("id from {t} t lateral view outer explode(m) v as k, n where n is null order by 1",
         [2, 3]),
        ("y from {t} t lateral view explode(a) as x lateral view explode(array(x, 7)) as y"
         " where y > 2 and x = 1", [7]),
        ("x from {t} t lateral view explode(a) v as x where x in (select 2)", [2]),
        ("x from {t} t lateral view explode(a) v as x where exists (select 1 from {t} o where"
         " o.id - 1 = v.x) order by 1", [1, 2]),
        ("count(*) from {t} t lateral view explode(a) v as x where x < 9 group by all", [2]),
        ("x from {t} t, lateral explode(a) as v(x) where v.x > 1", [2]),
        ("id from {t} t left join lateral explode(a) as v(x) on true where x is null order by 1",
         [1, 2, 3]),
        ("id from {t} t left join lateral explode(a) as v(x) on true order by 1", [1, 1, 1, 2, 3]),
        ("x from {t} t join lateral explode(a) as v(x) on x > id order by 1", [2]),
        ("x from {t} t left join lateral explode(a) as v(x) on x > id order by 1", [None, None, 2]),
        ("o.id from {t} t join lateral explode(a) as v(x) on x > t.id join {t} o on o.id = x", [2]),
        ("id from {t} t left join lateral explode_outer(a) order by 1", [1, 1, 1, 2, 3]),
        ("x from {t} t, lateral (select explode(a) as x) where x > 1", [2]),
        ("x from {t} t, lateral (select x + id as x from explode(a) as v(x)) where x > 2", [3]),
        ("id from {t} t where exists (select 1 from {t} o lateral view explode(o.a) v as x where"
         " x = t.id) order by 1", [1, 2]),
        ("(select max(v.x) from {t} o lateral view explode(o.a) v as x where v.x < t.id)"
         " from {t} t order by id", [None, 1, 2]),
    ],
)  # fmt: skip
def test_a_where_filters_what_a_lateral_view_gives(
    warehouse: Any, query: str, expected: list[object]
) -> None:
    found = warehouse.sql(f"select {query.format(t=VIEWED)}")
    assert [next(iter(row.values())) for row in found] == expected


@pytest.mark.parametrize("condition", ["false", "cast(null as boolean)", "1 > cast(null as int)"])
def test_a_total_is_joined_by_a_condition_without_columns(warehouse: Any, condition: str) -> None:
    """Which says nothing of the rows that are added up."""
    rows, total = "values (1), (2) as t(id)", "(select count(*) as n, max(id) as m from t)"
    query = f"with t as (select * from {rows}) select {{}} {total} r on {condition}"
    assert warehouse.sql(query.format("id, n, m from t left join") + " order by id") == [
        {"id": 1, "n": None, "m": None},
        {"id": 2, "n": None, "m": None},
    ]
    assert len(warehouse.sql(query.format("id from t left anti join"))) == 2
    for kind in ("join", "left semi join"):
        assert warehouse.sql(query.format(f"id from t {kind}")) == []
    within = f"with t as (select * from {rows}) select m from {total} r group by rollup(m)"
    assert warehouse.sql(f"{within} having {condition}") == []
    assert warehouse.sql(f"with t as (select * from {rows}) select n from {total} where rand() < 2")


TWINS = "values (1, 'x'), (2, 'y') as l(id, a)", "values (1, 'p'), (3, 'q') as r(id, b)"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("* from l left semi join (select * from r where b = 'p')", [(1, "x"), (2, "y")]),
        ("* from l left semi join (select * from r where b = '')", []),
        ("* from l anti join (select * from r where b = '')", [(1, "x"), (2, "y")]),
        ("l.id, b from l cross join r on l.id < r.id order by 1", [(1, "q"), (2, "q")]),
        ("a, b from l cross join r using (id)", [("x", "p")]),
        ("a, n from l natural left join (select 5 as n) order by a", [("x", 5), ("y", 5)]),
        ("a from l natural left anti join (select 5 as n)", []),
        ("a, n from l natural full join (select 5 as n where false) order by a",
         [("x", None), ("y", None)]),
    ],
)  # fmt: skip
def test_a_join_needs_no_condition_and_a_cross_join_may_have_one(
    warehouse: Any, query: str, expected: list[tuple[object, ...]]
) -> None:
    left, right = TWINS
    relations = f"with l as (select * from {left}), r as (select * from {right})"
    found = warehouse.sql(f"{relations} select {query}")
    assert [tuple(row.values()) for row in found] == expected


@pytest.fixture
def schemas(warehouse: Any, schema: str) -> tuple[str, str]:
    """Two schemas with a table of one name."""
    other = f"{schema}_other"
    warehouse.sql(f"create schema {other}")
    for name, rows in zip((schema, other), TWINS, strict=True):
        warehouse.sql(f"create table {name}.t as select * from {rows}")
    return schema, other


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{one}.t.a, {two}.t.b from {one}.t join {two}.t on {one}.t.id = {two}.t.id", [("x", "p")]),
        ("main.{one}.t.a, {two}.t.id + 1 from {one}.t, {two}.t where {two}.t.b = 'q' order by 1",
         [("x", 4), ("y", 4)]),
        ("{one}.t.*, {two}.t.b from {one}.t left join {two}.t on {one}.t.id = {two}.t.id"
         " order by {one}.t.id", [(1, "x", "p"), (2, "y", None)]),
        ("a from {one}.t where exists (select 1 from {two}.t where {two}.t.id = {one}.t.id)",
         [("x",)]),
        ("a from {one}.t where not exists (select 1 from {two}.t where t.id = {one}.t.id)",
         [("y",)]),
        ("t.a, (select max({two}.t.b) from {two}.t where {one}.t.id < {two}.t.id) from {one}.t"
         " order by t.id", [("x", "q"), ("y", "q")]),
    ],
)  # fmt: skip
def test_a_schema_tells_tables_of_one_name_apart(
    warehouse: Any, schemas: tuple[str, str], query: str, expected: list[tuple[object, ...]]
) -> None:
    one, two = schemas
    found = warehouse.sql(f"select {query.format(one=one, two=two)}")
    assert [tuple(row.values()) for row in found] == expected


def test_a_schema_before_a_column_is_that_of_its_table(
    warehouse: Any, schemas: tuple[str, str]
) -> None:
    one, two = schemas
    warehouse.fails(f"select {two}.t.id from {one}.t", "UNRESOLVED_COLUMN")
    warehouse.fails(f"select {one}.t.id from {one}.t as x", "UNRESOLVED_COLUMN")
    warehouse.fails(f"with t as (select 1 as id) select {one}.t.id from t", "UNRESOLVED_COLUMN")
    warehouse.fails(f"select t.id, {one}.t.a from {one}.t, {two}.t", "AMBIGUOUS_REFERENCE")
    warehouse.fails(f"select {one}.t.id from {one}.t, {one}.t", "AMBIGUOUS_REFERENCE")
    warehouse.sql(
        f"merge into {one}.t using {two}.t on {one}.t.id = {two}.t.id"
        f" when matched then update set a = {two}.t.b"
        f" when not matched then insert (id, a) values ({two}.t.id, {two}.t.b)"
    )
    warehouse.sql(
        f"delete from {one}.t where exists"
        f" (select 1 from {two}.t where {two}.t.id = {one}.t.id and b = 'q')"
    )
    assert warehouse.sql(f"select * from {one}.t order by id") == [
        {"id": 1, "a": "p"},
        {"id": 2, "a": "y"},
    ]


def test_a_column_of_a_struct_may_have_its_tables_name(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.p as select 1 as x, named_struct('x', 2) as p")
    found = warehouse.sql(
        f"select p.x as a, p.p.x as b, {schema}.p.x as c, {schema}.p.p.x as d,"
        f" main.{schema}.p.p.x as e from {schema}.p"
    )
    assert found == [{"a": 1, "b": 2, "c": 1, "d": 2, "e": 2}]
