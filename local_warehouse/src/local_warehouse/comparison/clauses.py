"""Queries that put the forms of a SELECT's clauses beside each other: each kind of relation under a
star, a grouping, a window, and values that fail for some rows above each kind of join.

They read few columns of the tables. Where an answer would depend on the order of rows, `id`, which
tells the rows of `t` apart, is the last key.
"""

from __future__ import annotations

import random

_T = "(select id, g, i, s, d from t) as x"
_U = "(select distinct g, s as w from u where id < 7) as y"
_RELATIONS = (
    _T, f"({_T})", "(select id, g, i, s, d from t) x(id, g, i, s, d)",
    "(select id, g, i, s, d from t tablesample (100 percent)) as x",
    "(from t |> select id, g, i, s, d) as x",
    "(with c(id, g, i, s, d) as (select id, g, i, s, d from t) select * from c) as x",
)  # fmt: skip
_JOINED = (
    f"{_T} join {_U} on x.g = y.g", f"{_T} left join {_U} using (g)", f"{_T} join {_U} using (g)",
    f"{_T} full join {_U} using (g)", f"{_T} natural join {_U}", f"{_T} natural left join {_U}",
    f"{_T} left semi join {_U} on x.g = y.g", f"{_T} left anti join {_U} using (g)",
    f"{_T} join {_U} on x.g > y.g", f"{_T} left join {_U} on x.g < y.g and x.s = y.w",
    f"{_T} right join {_U} on x.g <=> y.g", f"{_T} semi join {_U} on x.g >= y.g",
    f"{_T} anti join {_U} on x.g < y.g", f"{_T} cross join (select 7 as z) as y",
    f"{_T}, {_U}", f"{_T}, lateral (select x.i + 1 as z) as y",
    f"{_T} left join lateral (select w from {_U} where y.g = x.g) as y",
    f"{_T}, lateral explode(array(x.g, x.i)) as y(z)", f"({_T} join {_U} on x.g = y.g)",
    f"{_T} join ({_U} join (select 1 as g) as z using (g)) using (g)",
)  # fmt: skip
_VIEWS = (
    "lateral view explode(array(g, i)) y as z",
    "lateral view explode(array(g)) as z",
    "lateral view outer explode(if(g = 1, array(i), null)) y as z",
    "lateral view posexplode(array(g, i)) y as p, z",
    "lateral view explode(map(id, i)) y",
    "lateral view inline(array(struct(g, i))) y as z, v",
    "lateral view stack(2, g, i) y as z",
    "lateral view explode(array(i)) y as z lateral view explode(array(z, 0)) q as v",
    """lateral view json_tuple('{"k": 1}', 'k') y as z""",
)
_STARS = (
    "*", "x.*", "* except (s)", "* except (x.s, d)", "x.* except (g)", "* except (id, i)",
    "*, 1 as one", "struct(*) as k", "struct(x.*) as k", "concat_ws('-', *)",
    "concat_ws('-', * except (d))", "to_json(struct(* except (d))) as k", "count(distinct *)",
    "count(*) over () as n", "*, i + 1 as more",
    "array(x.id, x.i) as k", "x.* except (id, s), x.id",
)  # fmt: skip
_CONDITIONS = (
    "x.id > 3", "x.s is not null", "x.g in (1, 2)", "x.g not in (1, null)", "x.id % 2 = 1",
    "exists (select 1 from u where u.g = x.g)", "exists (select 1 from u where u.g > x.g)",
    "x.g in (select g from u)", "x.i > (select avg(i) from u)", "x.g is distinct from 2",
    "(x.g, x.s) in ((1, 'a'), (2, ''))", "not (x.g <=> null)", "x.s between 'a' and 'b'",
    "x.d >= '2024-01-01'", "(x.g > 1) is not true", "x.s like any ('a', 'b')",
)  # fmt: skip
_KEYS = (
    "g", "x.g", "g, s", "g, s with rollup", "g, s with cube", "rollup(g, s)", "cube(g, s)", "all",
    "grouping sets ((g), (s), ())", "grouping sets ((g, s), g)", "g, rollup(s)", "g % 2", "1",
    "rollup((g, s), d)", "year(d)", "cube(g), cube(s)", "g grouping sets (g, ())",
)  # fmt: skip
_GROUPED = (
    "count(*)", "sum(i)", "count(distinct s)", "max(s)", "sum(i) filter (where id > 2)", "min(d)",
    "max(struct(i, s))", "sort_array(collect_list(id))", "count_if(i > 0)", "sum(i) / count(*)",
    "any_value(g is null)", "median(i)", "max_by(s, id)", "bool_or(i > 0)", "count(s, i)",
    "sum(sum(i)) over ()", "rank() over (order by count(*))", "approx_count_distinct(s)",
    "percentile_cont(0.25) within group (order by i)", "sum(distinct i) + 1", "round(avg(i), 2)",
    "listagg(s, ',') within group (order by s)", "sum(i / nullif(id, 3))", "max(i % id)",
)  # fmt: skip
_HAVING = ("count(*) > 1", "sum(i) > 0", "max(s) is not null", "count(distinct s) = 1")
_CALLS = (
    "row_number()", "rank()", "dense_rank()", "percent_rank()", "cume_dist()", "ntile(2)", "lag(i)",
    "lag(i, 1, 0)", "lead(s)", "lead(i, 2)", "first_value(i)", "last_value(i)", "nth_value(i, 2)",
    "sum(i)", "avg(i)", "count(*)", "max(s)", "min(i)", "collect_list(id)", "sum(i / id)",
    "first_value(s) ignore nulls", "last_value(s) respect nulls", "lag(s) ignore nulls",
    "any_value(id)", "sum(i) filter (where g = 1)", "stddev_pop(i)", "max_by(s, id)",
)  # fmt: skip
_OF_ALL = ("sum(i)", "count(*)", "max(s)", "avg(i / id)", "min(d)", "bool_and(i > 0)")
_PARTS = ("", "", "partition by g ", "partition by s is null ", "partition by g, s ")
_ORDERS = (
    "id",
    "id desc",
    "d, id",
    "g desc nulls first, id",
    "s, id desc",
    "-id",
    "i nulls last, id",
)
_FRAMES = (
    "", "", "", "rows between unbounded preceding and current row", "rows 1 preceding",
    "rows between 1 preceding and 1 following", "range between unbounded preceding and current row",
    "rows between current row and unbounded following", "rows between 2 following and 3 following",
    "rows between 2 preceding and 1 preceding", "range current row", "rows unbounded preceding",
)  # fmt: skip
_PIVOTS = (
    "pivot (sum(i) for g in (1, 2))", "pivot (sum(i) as a, count(*) as b for g in (1 as one, 2))",
    "pivot (max(i) for s in ('a', 'b'))", "pivot (sum(i) for (g, s) in ((1, 'a'), (2, '') as two))",
    "unpivot (v for n in (g, i))", "unpivot include nulls (v for n in (g, i))",
    "unpivot (v for n in (g as one, i as two)) as q", "unpivot ((v, w) for n in ((g, i), (i, g)))",
    "unpivot exclude nulls ((v, w) for n in ((g, i) as a, (i, g) as b))",
)  # fmt: skip
_FAIL = (
    "i / id", "i div id", "i % id", "100 / id", "mod(i, id)", "array(i, id)[1]", "split(s, '-')[0]",
    "element_at(array(i, id), 2)", "map(id, i)[id]", "i / nullif(id, 3)", "array_max(array(i, id))",
    "if(id < 0, raise_error('x'), i)", "case when id < 0 then raise_error(s) when i > 0 then s end",
    "assert_true(id > 0)", "cast(i as decimal(5, 2)) / id", "coalesce(i / id, 0)", "i * 1000 + id",
    "case when id <> 0 then i / id end", "cast(cast(id as string) as int)", "abs(i) % id",
)  # fmt: skip
_SORTED = (
    "order by all", "order by 1, 2 desc", "sort by k", "cluster by k", "distribute by k",
    "distribute by k sort by n", "order by k nulls last, n limit 3", "order by 1, 2 offset 1",
)  # fmt: skip
_SETS = ("union all", "union", "intersect", "except", "minus", "except all", "intersect all")
_FEW = (
    "select g as k, i as n from t", "select g, id from u", "values (1, 3), (1, 3), (null, 0)",
    "table few", "(select 1 as k, 3 as n)",
    "select distinct g as k, id % 2 as n from t", "select k, n from few where n > 1",
)  # fmt: skip


