"""Casts of ARRAYs, MAPs and STRUCTs: value by value, as the engine casts what is in them otherwise
than by itself: a DOUBLE to 1e20, a TIMESTAMP to microseconds, a DATE to an INT.

https://docs.databricks.com/aws/en/sql/language-manual/functions/cast
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

from local_warehouse.rewrites.evident_types import name_of_type
from local_warehouse.rewrites.operand_types import DIGITS
from local_warehouse.rewrites.structs import field_of, struct_of, type_of
from local_warehouse.rewrites.templates import fill

_Type = exp.DataType.Type
_ARRAYS = (_Type.ARRAY, _Type.LIST)
_Leaf = Callable[[exp.Expr, str, exp.DataType], exp.Expr]  # a value, its type, the type of its cast
_AS_WRITTEN = (*DIGITS, "boolean", "date")  # what the engine writes as Databricks does


def value_by_value(cast: exp.Cast, given: str, leaf: _Leaf) -> exp.Expr | None:
    """A cast from a type with others in it, each value in it cast by `leaf`; None where the
    engine's own cast is the same."""
    kind = type_of(given)
    if all(_is_same(*pair) for pair in _leaves(kind, cast.to)):
        return None
    return _cast(cast.this, kind, cast.to, leaf, 0)


def _leaves(given: exp.Expr, wanted: exp.Expr) -> Iterator[tuple[str, str]]:
    """The types of values that are no collections, before and after."""
    if given.this in _ARRAYS and wanted.this in _ARRAYS:
        yield from _leaves(given.expressions[0], wanted.expressions[0])
    elif given.this == wanted.this == _Type.MAP:
        for one, other in zip(given.expressions, wanted.expressions, strict=True):
            yield from _leaves(one, other)
    elif given.this == wanted.this == _Type.STRUCT:
        for one, other in zip(given.expressions, wanted.expressions, strict=False):
            yield from _leaves(one.args["kind"], other.args["kind"])
    else:
        yield _name(given), _name(wanted)


def _name(kind: exp.Expr) -> str:
    assert isinstance(kind, exp.DataType)
    return name_of_type(kind)


def _is_same(given: str, wanted: str) -> bool:
    if given in (wanted, "void"):
        return True
    if wanted == "string":
        return given in _AS_WRITTEN or given.startswith("decimal")
    if given in DIGITS:
        return wanted in ("float", "double") or DIGITS.get(wanted, 0) >= DIGITS[given]
    return (given, wanted) == ("float", "double")


def _cast(value: exp.Expr, given: exp.Expr, wanted: exp.Expr, leaf: _Leaf, depth: int) -> exp.Expr:
    if given.this in _ARRAYS and wanted.this in _ARRAYS:
        return _each(value, given.expressions[0], wanted.expressions[0], leaf, depth)
    if given.this == wanted.this == _Type.MAP:
        sides = [
            _each(fill(f"{side}(x)", {"x": value}), of, to, leaf, depth)
            for side, of, to in zip(
                ("map_keys", "map_values"), given.expressions, wanted.expressions, strict=True
            )
        ]
        places = {"x": value, "k": sides[0], "v": sides[1]}
        return fill("if(x is null, null, map_from_arrays(k, v))", places)
    is_struct = given.this == wanted.this == _Type.STRUCT
    if is_struct and len(given.expressions) == len(wanted.expressions):
        fields = [
            (to.name, _cast(field_of(value, of), of.args["kind"], to.args["kind"], leaf, depth))
            for of, to in zip(given.expressions, wanted.expressions, strict=True)
        ]
        return struct_of(value, fields)
    assert isinstance(wanted, exp.DataType)
    return leaf(value, _name(given), wanted)


def _each(value: exp.Expr, given: exp.Expr, wanted: exp.Expr, leaf: _Leaf, depth: int) -> exp.Expr:
    name = f"e{depth}"
    places = {"x": value, "y": _cast(exp.column(name), given, wanted, leaf, depth + 1)}
    return fill(f"transform(x, {name} -> y)", places)
