"""Errors as a Databricks SQL warehouse words them: an error condition, a message, a SQLSTATE.

The conditions and SQLSTATEs are those of https://docs.databricks.com/aws/en/error-messages/.
"""

from __future__ import annotations

CONFLICT = (
    "DELTA_CONCURRENT_WRITE"  # what the engine's failed commit is called before a look at why
)


class SqlError(Exception):
    """A statement that failed for a reason its author can act on."""

    def __init__(self, condition: str, message: str, sqlstate: str = "42000") -> None:
        super().__init__(f"[{condition}] {message} SQLSTATE: {sqlstate}")
        self.condition = condition
        self.sqlstate = sqlstate


class RunAgain(SqlError):
    """A statement may succeed when it is run again; of a write nothing has been committed."""


class EngineEnded(RunAgain):
    """The engine ended in the middle of a statement."""

    def __init__(self) -> None:
        super().__init__(
            "ENGINE_ENDED",
            "The engine ended, or was ended to stop another statement. Run this statement again.",
            "57014",
        )


class TableRedefined(RunAgain):
    """A table was altered, replaced or dropped after the statement had looked it up."""

    def __init__(self) -> None:
        super().__init__(
            "DELTA_METADATA_CHANGED",
            "MetadataChangedException: The metadata of the Delta table has been changed by a "
            "concurrent update. Please try the operation again.",
            "2D521",
        )


def table_not_found(name: str) -> SqlError:
    return SqlError(
        "TABLE_OR_VIEW_NOT_FOUND",
        f"The table or view {name} cannot be found. Verify the spelling and correctness of the "
        "schema and catalog.",
        "42P01",
    )


def schema_not_found(name: str) -> SqlError:
    return SqlError("SCHEMA_NOT_FOUND", f"The schema {name} cannot be found.", "42704")


def catalog_not_found(name: str) -> SqlError:
    return SqlError("CATALOG_NOT_FOUND", f"The catalog `{name}` cannot be found.", "42P08")


def routine_not_found(name: str) -> SqlError:
    message = f"The routine {name} cannot be found. Verify its spelling and schema."
    return SqlError("ROUTINE_NOT_FOUND", message, "42883")


def already_exists(kind: str, name: str) -> SqlError:
    condition = {"SCHEMA": "SCHEMA_ALREADY_EXISTS", "CATALOG": "CATALOG_ALREADY_EXISTS"}.get(
        kind, "TABLE_OR_VIEW_ALREADY_EXISTS"
    )
    sqlstate = "42P06" if kind == "SCHEMA" else "42P07"
    return SqlError(condition, f"Cannot create {kind.lower()} {name}: it already exists.", sqlstate)


def unsupported(what: str) -> SqlError:
    return SqlError(
        "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE",
        f"The local SQL warehouse does not support {what}; see docs/local-warehouse.md.",
        "0A000",
    )


def syntax_error(message: str) -> SqlError:
    if not message.startswith("Syntax error"):
        message = f"Syntax error: {message}"
    return SqlError("PARSE_SYNTAX_ERROR", message, "42601")


def column_not_found(column: str, relation: str) -> SqlError:
    return SqlError(
        "UNRESOLVED_COLUMN.WITH_SUGGESTION",
        f"A column with name `{column}` cannot be resolved in {relation}.",
        "42703",
    )


def unbound_parameter(marker: str) -> SqlError:
    return SqlError("UNBOUND_SQL_PARAMETER", f"Found the unbound parameter: {marker}.", "42P02")


def from_text(text: str, condition: str, sqlstate: str) -> SqlError:
    """An error from a message that may name its own condition: `[CONDITION] message`."""
    if text.startswith("[") and "]" in text:
        condition, text = text[1:].split("]", 1)
    return SqlError(condition, text.strip(), sqlstate)
