"""Arguments of types that Databricks does not take and of which the engine makes something, where
Apache Spark declares none, or what fits depends on the other arguments."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.constant_arguments import varies
from local_warehouse.rewrites.evident_types import UNKNOWN, evident_type
from local_warehouse.rewrites.operand_types import DIGITS, ByName, OperandTypes
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.dialect import render
from local_warehouse.types.decimals import decimal_of

_PAIRS = r"[\\x{10000}-\\x{10FFFF}]"  # in a literal
_HASHED = 18  # digits of a DECIMAL whose hash is that of a BIGINT
_KINDS = {
    "STRING": ("string",),
    "INT or BIGINT": ("int", "bigint"),
    "INT": ("int",),
    "whole": ("int", "smallint", "tinyint"),
}
# The kinds of the arguments of functions; the last one is that of all further ones.
_TAKEN: dict[str, tuple[str, ...]] = {
    "json_tuple": ("STRING",),
    "mask": ("STRING",),
    "rand": ("INT or BIGINT",),
    "randn": ("INT or BIGINT",),
    "random": ("INT or BIGINT",),
    "randstr": ("any", "INT or BIGINT"),
}
# Which argument is an INT: a BIGINT fails where it is none.
_INTS = {"elt": 0, "nth_value": 1}
_NESTED = ("array", "map", "named_struct", "struct")
# Which argument is a text, as which a literal number counts.
_TEXTS = {"to_char": 1, "to_varchar": 1}
# Of functions that are common: arguments are looked at, and the engine is not asked.
_TAKEN_EVIDENTLY = {"ntile": ("INT",)}


def _arguments(call: exp.Expr) -> list[exp.Expr]:
    return list(call.expressions)


def check(call: exp.Expr, types: OperandTypes) -> None:
    """Raise SqlError for an argument of a type that the function does not take."""
    _check_kinds(call, _TAKEN[str(call.this).lower()], types.of)


def _check_evident(call: exp.Expr) -> list[exp.Expr]:
    """No argument whose type is to be asked for. Raises SqlError where a text says that the type
    does not do."""
    _check_kinds(call, _TAKEN_EVIDENTLY[str(call.this).lower()], evident_type)
    return []


def narrow(call: exp.Expr) -> list[exp.Expr]:
    """Cast what is evidently a BIGINT and should be an INT; no type is to be asked for."""
    at = _INTS[str(call.this).lower()]
    if len(call.expressions) > at and evident_type(call.expressions[at]) == "bigint":
        call.expressions[at].replace(exp.cast(call.expressions[at].copy(), "int"))
    return []


def _check_element(call: exp.Expr, types: OperandTypes) -> None:
    """Raise SqlError for a key that the keys of a map cannot be compared with, and for a place in
    an array that is no INT: the engine casts both."""
    of, key = map(types.of, _arguments(call))
    if key == "void" and of.startswith("array<"):
        raise SqlError(
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            f"Cannot resolve {render(call)}: its place is NULL, which has no type (cast it).",
        )
    if key in (UNKNOWN, "void"):
        return
    if of.startswith("array<"):
        _check_kinds(call, ("any", "whole"), types.of)
    if not of.startswith("map<"):
        return
    keys = of.removeprefix("map<")
    keys = (
        keys.partition(",")[0] if not keys.startswith("decimal") else f"{keys.partition(')')[0]})"
    )
    exact = decimal_of(keys)
    numbers = (*DIGITS, "float", "double")
    if keys in DIGITS and key in ("float", "double"):
        raise unsupported(f"{render(call)}, a {key.upper()} among keys of {keys.upper()}")
    is_taken = key == keys or (keys in numbers and key in numbers)
    exact_key = decimal_of(key) if key not in DIGITS else None
    whole = exact_key.precision - exact_key.scale if exact_key is not None else 0
    if keys in DIGITS and whole >= DIGITS[keys]:
        raise unsupported(f"{render(call)}, a {key.upper()} among keys of {keys.upper()}")
    if keys.startswith("decimal") and key in DIGITS and exact is not None:
        is_taken = exact.precision - exact.scale >= DIGITS[key]
    simple = (*numbers, "string", "date", "timestamp", "boolean", "binary")
    if not is_taken and (keys in simple or keys.startswith("decimal")):
        raise SqlError(
            "DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES",
            f"Cannot resolve {render(call)} due to data type mismatch: the map's keys are"
            f" {keys.upper()}, and the key is {key.upper()}.",
        )


def _refuse_long_decimals(call: exp.Expr, types: OperandTypes) -> None:
    for one in _arguments(call):
        digits = [int(found) for found in re.findall(r"decimal\((\d+)", types.of(one))]
        if max(digits, default=0) > _HASHED:
            raise unsupported(f"xxhash64() of DECIMALs of more than {_HASHED} digits")


def write_number(call: exp.Expr) -> list[exp.Expr]:
    """Make a text of a number in place of one; no type is to be asked for."""
    at = _TEXTS[str(call.this).lower()]
    plain = (UNKNOWN, "string", "void", *DIGITS)
    if len(call.expressions) > at and str(call.expressions[at].this).lower() in _NESTED:
        raise SqlError(
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            f"Cannot resolve {render(call)}: its format is a STRING.",
        )
    if len(call.expressions) > at and evident_type(call.expressions[at]) not in plain:
        raise unsupported(f"{render(call)}, where a STRING is expected (cast it)")
    if len(call.expressions) > at and evident_type(call.expressions[at]) in DIGITS:
        call.expressions[at].replace(exp.Literal.string(call.expressions[at].name))
    return []


def _formatted(call: exp.Expr) -> list[exp.Expr]:
    """The value of to_char, on whose type it depends whether a format may be a column."""
    write_number(call)
    return call.expressions[:1] if any(map(varies, call.expressions[1:])) else []


def _check_format(call: exp.Expr, types: OperandTypes) -> None:
    """Raise SqlError for a format that is no constant, but of a moment."""
    if types.of(call.expressions[0]) not in (UNKNOWN, "void", "date", "timestamp", "timestamp_ntz"):
        raise SqlError(
            "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
            f"Cannot resolve {render(call)}: its format must be a constant.",
        )


def _check_kinds(
    call: exp.Expr, kinds: tuple[str, ...], type_of: Callable[[exp.Expr], str]
) -> None:
    for at, argument in enumerate(call.expressions):
        kind, given = kinds[min(at, len(kinds) - 1)], type_of(argument)
        if given in (UNKNOWN, "void") or kind == "any" or given in _KINDS[kind]:
            continue
        raise SqlError(
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            f"Cannot resolve {render(call)} due to data type mismatch: argument {at + 1}"
            f" requires the {kind} type, and is {given.upper()}.",
        )


def _mask(call: exp.Expr, types: OperandTypes) -> None:
    """Mask a character beyond the 65,536 first ones twice, as Java has two of it."""
    check(call, types)
    if len(call.expressions) == 5:
        template = rf"if(y is null, x, regexp_replace(x, '{_PAIRS}', '..'))"
        masked, other = call.expressions[0], call.expressions[4]
        masked.replace(fill(template, {"x": masked, "y": other}))


def _randomize(call: exp.Expr, types: OperandTypes) -> None:
    """Take any number, a text of one or NULL as a length; the engine takes integers, and ends on
    one below 0."""
    check(call, types)
    length = call.expressions[0]
    if types.of(length) not in DIGITS:
        length.replace(fill("coalesce(cast(x as int), 0)", {"x": length}))
    if isinstance(length, exp.Neg):
        raise SqlError(
            "INVALID_PARAMETER_VALUE.LENGTH",
            f"{render(call)}: the length must be greater than or equal to 0.",
        )


def _check_stack(call: exp.Expr, types: OperandTypes) -> None:
    """Raise SqlError where the values of a column have several types."""
    count, *values = call.expressions
    if not isinstance(count, exp.Literal) or not count.name.isdecimal() or count.name == "0":
        return
    width = -(-len(values) // int(count.name))
    for first in range(width):
        given = {types.of(value) for value in values[first::width]} - {UNKNOWN, "void"}
        if len(given) > 1:
            raise SqlError(
                "DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES",
                f"Cannot resolve {render(call)} due to data type mismatch: column {first} has"
                f" values of the types {', '.join(sorted(given)).upper()}.",
            )


CALLS: ByName = {
    **dict.fromkeys(_TAKEN, (_arguments, check)),
    **dict.fromkeys(_TAKEN_EVIDENTLY, (_check_evident, check)),
    **dict.fromkeys(_INTS.keys() - {"elt"}, (narrow, check)),
    **dict.fromkeys(("element_at", "try_element_at"), (_arguments, _check_element)),
    "xxhash64": (_arguments, _refuse_long_decimals),
    "mask": (_arguments, _mask),
    "randstr": (_arguments, _randomize),
    **dict.fromkeys(_TEXTS, (_formatted, _check_format)),
    "stack": (_arguments, _check_stack),
}
