"""Functions that are named as types, such as string(x): the casts that they stand for.

https://docs.databricks.com/aws/en/sql/language-manual/functions/string
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.sql.walk import nodes, of_kind

_TYPES = {"bigint", "binary", "boolean", "date", "decimal", "double", "float", "int", "smallint",
          "string", "timestamp", "tinyint"}  # fmt: skip


def cast_by_name(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Put a cast in place of a call of a type."""
    for call in reversed(of_kind(nodes(tree), exp.Anonymous)):
        if is_cast_by_name(call) and not isinstance(call.parent, exp.Dot):
            call.replace(exp.cast(call.expressions[0].copy(), str(call.this).lower()))
    return tree


def is_cast_by_name(node: exp.Expr) -> bool:
    """Whether it is a call that has the name of a type."""
    is_call = isinstance(node, exp.Anonymous) and len(node.expressions) == 1
    return is_call and str(node.this).lower() in _TYPES
