"""Forms of Databricks SQL that the engine does not read, rewritten to forms that it does.

Each takes a syntax tree whose relations are already the engine's, and a way to ask the engine for
the columns of a query. A query without such a form is left as it is, and costs nothing.
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse import errors
from local_warehouse.catalog.model import Column
from local_warehouse.rewrites.builtin_functions import correct, spell_out_defaults
from local_warehouse.rewrites.pivots import unfolded
from local_warehouse.rewrites.qualify import filtered
from local_warehouse.rewrites.scopes import (
    ColumnsOf,
    aggregates,
    bare,
    random_call,
    selects,
    sources,
    with_visible,
)
from local_warehouse.rewrites.using_joins import spell_out
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind


def rewrite(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Rewrite every SELECT of a tree, each after those that it reads from."""
    found = nodes(tree)
    fractions = _fractions_of_a_second(of_kind(found, exp.Anonymous))
    predicates = _predicates(of_kind(found, exp.In), of_kind(found, exp.Like, exp.ILike))
    correct(tree, nodes(tree) if fractions or predicates else found)
    if isinstance(tree, exp.Delete) and tree.args.get("where"):
        spell_out_defaults(tree.args["where"])
    for select in selects(tree):
        _pivots(select, columns_of)
        _using_joins(select, columns_of)
        _star_except(select, columns_of)
        _lateral_aliases(select, columns_of)
        _group_by_all(select)
        _order_by_all(select, columns_of)
        _order_by_outputs(select)
        if select.args.get("qualify") or _sorts_by_otheraggregates(select):
            replacement = _qualified(select, columns_of)
            if select is tree:
                tree = replacement
            else:
                select.replace(replacement)
    return tree


# timestampdiff in units below the second

_MICROSECONDS = {"MICROSECOND": 1, "MILLISECOND": 1000}


def _fractions_of_a_second(calls: list[exp.Anonymous]) -> bool:
    """timestampdiff(MICROSECOND | MILLISECOND, start, end), and by its other names, from the
    difference in microseconds. Whether there was one."""
    changed = False
    for call in calls:
        if str(call.this).lower() not in ("timestampdiff", "datediff", "date_diff"):
            continue
        if len(call.expressions) != 3 or call.expressions[0].name.upper() not in _MICROSECONDS:
            continue
        unit, *times = call.expressions
        start, end = (
            exp.Anonymous(this="unix_micros", expressions=[exp.cast(time, "timestamp")])
            for time in times
        )
        size = exp.Literal.number(_MICROSECONDS[unit.name.upper()])
        call.replace(exp.paren(exp.IntDiv(this=exp.paren(exp.Sub(this=end, expression=start)),
                                          expression=size)))  # fmt: skip
        changed = True
    return changed


# lists of rows and of patterns


def _predicates(listings: list[exp.In], likes: list[exp.Like | exp.ILike]) -> bool:
    """(a, b) IN ((…), …), and LIKE ANY and ALL, by comparisons one by one. NULLs in rows are equal,
    as they are in the structs that Spark compares. Whether there was one."""
    changed = False
    for listing in listings:
        rows = listing.expressions
        if rows and all(isinstance(row, exp.Tuple) for row in (listing.this, *rows)):
            matches = (
                exp.and_(
                    *(
                        exp.NullSafeEQ(this=one.copy(), expression=other.copy())
                        for one, other in zip(
                            listing.this.expressions, row.expressions, strict=True
                        )
                    )
                )
                for row in rows
            )
            listing.replace(exp.paren(exp.or_(*matches)))
            changed = True
    for node in likes:
        quantifier = node.expression
        if isinstance(quantifier, (exp.Any, exp.All)):
            listed = quantifier.this
            patterns = listed.expressions if isinstance(listed, exp.Tuple) else [listed.unnest()]
            parts = []
            for pattern in patterns:
                part = type(node)(this=node.this.copy(), expression=pattern.copy())
                parts.append(part.not_() if node.args.get("negate") else part)
            combine = exp.or_ if isinstance(quantifier, exp.Any) else exp.and_
            node.replace(exp.paren(combine(*parts)))
            changed = True
    return changed


# PIVOT and UNPIVOT


def _pivots(select: exp.Select, columns_of: ColumnsOf) -> None:
    for source in sources(select):
        if source.args.get("pivots"):
            source.replace(unfolded(source, _relation_columns(select, columns_of)))


def _relation_columns(select: exp.Select, columns_of: ColumnsOf) -> ColumnsOf:
    """A way to ask for the columns of a relation that a SELECT reads."""

    def columns(relation: exp.Expr) -> list[Column]:
        query = exp.Select(expressions=[exp.Star()], from_=exp.From(this=relation.copy()))
        return columns_of(with_visible(query, select))

    return columns


# USING and NATURAL


def _using_joins(select: exp.Select, columns_of: ColumnsOf) -> None:
    spell_out(select, sources(select), _relation_columns(select, columns_of))


# SELECT * EXCEPT (…)


