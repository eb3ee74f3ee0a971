"""Forms of Databricks SQL that the engine lacks and the local warehouse rewrites."""

from __future__ import annotations

from typing import Any

import pytest

ROWS = "(select * from values ('a', 1, 10), ('a', 2, 20), ('b', 3, 30) as v(k, n, m))"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param(
            f"select k, sum(n) as s, count(*) as c from {ROWS} group by all order by all",
            [("a", 3, 2), ("b", 3, 1)],
            id="GROUP BY ALL, ORDER BY ALL",
        ),
        pytest.param(
            f"select count(*) from {ROWS} group by all", [(3,)], id="GROUP BY ALL without keys"
        ),
        pytest.param(
            f"select n, k from {ROWS} order by all desc",
            [(3, "b"), (2, "a"), (1, "a")],
            id="ORDER BY ALL DESC",
        ),
        pytest.param(
            "select s collate utf8_lcase as s, rank() over (order by s collate utf8_lcase) as r,"
            " count(*) over (partition by s collate utf8_lcase) as c from values ('b'), ('A'),"
            " ('a'), ('C') as v(s) order by s collate utf8_lcase desc, 1",
            [("C", 4, 1), ("b", 3, 1), ("A", 1, 2), ("a", 1, 2)],
            id="keys by a collation",
        ),
        pytest.param(
            f"select * from {ROWS} order by all",
            [("a", 1, 10), ("a", 2, 20), ("b", 3, 30)],
            id="ORDER BY ALL of a star",
        ),
        pytest.param(
            "select to_json(struct(a, b)) as x from values (2, 'p'), (null, 'q'), (2, null) "
            "as v(a, b) order by if(b = 'p', null, struct(a, b)) nulls last",
            [('{"b":"q"}',), ('{"a":2}',), ('{"a":2,"b":"p"}',)],
            id="NULLs inside of structs stay the least where NULLs come last",
        ),
        pytest.param(
            "select k, max(x) as m from values (1, array('1', null)), (2, array('1', '0')), "
            "(3, null) as v(k, x) group by k order by 2 desc nulls first",
            [(3, None), (2, ["1", "0"]), (1, ["1", None])],
            id="and of arrays where they come first, by position over groups",
        ),
        pytest.param(
            f"select (k) = 'a' as e, sum(n) from {ROWS} group by rollup((k) = 'a') order by 1, 2",
            [(None, 6), (False, 3), (True, 3)],
            id="ROLLUP of a condition that begins with a parenthesis",
        ),
        pytest.param(
            f"select k, n, count(*) as c, count(*) over (order by k nulls last) as w from {ROWS} "
            "where k = 'a' group by rollup(k, n) order by k desc, n",
            [("a", None, 2, 3), ("a", 1, 1, 3), ("a", 2, 1, 3), (None, None, 2, 4)],
            id="totals are sorted by a key that is a constant but for them",
        ),
        pytest.param(
            f"select 'x' as x, k, count(*) from {ROWS} group by cube('x', k) order by 1 desc, 2, 3",
            [(x, *row) for x in ("x", None) for row in ((None, 3), ("a", 2), ("b", 1))],
            id="and by one that is one from the beginning",
        ),
        pytest.param(
            f"select (n) > 1 as e, count(*) from {ROWS} group by grouping sets (((n) > 1, k), ()) "
            "order by 1, 2",
            [(None, 3), (False, 1), (True, 1), (True, 1)],
            id="GROUPING SETS of conditions",
        ),
        pytest.param(
            f"select k, n, sum(m), grouping__id, grouping_id() from {ROWS} where n > 1"
            " group by k, n grouping sets (n, k) order by grouping__id, 1, 2",
            [
                ("a", None, 20, 1, 1),
                ("b", None, 30, 1, 1),
                (None, 2, 20, 2, 2),
                (None, 3, 30, 2, 2),
            ],
            id="GROUPING SETS behind all keys, without parentheses",
        ),
        pytest.param(
            f"select k, n + 1 as x, count(*) from {ROWS} group by k, 2 grouping sets (x, ()) "
            "order by -x",
            [(None, None, 3), (None, 4, 1), (None, 3, 1), (None, 2, 1)],
            id="of some of the keys, by position and alias",
        ),
        pytest.param(
            f"select k, n > 1 as x, count(*) from {ROWS} group by k, grouping sets (x, rollup(x)) "
            "order by k, grouping(n > 1), x",
            [
                *(("a", x, 1) for x in (False, False, True, True)),
                ("a", None, 2),
                *(("b", x, 1) for x in (True, True, None)),
            ],
            id="ROLLUP within GROUPING SETS, beside a key",
        ),
        pytest.param(
            f"select sum(m) as n, k as m, grouping_id() as g from {ROWS} group by rollup(k, n) "
            "having n > 1 order by 1",
            [(20, "a", 0), (30, "b", 0)],
            id="HAVING by a key that has the name of an output",
        ),
        pytest.param(
            "select max(a) as a from values (1, 2), (2, 1) as v(a, all) group by all order by all",
            [(2,), (1,)],
            id="a column of the name ALL comes before the word",
        ),
        pytest.param(
            "select * from values ('z', 1), ('y', 2) as v(a, all) order by all desc",
            [("y", 2), ("z", 1)],
            id="and in ORDER BY",
        ),
        pytest.param(
            f"select k, n, count(*), grouping_id(k, n) from {ROWS} where n > 1 group by"
            " cube((k, n), k) having grouping(k) = 0 order by upper(k) desc, n",
            [
                ("b", None, 1, 1),
                *(("b", 3, 1, 0),) * 2,
                ("a", None, 1, 1),
                *(("a", 2, 1, 0),) * 2,
            ],
            id="lists of keys in CUBE, filtered and sorted by what is no output",
        ),
        pytest.param(
            "select sum(count(n)) over () as s, 1 + max(n) as x, rank() over (order by sum(m))"
            f" from {ROWS} union all select sum(count(n)) over (), 0, 0 from {ROWS} where n > 9"
            " order by 1 desc",
            [(3, 4, 1), (0, 0, 0)],
            id="a window over one total",
        ),
        pytest.param(
            f"select 1 as one from {ROWS} having true union all select 2 from {ROWS} having false",
            [(1,)],
            id="HAVING that aggregates nothing makes one total",
        ),
        pytest.param(
            f"select k, max(named_struct('x', n)) as s from {ROWS} group by k having s.x < 3",
            [("a", {"x": 2})],
            id="HAVING by a field of an output",
        ),
        pytest.param(
            f"select n, k from {ROWS} where n < 3 union all select 0, 'c' order by all desc",
            [(2, "a"), (1, "a"), (0, "c")],
            id="ORDER BY ALL of a set operation",
        ),
        pytest.param(
            f"select * except (m, k) from {ROWS} order by n", [(1,), (2,), (3,)], id="star EXCEPT"
        ),
        pytest.param(
            f"select n, n in (select n from {ROWS} where n < 3) as a, "
            "n not in (select * from values (1), (null)) as b, "
            f"n in (select n from {ROWS} where false) as c, "
            f"x.n in (select i.n from {ROWS} i where i.n > x.m / 10 - 1) as d from {ROWS} x "
            "union all select null, null in (select 1), null not in (select 1 where false), "
            "null in (select 1 where false), (1, 2) in (select 1, 2) order by 1 nulls last",
            [
                (1, True, False, False, True),
                (2, True, False, False, True),
                (3, False, False, False, True),
                (None, None, True, False, True),
            ],
            id="IN with a subquery among the outputs",
        ),
        pytest.param(
            "select n, nullif(n, 1) in (select 2), not (nullif(n, 1) not in (select 2)), "
            "not ((nullif(n, 1) in (select 2))), "
            "(n in (select * from values (1), (null))) is null, coalesce(not n in "
            "(select * from values (3), (null)), true) "
            f"from {ROWS} order by n",
            [
                (1, False, False, False, False, False),
                (2, True, True, False, False, False),
                (3, False, False, True, False, False),
            ],
            id="IN with a subquery is false in place of NULL",
        ),
        pytest.param(
            f"select n, (select count(*) from {ROWS} i where i.n < o.n) a, (select max(i.m) + 1"
            f" from {ROWS} i where i.m < o.m and i.k = o.k) b, (select count(*) from {ROWS} i where"
            f" nullif(i.n, 2) <=> nullif(o.n, 2)) c, (select i.k || o.n from {ROWS} i where"
            f" i.n = o.n) d, (select i.n from {ROWS} i where i.n <> o.n order by i.k desc, i.n"
            f" limit 1 offset 1) e, (select distinct k from {ROWS} i where i.k = o.k) f, (select"
            f" o.n * 2 where o.k = 'a') g from {ROWS} o where o.m >= (select avg(i.m) from {ROWS}"
            " i where i.m <= o.m) order by n",
            [
                (1, 0, None, 1, "a1", 2, "a", 2),
                (2, 1, 11, 1, "a2", 1, "a", 4),
                (3, 2, None, 1, "b3", 2, "b", None),
            ],
            id="subqueries of one value",
        ),
        pytest.param(
            "select window.start > timestamp'2024-01-01', k, count(*) from (select k, "
            f"timestamp'2024-01-01' + make_interval(0, 0, 0, 0, 0, m - 15) as ts from {ROWS}) "
            "group by window(ts, '10 minutes'), k order by all",
            [(False, "a", 1), (False, "a", 1), (True, "b", 1)],
            id="GROUP BY window(…)",
        ),
        pytest.param(
            f"select x.* except (m), y.k as k2 from {ROWS} as x join {ROWS} as y on x.n = y.n"
            " order by all",
            [("a", 1, "a"), ("a", 2, "a"), ("b", 3, "b")],
            id="star EXCEPT of one relation",
        ),
        pytest.param(
            f"with z as (select n as x, x + 1 as y from {ROWS}), w as (select * except (x) from z)"
            " select * from w order by all",
            [(2,), (3,), (4,)],
            id="star EXCEPT of a CTE",
        ),
        pytest.param(
            f"select n + 1 as p, p * 2 as q, p + q as r from {ROWS} order by r",
            [(2, 4, 6), (3, 6, 9), (4, 8, 12)],
            id="alias in later expressions",
        ),
        pytest.param(  # fields of a STRUCT, behind a relation's name
            "select t.s.f, t.s.g.h from (select named_struct("
            " 'f', 1, 'g', named_struct('h', 2)) as s)"
            " as t join (select 3 as s) as u on true",
            [(1, 2)],
            id="fields of a STRUCT",
        ),
        # a column of the relations comes before an alias of the same name
        pytest.param(
            f"select n as m, m + 1 as t from {ROWS} order by t",
            [(1, 11), (2, 21), (3, 31)],
            id="a column before an alias of its name",
        ),
        pytest.param(
            f"select k, row_number() over (partition by k order by n desc) as rn from {ROWS}"
            " qualify rn = 1 order by k",
            [("a", 1), ("b", 1)],
            id="QUALIFY by an alias",
        ),
        pytest.param(
            f"select * from {ROWS} pivot (sum(m) for n in (1, 2 as two)) order by k",
            [("a", 10, 20), ("b", None, None)],
            id="PIVOT",
        ),
        pytest.param(  # a value without rows is NULL, and not a count of 0
            f"select p.* from {ROWS} as r pivot (max(r.m) as top, count(*) as c for (k, n) in"
            " (('a', 2) as a2, ('b', 1) as b1)) as p",
            [(20, 1, None, None)],
            id="PIVOT by two columns",
        ),
        pytest.param(  # but where an aggregate is no number, each is filtered
            f"select * from {ROWS} pivot (count(*) as c, max(k) as top, collect_list(m) as all"
            " for n in (1, 9))",
            [(1, "a", [10], 0, None, [])],
            id="PIVOT of no numbers",
        ),
        pytest.param(
            f"select * from (select k, n, nullif(m, 20) as m from {ROWS}) unpivot"
            " (amount for kind in (n as `number`, m)) order by k, kind, amount",
            [
                ("a", "m", 10),
                ("a", "number", 1),
                ("a", "number", 2),
                ("b", "m", 30),
                ("b", "number", 3),
            ],
            id="UNPIVOT",
        ),
        pytest.param(
            f"select u.* from {ROWS} unpivot include nulls ((x, y) for pair in ((n, m), (m, n) as"
            " turned)) as u where k = 'b' order by pair",
            [("b", "n_m", 3, 30), ("b", "turned", 30, 3)],
            id="UNPIVOT of pairs with NULLs",
        ),
        pytest.param(  # QUALIFY comes before DISTINCT, ORDER BY and LIMIT, and adds no column
            f"select * from {ROWS} qualify row_number() over (partition by k order by n desc) = 1"
            " order by n desc limit 1",
            [("b", 3, 30)],
            id="QUALIFY before LIMIT",
        ),
        pytest.param(
            f"select distinct k from {ROWS} qualify count(*) over (partition by k) > 0 order by k",
            [("a",), ("b",)],
            id="QUALIFY before DISTINCT",
        ),
        pytest.param(
            f"select k, n * 2 from {ROWS} qualify n = max(n) over (partition by k) order by m desc",
            [("b", 6), ("a", 4)],
            id="QUALIFY without an alias",
        ),
        pytest.param(
            f"with x as (select * from {ROWS} qualify rank() over (order by n) < 3)"
            " select x.*, row_number() over (order by x.n desc) as rn from x qualify rn = 1",
            [("a", 2, 20, 1)],
            id="QUALIFY in a CTE and behind it",
        ),
        pytest.param(
            f"select k, sum(n) as s from {ROWS} group by k"
            " qualify row_number() over (order by sum(n) desc, k) = 1 order by count(*)",
            [("a", 3)],
            id="QUALIFY of groups",
        ),
        pytest.param(
            f"select k from {ROWS} group by k order by count(*) desc, sum(m) limit 1",
            [("a",)],
            id="ORDER BY of aggregates",
        ),
        pytest.param(
            f"select n from {ROWS} where (k, n) in (('a', 1), ('b', 3)) and (k, n) not in"
            " (('b', 3), (cast(null as string), 1))",
            [(1,)],
            id="IN of rows",
        ),
        pytest.param(
            f"select n from {ROWS} where (k, (n, m) in ((1, 10))) in (('a', true))",
            [(1,)],
            id="IN of rows in IN of rows",
        ),
        pytest.param(
            f"select n, k like any ('b%', 'c') as any, k not like all ('b', 'c') as no from {ROWS}"
            " where n > 1 order by n",
            [(2, False, True), (3, True, False)],
            id="LIKE ANY and ALL",
        ),
        pytest.param(
            "select timestampdiff(MICROSECOND, t, u) as a, datediff(millisecond, t, u) as b"
            " from values (timestamp'2020-01-01 00:00:00.9985', timestamp'2020-01-01 00:00:01')"
            " as v(t, u)",
            [(1500, 1)],
            id="differences of timestamps",
        ),
        *(
            pytest.param(f"select k as x, sum(n) as s from {ROWS} group by {by}", [("b", 3)])
            for by in ("1 having k > 'a'", "x having k > 'a' and max(m) > 1", "all having k = 'b'")
        ),
        pytest.param(
            f"select k, sum(n) as s from {ROWS} group by rollup(k) having max(k) = 'b' order by 1",
            [(None, 6), ("b", 3)],
            id="a key that HAVING aggregates beside ROLLUP",
        ),
        pytest.param(
            "select a, (a, b) = (1, nullif(b, b)) as e, (a, b) <> (1, 'x') as n, (a, b) < (1, 'x')"
            " as l,"
            " (1, 'x') >= (a, b) as g, (a, b) between (1, nullif(b, b)) and (2, 'x') as w"
            " from values (1, null), (1, 'x'), (null, 'x'), (2, 'y') as v(a, b) where (a, b) <="
            " (2, 'y') order by 1, b",
            [
                (None, False, True, True, True, False),
                (1, True, True, True, True, True),
                (1, False, False, False, True, True),
                (2, False, True, False, False, False),
            ],
            id="comparisons of rows, in which NULL is the least",
        ),
        pytest.param(
            "select l.b from (select null as b, 'x' as c) l join values (1) as r(k)"
            " on (1, cast(l.b as string)) = (r.k, l.c)",
            [],
            id="rows are compared so in ON, too",
        ),
        pytest.param(
            f"select (select max(datediff(day, date'2024-01-01', date'2024-01-03')) from {ROWS}) as"
            " l, q.c from ((with w as (select dateadd(day, 1, date'2024-01-01') as d) select"
            " timestampdiff(day, d, date'2024-01-09') as c from w union all select 1)) as q(c)"
            " order by c",
            [(2, 1), (2, 7)],
            id="a unit in a subquery is no outer column, nor is a relation in parentheses a value",
        ),
        pytest.param(
            "select a, (a > 1 or b, 1) = (b, 1) as o, struct(a, b) = struct(a, a > 1) as s,"
            " struct(a, struct(b)) in (struct(1, struct(true)), struct(a, struct(a = 2))) as i"
            " from values (1, true), (2, false) as v(a, b) order by a",
            [(1, True, False, True), (2, False, False, False)],
            id="rows of conditions, and rows that struct makes",
        ),
        pytest.param(
            "select factorial(x) as f from values (-1), (0), (20), (21), (null) as v(x)",
            [(None,), (1,), (2432902008176640000,), (None,), (None,)],
            id="factorials beyond its numbers",
        ),
        *(
            pytest.param(f"select k, count(*) as c from {ROWS} group by k having {having}", rows)
            for having, rows in (
                ("count(*) > (select min(k) from values (1) as w(k))", [("a", 2)]),
                ("count(*) in (select k from values (2) as w(k))", [("a", 2)]),
                ("exists (select 1 from (select 5 as c) where c > 4) and k = 'b'", [("b", 1)]),
            )
        ),
        *(
            pytest.param(f"with t as (values (1, 2)) select {query}", [rows], id=query)
            for query, rows in (
                ("T.* from t", (1, 2)),
                ("T.*, U.col2 as b from t join t as u using (col1)", (1, 2, 2)),
                (
                    "`T`.*, V.* from (t cross join t y) lateral view explode(array(7)) v as x",
                    (1, 2, 7),
                ),
                ("Y.* from (select S.*, 3 from t, lateral (select T.*) s) as y", (1, 2, 3)),
                ("X.S.*, 2 from (select named_struct('a', 1) as s) as x", (1, 2)),
                ("(select struct(U.*) from t as u).col2", (2,)),
                ("count(U.*, null), count(*) from t as u", (0, 1)),
            )
        ),
        pytest.param(
            "with t as (values (1, 2), (3, 4)) select * from t union all table t order by 1",
            [(1, 2), (1, 2), (3, 4), (3, 4)],
            id="TABLE in a set operation",
        ),
        pytest.param(
            "with t as (values (1, 2), (3, 4)), u as (table t) select * from (table u) as v"
            " where col1 in (values (3), (7)) and exists (table u)",
            [(3, 4)],
            id="TABLE in parentheses",
        ),
        pytest.param(
            "with t as (values (1, 2), (3, 4)) select * from t where (col1, col2) in"
            " (values (1, 2), (3, 5)) or col1 in (values (3)) order by 1",
            [(1, 2), (3, 4)],
            id="IN (VALUES …)",
        ),
        *(
            pytest.param(
                (
                    f"select {query} from values ('1'), ('1.0'), ('1e1'), ('x') as v(s){rest}"
                ).replace("F", "try_cast(s as double)"),
                rows,
                id=f"{query}{rest}",
            )
            for query, rest, rows in (
                ("F as f, count(*)", " group by F order by 1", [(None, 1), (1.0, 2), (10.0, 1)]),
                ("F, count(*)", " group by F having F > 1", [(10.0, 1)]),
                (
                    "F + 1, max(s)",
                    " group by rollup(F) order by 1 nulls last limit 2",
                    [(2.0, "1.0"), (11.0, "1e1")],
                ),
                (
                    "F, sum(count(*)) over (order by F)",
                    " group by 1 order by 2",
                    [(None, 1), (1.0, 3), (10.0, 4)],
                ),
                ("sum(F) as a, sum(F) / count(F) as b", " having sum(F) > 1", [(12.0, 4.0)]),
                (
                    "count(*) filter (where F > 1) as a, -count(*) filter (where F > 1) as b",
                    "",
                    [(1, -1)],
                ),
                ("max(F)", " order by max(F)", [(10.0,)]),
            )
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


_UNION = "select 0 as x, id from range(9) union all select 5, id from range(9)"


def test_values_in_parentheses_are_a_query(warehouse: Any) -> None:
    for clauses, expected in (
        ("union all select 1, 2 order by 2", [(1, 2), (1, 3)]),
        ("except select 1, 3", []),
        (", (2, 4) order by 1 desc limit 1", [(2, 4)]),
        ("intersect values (1, 3)", [(1, 3)]),
    ):
        found = warehouse.sql(f"select * from (values (1, 3) {clauses})")
        assert [tuple(row.values()) for row in found] == expected
    warehouse.fails("select * from (values (1, 3) nonsense of it)", "PARSE_SYNTAX_ERROR")


@pytest.mark.parametrize(
    "query",
    [
        "select 1 as a, from range(2)",
        "select abs(1,)",
        "select array(1, 2,)",
        "select 1 in (1, 2,)",
        "select * from values (1, 2), (3, 4),",
        "select * from values (1, 2,)",
        "select id from range(2) group by id,",
        "select id from range(2) order by id,",
        "select rank() over (partition by id, order by id) from range(2)",
    ],
)
def test_a_comma_stands_before_something(warehouse: Any, query: str) -> None:
    warehouse.fails(query, "PARSE_SYNTAX_ERROR")


@pytest.mark.parametrize(
    "query",
    [
        "select * from range(2),",
        "select id from range(3) limit 1, 1",
        "select id from range(3) fetch first 1 rows only",
        "select id from range(3) for update",
        "select id from range(3) with (nolock)",
        "select safe_cast('x' as int)",
        "select id from range(3) where id isnull",
        """select '{"a": 1}' -> 'a'""",
        """select '{"a": 1}' ->> 'a'""",
        "select current_timestamp() at time zone 'UTC'",
        "select [1, 2]",
    ],
)
def test_forms_of_other_dialects_are_syntax_errors(warehouse: Any, query: str) -> None:
    warehouse.fails(query, "PARSE_SYNTAX_ERROR")


def test_an_alias_may_have_the_name_of_an_operator(warehouse: Any) -> None:
    found = warehouse.sql("select id isnull, isnull(id) as n from range(1)")
    assert found == [{"isnull": 0, "n": False}]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"{_UNION} order by x desc, id limit 3", [(5, 0), (5, 1), (5, 2)]),
        (f"select * from ({_UNION}) order by 1 desc, 2 limit 3", [(5, 0), (5, 1), (5, 2)]),
        (
            f"with u as ({_UNION}) select id, x + 1 as y from u where id > 5 order by y desc,"
            " -id limit 2",
            [(8, 6), (7, 6)],
        ),
        (
            f"select id from ({_UNION}) order by x desc, id desc limit 2 offset 8",
            [(0,), (8,)],
        ),
        (
            f"with u as ({_UNION}), w as (select * from u where id < 2) select id, x from w"
            " order by x desc, id desc limit 3",
            [(1, 5), (0, 5), (1, 0)],
        ),
        (
            f"select id, (select r.id from range(9) r where r.id > u.id order by r.id % 2, r.id"
            f" limit 1) as n from ({_UNION}) u where x = 0 order by id limit 2",
            [(0, 2), (1, 2)],
        ),
        (
            "select x, id from (select id % 2 as x, id from range(6) where id % 2 = 0 union all"
            " select id % 2, id from range(6) where id % 2 = 1) order by x desc, id limit 2",
            [(1, 1), (1, 3)],
        ),
    ],
)
def test_the_first_rows_of_a_union_are_those_of_all_its_branches(
    warehouse: Any, query: str, expected: list[tuple[object, ...]]
) -> None:
    """A key that each branch has one value of is a key."""
    with warehouse.connect() as connection, connection.cursor() as cursor:
        for _ in range(3):  # the engine's threads do not always err
            cursor.execute(query)
            assert [tuple(row) for row in cursor.fetchall()] == expected


