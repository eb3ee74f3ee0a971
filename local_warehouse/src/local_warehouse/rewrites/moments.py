"""Dates, times and intervals: what Databricks makes of them, and the engine does not.

A DATE and an interval with hours make a TIMESTAMP (the engine's stays a date); an interval is cast
to a number in its own unit; a window's RANGE over days has both of its bounds.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datatype-rules
"""

from __future__ import annotations

import re

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites import intervals
from local_warehouse.rewrites.constant_arguments import varies
from local_warehouse.rewrites.evident_types import UNKNOWN, evident_type, is_null
from local_warehouse.rewrites.operand_types import (
    DIGITS,
    ByClass,
    ByName,
    OperandTypes,
)
from local_warehouse.rewrites.scopes import is_aggregate
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.dialect import render
from local_warehouse.types.decimals import decimal_of

# Functions of a text and a format that take no number.
_PARSERS = (
    *("to_timestamp_ltz", "to_timestamp_ntz", "to_unix_timestamp", "try_to_date"),
    "unix_timestamp",
)
_GREATEST = {"tinyint": 2**7 - 1, "smallint": 2**15 - 1, "int": 2**31 - 1, "bigint": 2**63 - 1}
_SECONDS = (
    "if(x not between -9223372036854 and 9223372036854, cast(raise_error('[ARITHMETIC_OVERFLOW]"
    " long overflow') as timestamp), call)"
)
_TO_MICROS = (
    "if(x <> round(x, 6), cast(raise_error('[ARITHMETIC_OVERFLOW] Rounding necessary: seconds"
    " have six digits behind the point.') as decimal(38, 6)), cast(x as decimal(38, 6)))"
)
_BOUNDED = (
    "if(x not between -9223372036854 and 9223372036854, timestamp_micros(cast("
    "if(x > 0, '9223372036854775807', '-9223372036854775808') as bigint)), cast)"
)
_COUNTED = "unix_micros(timestamp_seconds(0) + x)"
_SCALED = f"(timestamp_micros(cast(round({_COUNTED} * n) as bigint)) - timestamp_seconds(0))"
_DIVIDED = (
    f"(timestamp_micros(cast(round(cast({_COUNTED} as {{number}}) / cast(n as {{divisor}})) as"
    " bigint)) - timestamp_seconds(0))"
)
_PARTS = {"MINUTE": 60, "HOUR": 24}
# Fields of moments that the engine does not have, or begins at another day.
_OF_WEEKS = {
    "DAYOFWEEK": "dayofweek(x)",
    "DAYOFWEEK_ISO": "pmod(weekday(x), 7) + 1",
    "YEAROFWEEK": "year(date_add(cast(x as timestamp), 3 - pmod(weekday(x), 7)))",
}


def shift_date(node: exp.Expr, operands: list[str], type_of: intervals.TypeOf) -> bool:
    """Make a TIMESTAMP of a DATE to which an interval with a time is added. Returns whether the
    operation is one on a date and an interval."""
    sides = [node.this, node.expression]
    for side, own, beside, other in zip(
        sides, operands, reversed(operands), reversed(sides), strict=True
    ):
        if own != "date" or not beside.startswith("interval") or "month" in beside:
            continue
        if intervals.fields(other, type_of) is None:
            form = "a DATE moved by an INTERVAL whose unit is not in the text"
            raise unsupported(f"{form} (make_dt_interval and make_ym_interval have one)")
        if not intervals.is_in_days(other, type_of):
            side.replace(exp.cast(side.copy(), "timestamp"))
        return True
    return False


def read_operands(node: exp.Binary, operands: list[str], type_of: intervals.TypeOf) -> bool:
    """Read a text beside a moment from which it is taken, or the other way round, as such a one,
    in place; a NULL beside a DATE as a number of days, or as a DATE from which it is taken; and a
    text that an interval moves as a TIMESTAMP, whose value is a text again. Returns whether the
    operation is the last of these."""
    is_difference = isinstance(node, exp.Sub)
    untouched = "expression" if is_difference else ""  # of `interval 1 day - s`
    for key, own, beside in zip(("this", "expression"), operands, operands[::-1], strict=True):
        if own == "string" and beside in intervals.MOMENTS and is_difference:
            node.set(key, exp.cast(node.args[key].copy(), beside))
        elif own == "void" and beside == "date":
            is_date = is_difference and key == "this"
            node.set(key, exp.cast(node.args[key].copy(), "date" if is_date else "int"))
        elif own == "string" and beside.startswith("interval") and key != untouched:
            other = node.expression if key == "this" else node.this
            if (intervals.fields(other, type_of) or ("DAY",))[0] in intervals.MONTHS:
                raise SqlError(
                    "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
                    f"Cannot resolve {render(node)}: an INTERVAL of months moves no STRING.",
                )
            sign = "-" if is_difference else "+"
            moved = f"cast(cast(x as timestamp) {sign} y as string)"
            node.replace(fill(moved, {"x": exp.paren(node.args[key]), "y": exp.paren(other)}))
            return True
    return False


