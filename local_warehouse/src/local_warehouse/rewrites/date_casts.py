"""Casts of texts to DATE: a text may have blanks around its date, and a time behind it.

https://docs.databricks.com/aws/en/sql/language-manual/functions/cast
"""

from __future__ import annotations

import re

from sqlglot import exp

from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.walk import nodes, of_kind

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_BEFORE_TIME = "substring_index(substring_index(trim(cast(x as string)), ' ', 1), 'T', 1)"


def cut_times_from_dates(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Cast what stands before the first blank or T of a value in which the engine finds no DATE."""
    casts = [cast for cast in of_kind(nodes(tree), exp.Cast) if _may_have_time(cast)]
    for cast in reversed(casts):
        second = type(cast)(this=fill(_BEFORE_TIME, {"x": cast.this}), to=cast.to.copy())
        first = exp.TryCast(this=cast.this.copy(), to=cast.to.copy())
        whole: exp.Expr = exp.Coalesce(this=first, expressions=[second])
        if isinstance(cast.parent, exp.Select) and isinstance(cast.this, exp.Column):
            whole = exp.alias_(whole, cast.this.name, quoted=True)
        cast.replace(whole)
    return tree


def _may_have_time(cast: exp.Cast) -> bool:
    """Whether it is a cast to DATE of a value that may be a text of more than a day."""
    if cast.to.this != exp.DataType.Type.DATE or isinstance(cast.this, (exp.Cast, exp.Null)):
        return False
    is_text = isinstance(cast.this, exp.Literal) and cast.this.is_string
    return not (is_text and _DAY.fullmatch(cast.this.name))
