"""format_string, printf and format_number: Java writes them otherwise than the engine does, which
rounds 1.005 down, writes a DECIMAL of 2.50 as 250, and knows few patterns.

https://docs.databricks.com/aws/en/sql/language-manual/functions/format_string
https://docs.databricks.com/aws/en/sql/language-manual/functions/format_number
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import unsupported
from local_warehouse.rewrites.operand_types import ByName, OperandTypes
from local_warehouse.rewrites.templates import PREFIX, fill
from local_warehouse.rewrites.texts import as_text
from local_warehouse.sql.dialect import render
from local_warehouse.types.java_formats import BITS

_FRACTIONS = ("float", "double")
_PLAIN = (*BITS, *_FRACTIONS, "string", "boolean")
# Moments are the numbers that Spark has for them.
_NUMBERS = {
    "date": ("int", "cast(datediff(x, date'1970-01-01') as string)"),
    "timestamp": ("bigint", "cast(unix_micros(x) as string)"),
    "timestamp_ntz": ("bigint", "cast(unix_micros(cast(x as timestamp)) as string)"),
}


def _values(call: exp.Expr) -> list[exp.Expr]:
    return list(call.expressions[1:])


def _format(call: exp.Expr, types: OperandTypes) -> None:
    """Have Java's Formatter imitated, with texts of the values and their types."""
    pattern, *values = call.expressions
    kinds, texts = [], []
    for value in values:
        given = types.of(value)
        text: exp.Expr
        if given in _NUMBERS:
            given, template = _NUMBERS[given]
            text = fill(template, {"x": value})
        elif given in ("", "void"):
            given, text = "string", exp.cast(value.copy(), "string")
        elif given in _PLAIN or given.startswith("decimal"):
            text = _text(value, given)
        else:
            raise unsupported(f"{given.upper()} as a value of a format, in {render(call)}")
        kinds.append(given.partition("(")[0])
        texts.append(text)
    arguments = [pattern, exp.Literal.string(",".join(kinds)), *texts]
    copies = [argument.copy() for argument in arguments]
    call.replace(exp.Anonymous(this=f"{PREFIX}java_format", expressions=copies))


def _both(call: exp.Expr) -> list[exp.Expr]:
    return list(call.expressions) if len(call.expressions) == 2 else []


def _format_number(call: exp.Expr, types: OperandTypes) -> None:
    value, pattern = call.expressions
    given = types.of(value)
    if given not in BITS and not given.startswith("decimal"):
        value, given = exp.cast(value.copy(), "double"), "double"
    places = {
        "x": _text(value, given),
        "type": exp.Literal.string(given.partition("(")[0]),
        "y": exp.cast(pattern.copy(), "string"),
        "kind": exp.Literal.string(types.of(pattern)),
    }
    call.replace(fill(f"{PREFIX}number_format(x, type, y, kind)", places))


def _text(value: exp.Expr, given: str) -> exp.Expr:
    text = as_text(value, given)
    return exp.cast(value.copy(), "string") if text is None else text


CALLS: ByName = {
    **dict.fromkeys(("format_string", "printf"), (_values, _format)),
    "format_number": (_both, _format_number),
}
