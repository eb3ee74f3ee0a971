"""Dates, times and intervals that are made of numbers: of a NULL before anything is computed, in
the years that the engine has, and of numbers that it does not take.

https://docs.databricks.com/aws/en/sql/language-manual/functions/make_timestamp
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.constant_arguments import varies
from local_warehouse.rewrites.evident_types import is_null
from local_warehouse.rewrites.templates import fill, refusal

_INTERVALS = ("make_dt_interval", "make_interval", "make_ym_interval")
_MOMENTS = ("make_timestamp", "make_timestamp_ltz", "make_timestamp_ntz")
_TRIED = tuple(f"try_{name}" for name in _MOMENTS)
MAKERS = ("make_date", *_INTERVALS, *_MOMENTS, *_TRIED)
_SECONDS = {"make_dt_interval": 3, "make_interval": 6}  # at which place these are
_PARTS = 6  # of a moment; a seventh argument is its time zone
_LATE = f"cast({refusal('a moment before the year 1 or after 9999')} as {{data_type}})"
_LONG = refusal("an interval of more than 106,751 days")
_FEW_SECONDS = (
    "if(abs(cast(x as double)) < 9e9D, x,"
    f" cast({refusal('an interval of more than 9e9 seconds')} as decimal(18, 6)))"
)
_DOUBTFUL_SECONDS = (
    "if(x is null or (not isnan(cast(x as double)) and abs(cast(x as double)) < 1e9D), x,"
    f" cast({refusal('a moment of more than 1e9 seconds')} as decimal(16, 6)))"
)
_NO_PART = 99  # a month, day, hour or minute that there is not


def correct(call: exp.Expr, name: str) -> None:
    """Have a call that makes a moment or an interval of numbers give what it gives in Databricks,
    or fail by name."""
    given = call.expressions
    is_behind = False  # a NULL, behind which nothing is computed
    for argument in given[:_PARTS] if any(map(is_null, given)) else ():
        if is_null(argument):
            is_behind = True
        elif is_behind or not varies(argument):
            argument.replace(exp.Literal.number(1))
    if name == "make_date":  # the engine's is VOID where an argument is NULL
        call.replace(exp.cast(call.copy(), "date"))
    elif name in _SECONDS:
        _keep_in_bounds(call, _SECONDS[name])
    elif name in (*_MOMENTS, *_TRIED) and len(given) >= _PARTS:
        _keep_in_years(call, name)


def _keep_in_bounds(call: exp.Expr, at: int) -> None:
    """Fail for an interval that is too long for the engine, which gives NULL, and for seconds of
    which it, which takes them as a DOUBLE, does not know all digits."""
    if len(call.expressions) > at:
        seconds = call.expressions[at]
        if not (isinstance(seconds, exp.Literal) and len(seconds.name) < 10):
            seconds.replace(fill(_FEW_SECONDS, {"x": seconds}))
    places = {f"x{i}": argument for i, argument in enumerate(call.expressions)}
    is_unknown = " or ".join(f"{place} is null" for place in places)
    template = f"case when {is_unknown} then null when call is null then {_LONG} else call end"
    call.replace(fill(template, {"call": call, **places}))


def _keep_in_years(call: exp.Expr, name: str) -> None:
    """Fail for a year that the engine does not have; of a try_ function pass no number on that
    the engine does not take as a part of a moment."""
    year, seconds = call.expressions[0], call.expressions[5]
    if name in _TRIED:
        for part in call.expressions[1:5]:
            if not isinstance(part, exp.Literal):
                part.replace(fill(f"if(x < 0, {_NO_PART}, x)", {"x": part}))
        if not isinstance(seconds, exp.Literal) or len(seconds.name) > 9:
            seconds.replace(fill(_DOUBTFUL_SECONDS, {"x": seconds}))
    places = {"call": call, "x": year}
    if isinstance(year, exp.Literal) and year.name.isdecimal() and 0 < int(year.name) <= 9999:
        branches = []
    else:
        late = _LATE.format(data_type="timestamp_ntz" if name.endswith("ntz") else "timestamp")
        branches = [f"when cast(x as int) not between 1 and 9999 then {late}"]
    columns = {f"x{i}": part for i, part in enumerate(call.expressions[:_PARTS]) if varies(part)}
    if columns:
        unknown = " or ".join(f"{place} is null" for place in columns)
        branches.insert(0, f"when {unknown} then null")
    if branches:
        call.replace(fill(f"case {' '.join(branches)} else call end", places | columns))
