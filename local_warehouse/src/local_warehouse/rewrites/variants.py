"""VARIANTs, whose numbers with a point the engine keeps as DOUBLEs, where Databricks has DECIMALs.

What shows the difference is refused: numbers with more digits than a DOUBLE has, and the names of
types. Python casts a VARIANT, as JSON; one that is not of the type that is asked for is an error.

https://docs.databricks.com/aws/en/sql/language-manual/functions/variant_get
"""

from __future__ import annotations

import re

from sqlglot import exp
from sqlglot.errors import ParseError

from local_warehouse.errors import SqlError, syntax_error, unsupported
from local_warehouse.rewrites.operand_types import ByName, OperandTypes
from local_warehouse.rewrites.structs import field_of, type_of
from local_warehouse.rewrites.templates import PREFIX, fill, refusal
from local_warehouse.sql.dialect import WarehouseDialect, render

HAS_FRACTION = re.compile(r"decimal\(\d+,[1-9]|float|double")
# A number in JSON that the engine writes otherwise: with an exponent, or with too many digits.
_INEXACT = (
    r"x rlike '(^|[\\[:,\\s])-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]|[0-9]{17})'"
    r" or x rlike '(^|[\\[:,\\s])-?([0-9]{8,}[.][0-9]{8}|[0-9]+[.][0-9]{15}|[0-9]{15,}[.])'"
)
_MANY_DIGITS = "a number with an exponent or of so many digits in a VARIANT"
_PARSED = f"if({_INEXACT}, {refusal(_MANY_DIGITS)}, x)"
_NAMES_TYPE = refusal("the type of a VARIANT with a number that has a point")
_HAS_POINT = "to_json(x) rlike '[0-9][.][0-9]'"
# What is left of a type without the names that need no quotes, which the engine writes for none.
_UNQUOTED = (
    "regexp_replace(regexp_replace(call, '[A-Za-z_][0-9A-Za-z_]*: ', ''),"
    " '(OBJECT|ARRAY)<|DECIMAL[(][0-9]+,[0-9]+[)]|[A-Z_]+|[>]|, ', '') <> ''"
)
_ODD_NAME = re.compile(r"[<,][^<>,:]*[^\w<>,:][^<>,:]*:")
_NULL_FIELD = refusal("NULL in a field of a STRUCT in to_variant_object()")
_NAMES = refusal("names with other characters than letters and digits in the type of a VARIANT")
_SCHEMA = (
    f"case when call rlike 'DOUBLE' or (call rlike 'VARIANT' and {_HAS_POINT}) then {_NAMES_TYPE}"
    f" when {_UNQUOTED} then {_NAMES} else call end"
)
_SCHEMAS = (
    f"case when call rlike 'DOUBLE|VARIANT' then {_NAMES_TYPE}"
    f" when {_UNQUOTED} then {_NAMES} else call end"
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
    if HAS_FRACTION.search(given) or "map<" in given:  # whose NULLs the engine leaves out
        raise unsupported(f"to_variant_object() of {given.upper()}")
    if _ODD_NAME.search(given):
        raise unsupported("to_variant_object() of a STRUCT with a field whose name needs quotes")
    value = call.expressions[0]
    found = _has_null_field(value, type_of(given)) if "struct<" in given else None
    if found is not None:
        call.replace(fill(f"if(x, {_NULL_FIELD}, call)", {"x": found, "call": call}))


def _has_null_field(value: exp.Expr, kind: exp.Expr, depth: int = 0) -> exp.Expr | None:
    """Whether a field of the STRUCTs in a value is NULL, which the engine leaves out; None if there
    are none."""
    if kind.this == exp.DataType.Type.ARRAY:
        element = exp.column(f"{PREFIX}element_{depth}")
        found = _has_null_field(element, kind.expressions[0], depth + 1)
        places = {"x": value, "y": found or element}
        return fill(f"exists(x, {element.name} -> y)", places) if found is not None else None
    if kind.this != exp.DataType.Type.STRUCT:
        return None
    conditions: list[exp.Expr] = []
    for field in kind.expressions:
        inner = field_of(value, field)
        conditions.append(exp.paren(inner).is_(exp.null()))
        found = _has_null_field(inner, field.args["kind"], depth)
        conditions += [found] if found is not None else []
    return fill("x is not null and (y)", {"x": exp.paren(value.copy()), "y": exp.or_(*conditions)})


def _typed(call: exp.Expr) -> list[exp.Expr]:
    is_typed = len(call.expressions) == 3 and isinstance(call.expressions[2], exp.Literal)
    return call.expressions[:1] if is_typed else []


def _get(call: exp.Expr, types: OperandTypes) -> None:
    """Cast what a path finds, and fail where there is another value than is asked for."""
    value, path, name = call.expressions
    if not name.is_string:
        raise SqlError("INVALID_SCHEMA.NON_STRING_LITERAL", f"{render(name)} is not a type's text.")
    try:
        wanted = exp.DataType.build(name.name, dialect=WarehouseDialect)
    except ParseError as error:
        raise syntax_error(f"{name.name!r} is not a type") from error
    call.replace(found_in(value, path, wanted, fails=str(call.this).lower() == "variant_get"))


def found_in(value: exp.Expr, path: exp.Expr, wanted: exp.DataType, *, fails: bool) -> exp.Expr:
    """What a path finds in a VARIANT, as a type. Raises SqlError for one with types in it."""
    if wanted.this in exp.DataType.NESTED_TYPES or wanted.this == exp.DataType.Type.BINARY:
        shown = f"{render(wanted)} of {render(value)}"
        raise unsupported(f"{shown} (use from_json(to_json(variant_get(…)), type))")
    name = wanted.sql(dialect="databricks")
    places = {
        "x": value,
        "y": path,
        "z": exp.Literal.string(name.upper()),
        "fails": exp.Literal.string(str(fails).lower()),
    }
    found = fill(f"{PREFIX}variant_value(to_json(x), y, z, fails)", places)
    if wanted.this == exp.DataType.Type.TEXT:
        return found
    if wanted.this == exp.DataType.Type.VARIANT:
        return fill("parse_json(x)", {"x": found})
    return exp.cast(found, wanted)


CALLS: ByName = {
    **dict.fromkeys(("parse_json", "try_parse_json"), (_texts, _parse)),
    "schema_of_variant": (_first, _schema),
    "schema_of_variant_agg": (_first, _schemas),
    "to_variant_object": (_first, _to_object),
    **dict.fromkeys(("variant_get", "try_variant_get"), (_typed, _get)),
}