def clauses(chosen: random.Random) -> str:
    """A query of one of these forms."""
    return chosen.choice((_star, _star, _group, _window, _pivot, _failing, _failing, _set))(chosen)


def _relation(chosen: random.Random) -> str:
    kind = chosen.random()
    if kind < 0.5:
        return chosen.choice(_JOINED)
    return chosen.choice(_RELATIONS) + (f" {chosen.choice(_VIEWS)}" if kind < 0.85 else "")


def _where(chosen: random.Random) -> str:
    return f" where {chosen.choice(_CONDITIONS)}" if chosen.random() < 0.35 else ""


def _star(chosen: random.Random) -> str:
    distinct = "distinct " if chosen.random() < 0.1 else ""
    sql = f"{distinct}{chosen.choice(_STARS)} from {_relation(chosen)}{_where(chosen)}"
    wrapped = chosen.random()
    if wrapped < 0.1:
        return f"select * from (select {sql})"
    return f"select count(*) as n from (select {sql})" if wrapped < 0.15 else f"select {sql}"


def _group(chosen: random.Random) -> str:
    keys = chosen.choice(_KEYS)
    shown = [chosen.choice(("g", "x.g", "g as k")) if "g" in keys or keys in ("1", "all") else "1"]
    shown += [f"{chosen.choice(_GROUPED)} as c{at}" for at in range(chosen.randint(1, 2))]
    having = f" having {chosen.choice(_HAVING)}" if chosen.random() < 0.25 else ""
    relation = chosen.choice(_RELATIONS)
    return f"select {', '.join(shown)} from {relation}{_where(chosen)} group by {keys}{having}"


