"""Elements of arrays and maps at an index that is computed: `a[i]`, `m[k]`, `a[-1]`.

The engine takes literals only, and a column's name for a key.
https://docs.databricks.com/aws/en/sql/language-manual/functions/bracketsign
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.evident_types import UNKNOWN
from local_warehouse.rewrites.operand_types import DIGITS, OperandTypes
from local_warehouse.rewrites.scopes import ColumnsOf, place_of, random_call
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_ELEMENT = (
    "if(a is not null and (i < 0 or i >= size(a)), raise_error(concat('[INVALID_ARRAY_INDEX] The"
    " index ', i, ' is out of bounds. The array has ', size(a), ' elements. Use the SQL function"
    " `get()` to tolerate accessing element at invalid index and return NULL instead.')),"
    " get(a, i))"
)
_VALUE = "try_element_at(a, i)"


def look_up_in_select(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Call functions in place of the computed indexes of a SELECT, not of those in it."""
    while found := [one for one in _computed(select) if place_of(one) is select]:
        _look_up(found, columns_of)
    return select


def look_up_in_change(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Call functions in place of the computed indexes in UPDATE, DELETE and MERGE."""
    if isinstance(tree, (exp.Update, exp.Delete, exp.Merge)):
        while found := _computed(tree):
            _look_up(found, columns_of)
    return tree


def _computed(tree: exp.Expr) -> list[exp.Bracket]:
    return [
        bracket
        for bracket in of_kind(nodes(tree), exp.Bracket)
        if not isinstance(bracket.expressions[0], (exp.Literal, exp.Boolean))
    ]


def _look_up(brackets: list[exp.Bracket], columns_of: ColumnsOf) -> None:
    """Replace those of the brackets that have none within."""
    types = OperandTypes(columns_of)
    innermost = [one for one in brackets if not any(map(_computed, _parts(one)))]
    types.ask([part for one in innermost for part in _parts(one)])
    for bracket in innermost:
        bracket.replace(_element(bracket, types))


def _parts(bracket: exp.Bracket) -> tuple[exp.Expr, exp.Expr]:
    return bracket.this, bracket.expressions[0]


def _element(bracket: exp.Bracket, types: OperandTypes) -> exp.Expr:
    """The call that finds an element. Raises SqlError where Databricks does, or for a value whose
    type is not known here."""
    value, index = _parts(bracket)
    of, given = types.of(value), types.of(index)
    places = {"a": exp.paren(value.copy()), "i": exp.paren(index.copy())}
    if of.startswith("map<"):
        return fill(_VALUE, places)
    if of.startswith("struct<"):
        raise SqlError(
            "INVALID_EXTRACT_FIELD_TYPE",
            f"Field name should be a non-null string literal, but it's {render(index)}.",
        )
    if not of.startswith("array<"):
        if of in (UNKNOWN, "variant"):
            raise unsupported(f"{render(bracket)}, an index that is no literal in what is no array")
        raise SqlError(
            "INVALID_EXTRACT_BASE_FIELD_TYPE",
            f"Can't extract a value from {render(value)}. Need a complex type [STRUCT, ARRAY, MAP]"
            f" but got {of.upper()}.",
        )
    if given not in (*DIGITS, UNKNOWN, "void"):
        raise SqlError(
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            f"Cannot resolve {render(bracket)} due to data type mismatch: the index of an ARRAY is "
            f"an integral number, and it is {given.upper()}.",
        )
    if random := random_call(bracket):
        raise unsupported(f"{random}() in the index of an ARRAY")
    return fill(_ELEMENT, places)
