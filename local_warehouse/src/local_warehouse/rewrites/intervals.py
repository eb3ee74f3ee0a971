"""The fields of intervals, as their text says them: HOUR of `interval 36 hours`. They decide what a
cast to a number counts and what EXTRACT takes; the engine's intervals do not have them.

https://docs.databricks.com/aws/en/sql/language-manual/data-types/interval-type
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.evident_types import evident_type
from local_warehouse.rewrites.scopes import branches, expression_of, place_of, sources
from local_warehouse.rewrites.signatures import name_of
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql import interval_literals
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes

TypeOf = Callable[[exp.Expr], str]
Fields = tuple[str, str]  # the first and the last one: DAY and SECOND

MONTHS = ("YEAR", "MONTH")
_DAYS = ("DAY", "HOUR", "MINUTE", "SECOND")
MOMENTS = ("date", "timestamp", "timestamp_ntz")
WHOLE = (("YEAR", "MONTH"), ("DAY", "SECOND"))
_SECONDS = {"DAY": 86_400, "HOUR": 3_600, "MINUTE": 60}
_PARTS_OF = {"WEEK": "DAY", "MILLISECOND": "SECOND", "MICROSECOND": "SECOND"}
# The fields of EXTRACT and date_part, by all their names.
FIELDS = {
    name: field
    for field, names in {
        "YEAR": "Y YEARS YR YRS", "YEAROFWEEK": "", "QUARTER": "QTR", "MONTH": "MON MONS MONTHS",
        "WEEK": "W WEEKS", "DAY": "D DAYS", "DAYOFWEEK": "DOW", "DAYOFWEEK_ISO": "DOW_ISO",
        "DOY": "", "HOUR": "H HOURS HR HRS", "MINUTE": "M MIN MINS MINUTES",
        "SECOND": "S SEC SECONDS SECS",
    }.items()
    for name in (field, *names.split())
}  # fmt: skip
_MADE = {"make_dt_interval": ("DAY", "SECOND"), "make_ym_interval": ("YEAR", "MONTH")}
# Calls of which the value has the fields of the first argument.
_SAME = ("abs", "max", "min", "nullif", "sum", "try_sum")
_WIDEST = ("coalesce", "greatest", "ifnull", "least", "nvl")
_OF_DAYS = "fields_of_days"  # what says that a difference is one of dates
MAY_MOVE_TEXT = "may_move_text"  # and that what an interval moves may be a text


def fields(node: exp.Expr, type_of: TypeOf = evident_type) -> Fields | None:
    """The fields of an interval; None where neither the text nor the types of its columns say
    them, or that it is one."""
    if node.meta.get(_OF_DAYS):
        return ("DAY", "DAY")
    match node:
        case exp.Column():
            made = _made_of(node)
            return (_widest(made, evident_type) if made else None) or _of_type(type_of(node))
        case exp.Interval():
            unit = node.args.get("unit")
            return _of_unit(unit) if unit is not None else _of_units(node)
        case exp.Cast() if isinstance(node.to.this, exp.Interval):
            return _of_unit(node.to.this.args.get("unit"))
        case exp.Paren() | exp.Neg() | exp.Filter() | exp.Window():
            return fields(node.this, type_of)
        case exp.Sub() if type_of(node.this) in MOMENTS:
            is_time = type_of(node.expression) in MOMENTS
            return ("DAY", "SECOND") if is_time else None
        case exp.Add() | exp.Sub():
            sides = [node.this, node.expression]
            is_moment = any(type_of(side) in MOMENTS for side in sides)
            return None if is_moment else _widest(sides, type_of)
        case exp.Mul() | exp.Div():
            found = fields(node.this, type_of) or fields(node.expression, type_of)
            return found and ((MONTHS if found[0] in MONTHS else _DAYS)[0], _end(found))
        case exp.Case():
            parts = [branch.args["true"] for branch in node.args["ifs"]]
            return _widest([*parts, node.args.get("default")], type_of)
        case exp.If():
            return _widest([node.args["true"], node.args.get("false")], type_of)
        case exp.Anonymous():
            name = str(node.this).lower()
            if name in _SAME and node.expressions:
                return fields(node.expressions[0], type_of)
            return _widest(node.expressions, type_of) if name in _WIDEST else _MADE.get(name)
    return None


def _made_of(column: exp.Column) -> list[exp.Expr]:
    """The expressions that a column of a derived table or of a CTE is, one of each branch; none for
    other columns."""
    place = place_of(column)
    for relation in sources(place) if isinstance(place, exp.Select) else ():
        if column.table and column.table.lower() != relation.alias_or_name.lower():
            continue
        query = expression_of(relation) if isinstance(relation, exp.Table) else relation
        made = branches(query.this.unnest()) if isinstance(query, (exp.CTE, exp.Subquery)) else []
        if not made or any(not isinstance(one, exp.Select) or one.is_star for one in made):
            continue
        alias = query.args.get("alias") if query is not None else None
        names = [one.name for one in alias.columns] if alias is not None else []
        names = names or [one.alias_or_name for one in made[0].expressions]
        for at, name in enumerate(names):
            if name.lower() == column.name.lower():
                return [one.expressions[at].unalias() for one in made if at < len(one.expressions)]
    return []


def difference_of_dates(first: exp.Expr, second: exp.Expr) -> exp.Expr:
    """The days between two dates as an interval; one of dates is NULL from 106,751 days on."""
    found = fill("(cast(x as timestamp) - cast(y as timestamp))", {"x": first, "y": second})
    found.meta[_OF_DAYS] = True
    return found


def is_in_days(node: exp.Expr, type_of: TypeOf = evident_type) -> bool:
    """Whether it is an interval whose text says that it has no hours, minutes or seconds."""
    found = fields(node, type_of)
    return found is not None and found[1] in ("YEAR", "MONTH", "DAY")


def count(cast: exp.Cast, type_of: TypeOf) -> None:
    """Cast an interval to a number of its last field, of which the engine counts months or seconds.
    Raises SqlError where the text does not say the field."""
    found, value = fields(cast.this, type_of), cast.this
    if found is None:
        raise unsupported(f"{render(cast)}, whose INTERVAL's unit is not in the text (extract it)")
    last = found[1]
    is_whole = cast.to.this in exp.DataType.INTEGER_TYPES
    if last in MONTHS:  # of a literal of years the engine counts years
        is_counted = last == "MONTH" or isinstance(value.unnest(), exp.Interval)
        whole = "cast(x as int)" if is_counted else "cast(x as int) div 12"
    elif last == "SECOND" and not is_whole:
        whole = "cast(unix_micros(timestamp_seconds(0) + x) as decimal(20, 0)) * 0.000001"
    elif last == "SECOND":
        return
    else:
        whole = f"cast(x as bigint) div {_SECONDS[last]}"
    value.replace(exp.paren(fill(whole, {"x": exp.paren(value)})))


def as_text(value: exp.Expr, type_of: TypeOf) -> exp.Expr | None:
    """What casts a difference of dates, or what is made of one or of a column, to STRING; None
    where the engine's own cast does. Raises SqlError for a difference with hours."""
    found = fields(value, type_of)
    if not any(node.meta.get(_OF_DAYS) for node in nodes(value)):
        if found is None or found in WHOLE or value.find(exp.Column) is None:
            return None
        kind = " to ".join(dict.fromkeys(found))
        return fill(f"cast(x as interval {kind})", {"x": value})
    if found == ("DAY", "SECOND"):
        return None
    if found != ("DAY", "DAY"):
        raise unsupported(f"{render(value)} as a STRING")
    days = "cast(cast(x as bigint) div 86400 as string)"
    return fill(f"concat('INTERVAL \\'', {days}, '\\' DAY')", {"x": value})


