"""Constants in relations that an outer join, or a subquery of one value, may make NULL.

The engine takes such a column for a constant above the join too, as f.flag of `left join (select
id, true as flag from u) f`, or f.n of `on t.id = f.id and f.n = 5`, and leaves it out of what rows
are sorted by, and of what tells the partitions of a window apart. So what may be sorted by depends
on a random number, of which the engine does not know that it is never below 0.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from local_warehouse.rewrites.scopes import (
    ColumnsOf,
    aggregates,
    conditions,
    expression_of,
    in_parentheses,
    is_partial,
    with_visible,
)
from local_warehouse.rewrites.templates import PREFIX, fill
from local_warehouse.sql.node_map import NodeMap
from local_warehouse.sql.walk import nodes, of_kind

_OUTER = ("LEFT", "RIGHT", "FULL")
_HIDDEN = "if(rand() < 0, null, x)"
_HIDDEN_TOTAL = "if(count(*) < 0, null, x)"  # an aggregate query may have no random number


def hide_constants(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Hide what may be a constant of such relations, where it is sorted by."""
    found = nodes(tree)
    names = _sorted_names(found)
    if not names:
        return tree
    for node in found:
        if isinstance(node, exp.Select) and any(map(_is_outer, node.args.get("joins") or [])):
            for clause in _conditions_within(node):
                _hide_conditions(clause, names)
            for relation in _relations_made_null(node):
                _hide_columns(relation, names, columns_of)
        elif isinstance(node, exp.Subquery) and isinstance(
            node.parent, (exp.Select, exp.Alias, exp.Condition)
        ):
            _hide_value(node.this)
    return tree


class _All(frozenset[str]):
    """The names of whatever there is."""

    def __bool__(self) -> bool:
        return True

    def __contains__(self, _: object) -> bool:
        return True


def _sorted_names(found: list[exp.Expr]) -> frozenset[str]:
    """The names of what rows are sorted or told apart by, and of what that is computed from, in
    lower case; of everything where they are not plain, and of nothing where no rows are sorted."""
    windows = of_kind(found, exp.Window)
    sorts = of_kind(found, exp.Ordered)
    if not sorts and not any(window.args.get("partition_by") for window in windows):
        return frozenset()
    keys: list[exp.Expr] = [*sorts, *of_kind(found, exp.Group)]
    keys += [key for window in windows for key in window.args.get("partition_by") or ()]
    keys += [o for s in of_kind(found, exp.Select) if s.args.get("distinct") for o in s.expressions]
    has_positions = any(isinstance(sort.this, exp.Literal) for sort in sorts)
    if has_positions or any(map(_renames, found)):
        return _All()
    names = set().union(*map(_names, keys))
    outputs = [
        (output.alias_or_name.lower(), _names(output))
        for select in of_kind(found, exp.Select)
        for output in select.expressions
    ]
    known = -1
    while known < len(names):
        known = len(names)
        names.update(name for output, within in outputs if output in names for name in within)
    return frozenset(names)


def _renames(node: exp.Expr) -> bool:
    """Whether a node gives columns of relations other names, by their positions or values."""
    if isinstance(node, exp.TableAlias):
        return bool(node.columns) and isinstance(node.parent, (exp.CTE, exp.Subquery, exp.Table))
    return isinstance(node, (exp.SetOperation, exp.Pivot))


def _names(node: exp.Expr) -> set[str]:
    return {one.name.lower() for one in of_kind(nodes(node), exp.Identifier)}


def _is_outer(join: exp.Join) -> bool:
    return join.side.upper() in _OUTER and not is_partial(join)


def _relations_made_null(select: exp.Select) -> Iterator[exp.Expr]:
    """The relations of a SELECT whose columns its outer joins may make NULL."""
    made = NodeMap[bool]()
    clause = select.args.get("from_")
    before = [clause.this] if clause is not None else []
    for join in select.args.get("joins") or []:
        side = join.side.upper() if _is_outer(join) else ""
        if side in ("RIGHT", "FULL"):
            made.update((relation, True) for relation in before)
        if side in ("LEFT", "FULL"):
            made[join.this] = True
        before.append(join.this)
    for relation in made:
        yield from _in_parentheses(relation)


