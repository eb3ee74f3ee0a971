"""Which columns of a table have their least and greatest values in its files' statistics.

A reader passes over files by them, and takes a column for one value whose least is its greatest.
Those of FLOAT and DOUBLE have none, as they would know nothing of NaN, nor have DECIMALs with more
than the 15 digits that the engine reads as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlglot import exp

from local_warehouse.catalog.model import Column
from local_warehouse.catalog.names import quoted

_EXACT_DIGITS = 15  # of a DECIMAL, which the engine reads as they are
_MOST = 32  # columns that have statistics, as Delta's writers have by default
_NAMED, _COUNTED = "delta.dataSkippingStatsColumns", "delta.dataSkippingNumIndexedCols"
PROPERTIES = (_NAMED, _COUNTED)
_FRACTION = re.compile(r"\b(?:float|double)\b")
_DIGITS = re.compile(r"\bdecimal(?:128)?\((\d+)")


def properties(columns: Iterable[Column]) -> dict[str, str]:
    """The table properties that say so to Delta's writers; none where all columns have bounds.

    https://docs.databricks.com/aws/en/delta/data-skipping
    """
    listed = list(columns)[:_MOST]
    bounded = [quoted(column.name) for column in listed if are_of(column.type)]
    if len(bounded) == len(listed):
        return {}
    return {_NAMED: ",".join(bounded)} if bounded else {_COUNTED: "0"}


def are_of(data_type: str) -> bool:
    """Whether a column of a type has bounds; of Spark's types or Arrow's, as their texts are."""
    is_long = any(int(digits) > _EXACT_DIGITS for digits in _DIGITS.findall(data_type))
    return not (is_long or _FRACTION.search(data_type))


def read(column: Column, table: str = "") -> exp.Expr:
    """A column of a table, in a query of the engine's, where it must not read bounds of NaN."""
    named: exp.Expr = exp.column(column.name, table=table or None, quoted=True)
    return hidden(named) if column.may_be_nan else named


def hidden(column: exp.Expr) -> exp.Expr:
    """An expression that is what a column of FLOAT or DOUBLE is, and that no file has bounds of."""
    return exp.Anonymous(this="nanvl", expressions=[column, column.copy()])
