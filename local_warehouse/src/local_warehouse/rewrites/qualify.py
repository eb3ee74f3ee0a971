"""QUALIFY as a filter around the SELECT in which it stands.

DISTINCT, ORDER BY and LIMIT see only the rows that QUALIFY leaves, so they move outside the filter.
An ORDER BY by an aggregate that is no output is moved outside too: the engine does not find it. So
is one with a LIMIT over UNION ALL: the engine leaves a key out that each branch has one value of,
and then takes the first rows of one branch for those of all. It does not see through a LIMIT.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-qualify
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.scopes import (
    ColumnsOf,
    aggregates,
    nodes_read,
    queries,
    with_visible,
)
from local_warehouse.rewrites.signatures import name_of
from local_warehouse.rewrites.templates import PREFIX
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import of_kind

_OF_KEYS = ("grouping", "grouping_id")  # which take keys and no outputs
_AROUND = ("with_", "distinct", "limit", "offset")
_ALL = exp.Literal.number(2**63 - 1)


def filter_qualified(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Put a SELECT with a WHERE around one with QUALIFY, and one with an ORDER BY around one that
    sorts by an aggregate which is no output, or the first rows of UNION ALL. Aliases in QUALIFY
    have been replaced before."""
    takes_first = _takes_first_of_several(select) and any(map(_is_union_all, nodes_read(select)))
    if (
        not select.args.get("qualify")
        and not takes_first
        and not _sorts_by_hidden_aggregate(select)
    ):
        return select
    inner = select.copy()
    qualify = inner.args.get("qualify")
    order = inner.args.get("order")
    for clause in ("qualify", "order", *_AROUND):
        inner.set(clause, None)
    names = _names(inner, select, columns_of)
    hidden: list[exp.Expr] = [qualify.this] if qualify else []
    keys = [_key(key, inner, names, hidden) for key in (order.expressions if order else ())]
    inner.set("expressions", [*inner.expressions, *_aliased(hidden)])
    if takes_first:
        inner.limit(_ALL, copy=False)
    columns = [f"column_{number}" for number in range(len(names))]
    alias = exp.TableAlias(
        this=exp.to_identifier("qualified"),
        columns=[exp.to_identifier(name) for name in (*columns, *_hidden_names(hidden))],
    )
    outer = exp.Select(
        expressions=[
            exp.alias_(exp.column(column), name, quoted=True)
            for column, name in zip(columns, names, strict=True)
        ],
        from_=exp.From(this=exp.Subquery(this=inner, alias=alias)),
        where=exp.Where(this=exp.column("hidden_0")) if qualify else None,
    )
    if keys:
        outer.set("order", exp.Order(expressions=keys))
    for clause in _AROUND:
        value = select.args.get(clause)
        if value is not None:
            outer.set(clause, value.copy())
    return outer


def sort_unions(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Put a SELECT with the ORDER BY and the LIMIT around a UNION ALL that has them itself."""
    for query in of_kind(queries(tree), exp.SetOperation):
        if not _takes_first_of_several(query) or not _is_union_all(query):
            continue
        outer = exp.Select(expressions=[exp.Star()])
        for clause in ("with_", "order", "limit", "offset"):
            outer.set(clause, query.args.get(clause))
            query.set(clause, None)
        if query is tree:
            tree = outer
        else:
            query.replace(outer)
        query.set("limit", exp.Limit(expression=_ALL.copy()))
        outer.from_(query.subquery(f"{PREFIX}union"), copy=False)
    return tree


def _takes_first_of_several(query: exp.Expr) -> bool:
    """Whether a query takes the first rows by several keys; those of a group have one thread."""
    order = query.args.get("order")
    is_whole = not any(query.args.get(clause) for clause in ("group", "distinct"))
    is_cut = query.args.get("limit") is not None
    return (
        is_cut
        and order is not None
        and len(order.expressions) > 1
        and (is_whole or isinstance(query, exp.SetOperation))
    )


def _is_union_all(node: exp.Expr) -> bool:
    return isinstance(node, exp.Union) and not node.args.get("distinct")


def _sorts_by_hidden_aggregate(select: exp.Select) -> bool:
    order, group = select.args.get("order"), select.args.get("group")
    if order is None or group is None:
        return False
    outputs = {render(projection.unalias()) for projection in select.expressions}
    keys = [key.this if isinstance(key, exp.Ordered) else key for key in order.expressions]
    return any(aggregates(key) and render(key) not in outputs for key in keys)


def _names(inner: exp.Select, place: exp.Select, columns_of: ColumnsOf) -> list[str]:
    """The names of the columns of a SELECT that is to stand at a place of the tree. The engine is
    asked where they cannot be read off."""
    named = all(isinstance(p, (exp.Alias, exp.Column)) for p in inner.expressions)
    if named and not any(p.is_star for p in inner.expressions):
        return [projection.alias_or_name for projection in inner.expressions]
    return [column.name for column in columns_of(with_visible(inner.copy(), place))]


def _key(key: exp.Expr, inner: exp.Select, names: list[str], hidden: list[exp.Expr]) -> exp.Expr:
    """A sort key outside: an output by its name or place, or else one more hidden column."""
    ordered = key.copy()
    value = ordered.this if isinstance(ordered, exp.Ordered) else ordered
    lowered = [name.lower() for name in names]
    is_output = isinstance(value, exp.Column) and not value.table and value.name.lower() in lowered
    if isinstance(value, exp.Literal) or is_output:
        return ordered
    aliases = {p.alias.lower(): p.this for p in inner.expressions if isinstance(p, exp.Alias)}
    hidden.append(value.copy())
    for column in list(hidden[-1].find_all(exp.Column)):
        around = column.parent
        if around is not None and name_of(around) in _OF_KEYS:
            continue
        if not column.table and column.name.lower() in aliases:
            column.replace(exp.paren(aliases[column.name.lower()].copy()))
    value.replace(exp.column(f"hidden_{len(hidden) - 1}"))
    return ordered


def _hidden_names(hidden: list[exp.Expr]) -> list[str]:
    return [f"hidden_{number}" for number in range(len(hidden))]


def _aliased(hidden: list[exp.Expr]) -> list[exp.Expr]:
    names = _hidden_names(hidden)
    return [exp.alias_(value.copy(), name) for value, name in zip(hidden, names, strict=True)]
