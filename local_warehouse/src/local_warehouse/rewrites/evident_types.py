"""Types that are plain from the text of an expression, so that the engine is not asked for them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from local_warehouse.types.decimals import Decimal

UNKNOWN = ""
_CALLS = {
    "count": "bigint", "count_if": "bigint", "row_number": "int", "rank": "int",
    "dense_rank": "int", "ntile": "int", "length": "int", "char_length": "int", "size": "int",
    "year": "int", "quarter": "int", "month": "int", "day": "int", "hour": "int", "minute": "int",
    "second": "int", "unix_micros": "bigint", "timestamp_micros": "timestamp",
    "timestamp_seconds": "timestamp",
}  # fmt: skip


def evident_type(node: exp.Expr) -> str:
    """The type of an expression that is plain from its text, or UNKNOWN."""
    match node:
        case exp.Literal() if node.is_string:
            return "string"
        case exp.Literal():
            return _of_number(node.name)
        case exp.Neg() if isinstance(node.this, exp.Literal) and node.this.name in _LEAST:
            return _LEAST[node.this.name]
        case exp.Cast():
            return name_of_type(node.to)
        case exp.Interval():
            return "interval"
        case exp.Null():
            return "void"
        case exp.Boolean():
            return "boolean"
        case exp.HexString():
            return "binary"
        case exp.IntDiv():
            return "bigint"
        case exp.Window() | exp.Filter():
            return evident_type(node.this)
        case exp.Anonymous():
            return _CALLS.get(str(node.this).lower(), UNKNOWN)
    return UNKNOWN


def is_null(node: exp.Expr | None) -> bool:
    """Whether there is nothing, or a NULL, perhaps one that is cast."""
    while isinstance(node, (exp.Cast, exp.Paren)):
        node = node.this
    return node is None or isinstance(node, exp.Null)


def name_of_type(data_type: exp.DataType) -> str:
    """A type as Spark spells it."""
    if isinstance(data_type, exp.DataType) and not data_type.expressions:
        return _of_plain_type(data_type.this)
    return str(data_type.sql(dialect="databricks")).lower().replace(" ", "")


@functools.cache
def _of_plain_type(kind: Any) -> str:
    return str(exp.DataType(this=kind).sql(dialect="databricks")).lower().replace(" ", "")


_LEAST = {str(2**31): "int", str(2**63): "bigint"}  # which have no positive number


def _of_number(text: str) -> str:
    if not text.isdecimal():
        return "double" if "e" in text.lower() else str(Decimal.of_literal(text))
    if int(text) < 2**31:
        return "int"
    return "bigint" if int(text) < 2**63 else str(Decimal(len(text), 0))


def evident_types(query: exp.Expr) -> list[str]:
    """The type of each column of a query, UNKNOWN for those that are not plain from its text, and
    empty for a query that is no SELECT."""
    if not isinstance(query, exp.Select):
        return []
    return [evident_type(projection.unalias()) for projection in query.expressions]


def evidently_agree(queries: Sequence[exp.Expr]) -> bool:
    """Whether the texts of all queries say that they have the same types."""
    types = evident_types(queries[0])
    is_plain = bool(types) and UNKNOWN not in types
    return is_plain and all(evident_types(query) == types for query in queries)
