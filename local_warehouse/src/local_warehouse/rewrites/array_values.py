"""Functions of ARRAYs and values, or of several ARRAYs, whose values Databricks gives one type.

The engine fails for most values of other types, makes numbers of texts, and finds none of them in
an ARRAY of DECIMALs.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datatype-rules
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.common_types import common
from local_warehouse.rewrites.evident_types import UNKNOWN, name_of_type
from local_warehouse.rewrites.intervals import MOMENTS
from local_warehouse.rewrites.operand_types import DIGITS, ByName, OperandTypes, widest
from local_warehouse.rewrites.structs import type_of
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.dialect import render
from local_warehouse.types.decimals import decimal_of

_OTHER = ("array<", "map<", "struct<", "interval", "variant")


def elements(data_type: str) -> str:
    """The type of the values of an ARRAY, UNKNOWN for what is none."""
    is_array = data_type.startswith("array<")
    return data_type.removeprefix("array<").removesuffix(">") if is_array else UNKNOWN


def _values(node: exp.Expr, types: OperandTypes) -> str:
    """The type of the values of an array, void where it has none but NULLs."""
    made = node
    while isinstance(made, exp.Transform):
        made = made.this
    is_made = isinstance(made, exp.Anonymous) and str(made.this).lower() == "array"
    is_void = is_made and all(isinstance(one, exp.Null) for one in made.expressions)
    found = elements(types.of(made)) if is_made else UNKNOWN
    return "void" if is_void else found or elements(types.of(node))


def _with_value(call: exp.Expr) -> list[exp.Expr]:
    return [call.expressions[0], call.expressions[-1]] if len(call.expressions) > 1 else []


def _arguments(call: exp.Expr) -> list[exp.Expr]:
    return list(call.expressions)


def _align_value(call: exp.Expr, types: OperandTypes) -> None:
    """Cast an array and a value to the type that both have together."""
    listed, value = _with_value(call)
    given = [_values(listed, types), types.of(value)]
    if str(call.this).lower() in ("array_contains", "array_position"):
        _refuse_void(call, [types.of(listed), types.of(value)])
    combine = _wider if str(call.this).lower() == "array_contains" else _tightest
    wanted = _together(call, given, combine, "DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES")
    if wanted and given[0] != wanted:
        listed.replace(_cast_values(listed, wanted))
    if wanted and given[1] != wanted:
        value.replace(exp.cast(value.copy(), wanted))


def _refuse_void(call: exp.Expr, given: list[str]) -> None:
    """Raise SqlError where a value is looked for and either side is a NULL that has no type."""
    if "void" in (given[:1] if str(call.this).lower() == "array_position" else given):
        condition = "DATATYPE_MISMATCH.NULL_TYPE"
        raise SqlError(condition, f"Cannot resolve {render(call)}: a NULL has no type (cast it).")


def _align_arrays(call: exp.Expr, types: OperandTypes) -> None:
    """Cast arrays to one type of values."""
    given = [_values(one, types) for one in call.expressions]
    wanted = _together(call, given, _tightest, "DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES")
    for one, of in zip(list(call.expressions), given, strict=True):
        if wanted and of != wanted:
            one.replace(_cast_values(one, wanted))


def _cast_values(listed: exp.Expr, wanted: str) -> exp.Expr:
    return exp.cast(listed.copy(), f"array<{wanted}>")


def _tightest(found: set[str]) -> str:
    """One of these types that can hold all values of them, UNKNOWN where none can."""
    if found <= {*DIGITS, "float", "double"}:
        fractions = [one for one in ("double", "float") if one in found]
        return fractions[0] if fractions else widest(found)
    if found <= {*MOMENTS}:
        return "timestamp" if "timestamp" in found else "timestamp_ntz"
    exact = [decimal_of(one) for one in found - DIGITS.keys()]
    whole = max((DIGITS[one] for one in found & DIGITS.keys()), default=0)
    only = exact[0] if len(exact) == 1 else None
    return str(only) if only is not None and only.precision - only.scale >= whole else UNKNOWN


def _wider(found: set[str]) -> str:
    """A type that can hold all values of these types, UNKNOWN where there is none."""
    is_open = bool(found & {*MOMENTS, "string", "boolean", "binary"})
    return _tightest(found) or (UNKNOWN if is_open else widest(found))


def _together(
    call: exp.Expr, given: list[str], combine: Callable[[set[str]], str], condition: str
) -> str | None:
    """The one type of values of these types, None where they have one already or it is not known.
    Raises SqlError for values that have none together: a text beside a number, for instance."""
    found = set(given) - {"void"}
    if UNKNOWN in found or len(found) < 2 or any(one.startswith(_OTHER) for one in found):
        return None
    wanted = combine(found)
    if wanted == UNKNOWN:
        raise SqlError(
            condition,
            f"Cannot resolve {render(call)} due to data type mismatch: its values are of the types"
            f" {' and '.join(sorted(found)).upper()}.",
        )
    return wanted


def concatenate(parts: list[exp.Expr], types: OperandTypes) -> None:
    """Give arrays that are joined one type of values, a text beside a number that of the number."""
    given = [_values(part, types) for part in parts]
    found = set(given) - {"void"}
    if UNKNOWN in found or len(found) < 2:
        return
    wanted = widest(found) if found <= DIGITS.keys() else common(found)
    for part, of in zip(parts, given, strict=True):
        if wanted and of != wanted:
            part.replace(_cast_values(part, wanted))


def _align_key(call: exp.Expr, types: OperandTypes) -> None:
    """Look for a key among a map's as for a value among an array's."""
    of, key = map(types.of, call.expressions)
    _refuse_void(call, [key])
    if of.startswith("map<"):
        keys = name_of_type(type_of(of).expressions[0])
        wanted = _together(call, [keys, key], _wider, "DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES")
        if wanted:
            listed = f"cast(map_keys(x) as array<{wanted}>)"
            places = dict(zip("xy", call.expressions, strict=True))
            call.replace(fill(f"array_contains({listed}, cast(y as {wanted}))", places))


def _align_maps(call: exp.Expr, types: OperandTypes) -> None:
    """Cast maps to one type of keys, which are no texts beside others, and one of values."""
    given = [types.of(one) for one in call.expressions]
    if not all(one.startswith("map<") for one in given):
        return
    sides = [[name_of_type(part) for part in type_of(one).expressions] for one in given]
    wanted = []
    for place, kind in enumerate(("keys", "values")):
        found = {side[place] for side in sides} - {"void"}
        if kind == "keys" and "float" in found and found & {*DIGITS, "double"}:
            raise unsupported("map_concat() of maps whose keys are FLOATs and other numbers")
        if kind == "keys" and "string" in found and len(found) > 1:
            raise SqlError(
                "DATATYPE_MISMATCH.DATA_DIFF_TYPES",
                f"Cannot resolve {render(call)} due to data type mismatch: its maps' types differ.",
            )
        only = next(iter(found)) if len(found) == 1 else None
        wanted.append(only or (widest(found) if found <= DIGITS.keys() else common(found)))
    if not all(wanted):
        return
    for one, of in zip(list(call.expressions), sides, strict=True):
        if of != wanted:
            one.replace(exp.cast(one.copy(), f"map<{wanted[0]},{wanted[1]}>"))


def _flatten(call: exp.Expr, types: OperandTypes) -> None:
    """Raise SqlError for what is no ARRAY of ARRAYs."""
    given = types.of(call.expressions[0])
    if given != UNKNOWN and not given.startswith("array<array<"):
        raise SqlError(
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            f"Cannot resolve {render(call)}: flatten takes an ARRAY of ARRAYs, not"
            f" {given.upper()}.",
        )


CALLS: ByName = {
    "flatten": (lambda call: call.expressions[:1], _flatten),
    **dict.fromkeys(
        ("array_append", "array_contains", "array_insert", "array_position", "array_prepend",
         "array_remove"),
        (_with_value, _align_value),
    ),
    **dict.fromkeys(
        ("array_except", "array_intersect", "array_union", "arrays_overlap"),
        (_arguments, _align_arrays),
    ),
    "map_contains_key": (_arguments, _align_key),
    "map_concat": (_arguments, _align_maps),
}  # fmt: skip