def scale_interval(node: exp.Expr, operands: list[str], type_of: intervals.TypeOf) -> bool:
    """Round the microseconds of an interval times a fraction, or divided by a number, which the
    engine cuts off. Returns whether the operation is one."""
    is_product = isinstance(node, exp.Mul)
    pairs = list(zip((node.this, node.expression), operands, strict=True))
    for (value, own), (other, beside) in (pairs, pairs[::-1]) if is_product else (pairs,):
        found = intervals.fields(value, type_of) if own.startswith("interval") else None
        exact = decimal_of(beside)
        is_number = exact is not None or beside in ("float", "double")
        if not found or found[1] in intervals.MONTHS or not is_number:
            continue
        if is_product and beside in DIGITS:  # which the engine multiplies by
            continue
        number, divisor = ("decimal(19, 0)", exact) if exact else ("double", "double")
        template = _SCALED if is_product else _DIVIDED.format(number=number, divisor=divisor)
        places: dict[str, exp.Expr] = {"x": exp.paren(value), "n": exp.paren(other)}
        node.replace(fill(template, places))
        return True
    return False


def _extracted(node: exp.Expr) -> list[exp.Expr]:
    return _source(node, node.name, node.expression)


def _extract(node: exp.Expr, types: OperandTypes) -> None:
    _take(node, node.name, node.expression, types)


def _dated(call: exp.Expr) -> list[exp.Expr]:
    if len(call.expressions) != 2:
        return []
    field, source = call.expressions
    if isinstance(field, exp.Literal):
        return _source(call, field.name, source)
    if varies(field):
        raise SqlError(
            "NON_FOLDABLE_ARGUMENT",
            f"{render(call)} requires {render(field)} to be a constant of STRING.",
        )
    if not is_null(field):
        raise unsupported(f"{render(call)}, whose field is no literal")
    call.replace(exp.cast(exp.Null(), "double"))
    return []


def _date_part(call: exp.Expr, types: OperandTypes) -> None:
    _take(call, call.expressions[0].name, call.expressions[1], types)


def _source(node: exp.Expr, name: str, source: exp.Expr) -> list[exp.Expr]:
    """What a field is taken of, where its type decides. Raises SqlError for what is no field."""
    field = intervals.FIELDS.get(name.upper())
    if field is None:
        raise SqlError("INVALID_EXTRACT_FIELD", f"Cannot extract {name} on {render(source)}.")
    intervals.check_field(name, source)
    if isinstance(source, exp.Null):  # which the engine takes no field of
        source.replace(exp.cast(exp.Null(), "timestamp"))
        return []
    return [source] if field in (*_PARTS, *_OF_WEEKS, "MONTH") else []


def _take(node: exp.Expr, name: str, source: exp.Expr, types: OperandTypes) -> None:
    """Take a field of an interval, of which the engine's minutes and hours are those of all its
    days, or one of a moment's week."""
    field = intervals.FIELDS[name.upper()]
    if types.of(source).startswith("interval"):
        intervals.check_field(name, source, types.of)
        part = f"x % {_PARTS[field]}" if field in _PARTS else "x"
        node.replace(fill(f"cast({part} as tinyint)", {"x": node.copy()}))
    elif field in _OF_WEEKS:
        node.replace(fill(_OF_WEEKS[field], {"x": source}))


def _moved(call: exp.Expr) -> list[exp.Expr]:
    return call.expressions[2:] if len(call.expressions) == 3 else []


def _move(call: exp.Expr, types: OperandTypes) -> None:
    """Keep a TIMESTAMP_NTZ one; the engine makes a TIMESTAMP of it."""
    if types.of(call.expressions[2]) == "timestamp_ntz":
        call.replace(exp.cast(call.copy(), "timestamp_ntz"))


def whole_seconds(value: exp.Expr) -> exp.Expr:
    """The seconds of a TIMESTAMP, rounded down; the engine rounds towards 1970."""
    micros = "(unix_micros(x) - pmod(unix_micros(x), 1000000)) div 1000000"
    return fill(micros, {"x": value})