def _window(chosen: random.Random) -> str:
    def call() -> str:
        if chosen.random() < 0.15:
            return f"{chosen.choice(_OF_ALL)} over {chosen.choice(('()', '(partition by g)'))}"
        inner = f"{chosen.choice(_PARTS)}order by {chosen.choice(_ORDERS)} {chosen.choice(_FRAMES)}"
        over = chosen.choice((f"({inner.strip()})",) * 4 + ("w", "(w)"))
        return f"{chosen.choice(_CALLS)} over {over}"

    shown = [f"{call()} as c{at}" for at in range(2)]
    named = " window w as (partition by g order by id)" if "over w" in str(shown) else ""
    named = named or (" window w as (order by id desc)" if "(w)" in str(shown) else "")
    relation = chosen.choice(_RELATIONS)
    return f"select x.id, {', '.join(shown)} from {relation}{_where(chosen)}{named}"


def _pivot(chosen: random.Random) -> str:
    columns = chosen.choice(("g, i, s", "g, i, s", "id, g, i, s", "g, i, s, d"))
    star = chosen.choice(("*", "*", "* except (v)", "*, 1 as one", "count(*) as c"))
    return f"select {star} from (select {columns} from t) as x {chosen.choice(_PIVOTS)}"


def _failing(chosen: random.Random) -> str:
    shown = ", ".join(f"{chosen.choice(_FAIL)} as c{at}" for at in range(chosen.randint(1, 2)))
    relation = chosen.choice((*_JOINED, *_RELATIONS))
    where = chosen.choice((*_CONDITIONS, "x.s > 'zz'", "x.s > 'zz'", "true"))
    return f"select x.id, {shown} from {relation} where {where}"


def _set(chosen: random.Random) -> str:
    parts = [chosen.choice(_FEW) for _ in range(chosen.randint(2, 3))]
    sql = parts[0]
    for part in parts[1:]:
        sql = f"{sql} {chosen.choice(_SETS)} {part}"
    end = chosen.choice((*_SORTED, "", ""))
    few = "with few(k, n) as (select g, i from u where i is not null) "
    within = chosen.random() < 0.2
    return f"{few}select * from ({sql} {end})" if within else f"{few}{sql} {end}".strip()