def plain(value: Any) -> Any:
    """A value as Python has it: the connector gives arrays of numpy."""
    return value.tolist() if hasattr(value, "tolist") else value


def test_a_random_value_is_not_computed_twice(warehouse: Any) -> None:
    warehouse.fails("select uuid() as a, a as b", "UNSUPPORTED_FEATURE")
    warehouse.fails("select rand() as a from range(3) qualify a < 2", "UNSUPPORTED_FEATURE")
    warehouse.fails("select explode(array(1, 2)) as a, a + 1 as b", "UNSUPPORTED_FEATURE")
    warehouse.fails("select 1 as a, 2 as a, a as b", "AMBIGUOUS_LATERAL_COLUMN_ALIAS")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("(select sum(x) from (select w as x from {r} where c = k union all select k))", [13, 2]),
        ("(select count(*) from (select count(*) as n from {r} where c = k) where n < k)", [0, 1]),
        ("(select max(q.x) from (select k as x) q join {r} on c = x)", [1, None]),
        ("(with a as (select * from {r} where c = k), b(n) as (select w + k from a)"
         " select sum(n) from b)", [14, None]),
        ("exists (select 1 from (select w from {r} where c = k) q where w > 6)", [True, False]),
        ("(select distinct count(*) from {r} where c = k limit 1)", [2, 0]),
        ("(select count(*) is null from {r} where c = k)", [False, False]),
        ("(select count(*) from {r} where c = k having count(*) < 1)", [None, 0]),
        ("(select count(*) from {r} where c = k and w = k + 4 group by w)", [1, None]),
        ("(select distinct c from {r} where c = k order by c limit 1)", [1, None]),
        ("exists (select max(c) from {r} where c <> k group by w)", [False, True]),
        ("exists (select max(c) from {r} where c <> k group by w limit 1)", [False, True]),
        ("not exists (select * from {r} where c = k order by w limit 1)", [False, True]),
        ("sum(case when exists (select 1 from {r} where c >= k) then 3 else 0 end)", [3, 0]),
        ("sum((select max(w) from {r} where c = k))", [7, None]),
        ("count(*) filter (where exists (select 1 from {r} where c = k and w > 9))", [0, 0]),
        ("sum(k) over (partition by exists (select 1 from {r} where c = k))", [1, 2]),
    ],
)  # fmt: skip
def test_subqueries_read_their_outer_query(
    warehouse: Any, value: str, expected: list[object]
) -> None:
    """Also from the queries in their FROM, and those that have groups, a LIMIT or no row left."""
    rows = "(select * from values (1, 5), (1, 7) as r(c, w))"
    group = " group by k" if value.startswith(("sum(", "count(")) and " over " not in value else ""
    found = warehouse.sql(
        f"select k, {value.format(r=rows)} as x from values (1), (2) as o(k){group} order by k"
    )
    assert [row["x"] for row in found] == expected


