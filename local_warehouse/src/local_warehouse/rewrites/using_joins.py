"""JOIN … USING and NATURAL JOIN as joins ON their keys.

The engine merges the keys of such a join, and then does not know them as columns of the joined
relations: it does not find `a.key`, and `a.*` lacks it. And it compares a DECIMAL with a DOUBLE as
DECIMALs, which is mended where the text shows a comparison.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-join
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlglot import exp

from local_warehouse.rewrites.mixed_numbers import keys_may_be_mixed
from local_warehouse.rewrites.output_names import name_outputs
from local_warehouse.rewrites.scopes import (
    ColumnsOf,
    columns_of_relations,
    in_parentheses,
    is_partial,
    sources,
)
from local_warehouse.rewrites.signatures import name_of
from local_warehouse.rewrites.stars import (
    StarColumn,
    columns_left,
    columns_of_relation,
    give_alias,
    put_into_call,
    shown_as,
    star_of,
    stars_of_calls,
)
from local_warehouse.rewrites.templates import PREFIX


def spell_out_using(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Give each USING and NATURAL join its ON, in a SELECT that names a relation's columns by the
    relation, or whose keys may be of both kinds of numbers, or that there may be none of."""
    merging = [join for join in _joins(select) if _merges(join)]
    if not merging or not (
        any(map(_may_lack_keys, merging)) or _qualifies(select) or _may_mix(select, merging)
    ):
        return select
    of: dict[str, list[StarColumn]] = {}  # by the relation's alias in lower case
    merged: dict[str, exp.Expr] = {}
    columns_alone = columns_of_relations(select, columns_of)
    shown = _spelled_out(sources(select), _joins_of(select), columns_alone, of, merged)
    _put_keys(select, merged)
    for alias, columns in of.items():
        of[alias] = _keys_first(alias, columns, shown)
    for view in select.args.get("laterals") or []:
        columns = columns_of_relation(select, view, columns_of)
        of[view.alias_or_name.lower()] = columns
        shown = shown + columns
    _put_into_calls(select, shown, of, merged)
    _put_columns(select, shown, of)
    return select


def _joins(place: exp.Expr) -> Iterator[exp.Join]:
    """The joins of a SELECT, also those in parentheses."""
    yield from _joins_of(place)
    for source in sources(place) if isinstance(place, exp.Select) else _joined_in(place):
        if (inner := in_parentheses(source)) is not None:
            yield from _joins(inner)


def _joins_of(place: exp.Expr) -> list[exp.Join]:
    return place.args.get("joins") or []


def _joined_in(table: exp.Expr) -> list[exp.Expr]:
    """The relations of joins in parentheses: the first table has the joins with the others."""
    return [table, *(join.this for join in _joins_of(table))]


def _spelled_out(
    relations: list[exp.Expr],
    joins: list[exp.Join],
    columns_of: ColumnsOf,
    of: dict[str, list[StarColumn]],
    merged: dict[str, exp.Expr],
) -> list[StarColumn]:
    """What a star shows of joined relations, whose joins get their ON in place."""
    columns = []
    for source in relations:
        inner = in_parentheses(source)
        if inner is not None:
            nested = _joined_in(inner), _joins_of(inner)
            columns.append(_spelled_out(*nested, columns_of, of, merged))
        else:
            columns.append(_of_relation(source, columns_of, of))
    shown = list(columns[0])
    for join, right in zip(joins, columns[1:], strict=True):
        shown = _joined(join, _keys(join, shown, right), shown, right, merged)
    return shown


def _of_relation(
    source: exp.Expr, columns_of: ColumnsOf, of: dict[str, list[StarColumn]]
) -> list[StarColumn]:
    if not source.alias_or_name:
        give_alias(source, f"{PREFIX}side_{len(of)}")
    alone, alias = source.copy(), source.alias_or_name
    alone.set("joins", None)
    of[alias.lower()] = shown_as(alias, columns_of(alone))
    return of[alias.lower()]


def _merges(join: exp.Join) -> bool:
    return bool(join.args.get("using")) or join.method == "NATURAL"


def _may_lack_keys(join: exp.Join) -> bool:
    """Whether it is a NATURAL join of which the engine wants a condition, or a join of one side, of
    which it shows the keys where they are."""
    return is_partial(join) or (join.method == "NATURAL" and bool(join.side or join.kind))


def _qualifies(select: exp.Select) -> bool:
    is_excepted = any(star.args.get("except_") for star in select.find_all(exp.Star))
    return (
        is_excepted
        or any(column.table for column in select.find_all(exp.Column))
        or any(True for _ in stars_of_calls(select))
    )


def _may_mix(select: exp.Select, merging: list[exp.Join]) -> bool:
    is_natural = any(join.method == "NATURAL" for join in merging)
    named = [key.name for join in merging for key in join.args.get("using") or []]
    return keys_may_be_mixed(select.root(), [] if is_natural else named)


