"""The units of timestampdiff, trunc and their kin, and offsets as time zones.

Of timestampdiff the engine knows no units below the second, and counts days and months by their
borders; it truncates no moments before 1677 and after 2262, nor to the unit in a column.

https://docs.databricks.com/aws/en/sql/language-manual/functions/timestampdiff
https://docs.databricks.com/aws/en/sql/language-manual/functions/trunc
https://docs.databricks.com/aws/en/sql/language-manual/functions/from_utc_timestamp
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.rewrites.templates import PREFIX, fill
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind
from local_warehouse.types.text_moments import zone_of

_NAMES = ("timestampdiff", "datediff", "date_diff")
_ADDING = ("timestampadd", "dateadd", "date_add")
_MICROSECONDS = {
    "MICROSECOND": 1,
    "MILLISECOND": 1_000,
    "SECOND": 1_000_000,
    "MINUTE": 60_000_000,
    "HOUR": 3_600_000_000,
    "DAY": 86_400_000_000,
    "WEEK": 604_800_000_000,
}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
_ELAPSED = "((unix_micros(cast(e as timestamp)) - unix_micros(cast(s as timestamp))) div {})"
_PASSED = (  # by Python, as the times would stand in SQL eighteen times
    f"(cast({PREFIX}whole_months(unix_micros(cast(s as timestamp)),"
    " unix_micros(cast(e as timestamp))) as bigint) div {})"
)
_DAY = "cast(x as date)"
_DATES = {  # the engine's trunc is of years from 1677 to 2262
    **dict.fromkeys(("year", "yyyy", "yy"), f"make_date(year({_DAY}), 1, 1)"),
    "quarter": f"make_date(year({_DAY}), quarter({_DAY}) * 3 - 2, 1)",
    **dict.fromkeys(("month", "mm", "mon"), f"make_date(year({_DAY}), month({_DAY}), 1)"),
    "week": f"date_sub({_DAY}, pmod(dayofweek({_DAY}) + 5, 7))",
}
_MICROS = "unix_micros(cast(x as timestamp))"
_TIMES = {
    **{unit: f"cast({of_date} as timestamp)" for unit, of_date in _DATES.items()},
    **dict.fromkeys(("day", "dd"), f"cast({_DAY} as timestamp)"),
    **{
        unit.lower(): f"timestamp_micros({_MICROS} - pmod({_MICROS}, {size}))"
        for unit, size in _MICROSECONDS.items()
        if unit not in ("DAY", "WEEK")
    },
}
_TRUNCATED = {"trunc": ("date", _DATES), "date_trunc": ("timestamp", _TIMES)}
_SHIFTED = ("from_utc_timestamp", "to_utc_timestamp")


def correct_units(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Count whole units, truncate to those that there are, and know offsets as time zones."""
    for call in reversed(of_kind(nodes(tree), exp.Anonymous)):
        name = str(call.this).lower()
        if name in (*_NAMES, *_ADDING) and len(call.expressions) == 3:
            _count(call, name)
        elif name in _TRUNCATED and len(call.expressions) == 2:
            _truncate(call, name)
        elif name == "convert_timezone" and len(call.expressions) in (2, 3):
            _convert(call)
        elif name in _SHIFTED and len(call.expressions) == 2:
            call.replace(_shifted(call))
    return tree


def _count(call: exp.Anonymous, name: str) -> None:
    """Count the whole units between two times."""
    unit, start, end = call.expressions
    if isinstance(unit, exp.Literal):
        raise SqlError(
            "INVALID_PARAMETER_VALUE.DATETIME_UNIT",
            f"The first parameter of {name} is a unit without quotes, and not {render(unit)}.",
        )
    unit.replace(exp.var(unit.name))  # and no column, which a subquery would look for outside
    size = unit.name.upper()
    if name in _ADDING or size not in {**_MICROSECONDS, **_MONTHS}:
        return
    template = (
        _ELAPSED.format(_MICROSECONDS[size])
        if size in _MICROSECONDS
        else _PASSED.format(_MONTHS[size])
    )
    call.replace(fill(template, {"s": start, "e": end}))


def _truncate(call: exp.Anonymous, name: str) -> None:
    """Compute the first day or moment of a unit, and NULL of one that is none."""
    data_type, units = _TRUNCATED[name]
    unit, time = call.expressions if name == "date_trunc" else reversed(call.expressions)
    if isinstance(unit, (exp.Literal, exp.Null)):
        template = units.get(unit.name.lower(), f"cast(null as {data_type})")
        call.replace(fill(template, {"x": time}))
        return
    cases = " ".join(f"when '{one}' then {template}" for one, template in units.items())
    call.replace(fill(f"case lower(u) {cases} end", {"u": unit, "x": time}))


def _shifted(call: exp.Expr) -> exp.Expr:
    """A call, or what adds an offset that it has as its time zone, or takes it away."""
    time, zone = call.expressions
    offset = _offset(zone)
    if offset is None:
        return call
    is_forward = (str(call.this).lower() == "from_utc_timestamp") == (offset >= 0)
    shifted = f"(cast(x as timestamp) {'+' if is_forward else '-'} interval {abs(offset)} seconds)"
    return fill(shifted, {"x": time})


def _convert(call: exp.Anonymous) -> None:
    """Convert between offsets by way of UTC."""
    *zones, time = call.expressions
    if all(_offset(zone) is None for zone in zones):
        return
    source, target = zones if len(zones) > 1 else (exp.Literal.string("UTC"), zones[0])
    there = fill("to_utc_timestamp(cast(x as timestamp), a)", {"x": time, "a": source})
    back = fill("from_utc_timestamp(x, b)", {"x": _shifted(there), "b": target})
    call.replace(exp.cast(_shifted(back), "timestamp_ntz"))


def _offset(zone: exp.Expr) -> int | None:
    """The seconds of an offset that is named as a zone; None for a region, and for what is none."""
    if not isinstance(zone, exp.Literal):
        return None
    if zone.name == "Z":
        return 0
    try:
        found = zone_of(zone.name)
    except ValueError:
        return None
    offset = found.utcoffset(None)  # which a region has not
    return None if offset is None else int(offset.total_seconds())
