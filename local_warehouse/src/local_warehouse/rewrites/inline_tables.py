"""VALUES whose columns hold values of several types, of which the engine makes one as it likes, and
ARRAYs, whose types it computes otherwise than it has planned.

Databricks refuses texts beside numbers, and DECIMALs beside a DOUBLE become DOUBLEs.

https://docs.databricks.com/aws/en/error-messages/invalid-inline-table-error-class
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError
from local_warehouse.rewrites import nested_types
from local_warehouse.rewrites.evident_types import UNKNOWN, evident_type
from local_warehouse.rewrites.operand_types import OperandTypes
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.rewrites.templates import nullable_array
from local_warehouse.sql.walk import nodes, of_kind

_INCOMPATIBLE = "INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE"


def check_inline_tables(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Cast the DECIMALs in a column of VALUES that has a DOUBLE. Raises SqlError for a column that
    evidently has a text and what is none."""
    types = OperandTypes(columns_of)  # is asked nothing, and says what is plain from the text
    for values in of_kind(nodes(tree), exp.Values):
        rows = [
            row.expressions if isinstance(row, exp.Tuple) else [row] for row in values.expressions
        ]
        for position, column in enumerate(zip(*rows, strict=False)):
            given = [_of_array(cell) or types.of(cell) for cell in column]
            others = {*given} - {"string", "void", UNKNOWN}
            if "string" in given and others:
                raise SqlError(
                    _INCOMPATIBLE,
                    "Invalid inline table. Found incompatible types in the column"
                    f" `col{position + 1}` for inline table: STRING and {others.pop().upper()}.",
                )
            nested_types.check(given, f"the column {position + 1} of VALUES", _INCOMPATIBLE)
            if "double" in given or "float" in given:
                for cell, data_type in zip(column, given, strict=True):
                    if data_type.startswith("decimal"):
                        cell.replace(exp.cast(cell.copy(), "double"))
    return tree


def _of_array(cell: exp.Expr) -> str:
    """The type of an ARRAY of values of one type, which is plain from its text."""
    is_array = isinstance(cell, exp.Anonymous) and str(cell.this).lower() == "array"
    found = {evident_type(one) for one in cell.expressions} if is_array else set()
    return f"array<{found.pop()}>" if len(found) == 1 and UNKNOWN not in found else ""


def let_arrays_hold_null(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Write array(a, b) in VALUES as slice(array(a, b, NULL), 1, 2). The engine plans an ARRAY of
    what is no literal as one that may hold NULL, and fails where the computed one may not."""
    for values in of_kind(nodes(tree), exp.Values):
        for call in reversed(of_kind(nodes(values), exp.Anonymous)):
            elements = call.expressions
            if str(call.this).lower() == "array" and any(
                not isinstance(element, exp.Literal) for element in elements
            ):
                call.replace(nullable_array(elements))
    return tree
