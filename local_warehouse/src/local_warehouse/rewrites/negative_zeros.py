"""-0.0 in ARRAYs, as keys of MAPs and in sets, which Databricks takes for 0.0 in some functions and
for another value in others, and the engine not in the same ones: it is refused.

https://docs.databricks.com/aws/en/sql/language-manual/data-types/double-type
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.array_values import elements
from local_warehouse.rewrites.kinds import Kinds
from local_warehouse.rewrites.operand_types import OperandTypes
from local_warehouse.rewrites.signatures import name_of
from local_warehouse.rewrites.templates import fill, refusal
from local_warehouse.types.kinds import everywhere, kinds

_FRACTIONS = everywhere(kinds("fd"))
# Functions that compare values, or what their first arguments hold, and so many of these.
_COMPARING = {
    **dict.fromkeys(
        ("array_contains", "array_distinct", "array_max", "array_min", "array_remove",
         "collect_set", "map_from_arrays", "mode", "sort_array"),
        1,
    ),
    **dict.fromkeys(("array_except", "array_intersect", "array_union", "arrays_overlap"), 2),
}  # fmt: skip
_LOOKING = ("array_contains", "array_remove")
_REFUSED = refusal("-0.0 in {}")
# A refusal has the type of a text: it is asked, and not given.
_CHECKED = f"if(if(cast(x as string) = '-0.0', {_REFUSED} is null, false), null, x)"
_WITHIN = r"(^|[\\[{ ,])-0\\.0([\\]} ,]|$)"  # a -0.0 in the text of a nested value
_CHECKED_TEXTS = (
    f"if(if(cast(x as string) rlike '{_WITHIN.replace('{', '{{').replace('}', '}}')}',"
    f" {_REFUSED} is null, false), null, x)"
)
_CHECKED_VALUES = (
    f"if(if(exists(x, e -> cast(e as string) = '-0.0'), {_REFUSED} is null, false), null, x)"
)


def doubtful_values(node: exp.Expr, known: Kinds) -> list[exp.Expr]:
    """The arguments of a call, or what it takes distinct values of, that may hold a -0.0 on which
    its value depends."""
    if isinstance(node, exp.Distinct) and isinstance(node.parent, exp.Func):
        return [one for one in node.expressions if known.of(one) & _FRACTIONS]
    if not isinstance(node, exp.Anonymous):
        return []
    name = name_of(node)
    given = node.expressions[::2] if name == "map" else node.expressions[: _COMPARING.get(name, 0)]
    return [
        one
        for one in given
        if not isinstance(one, (exp.Distinct, exp.Literal)) and known.of(one) & _FRACTIONS
    ]


def check(node: exp.Expr, values: list[exp.Expr], types: OperandTypes) -> None:
    """Fail for these values where they hold one; of those that are told apart, make it 0.0."""
    for value in values:
        if isinstance(node, exp.Distinct):
            _take_for_zero(value, types)
            continue
        data_type = types.of(value)
        held = elements(data_type)
        if (held or data_type) in ("float", "double") and not _is_plain(value):
            checked = fill(
                (_CHECKED_VALUES if held else _CHECKED).format(f"{name_of(node)}()"), {"x": value}
            )
            value.replace(checked)
            types.note(checked, data_type)
    if not isinstance(node, exp.Distinct) and name_of(node) in _LOOKING:
        _look_for_zero(node.expressions[1], types)


def _take_for_zero(value: exp.Expr, types: OperandTypes) -> None:
    """0.0 in place of -0.0, which is refused within a value that is told apart from others."""
    data_type = types.of(value)
    if "<" in data_type and ("float" in data_type or "double" in data_type):
        checked = fill(_CHECKED_TEXTS.format("nested DISTINCT values"), {"x": value})
        value.replace(checked)
        types.note(checked, data_type)
    else:
        _look_for_zero(value, types)


def _look_for_zero(value: exp.Expr, types: OperandTypes) -> None:
    data_type = types.of(value)
    if data_type in ("float", "double") and not isinstance(value, exp.Literal):
        zero = fill(f"(x + cast(0 as {data_type}))", {"x": value})
        value.replace(zero)
        types.note(zero, data_type)


def _is_plain(value: exp.Expr) -> bool:
    """Whether it is an ARRAY of literals."""
    is_made = isinstance(value, exp.Anonymous) and name_of(value) == "array"
    return is_made and value.find(exp.Neg, exp.Column) is None