def test_a_subquery_of_one_value_has_one_group(warehouse: Any) -> None:
    query = "(select count(*) from range(5) r where r.id > {} group by r.id)"
    found = f"select {query.format('o.id + 2')} as n from range(1, 3) o order by n"
    assert warehouse.sql(found) == [{"n": None}, {"n": 1}]
    several = f"select {query.format('o.id')} from range(1, 3) o"
    warehouse.fails(several, "SCALAR_SUBQUERY_TOO_MANY_ROWS")


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("select n + 1 as m, sum(m) from {r} group by n", "IN_AGGREGATE_FUNC"),
        ("select n as m, count(*) filter (where m > 1) from {r} group by n", "IN_AGGREGATE_FUNC"),
        ("select n as m, sum(m) over (order by n) from {r}", "IN_WINDOW"),
        ("select n as m, rank() over (order by m) from {r}", "IN_WINDOW"),
        ("select rank() over (order by n) as m, m + 1 as o from {r} group by n", ""),
        ("select n + 1 as m, explode(array(m, 7)) from {r}", "IN_GENERATOR"),
    ],
)
def test_an_alias_is_not_used_where_databricks_does_not_take_it(
    warehouse: Any, query: str, place: str
) -> None:
    text = query.format(r="values (1), (2) as v(n)")
    if place:
        warehouse.fails(text, f"UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_{place}")
    else:
        assert [row["o"] for row in warehouse.sql(f"{text} order by m")] == [2, 3]


