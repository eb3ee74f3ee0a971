"""Stars: what they show of relations of each kind, but for their exceptions, and as arguments."""

from __future__ import annotations

from typing import Any

import pytest

ROWS = "(select * from values ('a', 1, 10), ('a', 2, 20), ('b', 3, 30) as v(k, n, m))"
STARS = (
    "(select id, named_struct('x', id * 2, 'y', named_struct('z', 'z', 'w', 'w')) as s from"
    " range(1, 2)) a"
)
BESIDE = "(select 1L as id, 'v' as v) b"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"* except (b.id) from {STARS} join {BESIDE} on a.id = b.id", ["id", "s", "v"]),
        (f"a.* except (id), b.* from {STARS} join {BESIDE} on a.id = b.id", ["s", "id", "v"]),
        (f"* except (id) from {STARS} join {BESIDE} using (id)", ["s", "v"]),
        (f"* except (a.id), b.id as k from {STARS} left join {BESIDE} using (id)",
         ["s", "v", "k"]),
        (f"* except (id) from {STARS} full join {BESIDE} using (id)", ["s", "v"]),
        (f"s.* except (x) from {STARS}", ["y"]),
        (f"a.s.y.* except (z), id from {STARS}", ["w", "id"]),
        (f"s.*, b.id from {STARS} join {BESIDE} using (id)", ["x", "y", "id"]),
    ],
)  # fmt: skip
def test_a_star_shows_all_columns_but_its_exceptions(
    warehouse: Any, query: str, expected: list[str]
) -> None:
    assert [list(row) for row in warehouse.sql(f"select {query}")] == [expected]


def test_the_exceptions_of_a_star_are_fields_of_structs_too(warehouse: Any) -> None:
    query = f"select to_json(struct({{}})) as j from {STARS}"
    for star, expected in (
        ("* except (s.x, s.y.z)", '{"id":1,"s":{"y":{"w":"w"}}}'),
        ("s.* except (x, y.w)", '{"y":{"z":"z"}}'),
    ):
        assert warehouse.sql(query.format(star)) == [{"j": expected}]
    joined = f"select to_json(s) as j from (select * except (s.x) from {STARS} join {BESIDE}"
    assert warehouse.sql(f"{joined} using (id))") == [{"j": '{"y":{"z":"z","w":"w"}}'}]


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        (f"* except (id) from {STARS} join {BESIDE} on a.id = b.id", "AMBIGUOUS_REFERENCE"),
        (f"a.* except (b.id) from {STARS}, {BESIDE}", "UNRESOLVED_COLUMN"),
        (f"* except (b.id) from {STARS} join {BESIDE} using (id)", "UNRESOLVED_COLUMN"),
        (f"* except (id, a.id) from {STARS}", "EXCEPT_OVERLAPPING_COLUMNS"),
        (f"* except (s.y, s.y.z) from {STARS}", "EXCEPT_OVERLAPPING_COLUMNS"),
        (f"id.* except (x) from {STARS}", "CANNOT_RESOLVE_STAR_EXPAND"),
        (f"o.* from {STARS}", "CANNOT_RESOLVE_STAR_EXPAND"),
        (f"* except id from {STARS}", "PARSE_SYNTAX_ERROR"),
        (f"* except () from {STARS}", "PARSE_SYNTAX_ERROR"),
        (f"* except (id, s) from {STARS}", "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE"),
    ],
)
def test_a_star_names_its_exceptions_once_and_as_it_shows_them(
    warehouse: Any, query: str, condition: str
) -> None:
    warehouse.fails(f"select {query}", condition)


