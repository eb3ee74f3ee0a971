"""The one type of values of which an expression has one, as Databricks finds it.

A text beside a number becomes a number and beside a moment a moment (the engine makes texts of
all), and a FLOAT or a DOUBLE beside another number makes a DOUBLE of both.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datatype-rules
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites import exact_doubles, intervals, nested_types
from local_warehouse.rewrites.evident_types import UNKNOWN, evident_type
from local_warehouse.rewrites.mixed_numbers import as_compared
from local_warehouse.rewrites.operand_types import DIGITS, ByClass, ByName, OperandTypes, widest
from local_warehouse.rewrites.templates import fill, nullable_array
from local_warehouse.rewrites.unfit_arguments import check_common
from local_warehouse.sql.dialect import render

# The engine takes an ARRAY or STRUCT with a NULL in it for less than one without.
_OF_ARRAYS = {
    "greatest": "try_element_at(sort_array(list), -1)",
    "least": "try_element_at(sort_array(filter(list, one -> one is not null)), 1)",
}
_MADE_OF_VALUES = ("map", "map_from_arrays")
_MOMENTS = ("timestamp", "date")
_READ_FROM_TEXT = {*_MOMENTS, "timestamp_ntz", "boolean", "binary"}


def _values(node: exp.Expr) -> list[exp.Expr]:
    """The values of which an expression gives one."""
    if isinstance(node, exp.Case):
        branches = [branch.args["true"] for branch in node.args["ifs"]]
        return [part for part in (*branches, node.args.get("default")) if part is not None]
    if isinstance(node, exp.If):
        branches = [node.args["true"], node.args.get("false")]
        return [] if isinstance(node.parent, exp.Case) else [b for b in branches if b is not None]
    if isinstance(node, exp.Coalesce):
        return [node.this, *node.expressions]
    values = list(node.expressions)
    return values[1:] if str(node.this).lower() == "if" else values


def _deciding(node: exp.Expr) -> list[exp.Expr]:
    """The values, unless their texts say that they have one type, or one and NULL."""
    values = _values(node)
    types = {evident_type(value) for value in values} - {"void"}
    if "interval" in types:
        intervals.check_kind(node, values)
    return values if _may_differ(types, values) else []


def _deciding_entries_of_map(node: exp.Expr) -> list[exp.Expr]:
    """The keys and the values, each unless their texts say that they have one type."""
    keys, values = node.expressions[::2], node.expressions[1::2]
    of_keys, of_values = ({evident_type(one) for one in side} - {"void"} for side in (keys, values))
    found = keys if _may_differ(of_keys, keys) else []
    return [*found, *(values if _may_differ(of_values, values) else [])]


def _may_differ(evident: set[str], values: list[exp.Expr]) -> bool:
    """Whether values, whose texts say these types, may have several."""
    return len(evident) > 1 or (UNKNOWN in evident and len(values) > 1)


def _cast(node: exp.Expr, types: OperandTypes) -> None:
    wanted = _cast_all(_values(node), types)
    for value in _values(node):
        if isinstance(value, exp.Anonymous) and str(value.this).lower() in _MADE_OF_VALUES:
            _let_hold_null(value, types)
    if wanted and isinstance(node, exp.Anonymous):  # the engine was asked before the casts
        types.note(node, f"array<{wanted}>" if str(node.this).lower() == "array" else wanted)


def _let_hold_null(made: exp.Expr, types: OperandTypes) -> None:
    """Make a MAP whose values may be NULL: beside one that has none the engine loses those of
    another."""
    if str(made.this).lower() == "map":
        keys = exp.Anonymous(this="array", expressions=made.expressions[::2])
        values = made.expressions[1::2]
    else:
        keys, listed = made.expressions
        is_shown = isinstance(listed, exp.Anonymous) and str(listed.this).lower() == "array"
        values = listed.expressions if is_shown else []
    if values and not any(isinstance(value, exp.Null) for value in values):
        parts = [keys, nullable_array(values)]
        types.keep(made, made.replace(exp.Anonymous(this="map_from_arrays", expressions=parts)))


def _cast_entries(call: exp.Expr, types: OperandTypes) -> None:
    for parts in (call.expressions[::2], call.expressions[1::2]):
        _cast_all(parts, types)


def _cast_all(values: list[exp.Expr], types: OperandTypes) -> str | None:
    """Cast values to the type that they have together; returns it if one was cast."""
    given = [types.of(value) for value in values]
    if values:
        check_common(given, values[0].parent or values[0])
        shown = render(values[0].parent or values[0])
        nested_types.check(given, shown, "DATATYPE_MISMATCH.DATA_DIFF_TYPES")
        if "variant" in given and {*given} - {"variant", "void", UNKNOWN}:
            raise unsupported(f"{shown}, with VARIANT beside another type (cast one of them)")
    wanted = common(set(given)) if "string" not in given else _common_of_texts(given)
    if wanted is not None:
        for value, data_type in zip(values, given, strict=True):
            if data_type not in (wanted, "void"):
                value.replace(exact_doubles.converted(value, data_type, wanted))
    return wanted


def _common_of_texts(given: list[str]) -> str | None:
    """The common type where there are texts, by twos from the left: a text beside an INT is a
    BIGINT, and beside a DECIMAL a DOUBLE."""
    found = ""
    for data_type in given:
        if found in ("", "void", data_type):
            found = data_type
        elif data_type != "void":
            together = {found, data_type}
            found = common(together) or (widest(together) if "string" not in together else "")
        if not found:
            return common(set(given))
    return found


def _compare(node: exp.Expr, types: OperandTypes) -> None:
    """greatest and least take no text beside another value."""
    given = {types.of(value) for value in node.expressions}
    others = given - {"string", "void", UNKNOWN}
    if "string" in given and others:
        raise SqlError(
            "DATATYPE_MISMATCH.DATA_DIFF_TYPES",
            f"Cannot resolve {render(node)} due to data type mismatch: its arguments should have "
            f"one type, and are STRING and {' and '.join(sorted(others)).upper()}.",
        )
    if any(one.startswith(("array<", "struct<")) for one in given):
        of_arrays = _OF_ARRAYS[str(node.this).lower()]
        listed = exp.Anonymous(this="array", expressions=[one.copy() for one in node.expressions])
        node.replace(fill(of_arrays, {"list": listed}))
        return
    _cast(node, types)


def _null_if(call: exp.Expr, types: OperandTypes) -> None:
    """Keep the type of the first argument, which the engine gives up for one of both."""
    value, other = call.expressions
    if types.of(value) == "void":
        call.replace(exp.null())
        return
    if len({types.of(value), types.of(other)} - {UNKNOWN, "void"}) == 2:
        one, two = as_compared([value, other], types)
        places = {"x": value, "one": one, "two": two}
        call.replace(fill("if(one = two, null, x)", places))


def _both(call: exp.Expr) -> list[exp.Expr]:
    return _deciding(call) if len(call.expressions) == 2 else []


def common(types: set[str]) -> str | None:
    """The type to which values of these types are cast; None where the engine does as Databricks,
    or where a type is unknown."""
    types = types - {"void"}
    numbers = {one for one in types if _is_number(one)}
    if UNKNOWN in types or len(types) < 2:
        return None
    if types == numbers | {"string"} and numbers:
        return "bigint" if numbers <= DIGITS.keys() else "double"
    if types == numbers and types & {"float", "double"}:
        return "double"
    if types == numbers and not types <= DIGITS.keys():
        return widest(types)
    if types == set(_MOMENTS):  # the engine's has no time zone
        return "timestamp"
    if len(types) == 2 and types & {"string"} and types & _READ_FROM_TEXT:
        return next(iter(types - {"string"}))
    return None


def _is_number(data_type: str) -> bool:
    return data_type in DIGITS or data_type.startswith(("decimal", "float", "double"))


CORRECTIONS: ByClass = dict.fromkeys((exp.Case, exp.If, exp.Coalesce), (_deciding, _cast))
CALLS: ByName = {
    **dict.fromkeys(("coalesce", "nvl", "ifnull", "if", "array"), (_deciding, _cast)),
    **dict.fromkeys(("greatest", "least"), (_deciding, _compare)),
    "nullif": (_both, _null_if),
    "map": (_deciding_entries_of_map, _cast_entries),
}