def test_a_subquery_of_one_value_has_one_and_reads_its_outer_query_in_its_where(
    warehouse: Any,
) -> None:
    read = f"from {ROWS} i where i.n < o.n) from {ROWS} o"
    warehouse.fails(f"select (select i.n {read}", "SCALAR_SUBQUERY_TOO_MANY_ROWS")
    unsupported = "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY"
    warehouse.fails(f"select (select max(i.n) + o.n {read}", f"{unsupported}.CORRELATED_REFERENCE")
    mixed = f"{unsupported}.AGGREGATE_FUNCTION_MIXED_OUTER_LOCAL_REFERENCES"
    warehouse.fails(f"select (select max(i.n + o.n) {read}", mixed)
    within = "select a = b as same from (select a, a as b from (select uuid() as a))"
    assert warehouse.sql(within) == [{"same": True}]


def test_a_limit_is_a_number_of_rows(warehouse: Any) -> None:
    for rows, condition in (
        ("null", "DATA_TYPE"),
        ("cast(null as int)", "IS_NULL"),
        ("1.5", "DATA_TYPE"),
        ("'1'", "DATA_TYPE"),
        ("true", "DATA_TYPE"),
        ("-1", "IS_NEGATIVE"),
    ):
        for clause in ("limit", "offset"):
            query = f"select n from {ROWS} order by n {clause} {rows}"
            warehouse.fails(query, f"INVALID_LIMIT_LIKE_EXPRESSION.{condition}")
    cut = f"select n from {ROWS} order by n limit 1 + 1 offset cast(1 as bigint)"
    assert warehouse.sql(cut) == [{"n": 2}, {"n": 3}]
    assert len(warehouse.sql(f"select n from {ROWS} limit all")) == 3