_T = "(select 1 as k, 10 as v, 'a' as s) t"
_U = "(select 1 as k, 'x' as w) u"
_V = "(select 2 as k, 'y' as w) u"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"* except (s) from {_T} lateral view explode(array(7)) e as x",
         {"k": 1, "v": 10, "x": 7}),
        (f"* except (k, x) from {_T} lateral view explode(array(7)) as x", {"v": 10, "s": "a"}),
        (f"* except (e.x, t.k) from {_T} lateral view explode(array(7)) e as x",
         {"v": 10, "s": "a"}),
        (f"* except (s) from {_T} lateral view explode(map('m', v)) e",
         {"k": 1, "v": 10, "key": "m", "value": 10}),
        (f"* except (s, x) from {_T} lateral view explode(array(k)) as x"
         " lateral view explode(array(x + 1)) as y where y > 1", {"k": 1, "v": 10, "y": 2}),
        (f"e.*, t.* except (s, v) from {_T} lateral view posexplode(array(v)) e as p, x",
         {"p": 0, "x": 10, "k": 1}),
        (f"* except (s) from {_T}, lateral explode(array(t.v)) as u(x)",
         {"k": 1, "v": 10, "x": 10}),
        (f"* except (u.x) from {_T} join lateral (select t.k + 1 as x) as u",
         {"k": 1, "v": 10, "s": "a"}),
        (f"* except (k) from {_T} left semi join {_U} on t.k = u.k", {"v": 10, "s": "a"}),
        (f"t.* except (k) from {_T} left anti join {_V} on t.k = u.k", {"v": 10, "s": "a"}),
        (f"*, count(*) as n from {_T} left anti join {_V} on t.k = u.k group by k, v, s",
         {"k": 1, "v": 10, "s": "a", "n": 1}),
        (f"*, count(*) as n from {_T} lateral view explode(array(7)) as x group by all",
         {"k": 1, "v": 10, "s": "a", "x": 7, "n": 1}),
        (f"* except (w) from {_T} left join {_U} using (k) lateral view explode(array(k)) as x",
         {"k": 1, "v": 10, "s": "a", "x": 1}),
        (f"* from {_T} join {_U} using (k) lateral view explode(array(t.k, 5)) e as x where x > 4",
         {"k": 1, "v": 10, "s": "a", "w": "x", "x": 5}),
        ("* except (a) from (select 1 as a, 2 as b), (select 3 as c)", {"b": 2, "c": 3}),
        (f"* except (k, id) from ({_T} cross join range(1)) cross join (select 4 as d)",
         {"v": 10, "s": "a", "d": 4}),
        (f"q.* except (n) from {_T} unpivot (x for n in (k)) as q", {"v": 10, "s": "a", "x": 1}),
    ],
)  # fmt: skip
def test_a_star_shows_what_relations_of_each_kind_have(
    warehouse: Any, query: str, expected: dict[str, object]
) -> None:
    assert warehouse.sql(f"select {query}") == [expected]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"concat(*) from {_T} left join {_U} using (k)", {"concat(k, v, s, w)": "110ax"}),
        (f"concat(*), t.k from {_T} join {_U} using (k)",
         {"concat(k, v, s, w)": "110ax", "k": 1}),
        (f"to_json(struct(*)) as j, t.k from {_T} natural left join {_U}",
         {"j": '{"k":1,"v":10,"s":"a","w":"x"}', "k": 1}),
        (f"to_json(struct(* except (s))) as j from {_T} natural full join {_U}",
         {"j": '{"k":1,"v":10,"w":"x"}'}),
        (f"to_json(struct(k)) as j, concat(k) as a from {_T} natural full join {_U}",
         {"j": '{"k":1}', "a": "1"}),
        (f"count(distinct *) from {_T} full join {_U} using (k)",
         {"count(DISTINCT k, v, s, w)": 1}),
        (f"concat(*) from {_T} left anti join {_V} on t.k = u.k", {"concat(k, v, s)": "110a"}),
        (f"concat(*) from {_T} lateral view explode(array(7)) e as x",
         {"concat(k, v, s, x)": "110a7"}),
        (f"sum(size(array(e.*))) as a from {_T} lateral view explode(map(k, 7)) e", {"a": 2}),
        (f"k from {_T} left join {_U} using (k) where coalesce(*) = '1'", {"k": 1}),
    ],
)  # fmt: skip
def test_a_star_is_an_argument_for_each_column_that_it_shows(
    warehouse: Any, query: str, expected: dict[str, object]
) -> None:
    assert warehouse.sql(f"select {query}") == [expected]


