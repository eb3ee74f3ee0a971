"""Functions that the engine computes otherwise for some types of their arguments."""

from __future__ import annotations

import re

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites import intervals, window_aggregates
from local_warehouse.rewrites.evident_types import UNKNOWN
from local_warehouse.rewrites.operand_types import DIGITS, ByClass, ByName, OperandTypes
from local_warehouse.rewrites.predicates import OF_ROWS
from local_warehouse.rewrites.structs import (
    makes_struct,
    needs_other_fields,
    type_of,
    with_fields_of,
)
from local_warehouse.rewrites.templates import fill, refusal
from local_warehouse.sql.dialect import render


def _first_argument(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.Anonymous):
        return node.expressions[:1]
    return [node.this]


def _refuse_structs(call: exp.Expr, types: OperandTypes) -> None:
    """Raise SqlError for an array of STRUCTs, whose NULLs the engine takes for values."""
    if types.of(call.expressions[0]).startswith("array<struct"):
        raise unsupported(f"{str(call.this).lower()}() of STRUCTs")


def _percentile(call: exp.Expr, types: OperandTypes) -> None:
    """Take an element of the values, as Spark does, and exactly; the engine interpolates."""
    value, shares, data_type = call.this, call.args["quantile"], types.of(call.this)
    if data_type not in _NUMBERS and not data_type.startswith("decimal"):
        raise unsupported(f"percentile_approx of {data_type.upper() or 'an unknown type'}")
    if (accuracy := call.args.get("accuracy")) is not None:
        _check_accuracy(call, accuracy, types.of(accuracy))
    if isinstance(call.parent, (exp.Window, exp.Filter)) or isinstance(value, exp.Distinct):
        raise unsupported("percentile_approx with OVER, FILTER or DISTINCT")
    is_array = isinstance(shares, exp.Anonymous) and str(shares.this).lower() == "array"
    if isinstance(value, exp.Literal):  # which would be the position of an output
        value = exp.cast(value, data_type)
    template = f"cast(percentile_disc(p) within group (order by x) as {data_type})"
    if data_type in ("float", "double"):  # Spark finds NaN among the numbers, at no certain place
        template = f"if(bool_or(isnan(x)), cast({_OF_NAN} as {data_type}), {template})"
    found = [
        fill(template, {"p": share, "x": value})
        for share in (shares.expressions if is_array else [shares])
    ]
    call.replace(exp.Anonymous(this="array", expressions=found) if is_array else found[0])


_OF_NAN = refusal("percentile_approx() of NaN")


def _check_accuracy(call: exp.Expr, accuracy: exp.Expr, data_type: str) -> None:
    """Raise SqlError for an accuracy that is no number from 1 to 2147483647."""
    if data_type not in DIGITS:
        condition = "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"
    elif isinstance(accuracy, exp.Literal) and 0 < int(accuracy.name) < 2**31:
        return
    else:
        condition = "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE"
    raise SqlError(condition, f"Cannot resolve {render(call)}: its accuracy is {render(accuracy)}.")


_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double")


def _structs(node: exp.Expr) -> list[exp.Expr]:
    """Both sides of a comparison with a struct that is made there, or of values of two rows."""
    sides = [node.this, node.expression]
    return sides if any(map(makes_struct, sides)) else _of_rows(node)


def _of_rows(node: exp.Expr) -> list[exp.Expr]:
    return [node.this, node.expression] if OF_ROWS in node.meta else []


def _types_of_fields(data_type: str) -> str:
    """A type without the names of its fields, and without NULLs, which have every type."""
    return re.sub(r"(`[^`]*`|\w+):", "", data_type)


def _compare_structs(node: exp.Expr, types: OperandTypes) -> None:
    """Compare structs field by field, whatever the names of their fields. Raises SqlError for what
    cannot be compared."""
    left, right = types.of(node.this), types.of(node.expression)
    if "map<" in left + right:
        raise SqlError(
            "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
            f"Cannot resolve {render(node)} due to data type mismatch: it compares MAPs.",
        )
    differ = UNKNOWN not in (left, right) and _types_of_fields(left) != _types_of_fields(right)
    if differ and (condition := node.meta.get(OF_ROWS)):
        one, other = (render(side.unnest()) for side in (node.this, node.expression))
        raise SqlError(
            condition,
            f"Cannot resolve a comparison of rows due to data type mismatch: {one} has the type"
            f" {left.upper()}, and {other} has {right.upper()}.",
        )
    if needs_other_fields(right, left):
        if differ:
            raise unsupported(
                f"a comparison of {left.upper()} and {right.upper()}, whose fields' types differ"
            )
        value = with_fields_of(node.expression, type_of(right), type_of(left))
        node.expression.replace(value)


def _both_sides(node: exp.Expr) -> list[exp.Expr]:
    return [node.this, node.expression]