def exact_seconds(value: exp.Expr) -> exp.Expr:
    """The seconds of a TIMESTAMP with all digits of their fraction, of which the engine's lose
    some."""
    return fill("cast(unix_micros(x) as decimal(20, 0)) * 0.000001", {"x": value})


def _count_seconds(call: exp.Expr, types: OperandTypes) -> None:
    if types.of(call.expressions[0]) == "timestamp":
        call.replace(whole_seconds(call.expressions[0]))


def _count_millis(call: exp.Expr, types: OperandTypes) -> None:
    if types.of(call.expressions[0]) == "timestamp":
        micros = "(unix_micros(x) - pmod(unix_micros(x), 1000)) div 1000"
        call.replace(fill(micros, {"x": call.expressions[0]}))


def _one(call: exp.Expr) -> list[exp.Expr]:
    return list(call.expressions) if len(call.expressions) == 1 else []


def _seconds(call: exp.Expr, types: OperandTypes) -> None:
    """Make a TIMESTAMP of a number of seconds, with their fraction."""
    if len(call.expressions) == 2:
        _read_half_day(call, types)
        return
    data_type = types.of(call.expressions[0])
    if data_type == "string" and str(call.this).lower() == "timestamp_seconds":
        raise SqlError(
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            f"Cannot resolve {render(call)}: it takes a number of seconds, and has a STRING.",
        )
    fractions = data_type in ("float", "double") or data_type.startswith("decimal")
    exact = decimal_of(data_type)
    if exact is not None and exact.scale > 6 and str(call.this).lower() == "timestamp_seconds":
        micros = call.expressions[0]
        micros.replace(fill(_TO_MICROS, {"x": micros}))
    integers = data_type in ("tinyint", "smallint", "int", "bigint")
    if str(call.this).lower() == "try_to_timestamp":
        if fractions or integers:
            number = "x" if data_type not in ("float", "double") else "if(isnan(x - x), null, x)"
            call.replace(fill(f"cast({number} as timestamp)", {"x": call.expressions[0]}))
    elif fractions or (integers and str(call.this).lower() == "to_timestamp"):
        call.replace(exp.cast(call.expressions[0].copy(), "timestamp"))
    elif data_type == "bigint":
        call.replace(fill(_SECONDS, {"x": call.expressions[0], "call": call}))


def bounded_moment(cast: exp.Expr, value: exp.Expr) -> exp.Expr:
    """The moment of a BIGINT of seconds; the last or first one where there is none, as in Spark.
    The engine begins anew there."""
    return fill(_BOUNDED, {"x": exp.paren(value), "cast": cast})


def _read(call: exp.Expr) -> list[exp.Expr]:
    return call.expressions[:1] if _has_half_days(call) else []


def _read_or_one(call: exp.Expr) -> list[exp.Expr]:
    return _read(call) or _one(call)


def _has_half_days(call: exp.Expr) -> bool:
    """Whether a format has an hour from 1 to 12 and does not say of which half of a day."""
    given = call.expressions[1] if len(call.expressions) == 2 else None
    letters = re.sub(r"'[^']*'", "", given.name) if isinstance(given, exp.Literal) else ""
    return re.search(r"[hK]", letters) is not None and re.search(r"[aHk\[]", letters) is None


def _read_half_day(call: exp.Expr, types: OperandTypes) -> None:
    """Read an hour of a half day as one before noon; without it the engine has no time."""
    text, given = call.expressions
    if types.of(text) == "string":
        text.replace(fill("concat(x, 'AM')", {"x": text}))
        given.replace(exp.Literal.string(f"{given.name}a"))


def _day(call: exp.Expr, types: OperandTypes) -> None:
    """Read a number as a text, which is no date; the engine counts days from 1970."""
    if len(call.expressions) == 2:
        _read_half_day(call, types)
        return
    value = call.expressions[0]
    if types.of(value) in (*DIGITS, "float", "double", "boolean") or "decimal" in types.of(value):
        value.replace(exp.cast(value.copy(), "string"))


def ranged(window: exp.Expr) -> list[exp.Expr]:
    """The key of a window whose frame is a RANGE."""
    keys = keys_of_range(window)
    return keys if len(keys) == 1 else []