_PAIR = "(select 1 as k, 10 as v, 'a' as s) t"
_SWAPPED = "(select 10 as v, 1 as k, 'x' as w) u"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"t.* from {_PAIR} join {_SWAPPED} using (v)", ["v", "k", "s"]),
        (f"u.* from {_PAIR} join {_SWAPPED} using (k)", ["k", "v", "w"]),
        (f"t.* from {_PAIR} right join {_SWAPPED} using (v)", ["v", "k", "s"]),
        (f"u.* from {_PAIR} full join {_SWAPPED} using (k)", ["k", "v", "w"]),
        (f"u.* from {_PAIR} natural join {_SWAPPED}", ["k", "v", "w"]),
        (f"* from {_PAIR} left semi join {_SWAPPED} using (v)", ["v", "k", "s"]),
        (f"t.* from {_PAIR} left anti join (select 2 as v) u using (v)", ["v", "k", "s"]),
        (f"t.* from {_PAIR} join {_SWAPPED} using (v) join (select 'a' as s) z using (s)",
         ["s", "v", "k"]),
        (f"x.* except (k), x.k from ({_PAIR.replace(') t', ') as x')}) cross join range(1)",
         ["v", "s", "k"]),
    ],
)  # fmt: skip
def test_keys_of_a_join_by_names_come_first(
    warehouse: Any, query: str, expected: list[str]
) -> None:
    assert [list(row) for row in warehouse.sql(f"select {query}")] == [expected]


@pytest.mark.parametrize(
    "value",
    [
        "struct(*)",
        "to_json(struct(*))",
        "to_json(struct(t.k, u.k))",
        "to_json(named_struct('a', 1, 'a', 2))",
    ],
)
def test_a_struct_has_no_two_fields_of_one_name(warehouse: Any, value: str) -> None:
    """Of which Databricks keeps both, and the engine one."""
    query = f"select {value} as j from {_PAIR} join {_SWAPPED} on t.k = u.k"
    warehouse.fails(query, "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE")


def test_a_star_of_a_pivot_is_named(warehouse: Any) -> None:
    """Only the columns that stay have the relation's name on Databricks."""
    for pivot in ("unpivot (x for n in (k, v))", "pivot (sum(v) for s in ('a'))"):
        for star in ("t.*", "T.* except (k)"):
            query = f"select {star} from {_T} {pivot}"
            warehouse.fails(query, "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE")


def test_a_distinct_star_reads_an_expression_of_values(warehouse: Any) -> None:
    query = "with t(k, v) as (values (1, 10), (1, 10)) select * from (select distinct * from t)"
    assert warehouse.sql(query) == [{"k": 1, "v": 10}]


def test_a_star_beside_group_by_is_the_columns(warehouse: Any) -> None:
    grouped = f"select v.*, n + 1 as x from {ROWS} v where k = 'a' group by k, n, m, x order by n"
    assert [list(row.values()) for row in warehouse.sql(grouped)] == [
        ["a", 1, 10, 2],
        ["a", 2, 20, 3],
    ]
    grouped = f"select *, count(*) as c from {ROWS} where n = 3 group by all"
    assert warehouse.sql(grouped) == [{"k": "b", "n": 3, "m": 30, "c": 1}]
    warehouse.fails(f"select * from {ROWS} group by k, n", "MISSING_AGGREGATION")
    warehouse.fails(f"select * from {ROWS} group by k, n, 3", "STAR_GROUP_BY_POS")


def test_the_star_of_a_relation_is_not_counted(warehouse: Any) -> None:
    for star in ("t.*", "T.*", "distinct t.*"):
        counted = f"select count({star}) as n from values (1, null) as t(a, b)"
        warehouse.fails(counted, "INVALID_USAGE_OF_STAR_OR_REGEX")


def test_a_star_among_the_arguments_of_a_function_is_the_columns(warehouse: Any) -> None:
    rows = "values (1, 2), (null, 3) as v(x, y)"
    query = (
        "select concat_ws('-', *) as a, coalesce(*) as b, to_json(array(v.*)) as c,"
        " to_json(struct(* except (x))) as d, count(*) over () as n"
        f" from {rows} where greatest(*) > 1 order by y"
    )
    assert warehouse.sql(query) == [
        {"a": "1-2", "b": 1, "c": "[1,2]", "d": '{"y":2}', "n": 2},
        {"a": "3", "b": 3, "c": "[null,3]", "d": '{"y":3}', "n": 2},
    ]
    grouped = f"select concat_ws('-', *), count(distinct *) from {rows} group by all order by 1"
    assert [list(row.values()) for row in warehouse.sql(grouped)] == [["1-2", 1], ["3", 0]]
