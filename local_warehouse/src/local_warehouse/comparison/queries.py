"""Queries by grammar, of two tables, each chosen by a number.

Where an answer would depend on the order of rows it has one: windows that count rows and LIMIT are
ordered by all that tells rows apart.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from local_warehouse.comparison.compositions import composed
from local_warehouse.comparison.expressions import CAST_TO, SIMPLE, TYPES, Expressions


def query(seed: int) -> str:
    """The query of a number: the same one each time."""
    chosen = random.Random(seed)  # noqa: S311
    return chosen.choice(_FORMS)(chosen)


def _aliased(expressions: Sequence[str]) -> str:
    return ", ".join(f"{one} as c{at}" for at, one in enumerate(expressions))


def _where(e: Expressions) -> str:
    return f" where {e.condition(1)}" if e.random.random() < 0.4 else ""


def _projection(chosen: random.Random) -> str:
    e = Expressions(chosen)
    made = [e.any(2) for _ in range(chosen.randint(1, 2))]
    return f"select t.id, {_aliased(made)} from t{_where(e)}"


def _literals(chosen: random.Random) -> str:
    e = Expressions(chosen, ())
    return f"select {_aliased([e.any(2)])}"


def _casts(chosen: random.Random) -> str:
    e = Expressions(chosen)
    function = chosen.choice(("cast", "cast", "try_cast"))
    value, wanted = e.any(1), chosen.choice(CAST_TO)
    where = f" where t.id = {chosen.randint(1, 9)}" if function == "cast" else ""
    return f"select t.id, {function}({value} as {wanted}) as c from t{where}"


_AGGREGATES = (
    "count(*)", "count({x})", "count(distinct {x})", "sum({n})", "avg({n})", "min({o})", "max({o})",
    "sum(distinct {n})", "bool_and({b})", "bool_or({b})", "sort_array(collect_list({o}))",
    "sort_array(collect_set({o}))", "stddev({n})", "var_pop({n})", "min_by({o}, t.id)",
    "max_by({x}, t.id)", "count_if({b})", "approx_count_distinct({o}) >= 0", "median({n})",
    "percentile({n}, 0.3)", "corr({n}, {n})", "covar_samp({n}, {n})", "skewness({n})",
    "count({x}, {o})", "every({b})", "try_sum({n})", "try_avg({n})", "bit_or({i})", "bit_xor({i})",
    "regr_slope({n}, {n})", "kurtosis({n})", "percentile_approx({n}, 0.5)",
    "percentile_cont(0.25) within group (order by {n})", "max(struct({o}, t.id))",
    "mode({i}, true)", "sum({iv})", "avg({iv})", "min({iv})", "array_agg({i}) is null",
    "histogram_numeric({i}, 3) is null", "any_value(t.g)", "sum({n}) / count({n})",
    "listagg({s}, ',') within group (order by {s})", "max({a})", "max({st})", "grouping_id() is null",
)  # fmt: skip
_ORDERED = ("int", "bigint", "double", "decimal", "string", "date", "timestamp", "boolean")
_NUMERIC = ("int", "bigint", "double", "decimal")


def _aggregate(e: Expressions, depth: int = 1, *, window: bool = False) -> str:
    form = e.random.choice(_AGGREGATES[:36] if not window else _AGGREGATES[:8])
    places: dict[str, Callable[[], str]] = {
        "{x}": lambda: e.any(depth, TYPES[:9]),
        "{n}": lambda: e.any(depth, _NUMERIC),
        "{o}": lambda: e.any(depth, _ORDERED),
        "{b}": lambda: e.condition(depth),
        "{i}": lambda: e.of("int", depth),
        "{s}": lambda: e.of("string", depth),
        "{a}": lambda: e.of("array", depth),
        "{st}": lambda: e.of("struct", depth),
        "{iv}": lambda: e.any(depth, ("days", "months")),
    }
    for place, make in places.items():
        while place in form:
            form = form.replace(place, make(), 1)
    if not window and e.random.random() < 0.15 and form != "grouping_id() is null":
        form += f" filter (where {e.condition(1)})"
    return form


def _grouped(chosen: random.Random) -> str:
    e = Expressions(chosen)
    made = [_aggregate(e) for _ in range(chosen.randint(1, 2))]
    if chosen.random() < 0.2:
        return f"select {_aliased(made)} from t{_where(e)}"
    keys = [chosen.choice(("t.g", "t.b", e.any(1, SIMPLE))) for _ in range(chosen.randint(1, 2))]
    keys = list(dict.fromkeys(keys))
    names = [f"{key} as k{at}" for at, key in enumerate(keys)]
    form = chosen.choice(("{}", "{}", "{}", "rollup({})", "cube({})", "grouping sets (({}), ())"))
    by = form.format(", ".join(keys))
    if chosen.random() < 0.3:
        by = chosen.choice(("all", ", ".join(str(at + 1) for at in range(len(keys)))))
    having = f" having {_aggregate(e)} is not null" if chosen.random() < 0.2 else ""
    return f"select {', '.join(names)}, {_aliased(made)} from t{_where(e)} group by {by}{having}"


def _window_parts(e: Expressions, *, of: str = "t") -> str:
    """An OVER clause, whose frame fits its order."""
    chosen = e.random
    part = chosen.choice(
        ("", f"partition by {of}.g ", f"partition by {of}.b ", f"partition by {of}.i % 2 ")
    )
    kind = chosen.choice(
        ("rows", "rows", "range", "range", "range", "none", "default", "unbounded")
    )
    order = chosen.choice(("", " desc", " nulls last", " desc nulls first", " asc nulls first"))
    if kind == "none":
        return f"({part.strip()})"
    if kind == "rows":
        low, high = sorted(chosen.randint(-3, 3) for _ in range(2))
        return f"({part}order by {of}.{chosen.choice('ifsd')}{order}, {of}.id rows between {_bound(str(low))} and {_bound(str(high))})"
    if kind == "default":
        column = chosen.choice(("i", "l", "f", "n", "s", "b", "d", "ts", "st", "a"))
        return f"({part}order by {of}.{column}{order})"
    if kind == "unbounded":
        frame = chosen.choice(
            (
                "unbounded preceding and current row",
                "current row and unbounded following",
                "unbounded preceding and unbounded following",
                "current row and current row",
            )
        )
        column = chosen.choice(("i", "f", "n", "s", "b", "d", "ts"))
        return f"({part}order by {of}.{column}{order} range between {frame})"
    column, widths = chosen.choice((
        ("i", ("1", "3", "100")), ("l", ("1", "10L", "7")), ("f", ("0.5D", "1.0D")), ("n", ("1", "0.5", "1.50")),
        ("d", ("1", "interval 1 day", "interval '1' month", "30")), ("i", ("2",)), ("d", ("interval 2 days",)),
        ("ts", ("interval 1 hour", "interval '1' day", "interval '1' month", "interval 90 minutes")),
    ))  # fmt: skip
    bounds = [f"{chosen.choice(widths)} preceding", "unbounded preceding", "current row"]
    ends = ["current row", f"{chosen.choice(widths)} following", "unbounded following"]
    frame = f"{chosen.choice(bounds)} and {chosen.choice(ends)}"
    return f"({part}order by {of}.{column}{order} range between {frame})"


def _bound(number: str) -> str:
    if number == "0":
        return "current row"
    return f"{number[1:]} preceding" if number.startswith("-") else f"{number} following"


def _window_call(e: Expressions) -> str:
    chosen = e.random
    total = f"({chosen.choice(('', 'partition by t.g '))}order by t.{chosen.choice('isdf')}{chosen.choice(('', ' desc'))}, t.id)"
    kind = chosen.random()
    if kind < 0.25:
        name = chosen.choice(
            (
                "row_number()",
                "ntile(3)",
                f"lag({e.any(1)})",
                f"lead({e.any(1, SIMPLE)}, 2)",
                f"lag({e.column('int')}, 1, 0)",
                f"first_value({e.any(1)})",
                f"last_value({e.any(1)})",
                f"nth_value({e.any(1, SIMPLE)}, 2)",
                f"lag({e.column('string')}) ignore nulls",
                f"first_value({e.column('int')}, true)",
                "cume_dist()",
                "percent_rank()",
            )
        )
        return f"{name} over {total}"
    if kind < 0.35:
        name = chosen.choice(("rank()", "dense_rank()", "percent_rank()", "cume_dist()"))
        return f"{name} over (partition by t.g order by t.{chosen.choice('isdfn')}{chosen.choice(('', ' desc', ' nulls last'))})"
    return f"{_aggregate(e, 0, window=True).replace('distinct ', '')} over {_window_parts(e)}"


def _windows(chosen: random.Random) -> str:
    e = Expressions(chosen)
    made = [_window_call(e) for _ in range(chosen.randint(1, 2))]
    return f"select t.id, {_aliased(made)} from t{_where(e)}"


def _windows_of_groups(chosen: random.Random) -> str:
    e = Expressions(chosen)
    key = chosen.choice(("t.g", "t.b", "t.d", "t.i % 3"))
    inner = chosen.choice(("sum(t.i)", "count(*)", "max(t.f)", "min(t.d)", "sum(t.n)", "avg(t.i)"))
    outer = chosen.choice((
        f"rank() over (order by {inner})", f"max({inner}) over ()", f"sum(count(*)) over (order by {key})",
        f"lag({inner}) over (order by {key})", f"dense_rank() over (order by {inner} desc, {key})",
        f"{inner} - max({inner}) over (order by {key} rows 1 preceding)", f"count({inner}) over (partition by count(*))",
        f"row_number() over (order by {key})", "sum(sum(t.n)) over ()",
    ))  # fmt: skip
    by = chosen.choice((key, "1", "all", "k"))
    return f"select {key} as k, {inner} as c0, {outer} as c1 from t{_where(e)} group by {by}"


def _joins(chosen: random.Random) -> str:
    e = Expressions(chosen, ("t", "u"))
    kind = chosen.choice(
        (
            "join",
            "left join",
            "right join",
            "full join",
            "cross join",
            "left semi join",
            "left anti join",
        )
    )
    condition = chosen.choice((
        "t.id = u.id", "t.g = u.g", "t.s = u.s", "t.d = u.d", "t.f = u.f", "t.g <=> u.g", "t.i < u.i", "t.id = u.id and t.i <> u.i",
        "t.n = u.n or t.id = u.id", f"t.id = u.id and {e.condition(1)}", "t.st = u.st", "t.a = u.a", "t.ts >= u.ts and t.g = u.g",
        "t.l = u.i", "t.s = u.i", "t.d = u.ts",
    ))  # fmt: skip
    if kind.endswith(("semi join", "anti join")):
        left = Expressions(chosen, ("t",))
        return f"select t.id, {_aliased([left.any(1)])} from t {kind} u on {condition}"
    if chosen.random() < 0.2 and kind != "cross join":
        columns = chosen.choice(("id", "g", "id, g", "s", "d"))
        first = columns.split(",")[0]
        return f"select {first}, t.i as c0, u.i as c1, {e.any(1)} as c2 from t {kind} u using ({columns})"
    if chosen.random() < 0.1:
        return f"select * from (select id, g, s from t) natural {kind.replace('cross ', '')} (select g, i as j from u)"
    on = "" if kind == "cross join" else f" on {condition}"
    if chosen.random() < 0.3:
        return f"select t.g as k, {_aliased([_aggregate(e)])} from t {kind} u{on} group by t.g"
    return (
        f"select t.id, u.id as uid, {_aliased([e.any(1), e.any(2)])} from t {kind} u{on}{_where(e)}"
    )


def _set_operations(chosen: random.Random) -> str:
    t, u = Expressions(chosen, ("t",)), Expressions(chosen, ("u",))
    kind = chosen.choice(
        (
            "union all",
            "union",
            "intersect",
            "except",
            "intersect all",
            "except all",
            "union all by name",
        )
    )
    same = chosen.choice(TYPES[:11])
    other = same if chosen.random() < 0.6 else chosen.choice(TYPES[:8])
    first, second = t.of(same, 1), u.of(other, 1)
    third = (
        f" {chosen.choice(('union all', 'union', 'except'))} select {t.of(same, 1)} as c0 from t"
        if chosen.random() < 0.25
        else ""
    )
    return f"select {first} as c0 from t{_where(t)} {kind} select {second} as c0 from u{_where(u)}{third}"


def _subqueries(chosen: random.Random) -> str:
    e, u = Expressions(chosen), Expressions(chosen, ("u",))
    on = chosen.choice(
        (
            "u.id = t.id",
            "u.g = t.g",
            "u.s = t.s",
            "u.i < t.i",
            "u.d = t.d and u.g = t.g",
            "u.g <=> t.g",
            "u.id > t.id",
        )
    )
    value = chosen.choice(
        (
            "max(u.i)",
            "count(*)",
            "sum(u.n)",
            "min(u.s)",
            "max(u.ts)",
            "count(u.i)",
            "avg(u.f)",
            "max(u.d)",
        )
    )
    scalar = chosen.choice(
        (
            f"(select {value} from u where {on})",
            f"(select {value} from u)",
            f"(select {value} from u{_where(u)})",
        )
    )
    exists = chosen.choice(
        (
            f"exists (select 1 from u where {on})",
            f"not exists (select 1 from u where {on} and u.b)",
            "exists (select 1 from u where u.i > 100)",
        )
    )
    column = chosen.choice(("id", "g", "i", "s", "d", "n", "f", "l"))
    within = f"t.{column} {chosen.choice(('in', 'not in'))} (select u.{column} from u{chosen.choice(('', f' where {on}', ' where u.' + column + ' is not null'))})"
    predicate = chosen.choice(
        (
            exists,
            within,
            f"{scalar} is not null",
            f"t.id > {chosen.choice(('(select min(u.id) from u)', '(select count(*) from u where ' + on + ')'))}",
        )
    )
    form = chosen.randint(0, 7)
    if form == 0:
        return f"select t.id, {scalar} as c0 from t{_where(e)}"
    if form == 1:
        return f"select t.id, {e.any(1)} as c0 from t where {predicate}"
    if form == 2:
        return f"select t.id, {exists} as c0, {within} as c1 from t"
    if form == 3:
        return f"select t.g as k, count(*) as c0 from t group by t.g having {chosen.choice(('count(*) > (select min(u.id) from u)', 'sum(t.i) in (select u.i from u)', 'max(t.id) > (select avg(u.id) from u)'))}"
    if form == 4:
        return (
            f"select t.id from t where {predicate} {chosen.choice(('and', 'or'))} {e.condition(1)}"
        )
    if form == 5:
        return f"with c as (select t.id, t.g, {e.any(1)} as v from t where {predicate}) select c.g, count(v) as c0, max(c.id) as c1 from c group by c.g"
    if form == 6:
        return f"select t.id, case when {exists} then {scalar} end as c0 from t"
    return f"select q.id, q.c from (select t.id, {e.any(1)} as c from t{_where(e)}) q where q.id in (select u.id from u) order by q.id limit {chosen.randint(0, 4)}"


def _laterals(chosen: random.Random) -> str:
    e = Expressions(chosen)
    form = chosen.randint(0, 10)
    outer = chosen.choice(("", "outer "))
    array, mapped = e.of("array", 1), e.of("map", 1)
    on = chosen.choice(("u.id = t.id", "u.g = t.g", "u.i < t.i", "u.s = t.s"))
    if form == 0:
        return f"select t.id, x from t lateral view {outer}explode({array}) v as x"
    if form == 1:
        return f"select t.id, k, x from t lateral view {outer}explode({mapped}) v as k, x"
    if form == 2:
        return f"select t.id, p, x from t lateral view {outer}posexplode({array}) v as p, x"
    if form == 3:
        return f"select t.id, explode{chosen.choice(('', '_outer'))}({array}) as x from t"
    if form == 4:
        return f"select t.id, v.x from t, lateral explode({array}) as v(x)"
    if form == 5:
        return f"select t.id, q.m from t, lateral (select max(u.i) as m from u where {on}) q"
    if form == 6:
        return f"select t.id, q.uid from t {chosen.choice(('left join', 'join'))} lateral (select u.id as uid from u where {on}) q on true"
    if form == 7:
        return "select t.id, q.y from t, lateral (select t.i + 1 as y) q"
    if form == 8:
        return f"select t.id, stack(2, 1, {e.of('int', 1)}, 2, {e.of('int', 1)}) as (p, q) from t"
    if form == 9:
        return f"select t.id, inline(array(struct(1, {e.of('string', 1)}))) as (p, q) from t"
    return (
        f"select v.x, count(*) as n from t lateral view {outer}explode({array}) v as x group by v.x"
    )


def _nested(chosen: random.Random) -> str:
    e = Expressions(chosen)
    form = chosen.randint(0, 5)
    if form == 0:
        return "select * from (select g, i, b from t) pivot (sum(i) as s for b in (true, false))"
    if form == 1:
        return f"select * from (select id, i, g from t) unpivot {chosen.choice(('', 'include nulls '))}(v for c in (i, g))"
    if form == 2:
        return f"select t.id, {e.of('int', 2)} as c0, c0 + 1 as c1, c0 * 2 as c2 from t"
    if form == 3:
        order = e.any(1, SIMPLE)
        return f"select t.id, {order} as c0 from t order by {order}{chosen.choice(('', ' desc', ' nulls last', ' desc nulls first'))}, t.id limit {chosen.randint(1, 5)} offset {chosen.randint(0, 2)}"
    if form == 4:
        return f"select distinct {_aliased([e.any(1, TYPES[:9]), e.any(1, SIMPLE)])} from t"
    return f"with a as (select t.g, {_aggregate(e)} as v from t group by t.g), b as (select g, count(*) as n from u group by g) select a.g, a.v, b.n from a {chosen.choice(('left', 'inner', 'full'))} join b on a.g = b.g"


def _intervals(chosen: random.Random) -> str:
    e = Expressions(chosen)
    made = [e.any(2, ("days", "months", "timestamp", "date")), e.any(1, ("days", "months"))]
    return f"select t.id, {_aliased(made)} from t{_where(e)}"


_FORMS: tuple[Callable[[random.Random], str], ...] = (
    _projection, _projection, _projection, _literals, _casts, _casts, _grouped, _grouped, _windows, _windows,
    _windows_of_groups, _joins, _joins, _set_operations, _subqueries, _subqueries, _laterals, _nested, _intervals,
    composed, composed, composed,
)  # fmt: skip
