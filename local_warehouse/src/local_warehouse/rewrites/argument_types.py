"""Arguments of types that Databricks does not take and of which the engine makes something."""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError
from local_warehouse.rewrites.evident_types import UNKNOWN
from local_warehouse.rewrites.operand_types import DIGITS, ByName, OperandTypes
from local_warehouse.sql.dialect import render

# The kinds of the arguments of functions; the last one is that of all further ones.
_TAKEN: dict[str, tuple[str, ...]] = {
    "array_repeat": ("any", "integer"),
    "json_tuple": ("text",),
    "mask": ("text",),
    "str_to_map": ("text",),
    "timestamp_micros": ("integer",),
    "timestamp_millis": ("integer",),
}


def _arguments(call: exp.Expr) -> list[exp.Expr]:
    return list(call.expressions)


def _check(call: exp.Expr, types: OperandTypes) -> None:
    kinds = _TAKEN[str(call.this).lower()]
    for at, argument in enumerate(call.expressions):
        kind, given = kinds[min(at, len(kinds) - 1)], types.of(argument)
        if given in (UNKNOWN, "void") or kind == "any":
            continue
        if given != "string" if kind == "text" else given not in DIGITS:
            wanted = "STRING" if kind == "text" else "integral"
            raise SqlError(
                "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                f"Cannot resolve {render(call)} due to data type mismatch: argument {at + 1}"
                f" requires the {wanted} type, and is {given.upper()}.",
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
    **dict.fromkeys(_TAKEN, (_arguments, _check)),
    "stack": (_arguments, _check_stack),
}