def _keys(join: exp.Join, left: list[StarColumn], right: list[StarColumn]) -> list[str]:
    if join.method == "NATURAL":
        there = {column.name.lower() for column in right}
        return [column.name.lower() for column in left if column.name.lower() in there]
    return [key.name.lower() for key in join.args.get("using") or []]


def _joined(
    join: exp.Join,
    keys: list[str],
    left: list[StarColumn],
    right: list[StarColumn],
    merged: dict[str, exp.Expr],
) -> list[StarColumn]:
    """What a star shows after a join: its keys, then the other columns of both sides."""
    is_half = is_partial(join)
    if not keys:
        if join.method == "NATURAL":  # of relations that have no column in common
            join.set("method", None)
            join.set("on", exp.true() if join.side or is_half else None)
        return left if is_half else left + right
    pairs = [(_named(left, key), _named(right, key)) for key in keys]
    conditions: list[exp.Expr] = [
        exp.EQ(this=one.value.copy(), expression=other.value.copy()) for one, other in pairs
    ]
    join.set("on", exp.and_(*conditions))
    join.set("using", None)
    join.set("method", None)
    first = []
    for key, (one, other) in zip(keys, pairs, strict=True):
        relation, value = one.relation, one.value
        if join.side == "RIGHT":
            relation, value = other.relation, other.value
        if join.side == "FULL":
            relation = None
            both = [one.value.copy(), other.value.copy()]
            value = exp.Anonymous(this="coalesce", expressions=both)
        merged[key] = value
        first.append(StarColumn(relation, one.name, one.type, value))
    others = left if is_half else left + right
    return first + [column for column in others if column.name.lower() not in keys]


def _keys_first(alias: str, columns: list[StarColumn], shown: list[StarColumn]) -> list[StarColumn]:
    """What the star of a relation shows: the keys that a star of all does not, then the rest in its
    order.

    Rule: UnresolvedStar.expand of Apache Spark, by which hidden columns come first.
    """
    names = [one.name.lower() for one in shown]
    own = {
        one.name.lower(): at
        for at, one in enumerate(shown)
        if (one.relation or "").lower() == alias and isinstance(one.value, exp.Column)
    }

    def place(column: StarColumn) -> tuple[bool, int]:
        name = column.name.lower()
        return name in own, own.get(name, names.index(name) if name in names else 0)

    return sorted(columns, key=place)


def _named(columns: list[StarColumn], key: str) -> StarColumn:
    known = next((column for column in columns if column.name.lower() == key), None)
    # else the engine's error will name it
    return known or StarColumn(None, key, "", exp.column(key, quoted=True))


def _put_keys(select: exp.Select, merged: dict[str, exp.Expr]) -> None:
    """Replace keys without a relation by what the join makes of them."""
    outputs = {column.alias_or_name.lower() for column in select.expressions}
    for column in list(select.find_all(exp.Column)):
        name = column.name.lower()
        is_exception = isinstance(column.parent, exp.Star)
        if column.table or name not in merged or is_exception:
            continue
        if column.find_ancestor(exp.Select) is not select:
            continue
        if column.find_ancestor(exp.Order) is not None and name in outputs:
            continue
        value = merged[name].copy()
        parent = column.parent
        is_projection = parent is select and column.arg_key == "expressions"
        is_named = is_projection or (parent is not None and name_of(parent) == "struct")
        column.replace(exp.alias_(value, column.name, quoted=True) if is_named else value)


def _put_into_calls(
    select: exp.Select,
    shown: list[StarColumn],
    of: dict[str, list[StarColumn]],
    merged: dict[str, exp.Expr],
) -> None:
    """Replace the stars among the arguments of functions by columns, which the outputs' names show
    too."""
    is_changed = False
    for star, place in stars_of_calls(select):
        argument = star.parent if isinstance(star.parent, exp.Column) else star
        relation = argument.table.lower() if isinstance(argument, exp.Column) else ""
        if place is not select or isinstance(star.parent, exp.Dot) or relation not in ("", *of):
            continue
        columns = [
            replace(one, value=exp.column(one.name, quoted=True))
            if one.name.lower() in merged and not relation
            else one
            for one in columns_left(star, of.get(relation, shown))
        ]
        put_into_call(argument, columns)
        is_changed = True
    if is_changed:
        name_outputs(select)
        _put_keys(select, merged)


def _put_columns(
    select: exp.Select, shown: list[StarColumn], of: dict[str, list[StarColumn]]
) -> None:
    """Replace the stars of a SELECT by columns."""
    projections: list[exp.Expr] = []
    for projection in select.expressions:
        star = star_of(projection)
        relation = projection.table.lower() if isinstance(projection, exp.Column) else ""
        if star is None or isinstance(projection, exp.Dot) or (relation and relation not in of):
            projections.append(projection)  # no star, or one of a struct
            continue
        projections += [
            exp.alias_(column.value.copy(), column.name, quoted=True)
            for column in columns_left(star, of.get(relation, shown))
        ]
    select.set("expressions", projections)
