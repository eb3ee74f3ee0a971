"""The units of timestampdiff and its kin: those below the second, which the engine does not have;
texts, which Databricks does not take; and names, which are no columns.

https://docs.databricks.com/aws/en/sql/language-manual/functions/timestampdiff
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_NAMES = ("timestampdiff", "datediff", "date_diff")
_ADDING = ("timestampadd", "dateadd", "date_add")
_MICROSECONDS = {"MICROSECOND": 1, "MILLISECOND": 1000}


def count_microseconds(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Compute timestampdiff(MICROSECOND | MILLISECOND, start, end), by any of its names, from the
    times in microseconds."""
    for call in reversed(of_kind(nodes(tree), exp.Anonymous)):
        name = str(call.this).lower()
        if name not in (*_NAMES, *_ADDING) or len(call.expressions) != 3:
            continue
        unit, *times = call.expressions
        if isinstance(unit, exp.Literal):
            raise SqlError(
                "INVALID_PARAMETER_VALUE.DATETIME_UNIT",
                f"The first parameter of {name} is a unit without quotes, and not {render(unit)}.",
            )
        unit.replace(exp.var(unit.name))  # and no column, which a subquery would look for outside
        if name in _ADDING or unit.name.upper() not in _MICROSECONDS:
            continue
        start, end = (
            exp.Anonymous(this="unix_micros", expressions=[exp.cast(time, "timestamp")])
            for time in times
        )
        difference = exp.paren(exp.Sub(this=end, expression=start))
        size = exp.Literal.number(_MICROSECONDS[unit.name.upper()])
        call.replace(exp.paren(exp.IntDiv(this=difference, expression=size)))
    return tree
