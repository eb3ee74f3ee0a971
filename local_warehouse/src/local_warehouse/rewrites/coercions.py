"""Implicit casts that Spark makes and the engine does not.

A date beside a timestamp becomes a timestamp (the engine makes nanoseconds of both, which Spark
does not have), a string beside a boolean becomes a boolean, and a decimal beside a double a double
(the engine makes a decimal of both, which cannot hold every double). Infinity and NaN as a decimal
are NULL. A moment is not read by a format, as a text is, but cast. The casts are written into a
query only after the engine has failed on it, so that other queries cost nothing.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datatype-rules
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from local_warehouse.catalog.model import Column
from local_warehouse.errors import SqlError
from local_warehouse.rewrites import exact_doubles
from local_warehouse.rewrites.scopes import ColumnsOf, place_of, relations_of, with_visible
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.walk import nodes, of_kind

_CALLS = {"coalesce", "greatest", "if", "ifnull", "least", "nullif", "nvl"}
_NO_TEXT = "expected string "  # an array or a scalar, which a format is to read
_PHRASES = (
    *("Timestamp(Nanosecond", "Timestamp(ns)", "86400000000000", "Boolean", "Decimal128"),
    _NO_TEXT,
)
# What functions of a text and a format make of a moment.
_READ = {
    **dict.fromkeys(("to_timestamp", "to_timestamp_ltz", "try_to_timestamp"), "timestamp"),
    "to_timestamp_ntz": "timestamp_ntz",
}
_MOMENTS = ("date", "timestamp", "timestamp_ntz", "void")


def may_help(sql: str, message: str) -> bool:
    """Whether the engine's error may come from a cast that is missing."""
    return any(phrase in message for phrase in _PHRASES)


def change(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Cast operands that must have one type, inner before outer."""
    for node in _inner_first(tree):
        _align(node, columns_of)
    for cast in reversed(of_kind(nodes(tree), exp.Cast)):
        if cast.to.this == exp.DataType.Type.DECIMAL:
            _leave_out_infinity(cast, columns_of)
    for call in reversed(of_kind(nodes(tree), exp.Anonymous)):
        made = _READ.get(str(call.this).lower())
        if made is not None and len(call.expressions) == 2:
            _cast_moment(call, made, columns_of)
    return tree


def _inner_first(tree: exp.Expr) -> Iterator[exp.Expr]:
    """The expressions of a tree that have such operands, inner before outer, and CTEs first."""
    children = sorted(tree.iter_expressions(), key=lambda child: not isinstance(child, exp.With))
    for child in children:
        yield from _inner_first(child)
    if _operands(tree):
        yield tree


def _operands(node: exp.Expr) -> list[exp.Expr]:
    """The parts of an expression that must have one type."""
    if isinstance(node, exp.Predicate) and isinstance(node, exp.Binary):
        return [node.this, node.expression]
    if isinstance(node, exp.Between):
        return [node.this, node.args["low"], node.args["high"]]
    if isinstance(node, exp.In):
        return [node.this, *node.expressions]
    if isinstance(node, exp.Case):
        branches = [branch.args["true"] for branch in node.args["ifs"]]
        return [part for part in (*branches, node.args.get("default")) if part is not None]
    if isinstance(node, exp.If) and not isinstance(node.parent, exp.Case):
        return [part for part in (node.args["true"], node.args.get("false")) if part is not None]
    if isinstance(node, exp.Anonymous) and str(node.this).lower() in _CALLS:
        return list(node.expressions[str(node.this).lower() == "if" :])
    if isinstance(node, exp.Coalesce):
        return [node.this, *node.expressions]
    return []


def _leave_out_infinity(cast: exp.Cast, columns_of: ColumnsOf) -> None:
    """Cast NULL in place of infinity and NaN."""
    columns = _ask(cast, [exp.alias_(cast.this.copy(), "operand")], columns_of)
    if columns and columns[0].type in ("float", "double"):
        cast.this.replace(fill("if(isnan(x - x), null, x)", {"x": cast.this}))


def _cast_moment(call: exp.Expr, made: str, columns_of: ColumnsOf) -> None:
    """Cast what is no text, and is to be read by a format."""
    columns = _ask(call, [exp.alias_(call.expressions[0].copy(), "operand")], columns_of)
    if columns and columns[0].type in _MOMENTS:
        call.replace(exp.cast(call.expressions[0].copy(), made))


def _ask(node: exp.Expr, shown: list[exp.Expr], columns_of: ColumnsOf) -> list[Column]:
    """The columns of a query of these at the place of a node; none where the engine does not know
    them: aggregates beside columns, or columns of a query around this one."""
    place = place_of(node)
    if place is None:
        return []
    query = relations_of(place, seen_by=node)
    query.set("expressions", [one.copy() for one in shown])
    try:
        return columns_of(with_visible(query, place))
    except SqlError:
        return []


def _align(node: exp.Expr, columns_of: ColumnsOf) -> None:
    operands = _operands(node)
    shown = [exp.alias_(operand.copy(), f"c{i}") for i, operand in enumerate(operands)]
    types = [column.type for column in _ask(node, shown, columns_of)]
    if not types:
        return
    becomes = _becomes(types)
    for operand, data_type in zip(operands, types, strict=True):
        if data_type in becomes:
            operand.replace(exact_doubles.converted(operand, data_type, becomes[data_type]))


def _becomes(types: list[str]) -> dict[str, str]:
    """The types among these that are cast, and to which, where another of them asks for it."""
    casts: dict[str, str] = {}
    timestamp = next((t for t in ("timestamp", "timestamp_ntz") if t in types), None)
    if timestamp and "date" in types:
        casts["date"] = timestamp
    if "boolean" in types and "string" in types:
        casts["string"] = "boolean"
    if "double" in types or "float" in types:
        casts |= {one: "double" for one in types if one.startswith("decimal")}
    return casts
