"""IN with a subquery outside a condition, which the engine has in WHERE, HAVING and ON only.

Spark plans it as EXISTS of an equal value, NOT IN as no row that is equal or could be: where the
standard says NULL, both are false (measured, Spark 4.0.1). Only a literal NULL is NULL in any row.
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.scopes import ColumnsOf, aggregates
from local_warehouse.rewrites.subquery_predicates import (
    EQUAL,
    PERHAPS_EQUAL,
    denies,
    query_of,
    row_that,
)
from local_warehouse.sql.walk import nodes, of_kind


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
            query, value = query_of(listing), listing.this.unnest()
            if aggregates(value) or value.find(exp.Window) is not None:
                continue
            if isinstance(value, exp.Null):
                null_or_no = exp.If(this=row_that(EQUAL, query, []), true=exp.null())
                listing.replace(exp.Case(ifs=[null_or_no], default=exp.false()))
                continue
            values = value.expressions if isinstance(value, exp.Tuple) else [value]
            form = PERHAPS_EQUAL if denies(listing) else EQUAL
            listing.replace(row_that(form, query, values))
    return select