def check_kind(node: exp.Expr, values: Sequence[exp.Expr], type_of: TypeOf = evident_type) -> None:
    """Raise SqlError where intervals of months meet such of days, which have no common type."""
    found = [fields(value, type_of) for value in values]
    if len({one[0] in MONTHS for one in found if one is not None}) > 1:
        is_operator = isinstance(node, exp.Binary)
        raise SqlError(
            "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES"
            if is_operator
            else "DATATYPE_MISMATCH.DATA_DIFF_TYPES",
            f"Cannot resolve {render(node)} due to data type mismatch: it has INTERVALs of months"
            " and of days.",
        )


def check_field(name: str, interval: exp.Expr, type_of: TypeOf = evident_type) -> None:
    """Raise SqlError where an interval, as its text says, does not have a field."""
    found = fields(interval, type_of)
    if found is None:
        return
    order = MONTHS if found[0] in MONTHS else _DAYS
    has = order[order.index(found[0]) : order.index(found[1]) + 1]
    if FIELDS.get(name.upper()) not in has:
        raise SqlError(
            "INVALID_EXTRACT_FIELD",
            f"Cannot extract {name} from {render(interval)}, whose fields are {', '.join(has)}.",
        )


def _of_unit(unit: exp.Expr | None) -> Fields | None:
    sides = [unit.this, unit.expression] if isinstance(unit, exp.IntervalSpan) else [unit, unit]
    names = [side.name.upper().removesuffix("S") for side in sides if side is not None]
    first, last = (_PARTS_OF.get(name, name) for name in names) if len(names) == 2 else ("", "")
    return (first, last) if {first, last} <= {*MONTHS, *_DAYS} else None


def _of_units(literal: exp.Interval) -> Fields | None:
    """The fields of a literal of several units: DAY and HOUR of `interval 1 day 2 hours`."""
    names = {part.unit.removesuffix("S") for part in interval_literals.parts_of(literal.name)}
    has = {_PARTS_OF.get(name, name) for name in names}
    known = [field for field in (*MONTHS, *_DAYS) if field in has]
    return (known[0], known[-1]) if known else None


def _of_type(name: str) -> Fields | None:
    """The fields of a column's type: INTERVAL DAY TO SECOND."""
    words = name.upper().split()
    if words[:1] != ["INTERVAL"] or len(words) not in (2, 4):
        return None
    return words[1], words[-1]


def _end(found: Fields) -> str:
    return "MONTH" if found[0] in MONTHS else "SECOND"


def _widest(parts: Sequence[exp.Expr | None], type_of: TypeOf) -> Fields | None:
    """The fields of what is one of these, or their sum: NULL has none."""
    all_fields = [fields(one, type_of) for one in parts if one is not None and not _is_null(one)]
    known = [one for one in all_fields if one is not None]
    if not known or len(known) < len(all_fields):
        return None
    for order in (MONTHS, _DAYS):
        if all(first in order for first, _ in known):
            return (
                min((first for first, _ in known), key=order.index),
                max((last for _, last in known), key=order.index),
            )
    return None


def _is_null(node: exp.Expr) -> bool:
    """Whether it is a NULL, of an interval's type or of none."""
    while isinstance(node, exp.Paren) or _is_cast_to_interval(node):
        node = node.this
    return isinstance(node, exp.Null) or name_of(node) == "raise_error"


def _is_cast_to_interval(node: exp.Expr) -> bool:
    return isinstance(node, exp.Cast) and evident_type(node).startswith("interval")
