"""NOT IN with a subquery that reads its outer query, or in an OR, which the engine answers as if
there were no NULLs or no outer query: NOT EXISTS with what makes NOT IN false or NULL.

https://docs.databricks.com/aws/en/sql/language-manual/functions/in
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import unsupported
from local_warehouse.rewrites.scopes import ColumnsOf, sources
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_SHAPED = ("group", "having", "limit", "offset", "distinct", "windows", "with_", "laterals")


def look_for_none(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Put NOT EXISTS in place of NOT IN in a WHERE. Raises SqlError where that says another thing:
    where NULL is not as good as false, and for subqueries that aggregate."""
    where = select.args.get("where")
    for listing in of_kind(nodes(where), exp.In) if where is not None else []:
        subquery = listing.args.get("query")
        negation = _negation(listing)
        if negation is None or subquery is None or listing.parent_select is not select:
            continue
        inner = subquery.this if isinstance(subquery, exp.Subquery) else subquery
        if not isinstance(inner, exp.Select) or not (_reads_outer(inner) or _is_part(negation)):
            continue
        value = listing.this
        names = {one.alias_or_name.lower() for one in sources(inner)}
        columns = of_kind(nodes(value), exp.Column)
        if (
            len(inner.expressions) != 1
            or any(inner.args.get(key) for key in _SHAPED)
            or of_kind(nodes(inner.expressions[0]), exp.AggFunc, exp.Window, exp.Star)
            or not _is_condition(negation)
            or any(not c.table or c.table.lower() in names for c in columns)
        ):
            raise unsupported(f"this NOT IN with a subquery (use NOT EXISTS): {render(listing)}")
        found = inner.copy()
        one = found.expressions[0].unalias()
        missed = fill("(a = b or a is null or b is null)", {"a": exp.paren(value), "b": one})
        found.set("expressions", [exp.Literal.number(1)])
        negation.replace(exp.not_(exp.Exists(this=found.where(missed, copy=False))))
    return select


def _negation(listing: exp.Expr) -> exp.Not | None:
    parent = listing.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    return parent if isinstance(parent, exp.Not) else None


def _is_condition(negation: exp.Expr) -> bool:
    """Whether only AND and OR are between it and the WHERE."""
    parent = negation.parent
    while isinstance(parent, (exp.And, exp.Or, exp.Paren)):
        parent = parent.parent
    return isinstance(parent, exp.Where)


def _is_part(negation: exp.Expr) -> bool:
    """Whether it is a part of an OR, where the engine takes a NULL for true."""
    parent = negation.parent
    while isinstance(parent, (exp.And, exp.Paren)):
        parent = parent.parent
    return isinstance(parent, exp.Or)


def _reads_outer(inner: exp.Select) -> bool:
    """Whether a column names a relation that the subquery does not have."""
    known = {
        source.alias_or_name.lower()
        for select in of_kind(nodes(inner), exp.Select)
        for source in sources(select)
    }
    return any(
        column.table and column.table.lower() not in known
        for column in of_kind(nodes(inner), exp.Column)
    )