def _star_except(select: exp.Select, columns_of: ColumnsOf) -> None:
    """Replace a star with exceptions by the columns that are left of it."""
    replaced: list[exp.Expr] = []
    changed = False
    for projection in select.expressions:
        star = projection.this if isinstance(projection, exp.Column) else projection
        excepted = star.args.get("except_") if isinstance(star, exp.Star) else None
        if not excepted:
            replaced.append(projection)
            continue
        changed = True
        hidden = {name.name.lower() for name in excepted}
        qualifier = projection.table if isinstance(projection, exp.Column) else None
        for alias, name in _star_columns(select, qualifier, columns_of):
            if name.lower() not in hidden:
                replaced.append(exp.column(name, table=alias, quoted=True))
    if changed:
        select.set("expressions", replaced)


def _star_columns(
    select: exp.Select, qualifier: str | None, columns_of: ColumnsOf
) -> list[tuple[str | None, str]]:
    """The (relation, name) pairs that a star stands for."""
    aliases = [source.alias_or_name for source in sources(select)]
    wanted = [alias for alias in aliases if not qualifier or alias.lower() == qualifier.lower()]
    found: list[tuple[str | None, str]] = []
    for alias in wanted:
        one = bare(select)
        if alias:  # a lone subquery may have none
            table = exp.to_identifier(alias, quoted=True)
            one.set("expressions", [exp.Column(this=exp.Star(), table=table)])
        found += [(alias or None, column.name) for column in columns_of(one)]
    return found


# aliases used in the same SELECT list


def _lateral_aliases(select: exp.Select, columns_of: ColumnsOf) -> None:
    """Replace a use of an earlier alias by its expression, in QUALIFY too. A column of the
    relations wins."""
    qualify = select.args.get("qualify")
    aliases: dict[str, exp.Expr] = {}
    own: set[str] | None = None
    for projection in [*select.expressions, *([qualify] if qualify else [])]:
        for column in of_kind(nodes(projection), exp.Column) if aliases else ():
            name = column.name.lower()
            if (
                column.table
                or name not in aliases
                or column.find_ancestor(exp.Select) is not select
            ):
                continue
            if own is None:
                own = (
                    {c.name.lower() for c in columns_of(bare(select))} if sources(select) else set()
                )
            if name not in own:
                _check_repeatable(name, aliases[name])
                column.replace(exp.paren(aliases[name].copy()))
        if isinstance(projection, exp.Alias):
            aliases[projection.alias.lower()] = projection.this


def _check_repeatable(alias: str, expression: exp.Expr) -> None:
    """An expression is computed for each of its uses, which shows where it is random."""
    call = random_call(expression)
    if call is not None:
        raise errors.unsupported(
            f"the alias {alias} of {call}() in the same SELECT, which would be another value "
            "there (name it in a subquery)"
        )


# QUALIFY, and ORDER BY of an aggregate that is no output


def _sorts_by_otheraggregates(select: exp.Select) -> bool:
    order, group = select.args.get("order"), select.args.get("group")
    if order is None or group is None:
        return False
    outputs = {render(projection.unalias()) for projection in select.expressions}
    keys = [key.this if isinstance(key, exp.Ordered) else key for key in order.expressions]
    return any(aggregates(key) and render(key) not in outputs for key in keys)


def _qualified(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    return filtered(select, lambda inner: columns_of(with_visible(inner.copy(), select)))


# GROUP BY ALL and ORDER BY ALL


def _group_by_all(select: exp.Select) -> None:
    group = select.args.get("group")
    if group is None or not _is_all(group):
        return
    keys = [
        e.unalias().copy()
        for e in select.expressions
        if not aggregates(e) and e.find(exp.Window) is None
    ]
    select.set("group", exp.Group(expressions=keys) if keys else None)


def _is_all(clause: exp.Expr) -> bool:
    if clause.args.get("all"):
        return True
    parts = clause.expressions
    if len(parts) != 1:
        return False
    part = parts[0].this if isinstance(parts[0], exp.Ordered) else parts[0]
    return (
        isinstance(part, (exp.Column, exp.Var))
        and part.name.upper() == "ALL"
        and not (isinstance(part, exp.Column) and part.this.quoted)
    )


def _order_by_all(select: exp.Select, columns_of: ColumnsOf) -> None:
    order = select.args.get("order")
    if order is None or not _is_all(order):
        return
    only = order.expressions[0]
    if select.is_star:
        unordered = select.copy()
        unordered.set("order", None)
        width = len(columns_of(unordered))
    else:
        width = len(select.expressions)
    keys = [
        exp.Ordered(
            this=exp.Literal.number(position),
            desc=only.args.get("desc"),
            nulls_first=only.args.get("nulls_first"),
        )
        for position in range(1, width + 1)
    ]
    select.set("order", exp.Order(expressions=keys))


def _order_by_outputs(select: exp.Select) -> None:
    """Order groups by the position of an output: the engine loses an expression that is grouped by
    and meets a HAVING."""
    order = select.args.get("order")
    if order is None or not select.args.get("having"):
        return
    outputs = [render(projection.unalias()) for projection in select.expressions]
    for key in order.expressions:
        sorted_by = key.this if isinstance(key, exp.Ordered) else key
        if not isinstance(sorted_by, exp.Column) and render(sorted_by) in outputs:
            position = outputs.index(render(sorted_by)) + 1
            sorted_by.replace(exp.Literal.number(position))