def _average_of_pairs(call: exp.Expr, types: OperandTypes) -> None:
    """Average the values of pairs without a NULL by avg, which keeps DECIMALs."""
    y, x = call.this, call.expression
    averaged, other = (x, y) if isinstance(call, exp.RegrAvgx) else (y, x)
    if types.of(averaged).startswith("decimal"):
        average = fill("avg(if(y is null, null, x))", {"y": other})
        call.replace(average)
        average.expressions[0].args["false"].replace(averaged)  # whose type is known
        window_aggregates.average(average, types)


def _moment(call: exp.Expr, types: OperandTypes) -> None:
    """Format a text as a TIMESTAMP, and fail where it is none; the engine's is NULL. What is
    computed may be before the year 1, whose years the engine counts otherwise, or after 9999, which
    Java writes with a sign."""
    value = call.expressions[0]
    if types.of(value) == "string":
        value.replace(exp.cast(value.copy(), "timestamp"))
    elif not isinstance(value.unnest(), (exp.Column, exp.Cast)):
        call.replace(fill(_FORMATTED, {"x": value, "call": call}))


_UNFORMATTED = "date_format() of moments before the year 1 and after 9999"
_FORMATTED = f"if(year(x) not between 1 and 9999, {refusal(_UNFORMATTED)}, call)"


def _all_of_four(call: exp.Expr) -> list[exp.Expr]:
    return list(call.expressions) if len(call.expressions) == 4 else []


def _bucket(call: exp.Expr, types: OperandTypes) -> None:
    """Find the bucket of a number as Spark does: the engine divides by the width of one, which is
    not always a number (3 of 0.3, 0, 1, 10)."""
    values, count = call.expressions[:3], call.expressions[3]
    places = {"n": exp.paren(count), "call": call}
    are_intervals = {types.of(value).startswith("interval") for value in values}
    if len(are_intervals) > 1 and not any(types.of(value) in _OPEN for value in values):
        raise SqlError(
            "DATATYPE_MISMATCH.DATA_DIFF_TYPES",
            f"Cannot resolve {render(call)} due to data type mismatch: it takes numbers, or"
            " INTERVALs.",
        )
    if are_intervals == {True}:
        call.replace(fill("if(n = 9223372036854775807, null, call)", places))
        return
    numbers = (exp.cast(value.copy(), "double") for value in values)
    call.replace(fill(_BUCKET, places | dict(zip(("x", "low", "high"), numbers, strict=True))))


_OPEN = ("", "void")
_BUCKET = (
    "case when n is null or n <= 0 or n = 9223372036854775807 or isnan(x) or low = high"
    " or isnan(low - low) or isnan(high - high) then null"
    " when (low < high and x < low) or (low > high and x > low) then cast(0 as bigint)"
    " when (low < high and x >= high) or (low > high and x <= high) then cast(n as bigint) + 1"
    " else try_cast(cast(n as double) * (x - low) / (high - low) as bigint) + 1 end"
)


def _typeof(call: exp.Expr, types: OperandTypes) -> None:
    """Name the fields of an interval's type, which the engine's does not have, and a VARIANT, which
    is a STRUCT there."""
    argument = call.expressions[0]
    given, fields = types.of(argument), intervals.fields(argument, types.of)
    if "variant" in given:
        call.replace(exp.Literal.string(given))
        return
    if "interval" in given and not given.startswith("interval"):
        raise unsupported("typeof() of what has an INTERVAL in it")
    if not given.startswith("interval") or (fields is None and given == "interval"):
        return
    if fields is None:
        raise unsupported("typeof() of an INTERVAL whose unit is not in the text")
    first, last = fields
    name = f"interval {first} to {last}" if first != last else f"interval {first}"
    call.replace(exp.Literal.string(name.lower()))


def _of_interval(call: exp.Expr) -> list[exp.Expr]:
    return call.expressions[6:7]


def _seconds(call: exp.Expr, types: OperandTypes) -> None:
    """Take the digits that a FLOAT is written with; the engine takes those of a DOUBLE."""
    seconds = call.expressions[6]
    if types.of(seconds) == "float":
        seconds.replace(fill("cast(cast(x as decimal(18, 6)) as double)", {"x": seconds}))


CORRECTIONS: ByClass = {
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.NullSafeEQ), (_structs, _compare_structs)),
    **dict.fromkeys((exp.RegrAvgx, exp.RegrAvgy), (_both_sides, _average_of_pairs)),
    exp.LT: (_of_rows, _compare_structs),
    exp.ApproxQuantile: (_first_argument, _percentile),
}
CALLS: ByName = {
    "date_format": (_first_argument, _moment),
    "typeof": (_first_argument, _typeof),
    "make_interval": (_of_interval, _seconds),
    "width_bucket": (_all_of_four, _bucket),
    **dict.fromkeys(("array_max", "array_min"), (_first_argument, _refuse_structs)),
}
