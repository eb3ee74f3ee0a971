"""IN with a subquery outside a condition, which the engine has in WHERE, HAVING and ON only: EXISTS
with the value, with a NULL, or with any row.

https://docs.databricks.com/aws/en/sql/language-manual/functions/in
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.scopes import ColumnsOf, aggregates
from local_warehouse.rewrites.templates import PREFIX, fill
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_VALUE = f"{PREFIX}listed"
_MEMBER = (
    "(case when found then true when not any_row then false"
    " when x is null or any_null then null else false end)"
)


def look_into_listings(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Put EXISTS in place of IN with a subquery among the outputs of a SELECT. One whose value has
    an aggregate is left to the engine, as a subquery can hold none of its outer query."""
    for position, output in enumerate(list(select.expressions)):
        listings = [
            one
            for one in of_kind(nodes(output), exp.In)
            if one.args.get("query") is not None and one.parent_select is select
        ]
        name = render(output) if listings and not isinstance(output, exp.Alias) else None
        for listing in listings:
            query, value = listing.args["query"], listing.this
            if (
                isinstance(value.unnest(), exp.Tuple)
                or aggregates(value)
                or value.find(exp.Window) is not None
            ):
                continue
            body = query.this if isinstance(query, exp.Subquery) else query
            places = {
                "x": value,
                "found": _exists(body, fill(f"{_VALUE} = x", {"x": exp.paren(value)})),
                "any_row": _exists(body, None),
                "any_null": _exists(body, fill(f"{_VALUE} is null", {})),
            }
            listing.replace(fill(_MEMBER, places))
        if name is not None:
            changed = select.expressions[position]
            changed.replace(exp.alias_(changed.copy(), name, quoted=True))
    return select


def _exists(body: exp.Expr, condition: exp.Expr | None) -> exp.Expr:
    alias = exp.TableAlias(
        this=exp.to_identifier(f"{PREFIX}rows"), columns=[exp.to_identifier(_VALUE)]
    )
    rows = exp.Subquery(this=body.copy(), alias=alias)
    query = exp.Select(expressions=[exp.Literal.number(1)], from_=exp.From(this=rows))
    return exp.Exists(this=query if condition is None else query.where(condition, copy=False))
