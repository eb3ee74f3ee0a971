"""MASK and ROW FILTER: which function decides what is seen of a column, and of the rows."""

from __future__ import annotations

from typing import Any

from local_warehouse import errors
from local_warehouse.catalog.model import Function, Relation
from local_warehouse.catalog.names import full_name
from local_warehouse.session.context import Context
from local_warehouse.sql.dialect import literal
from local_warehouse.statements.reader import StatementReader


def read_mask(
    context: Context, reader: StatementReader, relation: Relation | None = None
) -> dict[str, Any]:
    """Read what follows MASK: a function, and what it takes besides the value of the column:
    columns, of the `relation` if it is there, and literals. Raises SqlError (ROUTINE_NOT_FOUND,
    WRONG_NUM_ARGS, UNRESOLVED_COLUMN)."""
    function = _function(context, reader)
    given: list[str] = []
    if reader.accept("USING", "COLUMNS"):
        given = _arguments(reader, relation)
    _check(function, 1 + len(given))
    return {"function": function.full_name, "using_columns": given}


def read_row_filter(
    context: Context, reader: StatementReader, relation: Relation | None = None
) -> dict[str, Any]:
    """Read what follows ROW FILTER: a function, and the columns and literals that it takes. Raises
    what `read_mask` does."""
    function = _function(context, reader)
    reader.expect("ON")
    given = _arguments(reader, relation)
    _check(function, len(given))
    return {"function": function.full_name, "columns": given}


def _function(context: Context, reader: StatementReader) -> Function:
    parts = reader.name()
    function = context.catalog.function(full_name(parts, context.session.namespace))
    if function is None:
        raise errors.routine_not_found(".".join(parts))
    return function


def _check(function: Function, count: int) -> None:
    least = sum(parameter.default is None for parameter in function.parameters)
    if not least <= count <= len(function.parameters):
        raise errors.SqlError(
            "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
            f"The {function.full_name} requires {least} parameters but the actual number is "
            f"{count}.",
        )


def _arguments(reader: StatementReader, relation: Relation | None) -> list[str]:
    """Read (argument, …): the names of columns as they are, and literals as SQL."""
    reader.expect("(")
    found: list[str] = []
    while not reader.accept(")"):
        if found:
            reader.expect(",")
        word = reader.peek()
        if word.kind == "string":
            found.append(literal(reader.take().text))
        elif (
            word.kind == "number"
            or word.text.upper() in ("TRUE", "FALSE", "NULL", "-")
            or (word.text.upper() == "INTERVAL" and reader.peek(1).text not in (",", ")"))
        ):
            found.append(reader.until(",", ")"))
        else:
            found.append(reader.identifier())
            if relation is not None and relation.column(found[-1]) is None:
                raise errors.column_not_found(found[-1], str(relation.name))
    return found
