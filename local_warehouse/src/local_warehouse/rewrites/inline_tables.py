"""VALUES whose columns hold texts and numbers, which Databricks refuses and the engine casts.

https://docs.databricks.com/aws/en/error-messages/invalid-inline-table-error-class
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.sql.walk import nodes, of_kind


def check_inline_tables(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Raise SqlError for a column of VALUES that has a text and a number as literals."""
    for values in of_kind(nodes(tree), exp.Values):
        rows = [
            row.expressions if isinstance(row, exp.Tuple) else [row] for row in values.expressions
        ]
        for position, column in enumerate(zip(*rows, strict=False)):
            literals = {cell.is_string for cell in column if isinstance(cell, exp.Literal)}
            if len(literals) > 1:
                raise SqlError(
                    "INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE",
                    "Invalid inline table. Found incompatible types in the column "
                    f"`col{position + 1}` for inline table: STRING and a number.",
                )
    return tree
