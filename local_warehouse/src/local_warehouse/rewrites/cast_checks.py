"""Casts that Databricks refuses and the engine computes: an INT as a DATE, a DOUBLE as an ARRAY.

https://docs.databricks.com/aws/en/sql/language-manual/functions/cast
"""

from __future__ import annotations

import re

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites import intervals
from local_warehouse.rewrites.evident_types import UNKNOWN, evident_type
from local_warehouse.rewrites.operand_types import DIGITS
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_KIND = exp.DataType.Type
_NESTED = {_KIND.ARRAY: "array", _KIND.LIST: "array", _KIND.MAP: "map", _KIND.STRUCT: "struct"}
_NUMBERS = ("float", "double", "decimal")


def checked(cast: exp.Cast) -> list[exp.Expr]:
    """What is cast, where its type is to be asked for. Raises SqlError where the text says that
    the type does not do."""
    if cast.to.this in _NESTED or is_to_interval(cast):
        return [cast.this]
    if not _needs(cast):
        return []
    given = evident_type(cast.this)
    if given == UNKNOWN:
        return [cast.this]
    check(cast, given)
    return []


def check(cast: exp.Cast, given: str) -> None:
    """Raise SqlError for a cast from a type that Databricks does not take for it, and for one to an
    INTERVAL that the engine does not compute."""
    if is_to_interval(cast):
        fields = intervals.fields(cast.this)
        is_narrowed = given.startswith("interval") and fields != intervals.fields(cast)
        if not given.startswith(("interval", "void")) or (
            is_narrowed and intervals.fields(cast) not in intervals.WHOLE
        ):
            raise unsupported(
                f"{render(cast)} (make_dt_interval and make_ym_interval make intervals)"
            )
        return
    if given.startswith("interval") and cast.to.this in (_KIND.FLOAT, _KIND.DOUBLE):
        raise _refusal("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", cast, given)
    kind, wanted = _kind(given), _NESTED.get(cast.to.this) or _needs(cast)
    if kind in ("", "void", "string", "variant", wanted) and not (
        kind == "string" and cast.to.this in _NESTED
    ):
        return
    is_plain = (cast.to.this != _KIND.TIMESTAMPNTZ or kind not in ("number", "boolean")) and (
        given != "timestamp_ntz" or wanted != "number"
    )
    if is_plain and ({kind, wanted} <= {"date", "timestamp"} or (kind, wanted) in _TAKEN):
        return
    if wanted == "binary" and given in DIGITS:
        raise _refusal("DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION", cast, given)
    if {kind, wanted} == {"number", "date"}:
        raise _refusal("DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION", cast, given)
    raise _refusal("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", cast, given)


# Expressions of whose parts some may not be computed.
_CONDITIONAL = (exp.Case, exp.If, exp.Coalesce, exp.DecodeCase)
_CONDITIONAL_CALLS = {"if", "ifnull", "nvl", "nvl2", "coalesce"}
_INFINITE = re.compile(r"\s*[+-]?(nan|inf(inity)?)\s*", re.IGNORECASE)


def fail_where_reached(tree: exp.Expr, _: ColumnsOf) -> exp.Expr:
    """Have the cast of a text that is no number fail in the rows that reach it: where it is a
    constant the engine computes it beforehand, and fails."""
    for cast in of_kind(nodes(tree), exp.Cast):
        if type(cast) is exp.Cast and _is_malformed(cast) and _may_be_left_out(cast):
            wanted = render(cast.to)
            message = (
                f"[CAST_INVALID_INPUT] The value '{cast.this.name}' of the type \"STRING\" cannot"
                f' be cast to "{wanted}" because it is malformed. Correct the value as per the'
                " syntax, or change its target type. Use `try_cast` to tolerate malformed input"
                " and return NULL instead."
            )
            places = {"message": exp.Literal.string(message)}
            cast.replace(fill(f"cast(raise_error(message) as {wanted})", places))
    return tree


def _is_malformed(cast: exp.Cast) -> bool:
    text = cast.this
    return (
        cast.to.this in exp.DataType.NUMERIC_TYPES
        and isinstance(text, exp.Literal)
        and text.is_string
        and not any(map(str.isdigit, text.name))
        and not _INFINITE.fullmatch(text.name)
    )


def _may_be_left_out(node: exp.Expr) -> bool:
    found = node.find_ancestor(*_CONDITIONAL, exp.Anonymous, exp.Select)
    while isinstance(found, exp.Anonymous) and str(found.this).lower() not in _CONDITIONAL_CALLS:
        found = found.find_ancestor(*_CONDITIONAL, exp.Anonymous, exp.Select)
    return found is not None and not isinstance(found, exp.Select)


def _refusal(condition: str, cast: exp.Cast, given: str) -> SqlError:
    return SqlError(
        condition,
        f"Cannot resolve {render(cast)} due to data type mismatch: cannot cast {given.upper()} to "
        f"{cast.to.sql(dialect='databricks')}.",
    )


_TAKEN = {
    ("number", "timestamp"), ("timestamp", "number"), ("number", "boolean"), ("boolean", "number"),
    ("interval", "number"),
}  # fmt: skip


def is_to_interval(cast: exp.Cast) -> bool:
    """Whether the type is an INTERVAL with its fields."""
    return isinstance(cast.to.this, exp.Interval)


def _needs(cast: exp.Cast) -> str:
    """The kind of a simple type to which not everything is cast; empty for others."""
    kind = cast.to.this
    if kind in exp.DataType.NUMERIC_TYPES:
        return "number"
    if kind == _KIND.BOOLEAN:
        return "boolean"
    if kind == _KIND.BINARY:
        return "binary"
    if kind == _KIND.DATE:
        return "date"
    return "timestamp" if kind in exp.DataType.TEMPORAL_TYPES else ""


def _kind(data_type: str) -> str:
    if data_type in DIGITS or data_type.startswith(_NUMBERS):
        return "number"
    if data_type.startswith("timestamp"):
        return "timestamp"
    for prefix in ("interval", "array", "map", "struct"):
        if data_type.startswith(prefix):
            return prefix
    return data_type