@pytest.mark.parametrize(
    "query",
    [
        "select k as a, k as b, count(*) from {rows} group by a, rollup(b)",
        "select k as a, count(*) from {rows} group by k, cube(a)",
        "select n + m as a, n + m as b from {rows} group by grouping sets ((a), (b))",
        "select sum(n) from {rows} group by grouping sets ((n + m), (m + n))",
    ],
)
def test_a_key_of_two_names_beside_sets_is_refused(warehouse: Any, query: str) -> None:
    warehouse.fails(query.format(rows=ROWS), "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE")


@pytest.mark.parametrize(
    "query",
    [
        "select 1 as a order by a union all select 2",
        "select 1 as a union all select 2 limit 1 union all select 3",
        "values (1) limit 1 union all values (2)",
        "select count(*) filter (n > 1) from {rows}",
    ],
)
def test_branches_and_filters_are_written_as_the_grammar_has_them(
    warehouse: Any, query: str
) -> None:
    warehouse.fails(query.format(rows=ROWS), "PARSE_SYNTAX_ERROR")


def test_a_total_is_no_key_of_rollup(warehouse: Any) -> None:
    for sets in ("rollup(k, ())", "cube(k, (), (k, n))", "k, grouping sets (k, rollup(()))"):
        warehouse.fails(f"select count(*) from {ROWS} group by {sets}", "PARSE_SYNTAX_ERROR")


