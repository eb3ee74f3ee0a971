"""Queries composed of queries: a relation is a table, a query, a join or a lateral view of others,
and conditions and columns hold further queries, correlated or not.

An answer does not depend on the order of rows, or has one by all of its columns.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from local_warehouse.comparison.expressions import SIMPLE, TYPES, Expressions
from local_warehouse.comparison.tables import COLUMNS

Column = tuple[str, str]  # its name, with the relation's before it where it has one, and its type

_PLAIN = {"decimal(10,2)": "decimal", "array<int>": "array", "map<string,int>": "map"}
_ALL = {
    name: "struct" if of.startswith("struct") else _PLAIN.get(of, of)
    for name, of in COLUMNS.items()
}
_JOINS = (
    *("join", "join", "left join", "right join", "full join", "cross join"),
    *("left semi join", "left anti join"),
)
_SETS = ("union all", "union", "intersect", "except", "union all", "except all", "intersect all")
_KEYS = ("id", "g", "g, id", "s", "d", "n")  # of USING
_COMPARED = ("=", "=", "=", "<=>", "<", ">=", "<>")
# Conditions that compute over whatever they see: of a join over both its sides, of a subquery over
# its own relations and those around it.
_COMPUTED = (
    "{int} + {int} > {bigint}", "{int} * {int} = {double}", "{decimal} / {int} < {double}",
    "{decimal} - {decimal} >= {decimal}", "{int} % 3 = {int}", "{bigint} div 2 <=> {int}",
    "{double} = {decimal}", "{bigint} >= {double}", "{string} = {int}", "{string} < {date}",
    "{date} = {timestamp}", "{timestamp} > {string}", "{date} - {date} > {days}",
    "{timestamp} - {timestamp} < {days}", "{timestamp} + {days} >= {timestamp}",
    "{date} + {days} <= {timestamp}", "{date} + {months} > {date}", "{date} - {int} = {date}",
    "{months} * {int} > {months}", "{days} / 2 < {days}", "date_add({date}, {int} % 9) >= {date}",
    "cast({string} as int) = {int}", "try_cast({string} as double) > {decimal}",
    "cast({int} as string) = {string}", "cast({double} as decimal(20,4)) = {decimal}",
    "cast({date} as timestamp) < {timestamp}", "cast({bigint} as boolean) = {boolean}",
    "try_element_at({array}, {int} % 2 + 1) = {int}", "{map}[{string}] = {int}",
    "get({array}, {int} % 3) >= {int}", "{struct}.x = {int}", "{struct}.y > {string}",
    "array_contains({array}, {int})", "map_contains_key({map}, {string})", "{array} <=> {array}",
    "{struct} >= {struct}", "size({array}) = {int}", "{string} like {string}",
    "{string} like concat({string}, '%')", "{string} not like '%a%' and {string} ilike 'A'",
    "{string} rlike '[a-b]' and {int} <> {int}", "contains({string}, {string})",
    "concat({string}, {string}) = {string}", "{int} in ({int}, {bigint}, 3)",
    "{decimal} not in ({int}, 1.5)", "{string} in ('a', {string})",
    "{int} between {int} and {double}", "{date} between {date} and {timestamp}",
    "case when {boolean} then {int} else {bigint} end > {int}",
    "case {string} when {string} then {boolean} else {int} = {decimal} end",
    "if({boolean}, {decimal}, {int}) = {double}", "coalesce({int}, {bigint}, 0) >= {int}",
    "nullif({int}, {int}) is null", "greatest({int}, {decimal}) = {double}",
    "not ({int} = {int} or {string} = {string})", "{boolean} is distinct from ({int} > {int})",
    "exists({array}, x -> x > {int})", "({int}, {string}) = ({int}, {string})",
    "struct({int}, {date}) = struct({int}, {date})", "round({decimal}, 1) = round({double}, 1)",
    "upper({string}) = lower({string})", "length({string}) < {int}",
    "year({date}) = year({timestamp})", "datediff({timestamp}, {date}) < {int}",
    "hash({int}, {string}) = hash({int}, {string})", "try_divide({int}, {int}) > {decimal}",
    "abs({decimal}) > {double}", "-{int} < {decimal}", "date_trunc('MONTH', {timestamp}) = {date}",
    "coalesce({string}, {int}) = {string}",
)  # fmt: skip
# Aggregates and their types; a type in braces stands for an expression of it, `same` for one of the
# aggregate's own type.
_AGGREGATES = (
    ("count(*)", "bigint"), ("count({same})", "bigint"), ("count(distinct {int})", "bigint"),
    ("sum({int})", "bigint"), ("sum({decimal})", "decimal"), ("avg({int})", "double"),
    ("avg({decimal})", "decimal"), ("min({same})", "int"), ("max({same})", "string"),
    ("max({same})", "date"), ("min({same})", "timestamp"), ("max({same})", "decimal"),
    ("max({same})", "double"), ("min({same})", "bigint"), ("max({same})", "struct"),
    ("bool_or({same})", "boolean"), ("every({same})", "boolean"), ("max({same})", "days"),
    ("sort_array(collect_list({int}))", "array"), ("sort_array(collect_set({int}))", "array"),
    ("count_if({boolean})", "bigint"), ("sum(case when {boolean} then {int} else 0 end)", "bigint"),
    ("stddev({int})", "double"), ("count(distinct {string}, {int})", "bigint"),
    ("sum(distinct {int})", "bigint"), ("median({int})", "double"), ("min({same})", "array"),
    ("sum({int}) / count(*)", "double"), ("bit_or({same})", "int"), ("sum({same})", "months"),
)  # fmt: skip
_OF_WINDOWS = (
    ("rank()", "int"), ("dense_rank()", "int"), ("count(*)", "bigint"), ("sum({int})", "bigint"),
    ("max({same})", "string"), ("min({same})", "decimal"), ("max({same})", "timestamp"),
    ("avg({int})", "double"), ("percent_rank()", "double"), ("cume_dist()", "double"),
    ("sum({decimal})", "decimal"), ("count_if({boolean})", "bigint"), ("min({same})", "date"),
    ("max({same})", "boolean"),
)  # fmt: skip
_IN_ORDER = (
    ("row_number()", "int"), ("lag({same})", "int"), ("lead({same}, 2)", "string"),
    ("ntile(2)", "int"), ("first_value({same})", "date"), ("last_value({same}, true)", "decimal"),
    ("lag({same}, 1, 0)", "int"), ("nth_value({same}, 2)", "timestamp"),
)  # fmt: skip


def composed(chosen: random.Random) -> str:
    """A query of queries."""
    return _Composer(chosen).whole()


class _Composer:
    def __init__(self, chosen: random.Random) -> None:
        self._random = chosen
        self._names = 0

    def whole(self) -> str:
        """A query, with common table expressions or an order for some."""
        if self._random.random() < 0.25:
            made, columns = self._with()
        else:
            made, columns = self._query(2)
        if self._random.random() < 0.25 and not any(of == "map" for _, of in columns):
            order = ", ".join(
                f"{at + 1}{self._random.choice(('', ' desc', ' nulls last', ' desc nulls first'))}"
                for at in range(len(columns))
            )
            made += f" order by {order}"
            if self._random.random() < 0.6:
                made += f" limit {self._random.randint(0, 5)}"
        return made

    def _with(self) -> tuple[str, list[Column]]:
        first, columns = self._query(1)
        name = self._name("w")
        parts = [f"{name} as ({first})"]
        relations = [self._relation(name, columns)]
        if self._random.random() < 0.5:
            second = self._name("w")
            made, others = self._select(relations[0], 1)
            parts.append(f"{second} as ({made})")
            relations.append(self._relation(second, others))
        source = relations[-1]
        if self._random.random() < 0.5:
            again = self._relation(name, columns) if len(relations) == 1 else relations[-1]
            source = self._join(relations[0], again)
        made, found = self._select(source, 1)
        return f"with {', '.join(parts)} {made}", found

    def _query(self, depth: int) -> tuple[str, list[Column]]:
        if self._random.random() < 0.15:
            types = [self._random.choice(TYPES[:9]) for _ in range(self._random.randint(1, 2))]
            first, columns = self._select(self._source(depth - 1), depth, types)
            second, _ = self._select(self._source(depth - 1), depth - 1, types)
            return f"{first} {self._random.choice(_SETS)} {second}", columns
        return self._select(self._source(depth), depth)

    def _select(
        self, source: tuple[str, list[Column]], depth: int, types: Sequence[str] = ()
    ) -> tuple[str, list[Column]]:
        """A SELECT over a source, of columns of these types or of any."""
        text, visible = self._with_lateral(source) if self._random.random() < 0.08 else source
        e = _over(self._random, visible)
        kind = (
            "plain" if types else self._random.choice(("plain", "grouped", "windowed", "grouped"))
        )
        where = (
            f" where {self._condition(e, visible, depth)}" if self._random.random() < 0.4 else ""
        )
        if kind == "grouped":
            return self._grouped(text + where, e, visible, depth)
        wanted = types or [self._random.choice(TYPES) for _ in range(self._random.randint(1, 3))]
        made = [(self._value(e, visible, of, depth), of) for of in wanted]
        if kind == "windowed":
            made += [self._window(e, visible) for _ in range(self._random.randint(1, 2))]
        distinct = "distinct " if self._random.random() < 0.15 else ""
        distinct = "" if any(of == "map" for _, of in made) else distinct
        shown, columns = self._named(made)
        return f"select {distinct}{shown} from {text}{where}", columns

    def _grouped(
        self, text: str, e: Expressions, visible: list[Column], depth: int
    ) -> tuple[str, list[Column]]:
        made = [self._aggregate(e) for _ in range(self._random.randint(1, 3))]
        if self._random.random() < 0.2:
            shown, columns = self._named(made)
            return f"select {shown} from {text}", columns
        keys = list(dict.fromkeys(self._key(e, visible) for _ in range(self._random.randint(1, 2))))
        grouping = self._random.choice(("{}", "{}", "{}", "{}", "rollup({})", "cube({})", "all"))
        by = grouping.format(", ".join(key for key, _ in keys))
        if grouping == "{}" and self._random.random() < 0.3:
            by = ", ".join(str(at + 1) for at in range(len(keys)))
        having = ""
        if self._random.random() < 0.25:
            having = f" having {self._aggregate(e)[0]} is not null"
            if self._random.random() < 0.3:
                having = f" having count(*) >= (select min(id) from {self._random.choice('tu')})"
            elif self._random.random() < 0.5:
                having = f" having {self._of_groups(e, keys)}"
        if self._random.random() < 0.2 and grouping == "{}":
            made.append((f"sum(count(*)) over (order by {keys[0][0]})", "bigint"))
        shown, columns = self._named([*keys, *made])
        return f"select {shown} from {text} group by {by}{having}", columns

    def _of_groups(self, e: Expressions, keys: list[Column]) -> str:
        """A condition over keys and aggregates."""
        made = [*keys, *(self._aggregate(e) for _ in range(5))]
        return self._computed([(one, of) for one, of in made])

    def _computed(self, visible: list[Column]) -> str:
        """A condition that computes over columns, and literals of types that they do not have."""
        form, depth = self._random.choice(_COMPUTED), self._random.choice((1, 1, 2))
        return f"({_over(self._random, visible).fill(form, depth)})"

    def _key(self, e: Expressions, visible: list[Column]) -> Column:
        simple = [column for column in visible if column[1] in SIMPLE]
        if simple and self._random.random() < 0.6:
            return self._random.choice(simple)
        of = self._random.choice(SIMPLE)
        return _with_column(e, of), of

    def _named(self, made: Sequence[Column]) -> tuple[str, list[Column]]:
        names = [self._name("c") for _ in made]
        shown = ", ".join(f"{one} as {name}" for (one, _), name in zip(made, names, strict=True))
        return shown, [(name, of) for name, (_, of) in zip(names, made, strict=True)]

    def _value(self, e: Expressions, visible: list[Column], of: str, depth: int) -> str:
        """A column's value: an expression, or a query of one value."""
        if depth > 0 and self._random.random() < 0.1 and of in ("bigint", "int", "string", "date"):
            inner, columns = self._source(0)
            value = {"bigint": "count(*)"}.get(of, "")
            if not value:
                names = [name for name, own in columns if own == of]
                value = f"{self._random.choice(('max', 'min'))}({self._random.choice(names)})"
            return f"(select {value} from {inner}{self._correlation(columns, visible)})"
        return e.of(of, 1)

    def _correlation(self, inner: list[Column], outer: list[Column]) -> str:
        pairs = [
            (one, other)
            for one, of in inner
            for other, beside in outer
            if of == beside and of in SIMPLE
        ]
        if not pairs or self._random.random() < 0.2:
            return ""
        one, other = self._random.choice(pairs)
        made = f" where {one} {self._random.choice(_COMPARED[:4])} {other}"
        if self._random.random() < 0.2:
            made = f" where {self._computed([*inner, *outer])}"
        if self._random.random() < 0.3:
            made += f" and {_over(self._random, inner).condition(1)}"
        return made

    def _condition(self, e: Expressions, visible: list[Column], depth: int) -> str:
        choice = self._random.random()
        if depth <= 0 or choice < 0.5:
            return e.condition(1)
        inner, columns = self._source(0)
        if choice < 0.7:
            negated = self._random.choice(("", "not "))
            made = f"{negated}exists (select 1 from {inner}{self._correlation(columns, visible)})"
        else:
            simple = [(name, of) for name, of in visible if of in SIMPLE]
            if not simple:
                return e.condition(1)
            name, of = self._random.choice(simple)
            names = [one for one, own in columns if own == of]
            other = self._random.choice(names)
            within = self._random.choice(("in", "in", "not in"))
            where = self._random.choice(("", f" where {other} is not null"))
            if within == "in" and self._random.random() < 0.3:
                where = self._correlation(columns, visible)
            made = f"{name} {within} (select {other} from {inner}{where})"
        if self._random.random() < 0.3:
            made += f" {self._random.choice(('and', 'or'))} {e.condition(1)}"
        return made

    def _aggregate(self, e: Expressions) -> Column:
        form, of = self._random.choice(_AGGREGATES)
        made = _filled(e, form, of)
        if self._random.random() < 0.12 and form.count("(") == 1:
            made += f" filter (where {e.condition(1)})"
        return made, of

    def _window(
        self, e: Expressions, visible: list[Column], forms: Sequence[Column] = ()
    ) -> Column:
        simple = [name for name, of in visible if of in SIMPLE]
        part = (
            f"partition by {self._random.choice(simple)} "
            if simple and self._random.random() < 0.6
            else ""
        )
        if simple and not forms and self._random.random() < 0.35:
            form, of = self._random.choice(_IN_ORDER)
            ordered = [name for name, own in visible if own != "map"]
            self._random.shuffle(ordered)
            return f"{_filled(e, form, of)} over ({part}order by {', '.join(ordered)})", of
        form, of = self._random.choice(forms or _OF_WINDOWS)
        order = ""
        if simple or form.endswith("rank()") or form == "cume_dist()":
            simple = simple or [visible[0][0]]
            direction = self._random.choice(("", " desc", " nulls last", " desc nulls first"))
            order = f"order by {self._random.choice(simple)}{direction}"
        return f"{_filled(e, form, of)} over ({part}{order})", of

    def _source(self, depth: int) -> tuple[str, list[Column]]:
        """What stands behind FROM, and its columns."""
        choice = self._random.random()
        if depth <= 0 or choice < 0.25:
            return self._table()
        if choice < 0.5:
            made, columns = self._query(depth - 1)
            return self._relation(f"({made})", columns)
        if choice < 0.9:
            return self._join(self._source(depth - 1), self._source(depth - 1))
        return self._table()

    def _with_lateral(self, source: tuple[str, list[Column]]) -> tuple[str, list[Column]]:
        """A source with a lateral view, or a lateral query, behind it."""
        text, columns = source
        name = self._name("v")
        if self._random.random() < 0.7:
            outer = self._random.choice(("", "outer "))
            value = _over(self._random, columns).of("array", 1)
            view = f"{text} lateral view {outer}explode({value}) {name} as {name}x"
            return view, [*columns, (f"{name}.{name}x", "int")]
        inner, others = self._table()
        of = self._random.choice(("int", "string", "date"))
        value = self._random.choice([one for one, own in others if own == of])
        where = self._correlation(others, columns)
        query = f"{text}, lateral (select max({value}) as y from {inner}{where}) {name}"
        return query, [*columns, (f"{name}.y", of)]

    def _table(self) -> tuple[str, list[Column]]:
        return self._relation(self._random.choice("tu"), list(_ALL.items()))

    def _relation(self, text: str, columns: list[Column]) -> tuple[str, list[Column]]:
        name = self._name("q")
        return f"{text} {name}", [(f"{name}.{one}", of) for one, of in columns]

    def _join(
        self, first: tuple[str, list[Column]], second: tuple[str, list[Column]]
    ) -> tuple[str, list[Column]]:
        kind = self._random.choice(_JOINS)
        columns = first[1] if kind.startswith(("left semi", "left anti")) else first[1] + second[1]
        inner = f"({second[0]})" if " join " in second[0] else second[0]
        text = f"{first[0]} {kind} {inner}"
        if kind == "cross join":
            return text, columns
        pairs = [
            f"{one} {self._random.choice(_COMPARED)} {other}"
            for one, of in first[1]
            for other, beside in second[1]
            if of == beside and of in SIMPLE
        ]
        on = self._random.choice(pairs) if pairs else "true"
        if _is_table(first[0]) and _is_table(inner) and self._random.random() < 0.15:
            return f"{text} using ({self._random.choice(_KEYS)})", columns
        choice = self._random.random()
        if choice < 0.2:
            on = self._computed(first[1] + second[1])
        elif choice < 0.5:
            on += f" and {self._computed(first[1] + second[1])}"
        elif choice < 0.7:
            on += f" and {_over(self._random, first[1] + second[1]).condition(1)}"
        return f"{text} on {on}", columns

    def _name(self, first: str) -> str:
        self._names += 1
        return f"{first}{self._names}"


def _over(chosen: random.Random, visible: Sequence[Column]) -> Expressions:
    by_type: dict[str, list[str]] = {}
    for name, of in visible:
        by_type.setdefault(of, []).append(name)
    return Expressions(chosen, columns=by_type)


def _is_table(relation: str) -> bool:
    return relation.startswith(("t ", "u ")) and relation.count(" ") == 1


def _with_column(e: Expressions, of: str) -> str:
    """An expression for which a literal, which would be a position or no generator's, is none."""
    made = e.of(of, 1)
    return made if not made.lstrip("-").replace(".", "").isdigit() else f"({made} + 0)"


def _filled(e: Expressions, form: str, of: str) -> str:
    return e.fill(form.replace("{same}", f"{{{of}}}"), 1)
