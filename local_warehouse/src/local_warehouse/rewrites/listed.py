"""IN with a subquery outside a condition, which the engine has in WHERE, HAVING and ON only.

Spark plans it as EXISTS of an equal value, NOT IN as no row that is equal or could be: where the
standard says NULL, both are false (measured, Spark 4.0.1). Only a literal NULL is NULL in any row.
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.scopes import ColumnsOf, aggregates
from local_warehouse.rewrites.templates import PREFIX, fill
from local_warehouse.sql.walk import nodes, of_kind

_VALUE = f"{PREFIX}listed"
_FOUND = f"{_VALUE} = x"
_PERHAPS_FOUND = f"{_VALUE} = x or {_VALUE} = x is null"


def look_into_listings(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Put EXISTS in place of IN with a subquery among the outputs of a SELECT. One whose value has
    an aggregate is left to the engine, as a subquery can hold none of its outer query."""
    for output in list(select.expressions):
        listings = [
            one
            for one in of_kind(nodes(output), exp.In)
            if one.args.get("query") is not None and one.parent_select is select
        ]
        for listing in listings:
            query, value = listing.args["query"], listing.this
            if (
                isinstance(value.unnest(), exp.Tuple)
                or aggregates(value)
                or value.find(exp.Window) is not None
            ):
                continue
            body = query.this if isinstance(query, exp.Subquery) else query
            if isinstance(value.unnest(), exp.Null):
                null_or_no = exp.If(this=_exists(body, None), true=exp.null())
                listing.replace(exp.Case(ifs=[null_or_no], default=exp.false()))
                continue
            denied, is_denied = _denials(listing)
            form = _PERHAPS_FOUND if is_denied else _FOUND
            found = _exists(body, fill(form, {"x": exp.paren(value)}))
            denied.replace(exp.not_(found, copy=False) if is_denied else found)
    return select


def _denials(listing: exp.In) -> tuple[exp.Expr, bool]:
    """The expression that IN and each NOT before it make, and whether it denies: NOT NOT IN is IN,
    as Spark's optimizer has it."""
    whole: exp.Expr = listing
    is_denied = False
    while isinstance(whole.parent, (exp.Not, exp.Paren)):
        whole = whole.parent
        is_denied ^= isinstance(whole, exp.Not)
    return whole, is_denied


def _exists(body: exp.Expr, condition: exp.Expr | None) -> exp.Expr:
    alias = exp.TableAlias(
        this=exp.to_identifier(f"{PREFIX}rows"), columns=[exp.to_identifier(_VALUE)]
    )
    rows = exp.Subquery(this=body.copy(), alias=alias)
    query = exp.Select(expressions=[exp.Literal.number(1)], from_=exp.From(this=rows))
    return exp.Exists(this=query if condition is None else query.where(condition, copy=False))