@pytest.mark.parametrize(
    ("clauses", "expected"),
    [
        ("cluster by m", [10, 20, 30]),
        ("distribute by k sort by m desc", [30, 20, 10]),
        ("distribute by k, n", [10, 20, 30]),
        ("distribute by k sort by m desc limit 1", [30]),
        ("where m < 30 union all select 5 cluster by m", [5, 10, 20]),
        ("group by m cluster by m", [10, 20, 30]),
    ],
)
def test_rows_are_put_into_partitions(warehouse: Any, clauses: str, expected: list[int]) -> None:
    """Which has no effect on the rows; the order shows that they are in one."""
    assert [row["m"] for row in warehouse.sql(f"select m from {ROWS} {clauses}")] == expected
    within = f"select count(*) as n from (select m from {ROWS} {clauses})"
    assert warehouse.sql(within) == [{"n": len(expected)}]


@pytest.mark.parametrize(
    ("clauses", "condition"),
    [
        ("cluster by m order by m", "PARSE_SYNTAX_ERROR"),
        ("sort by m order by m", "PARSE_SYNTAX_ERROR"),
        ("cluster by m sort by m", "PARSE_SYNTAX_ERROR"),
        ("cluster by nowhere", "UNRESOLVED_COLUMN"),
        ("distribute by nowhere", "UNRESOLVED_COLUMN"),
    ],
)
def test_partitions_are_by_columns_and_without_an_order(
    warehouse: Any, clauses: str, condition: str
) -> None:
    warehouse.fails(f"select m from {ROWS} {clauses}", condition)


