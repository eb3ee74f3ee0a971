"""GROUP BY ALL.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-groupby
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.scopes import ColumnsOf, aggregates, is_all


def group_by_all(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Group by every output that has no aggregate and no window function."""
    group = select.args.get("group")
    if group is None or not is_all(group):
        return select
    keys = [
        e.unalias().copy()
        for e in select.expressions
        if not aggregates(e) and e.find(exp.Window) is None
    ]
    select.set("group", exp.Group(expressions=keys) if keys else None)
    return select
