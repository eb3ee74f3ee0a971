"""ORDER BY ALL, and ORDER BY an output that is an expression.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-orderby
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.scopes import ColumnsOf, is_all
from local_warehouse.sql.dialect import render


def order_by_all(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Order by the position of every output."""
    order = select.args.get("order")
    if order is None or not is_all(order):
        return select
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
    return select


def order_by_outputs(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Order groups by the position of an output: beside a HAVING the engine loses an expression
    that is grouped and sorted by."""
    order = select.args.get("order")
    if order is None or not select.args.get("having"):
        return select
    outputs = [render(projection.unalias()) for projection in select.expressions]
    for key in order.expressions:
        sorted_by = key.this if isinstance(key, exp.Ordered) else key
        if not isinstance(sorted_by, exp.Column) and render(sorted_by) in outputs:
            position = outputs.index(render(sorted_by)) + 1
            sorted_by.replace(exp.Literal.number(position))
    return select
