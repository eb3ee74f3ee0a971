"""ARRAYs, MAPs and STRUCTs of which an expression, a column of VALUES or a set operation gives one:
the engine finds another type than Databricks for what is in them, and loses digits.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datatype-rules
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.evident_types import name_of_type
from local_warehouse.rewrites.structs import type_of
from local_warehouse.rewrites.unfit_arguments import have_common

NESTED = ("array<", "map<", "struct<")
_Type = exp.DataType.Type
_ARRAYS = (_Type.ARRAY, _Type.LIST)


def check(types: Iterable[str], shown: str, condition: str, *, are_cast: bool = False) -> None:
    """Raise SqlError where types with others in them have no common one, by this condition, and,
    unless `are_cast` says that the values are cast, where the engine's common type is not that of
    Databricks."""
    found = sorted({one for one in types if one.startswith(NESTED)})
    if len(found) < 2:
        return
    names = " and ".join(found).upper()
    for leaves, is_field in _leaves([type_of(one) for one in found], is_field=False):
        if not have_common(leaves):
            raise SqlError(condition, f"Cannot resolve {shown}: {names} have no common type.")
        if not are_cast and _differs(leaves, is_field):
            raise unsupported(f"{names} among the values of one expression (cast them)")


def _differs(types: set[str], is_field: bool) -> bool:
    """Whether the engine makes another type of these than Databricks."""
    has_decimals = any(one.startswith("decimal") for one in types)
    return len(types) > 1 and (
        bool(types & {"string", "float"}) or (has_decimals and (is_field or "double" in types))
    )


def _leaves(kinds: Sequence[exp.Expr], *, is_field: bool) -> Iterator[tuple[set[str], bool]]:
    """The types at each place, and whether it is within a STRUCT."""
    kinds = [kind for kind in kinds if kind.this not in (_Type.NULL, _Type.UNKNOWN)]
    if kinds and all(kind.this in _ARRAYS and kind.expressions for kind in kinds):
        yield from _leaves([kind.expressions[0] for kind in kinds], is_field=is_field)
    elif kinds and all(kind.this == _Type.MAP for kind in kinds):
        for place in range(2):
            yield from _leaves([kind.expressions[place] for kind in kinds], is_field=is_field)
    elif kinds and all(kind.this == _Type.STRUCT for kind in kinds):
        for fields in zip(*(kind.expressions for kind in kinds), strict=False):
            yield from _leaves([field.args["kind"] for field in fields], is_field=True)
    else:
        names = {name_of_type(kind) for kind in kinds if isinstance(kind, exp.DataType)}
        yield names - {"void"}, is_field
