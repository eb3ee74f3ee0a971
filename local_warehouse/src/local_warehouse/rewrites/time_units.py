"""timestampdiff in units below the second, which the engine does not have.

https://docs.databricks.com/aws/en/sql/language-manual/functions/timestampdiff
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.sql.walk import nodes, of_kind

_NAMES = ("timestampdiff", "datediff", "date_diff")
_MICROSECONDS = {"MICROSECOND": 1, "MILLISECOND": 1000}


def count_microseconds(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Compute timestampdiff(MICROSECOND | MILLISECOND, start, end), by any of its names, from the
    times in microseconds."""
    for call in reversed(of_kind(nodes(tree), exp.Anonymous)):
        if str(call.this).lower() not in _NAMES or len(call.expressions) != 3:
            continue
        unit, *times = call.expressions
        if unit.name.upper() not in _MICROSECONDS:
            continue
        start, end = (
            exp.Anonymous(this="unix_micros", expressions=[exp.cast(time, "timestamp")])
            for time in times
        )
        difference = exp.paren(exp.Sub(this=end, expression=start))
        size = exp.Literal.number(_MICROSECONDS[unit.name.upper()])
        call.replace(exp.paren(exp.IntDiv(this=difference, expression=size)))
    return tree
