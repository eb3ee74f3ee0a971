"""QUALIFY as a filter around the SELECT that it stands in.

What comes after it (DISTINCT, ORDER BY, LIMIT) sees only the rows that are left, so it goes around
the filter with it.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-qualify
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from local_warehouse.catalog.model import Column

_AROUND = ("with_", "distinct", "limit", "offset")


def filtered(select: exp.Select, columns_of: Callable[[exp.Select], list[Column]]) -> exp.Select:
    """The SELECT with its QUALIFY, if it has one, as a WHERE, and sorted outside. Aliases in
    QUALIFY have been replaced already."""
    inner = select.copy()
    qualify = inner.args.get("qualify")
    order = inner.args.get("order")
    for clause in ("qualify", "order", *_AROUND):
        inner.set(clause, None)
    names = _names(inner, columns_of)
    hidden: list[exp.Expr] = [qualify.this] if qualify else []
    keys = [_key(key, inner, names, hidden) for key in (order.expressions if order else ())]
    inner.set("expressions", [*inner.expressions, *_aliased(hidden)])
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


def _names(select: exp.Select, columns_of: Callable[[exp.Select], list[Column]]) -> list[str]:
    """The names of a SELECT's columns; the engine is asked where they cannot be read off."""
    named = all(isinstance(p, (exp.Alias, exp.Column)) for p in select.expressions)
    if named and not any(p.is_star for p in select.expressions):
        return [projection.alias_or_name for projection in select.expressions]
    return [column.name for column in columns_of(select)]


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
        if not column.table and column.name.lower() in aliases:
            column.replace(exp.paren(aliases[column.name.lower()].copy()))
    value.replace(exp.column(f"hidden_{len(hidden) - 1}"))
    return ordered


def _hidden_names(hidden: list[exp.Expr]) -> list[str]:
    return [f"hidden_{number}" for number in range(len(hidden))]


def _aliased(hidden: list[exp.Expr]) -> list[exp.Expr]:
    names = _hidden_names(hidden)
    return [exp.alias_(value.copy(), name) for value, name in zip(hidden, names, strict=True)]
