"""Casts of texts to DATE: a text may have blanks around its date, and a time behind it.

https://docs.databricks.com/aws/en/sql/language-manual/functions/cast
"""

from __future__ import annotations

import re

from sqlglot import exp

from local_warehouse.rewrites.kinds import Kinds
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.rewrites.templates import refusal
from local_warehouse.rewrites.text_casts import BLANKS, STRIPPED, fill_text
from local_warehouse.sql.walk import nodes, of_kind
from local_warehouse.types.kinds import STRING

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# Of most texts this alone is computed.
_PLAIN = "if(cast(x as string) rlike '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', try_cast(x as date), null)"
# What the engine takes for a DATE: a year or a month with more behind it, a day with a tab there.
_MALFORMED = (
    f"cast(x as string) rlike '^[{BLANKS}]*[+-]?[0-9]+((-[0-9]+)?(T|[{BLANKS}]+[^{BLANKS}])"
    rf"|-[0-9]+-[0-9]+[\\x00-\\x1f\\x7f][{BLANKS}]*[^{BLANKS}])'"
)
_FAILS = "cast(concat('\u00a0', cast(x as string)) as date)"  # as the engine has it, of no DATE
_FAR = f"cast(x as string) rlike '^[{BLANKS}]*[+-]?[0-9]{{6,7}}-[0-9]+-[0-9]+'"
_BEFORE_TIME = f"substring_index(substring_index({STRIPPED}, ' ', 1), 'T', 1)"


def cut_times_from_dates(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Cast what stands before the first blank or T of a text in which the engine finds no DATE."""
    found = nodes(tree)
    of = Kinds(found)
    casts = [cast for cast in of_kind(found, exp.Cast) if _may_have_time(cast)]
    for cast in [cast for cast in reversed(casts) if of.of(cast.this) & STRING]:
        is_tried = isinstance(cast, exp.TryCast)
        otherwise = "null" if is_tried else _FAILS
        second = f"{'try_cast' if is_tried else 'cast'}({_BEFORE_TIME} as date)"
        slow = f"if({_FAR}, {refusal('a DATE beyond the year 262142')}, {second})"
        read = f"if({_MALFORMED}, {otherwise}, coalesce(try_cast(x as date), {slow}))"
        cast.replace(fill_text(f"coalesce({_PLAIN}, {read})", cast.this))
    return tree


def _may_have_time(cast: exp.Cast) -> bool:
    """Whether it is a cast to DATE of a value that may be a text of more than a day."""
    if cast.to.this != exp.DataType.Type.DATE or isinstance(cast.this, (exp.Cast, exp.Null)):
        return False
    is_text = isinstance(cast.this, exp.Literal) and cast.this.is_string
    return not (is_text and _DAY.fullmatch(cast.this.name))
