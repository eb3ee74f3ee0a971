"""Expressions that the engine takes for others, because it knows them by a name.

It knows an aggregate by its text without casts, a column in HAVING, and in its subqueries, by an
output before the columns of the relations, and a key of a GROUP BY that is a position or an alias
only by that. Two calls of a function in Python are never the same to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator

from sqlglot import exp

from local_warehouse.errors import unsupported
from local_warehouse.rewrites.grouping import OF_POSITION, has_sets
from local_warehouse.rewrites.scopes import (
    AGGREGATES,
    ColumnsOf,
    columns_of_relations,
    place_of,
    selects,
    sources,
)
from local_warehouse.rewrites.signatures import name_of
from local_warehouse.rewrites.templates import PREFIX, fill
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_LISTS = (
    *(exp.Group, exp.Rollup, exp.Cube, exp.GroupingSets, exp.Tuple),
    *(exp.Order, exp.Ordered, exp.Distinct, exp.Where, exp.Paren),
)


def qualify_aggregated_columns(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Name the relation of a column that HAVING aggregates, or that a subquery in it has, and whose
    name is also one of an output, or of a key of several sets; and of such a key itself, which
    comes before an output."""
    having = select.args.get("having")
    if having is None:
        return select
    outputs = {projection.alias_or_name.lower() for projection in select.expressions}
    group = select.args.get("group")
    keys = {value.name.lower() for value in _values(group)}
    for column in of_kind(nodes(having), exp.Column) if having.find(exp.Query) else ():
        if not column.table and column.name.lower() in outputs | keys:
            _qualify_within(column, select, columns_of)
    aliases = {p.alias.lower() for p in select.expressions if isinstance(p, exp.Alias)}
    if group is not None and has_sets(group):
        for column in of_kind(nodes(having), exp.Column):
            is_named = column.name.lower() in keys & aliases and not column.table
            if is_named and place_of(column) is select:
                relation = _relation_of(column.name, select, columns_of)
                column.set("table", relation)
        aliases |= keys
    for call in _aggregates(having):
        for column in of_kind(nodes(call), exp.Column):
            if not column.table and column.name.lower() in aliases and place_of(column) is select:
                relation = _relation_of(column.name, select, columns_of)
                if relation is not None:
                    column.set("table", relation)
    return select


def _qualify_within(column: exp.Column, select: exp.Select, columns_of: ColumnsOf) -> None:
    """Name the relation of a column in a subquery: one of the subqueries', or else of the SELECT
    around them, but for the name of what it computes."""
    place = place_of(column)
    if place is select:
        return
    while isinstance(place, exp.Select) and place is not select:
        if column.find_ancestor(exp.Order, exp.Select) is not place:
            return
        relation = _relation_of(column.name, place, columns_of)
        if relation is not None:
            column.set("table", relation)
            return
        place = place_of(place)
    named = [one.unalias() for one in select.expressions if one.alias_or_name == column.name]
    if place is select and all(_has_name(value, column.name) for value in named):
        relation = _relation_of(column.name, select, columns_of)
        if relation is not None:
            column.set("table", relation)


def _relation_of(name: str, select: exp.Select, columns_of: ColumnsOf) -> exp.Identifier | None:
    columns = columns_of_relations(select, columns_of)
    for relation in sources(select):
        if name.lower() in {column.name.lower() for column in columns(relation)}:
            if not relation.alias_or_name:
                alias = exp.to_identifier("grouped")
                relation.set("alias", exp.TableAlias(this=alias))
            return exp.to_identifier(relation.alias_or_name, quoted=True)
    return None


