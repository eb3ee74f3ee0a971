"""Elements of arrays and maps at an index that is computed: `a[i]`, `m[k]`, `a[-1]`.

The engine takes literals only, and a column's name for a key. It does not know `m.k`, which is the
value of a key too.
https://docs.databricks.com/aws/en/sql/language-manual/functions/bracketsign
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.evident_types import UNKNOWN
from local_warehouse.rewrites.operand_types import DIGITS, OperandTypes
from local_warehouse.rewrites.scopes import (
    ColumnsOf,
    columns_of_relations,
    place_of,
    random_call,
    sources,
)
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


def look_up_by_name(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Write m['k'] for `m.k` of a MAP that a relation has."""
    relations = {relation.alias_or_name.lower(): relation for relation in sources(select)}
    columns = columns_of_relations(select, columns_of)
    maps: dict[str, set[str]] = {}  # the columns that are maps, by relation
    for column in of_kind(nodes(select), exp.Column):
        whole, names = _with_fields(column)
        first = names[0].name.lower()
        is_named = first in relations
        if len(names) < (3 if is_named else 2) or place_of(column) is not select:
            continue
        for name in [first] if is_named else relations:
            if name not in maps:
                maps[name] = _maps(relations[name], columns)
            if names[is_named].name.lower() in maps[name]:
                _read_key(whole, names, is_named)
                break
    return select


def _with_fields(column: exp.Column) -> tuple[exp.Expr, list[exp.Identifier]]:
    """A column with the names of fields behind it; and all names, those before it too."""
    whole: exp.Expr = column
    names: list[Any] = list(column.parts)
    while isinstance(whole.parent, exp.Dot) and whole.arg_key == "this":
        field = whole.parent.expression
        if not isinstance(field, exp.Identifier):
            break
        whole = whole.parent
        names.append(field)
    return whole, names


def _read_key(whole: exp.Expr, names: list[exp.Identifier], is_named: bool) -> None:
    """Put m['k'] and fields of that in place of names, of which the first is a relation's."""
    table, (of, key, *fields) = (names[0] if is_named else None), names[is_named:]
    made: exp.Expr = exp.Bracket(
        this=exp.column(of, table=table), expressions=[exp.Literal.string(key.name)]
    )
    if fields:
        made = exp.Dot.build([made, *fields])
    is_output = isinstance(whole.parent, exp.Select) and whole.arg_key == "expressions"
    whole.replace(exp.alias_(made, names[-1].copy()) if is_output else made)


def _maps(relation: exp.Expr, columns_of: ColumnsOf) -> set[str]:
    try:
        columns = columns_of(relation)
    except SqlError:  # what it reads is not rewritten yet, or is wrong
        return set()
    return {column.name.lower() for column in columns if column.type.startswith("map<")}


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