def test_a_position_in_order_by_has_an_output(warehouse: Any) -> None:
    for order in ("3", "-1", "0", "n, 3"):
        warehouse.fails(f"select k, n from {ROWS} order by {order}", "ORDER_BY_POS_OUT_OF_RANGE")
        union = f"select k, n from {ROWS} union all select k, n from {ROWS} order by {order}"
        warehouse.fails(union, "ORDER_BY_POS_OUT_OF_RANGE")
    warehouse.fails(f"select * from {ROWS} order by 4", "ORDER_BY_POS_OUT_OF_RANGE")


@pytest.mark.parametrize(
    "query",
    [
        "select id, id * 2 as twice from range(60000)",
        "select *, upper('a') from range(60000) where id % 3 > 0",
        "select x as id, uuid() as u from range(60000, 0, -1) as r(x)",
        "select id + 1 as n, id from range(0, 60000, 1, 4) limit 2000 offset 10000",
    ],
)
def test_what_is_computed_from_a_range_comes_in_its_order(warehouse: Any, query: str) -> None:
    found = [row["id"] for row in warehouse.sql(query)]
    assert len(found) >= 2000
    assert found == sorted(found, reverse="-1" in query)


def test_an_alias_that_is_an_output_again_keeps_its_name(warehouse: Any) -> None:
    rows = "(select 4 as id, named_struct('x', 5) as c)"
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"select id + 1 as a, a, c.x, x, named_struct('y', a) as d, d.y from {rows}")
        assert [column[0] for column in cursor.description] == ["a", "a", "x", "x", "d", "y"]
    query = "select id + 1 as a, a as b, c.x, x + b as e, struct(e as y).y as d, d + 1 as z from "
    assert [list(row.values()) for row in warehouse.sql(query + rows)] == [[5, 5, 5, 10, 10, 11]]