def _in_parentheses(relation: exp.Expr) -> Iterator[exp.Expr]:
    """A relation, or those that it joins in parentheses without a name."""
    first = in_parentheses(relation)
    if first is None:
        yield relation
        return
    for one in [first, *(join.this for join in first.args.get("joins") or [])]:
        yield from _in_parentheses(one)


def _conditions_within(select: exp.Select) -> Iterator[exp.Join]:
    """The joins of a SELECT, and those in parentheses."""
    waiting: list[exp.Expr] = [select]
    while waiting:
        place = waiting.pop()
        joins = place.args.get("joins") or []
        yield from joins
        clause = place.args.get("from_")
        around = [join.this for join in joins] + ([clause.this] if clause is not None else [])
        waiting += [first for one in around if (first := in_parentheses(one)) is not None]


def _hide_conditions(join: exp.Join, names: frozenset[str]) -> None:
    """Hide what a join's condition says of one of its sides: the engine filters by it before."""
    clause = join.args.get("on")
    for part in conditions(clause) if clause is not None else ():
        columns = of_kind(nodes(part), exp.Column)
        tables = {column.table.lower() for column in columns}
        is_of_both = "" not in tables and len(tables) > 1
        is_key = isinstance(part, exp.EQ) and all(
            any(isinstance(node, exp.Column) for node in nodes(side))
            for side in (part.this, part.expression)
        )
        if not is_key and not is_of_both and any(name in names for name in _names(part)):
            part.replace(fill(_HIDDEN, {"x": part}))


def _hide_columns(relation: exp.Expr, names: frozenset[str], columns_of: ColumnsOf) -> None:
    """Put a query around a relation that is one itself, with the columns of these names hidden."""
    is_query = isinstance(relation, exp.Subquery) or (
        isinstance(relation, exp.Table) and expression_of(relation) is not None
    )
    if not is_query:
        return
    outputs = _outputs(relation, columns_of)
    if not any(output.lower() in names for output in outputs):
        return
    alias = exp.to_identifier(relation.alias_or_name, quoted=True)
    places = [exp.to_identifier(f"{PREFIX}c{at}") for at in range(len(outputs))]
    shown = []
    for output, place in zip(outputs, places, strict=True):
        column: exp.Expr = exp.Column(this=place.copy())
        if output.lower() in names:
            column = fill(_HIDDEN, {"x": column})
        shown.append(exp.alias_(column, exp.to_identifier(output, quoted=True)))
    joins = relation.args.get("joins")
    relation.set("joins", None)
    around = exp.Subquery(alias=exp.TableAlias(this=alias.copy()), joins=joins)
    relation.replace(around)
    relation.set("alias", exp.TableAlias(this=alias, columns=places))
    around.set("this", exp.Select(expressions=shown, from_=exp.From(this=relation)))


def _outputs(relation: exp.Expr, columns_of: ColumnsOf) -> list[str]:
    """The names of a relation's columns."""
    alias = relation.args.get("alias")
    if alias is not None and alias.columns:
        return [column.name for column in alias.columns]
    query = relation.this if isinstance(relation, exp.Subquery) else None
    if isinstance(query, exp.Select) and all(
        isinstance(output, exp.Alias) for output in query.expressions
    ):
        return list(query.named_selects)
    copy = relation.copy()
    copy.set("joins", None)
    question = exp.Select(expressions=[exp.Star()], from_=exp.From(this=copy))
    return [column.name for column in columns_of(with_visible(question, relation))]


def _hide_value(query: exp.Expr) -> None:
    """Hide the value of a query that has one."""
    if not isinstance(query, exp.Select) or query.args.get("distinct"):
        return
    values = [output.unalias() for output in query.expressions]
    is_aggregate = query.args.get("group") or any(map(aggregates, values))
    for value in values:
        if not value.is_star:
            value.replace(fill(_HIDDEN_TOTAL if is_aggregate else _HIDDEN, {"x": value}))
