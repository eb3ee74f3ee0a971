"""VARIANTs, whose numbers with a point the engine keeps as DOUBLEs, where Databricks has DECIMALs.

What shows the difference is refused: numbers with more digits than a DOUBLE has, and the names of
types. A VARIANT that is not of the type that is asked for is an error, as on Databricks.

https://docs.databricks.com/aws/en/sql/language-manual/functions/variant_get
"""

from __future__ import annotations

import re

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.operand_types import ByName, OperandTypes
from local_warehouse.rewrites.templates import fill, refusal
from local_warehouse.sql.dialect import WarehouseDialect, render

_FRACTION = re.compile(r"decimal|float|double")
# A number in JSON that the engine writes otherwise: with an exponent, or with too many digits.
_INEXACT = (
    r"x rlike '(^|[\\[:,\\s])-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]|[0-9]{17})'"
    r" or x rlike '(^|[\\[:,\\s])-?([0-9]{8,}[.][0-9]{8}|[0-9]+[.][0-9]{15}|[0-9]{15,}[.])'"
)
_MANY_DIGITS = "a number with an exponent or of so many digits in a VARIANT"
_PARSED = f"if({_INEXACT}, {refusal(_MANY_DIGITS)}, x)"
_NAMES_TYPE = refusal("the type of a VARIANT with a number that has a point")
_HAS_POINT = "to_json(x) rlike '[0-9][.][0-9]'"
_SCHEMA = f"if(call rlike 'DOUBLE|VARIANT' and {_HAS_POINT}, {_NAMES_TYPE}, call)"
_SCHEMAS = f"if(call rlike 'DOUBLE|VARIANT', {_NAMES_TYPE}, call)"
_TEXT = "try_variant_get(x, y, 'string')"
_IS_MISSING = "(variant_get(x, y) is null or is_variant_null(variant_get(x, y)))"
_INVALID = (
    "raise_error(concat('[INVALID_VARIANT_CAST] The variant value `',"
    " coalesce(to_json(variant_get(x, y)), ''), '` cannot be cast into `', z,"
    " '`. Please use `try_variant_get` instead.'))"
)


def _first(call: exp.Expr) -> list[exp.Expr]:
    return call.expressions[:1]


def _texts(call: exp.Expr) -> list[exp.Expr]:
    return call.expressions[:1] if len(call.expressions) == 1 else []


def _parse(call: exp.Expr, types: OperandTypes) -> None:
    text = call.expressions[0]
    if isinstance(text, exp.Literal):  # which need not be looked at for each row
        pattern = _INEXACT.replace("\\\\", "\\")
        if any(re.search(one, text.name) for one in re.findall(r"rlike '(.*?)'", pattern)):
            raise unsupported(_MANY_DIGITS)
    else:
        text.replace(fill(_PARSED, {"x": text}))


def _schema(call: exp.Expr, types: OperandTypes) -> None:
    call.replace(fill(_SCHEMA, {"x": call.expressions[0], "call": call}))


def _schemas(call: exp.Expr, types: OperandTypes) -> None:
    if isinstance(call.parent, (exp.Filter, exp.Window)):
        raise unsupported("schema_of_variant_agg() with FILTER or OVER")
    call.replace(fill(_SCHEMAS, {"call": call}))


def _to_object(call: exp.Expr, types: OperandTypes) -> None:
    given = types.of(call.expressions[0])
    if given not in ("", "void") and not given.startswith(("array<", "map<", "struct<")):
        raise SqlError(
            "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION",
            f"Cannot resolve {render(call)} due to data type mismatch: cannot cast {given.upper()}"
            " to VARIANT.",
        )
    if _FRACTION.search(given) or "map<" in given:  # whose NULLs the engine leaves out
        raise unsupported(f"to_variant_object() of {given.upper()}")


def _typed(call: exp.Expr) -> list[exp.Expr]:
    is_typed = len(call.expressions) == 3 and isinstance(call.expressions[2], exp.Literal)
    return call.expressions[:1] if is_typed else []


def _get(call: exp.Expr, types: OperandTypes) -> None:
    """Cast a text of a VARIANT, which the engine does not, and fail where there is another value
    than is asked for."""
    wanted = exp.DataType.build(call.expressions[2].name, dialect=WarehouseDialect)
    if wanted.this in exp.DataType.NESTED_TYPES:
        raise unsupported(f"{render(call)} (use from_json(to_json(variant_get(…)), type))")
    is_text = wanted.this in (exp.DataType.Type.TEXT, exp.DataType.Type.VARIANT)
    name = wanted.sql(dialect="databricks")
    found = "call" if is_text else f"coalesce(call, try_cast({_TEXT} as {name}))"
    if str(call.this).lower() == "variant_get" and not is_text:
        found = f"coalesce({found}, if({_IS_MISSING}, null, cast({_INVALID} as {name})))"
    if found != "call":
        tried = call.copy()
        tried.set("this", "try_variant_get")
        places = dict(zip("xyz", call.expressions, strict=True))
        call.replace(fill(found, {**places, "call": tried}))


CALLS: ByName = {
    **dict.fromkeys(("parse_json", "try_parse_json"), (_texts, _parse)),
    "schema_of_variant": (_first, _schema),
    "schema_of_variant_agg": (_first, _schemas),
    "to_variant_object": (_first, _to_object),
    **dict.fromkeys(("variant_get", "try_variant_get"), (_typed, _get)),
}