def spell_out_keys(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Write the expressions of GROUP BY keys that are positions or aliases, beside a window
    function or HAVING: these may have the same expression, which the engine does not find by its
    name. So those of several sets, whose outputs are not their keys alone."""
    group, having = select.args.get("group"), select.args.get("having")
    if group is None:
        return select
    in_sets = has_sets(group)
    is_filtered = having is not None and having.find(exp.Column) is not None
    if not (in_sets or is_filtered or any(p.find(exp.Window) for p in select.expressions)):
        return select
    names: set[str] | None = None
    written = {key: _name_of_key(key) for key in _values(group)} if in_sets else {}
    if len({_canonical(key) for key in written}) < len(written):
        raise unsupported("a + b and b + a as two keys beside sets of keys")
    for key in list(_values(group) if in_sets else group.expressions):
        if isinstance(key, exp.Literal) and key.is_int:
            position = int(key.name)
            if 0 < position <= len(select.expressions):
                key.replace(select.expressions[position - 1].unalias().copy())
        elif isinstance(key, exp.Column) and not key.table:
            for projection in select.expressions:
                is_named = projection.alias.lower() == key.name.lower()
                if not is_named or _has_name(projection.this, key.name):
                    continue
                if names is None:
                    names = _names_of_columns(select, columns_of)
                if key.name.lower() not in names:
                    name = key.name.lower()
                    if in_sets and written.setdefault(projection.this, name) != name:
                        twice = f"{render(projection.this)} as two keys beside sets of keys"
                        raise unsupported(twice)
                    key.replace(projection.this.copy())
                break
    return select


def _canonical(key: exp.Expr) -> Hashable:
    """What is equal for keys that are one for Spark: a + b and b + a."""
    if isinstance(key, (exp.Add, exp.Mul)):
        return type(key), frozenset((_canonical(key.this), _canonical(key.expression)))
    return _canonical(key.this) if isinstance(key, exp.Paren) else key


def _name_of_key(key: exp.Expr) -> str:
    """The alias of the output whose position it was, or its text."""
    return str(key.meta.get(OF_POSITION) or render(key)).lower()


def look_into_outputs(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Write the expression of an output of which HAVING reads a field, which the engine takes for a
    column of a relation. A column of the relations that has the output's name comes first."""
    having = select.args.get("having")
    outputs = {p.alias.lower(): p.this for p in select.expressions if isinstance(p, exp.Alias)}
    for column in of_kind(nodes(having), exp.Column) if having is not None else ():
        first, *fields = column.parts
        name = first.name.lower()
        if not fields or name not in outputs or place_of(column) is not select:
            continue
        relations = {relation.alias_or_name.lower() for relation in sources(select)}
        if name not in relations | _names_of_columns(select, columns_of):
            column.replace(exp.Dot.build([exp.paren(outputs[name].copy()), *fields]))
    return select


def _names_of_columns(select: exp.Select, columns_of: ColumnsOf) -> set[str]:
    """The names of the columns of a SELECT's relations."""
    columns = columns_of_relations(select, columns_of)
    return {c.name.lower() for relation in sources(select) for c in columns(relation)}


def _has_name(node: exp.Expr, name: str) -> bool:
    return isinstance(node, exp.Column) and node.name.lower() == name.lower()


def view_called_values(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Compute in a LATERAL VIEW what calls a function in Python and is grouped by, or aggregated in
    several places."""
    for select in selects(tree):
        for number, value in enumerate(_called_values(select)):
            view, name = exp.to_identifier(f"{PREFIX}value_{number}"), exp.to_identifier("value")
            for node in of_kind(nodes(select), type(value)):
                if node == value and place_of(node) is select:
                    node.replace(exp.column(name.copy(), view.copy()))
            generator = fill("explode(array(x))", {"x": value})
            alias = exp.TableAlias(this=view, columns=[name])
            select.append("laterals", exp.Lateral(this=generator, view=True, alias=alias))
    return tree


def _called_values(select: exp.Select) -> list[exp.Expr]:
    """What calls a function in Python, and the engine would not find again: keys of groups, and
    what several aggregates read."""
    calls = [call for call in _aggregates(select) if place_of(call) is select]
    read = Counter(value for call in calls for value in _read_values(call))
    read.update(2 * list(_values(select.args.get("group"))))
    return [value for value, times in read.items() if times > 1 and _calls_python(value)]


def _read_values(call: exp.Expr) -> Iterator[exp.Expr]:
    """What an aggregate reads of its rows, also in its FILTER and WITHIN GROUP; nothing of the call
    of a window function."""
    parts = list(call.iter_expressions())
    while isinstance(call.parent, (exp.Filter, exp.WithinGroup)):
        call = call.parent
        parts.append(call.expression)
    if not isinstance(call.parent, exp.Window):
        for part in parts:
            yield from _values(part)


def _values(part: exp.Expr | None) -> Iterator[exp.Expr]:
    """The expressions in a part of a SELECT that is a list of them."""
    if isinstance(part, _LISTS):
        for one in part.iter_expressions():
            yield from _values(one)
    elif part is not None:
        yield part


def _calls_python(value: exp.Expr) -> bool:
    return any(str(call.this).startswith(PREFIX) for call in of_kind(nodes(value), exp.Anonymous))


def tell_casts_apart(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Wrap a cast in an aggregate where another aggregate differs from it only by casts."""
    found: dict[tuple[int, str], list[tuple[exp.Expr, exp.Expr]]] = {}
    for call in _aggregates(tree):
        argument = _argument(call)
        if argument is not None:
            found.setdefault((id(place_of(call)), name_of(call)), []).append((call, argument))
    for calls in found.values():
        if len(calls) < 2 or not any(isinstance(argument, exp.Cast) for _, argument in calls):
            continue
        texts: dict[str, set[str]] = {}
        for _, argument in calls:
            texts.setdefault(render(_without_cast(argument)), set()).add(render(argument))
        for _, argument in calls:
            if isinstance(argument, exp.Cast) and len(texts[render(_without_cast(argument))]) > 1:
                argument.replace(exp.Coalesce(this=argument.copy(), expressions=[]))
    return tree


def _aggregates(tree: exp.Expr) -> Iterator[exp.Expr]:
    for call in of_kind(nodes(tree), exp.Anonymous, exp.AggFunc):
        if isinstance(call, exp.AggFunc) or name_of(call) in AGGREGATES:
            yield call


def _argument(call: exp.Expr) -> exp.Expr | None:
    """The first argument of an aggregate, without DISTINCT."""
    argument = (call.expressions or [None])[0] if isinstance(call, exp.Anonymous) else call.this
    if isinstance(argument, exp.Distinct):
        argument = argument.expressions[0]
    return argument if isinstance(argument, exp.Expr) else None


def _without_cast(argument: exp.Expr) -> exp.Expr:
    while isinstance(argument, exp.Cast):
        argument = argument.this
    return argument