def test_two_common_table_expressions_of_one_name_are_an_error(warehouse: Any) -> None:
    query = "with t as (select 1 as n), {} as (select 2 as n) select * from t"
    warehouse.fails(query.format("T"), "DUPLICATED_CTE_NAMES")
    assert warehouse.sql(query.format("u")) == [{"n": 1}]


def test_an_alias_is_a_key_and_used_beside_it(warehouse: Any) -> None:
    query = f"select upper(k) as u, concat(u, '!') as v, sum(n) as s, s + 1 as t from {ROWS}"
    for key in ("u", "1"):
        grouped = warehouse.sql(f"{query} group by {key} having t > 0 order by v")
        assert [tuple(row.values()) for row in grouped] == [("A", "A!", 3, 4), ("B", "B!", 3, 4)]
    for key in ("u, v", "1, 2", "all"):
        condition = "UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_GROUP_BY"
        warehouse.fails(f"{query} group by {key}", condition)
    total = f"select upper(k) as u, sum(n) as s, s + 1 as t from {ROWS} group by all order by u"
    assert [row["t"] for row in warehouse.sql(total)] == [4, 4]


def test_a_common_table_expression_of_random_values_is_read_once(warehouse: Any) -> None:
    query = "with a as (select uuid() as u from range(3)), b as (select u from a) select"
    assert warehouse.sql(f"{query} count(distinct u) as n from b") == [{"n": 3}]
    for rest in ("1 from a join a as c using (u)", "(select max(u) from b) = u from b"):
        warehouse.fails(f"{query} {rest}", "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE")


PIPED = "select * from values (0, 'abc'), (1, 'def'), (2, 'a') as v(x, y)"


@pytest.mark.parametrize(
    ("operators", "expected"),
    [
        ("order by x desc |> limit 1 |> where x < 2", []),
        ("limit 3 |> order by x desc |> limit 2 offset 1 |> select x", [(1,), (0,)]),
        ("select x + 1 as x |> where x = 1", [(1,)]),
        ("select distinct length(y) as n |> aggregate count(*) as n", [(2,)]),
        ("where x > 1 |> full join (select 5 as k) on x = k |> aggregate count(*) as n", [(2,)]),
        ("extend x * 2 as z |> where z > 2 |> select x, z", [(2, 4)]),
        ("aggregate max(x) as m group by length(y) as n |> where m < 2 |> select m", [(1,)]),
        ("order by x desc |> limit 2 |> aggregate min(x) as m", [(1,)]),
        ("select x |> limit 1 |> union all (select 9) |> aggregate count(*) as n", [(2,)]),
        ("where v.x = 1 |> limit 9 |> select v.y", [("def",)]),
    ],
)
def test_an_operator_reads_what_the_operators_before_it_give(
    warehouse: Any, operators: str, expected: list[tuple[object, ...]]
) -> None:
    found = warehouse.sql(f"from ({PIPED}) as v |> {operators}")
    assert [tuple(row.values()) for row in found] == expected


def test_an_operator_has_no_clauses(warehouse: Any) -> None:
    warehouse.fails(f"from ({PIPED}) as v |> select x limit 1", "PARSE_SYNTAX_ERROR")


def test_an_operator_reads_what_the_query_before_it_gives(warehouse: Any) -> None:
    query = f"select length(y) as x from ({PIPED}) {{}} |> where x = 3 |> select count(*) over () n"
    for clause, expected in (("", [2, 2]), ("group by 1", [1]), ("limit 0", [])):
        assert [row["n"] for row in warehouse.sql(query.format(clause))] == expected