def keys_of_range(window: exp.Expr) -> list[exp.Expr]:
    """The keys of a window whose frame is a RANGE, which a function reads."""
    spec, order = window.args.get("spec"), window.args.get("order")
    if order is None or (spec is not None and str(spec.args.get("kind")).upper() != "RANGE"):
        return []
    if (spec is None or not any(_bounds(spec))) and not _aggregates(window.this):
        return []
    return [key.this if isinstance(key, exp.Ordered) else key for key in order.expressions]


def _aggregates(call: exp.Expr) -> bool:
    """Whether it is an aggregate or nth_value, which read the frame of its window."""
    while isinstance(call, (exp.Filter, exp.IgnoreNulls, exp.RespectNulls)):
        call = call.this
    is_nth = isinstance(call, exp.Anonymous) and str(call.this).lower() == "nth_value"
    return is_nth or is_aggregate(call)


def _bounds(spec: exp.Expr) -> list[exp.Expr]:
    bounds = (spec.args.get(side) for side in ("start", "end"))
    return [bound for bound in bounds if isinstance(bound, exp.Expr)]


def order_range(window: exp.Expr, types: OperandTypes) -> None:
    """Order by times in place of days: the engine takes no lower bound of days."""
    key, spec = ranged(window)[0], window.args.get("spec")
    if spec is not None:
        _check_bounds(window, spec, key, types.of(key))
    if types.of(key) != "date" or spec is None or not any(_bounds(spec)):
        return
    for bound in _bounds(window.args["spec"]):
        if evident_type(bound) != "interval":
            bound.replace(fill("make_dt_interval(x)", {"x": bound}))
    key.replace(exp.cast(key.copy(), "timestamp"))


def _check_bounds(window: exp.Expr, spec: exp.Expr, key: exp.Expr, data_type: str) -> None:
    """Raise SqlError for bounds of different types, as months and days are. Fail in a row where a
    bound leaves the integers of the key's type: the engine's ends there."""
    kinds = {intervals.fields(bound) for bound in _bounds(spec)}
    if len(kinds) > 1:
        raise SqlError(
            "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_DIFF_TYPES",
            f"Cannot resolve {render(window)}: the types of its bounds differ.",
        )
    if kinds and data_type == "string":
        raise SqlError(
            "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE",
            f"Cannot resolve {render(window)}: a STRING has no distance from another one.",
        )
    if kinds and data_type in ("binary", "boolean"):
        raise unsupported(f"a RANGE with values, of rows by {data_type.upper()}")
    taken = {"date": ("int", "interval", "void"), "timestamp": ("interval", "void")}
    given = {evident_type(bound) for bound in _bounds(spec)} - {UNKNOWN}
    unfit = given - {*taken.get(data_type.removesuffix("_ntz"), given)}
    if unfit:
        raise SqlError(
            "DATATYPE_MISMATCH.RANGE_FRAME_INVALID_TYPE",
            f"Cannot resolve {render(window)}: rows by {data_type.upper()} have no RANGE of"
            f" {' and '.join(sorted(unfit)).upper()}.",
        )
    most = _GREATEST.get(data_type)
    if most is None:
        return
    parent = key.parent
    is_descending = isinstance(parent, exp.Ordered) and bool(parent.args.get("desc"))
    conditions = []
    for side in ("start", "end"):
        bound = spec.args.get(side)
        bound = bound.this if isinstance(bound, exp.Cast) else bound
        if not isinstance(bound, exp.Literal) or not bound.name.isdecimal():
            continue
        is_before = str(spec.args.get(f"{side}_side")).upper() == "PRECEDING"
        edge = int(bound.name)
        conditions.append(
            f"x < {edge - most - 1}" if is_before != is_descending else f"x > {most - edge}"
        )
    if conditions:
        failure = "cast(raise_error('[ARITHMETIC_OVERFLOW] A bound of RANGE is out of bounds.')"
        checked = f"if({' or '.join(conditions)}, {failure} as {data_type}), x)"
        key.replace(fill(checked, {"x": key}))


CORRECTIONS: ByClass = {exp.Extract: (_extracted, _extract)}
CALLS: ByName = {
    "date_part": (_dated, _date_part),
    "datepart": (_dated, _date_part),
    **dict.fromkeys(("timestampadd", "dateadd", "date_add"), (_moved, _move)),
    "timestamp_seconds": (_one, _seconds),
    "to_date": (_read_or_one, _day),
    "to_timestamp": (_read_or_one, _seconds),
    "try_to_timestamp": (_read_or_one, _seconds),
    **dict.fromkeys(_PARSERS, (_read, _read_half_day)),
    "unix_millis": (_one, _count_millis),
    "unix_seconds": (_one, _count_seconds),
}
