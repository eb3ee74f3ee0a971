"""Errors as a Databricks SQL warehouse words them: an error condition, a message, a SQLSTATE.

    Exception
    └── StatementError
        ├── SqlError             a statement that its author can mend
        │   └── ForeignError     reported by the engine under a condition of its own
        └── RunAgain             the statement may succeed when it is run again
            ├── EngineEnded      the engine ended in the middle of it
            └── TableRedefined   somebody altered, replaced or dropped its table meanwhile

Who can do without an answer of the engine, as where it does not know a type, catches SqlError: on
RunAgain there was no answer.

The SQLSTATE of each condition is in `conditions`. The exceptions of `read_files` and `services`
have trees of their own, in their `errors` modules.
"""

from __future__ import annotations

from local_warehouse.conditions import SQLSTATES

CONFLICT = "DELTA_CONCURRENT_WRITE"  # a commit of the engine that failed, before a look at why


class StatementError(Exception):
    """A statement that failed.

    `details` come after the SQLSTATE. Raises KeyError for a condition that `conditions.SQLSTATES`
    does not hold.
    """

    def __init__(self, condition: str, message: str, details: str = "") -> None:
        self.condition = condition
        self.message = message
        self.sqlstate = self._sqlstate()
        super().__init__(f"[{condition}] {message} SQLSTATE: {self.sqlstate}{details}")

    def _sqlstate(self) -> str:
        return SQLSTATES[self.condition]


class SqlError(StatementError):
    """A statement that failed for a reason its author can act on."""


class ForeignError(SqlError):
    """A failure that the engine, or a user's raise_error, named by a condition of its own.

    A condition that is not in the table gets the SQLSTATE of ENGINE_ERROR.
    """

    def _sqlstate(self) -> str:
        return SQLSTATES.get(self.condition, SQLSTATES["ENGINE_ERROR"])


class RunAgain(StatementError):
    """A failure after which the statement may succeed when it is run again.

    A write that raises it has committed nothing.
    """


class EngineEnded(RunAgain):
    """The engine ended in the middle of a statement."""

    def __init__(self) -> None:
        super().__init__(
            "ENGINE_ENDED",
            "The engine ended, or was ended to stop another statement. Run this statement again.",
        )


class TableRedefined(RunAgain):
    """A table was altered, replaced or dropped after the statement had looked it up."""

    def __init__(self) -> None:
        super().__init__("DELTA_METADATA_CHANGED", metadata_changed())


def metadata_changed(version: int | None = None) -> str:
    """The message of DELTA_METADATA_CHANGED; `version` is the conflicting commit, if known."""
    message = (
        "MetadataChangedException: The metadata of the Delta table has been changed by a "
        "concurrent update. Please try the operation again."
    )
    return message if version is None else f"{message} Conflicting commit: {version}."


def table_not_found(name: str) -> SqlError:
    """TABLE_OR_VIEW_NOT_FOUND for a quoted full name."""
    return SqlError(
        "TABLE_OR_VIEW_NOT_FOUND",
        f"The table or view {name} cannot be found. Verify the spelling and correctness of the "
        "schema and catalog.",
    )


def schema_not_found(name: str) -> SqlError:
    """SCHEMA_NOT_FOUND for a quoted full name."""
    return SqlError("SCHEMA_NOT_FOUND", f"The schema {name} cannot be found.")


def catalog_not_found(name: str) -> SqlError:
    """CATALOG_NOT_FOUND for a bare name."""
    return SqlError("CATALOG_NOT_FOUND", f"The catalog `{name}` cannot be found.")


def routine_not_found(name: str) -> SqlError:
    """ROUTINE_NOT_FOUND for a dotted name."""
    message = f"The routine {name} cannot be found. Verify its spelling and schema."
    return SqlError("ROUTINE_NOT_FOUND", message)


def view_without_alias(view: str, column: str) -> SqlError:
    """The condition of a view of the catalog with a column whose name is made of its expression."""
    message = (
        f"Not allowed to create the permanent view {view} without explicitly assigning an alias for"
        f" the expression `{column}`."
    )
    return SqlError("CREATE_PERMANENT_VIEW_WITHOUT_ALIAS", message)


def already_exists(kind: str, name: str) -> SqlError:
    """The condition of a kind, CATALOG, SCHEMA, TABLE or VIEW, that has a `name` already."""
    message = f"Cannot create {kind.lower()} {name}: it already exists."
    if kind == "CATALOG":
        return SqlError("CATALOG_ALREADY_EXISTS", message)
    if kind == "SCHEMA":
        return SqlError("SCHEMA_ALREADY_EXISTS", message)
    return SqlError("TABLE_OR_VIEW_ALREADY_EXISTS", message)


def unsupported(what: str) -> SqlError:
    """UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE; `what` goes into "does not support …"."""
    return SqlError(
        "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE",
        f"The local SQL warehouse does not support {what}; docs/manual.md of local-warehouse lists "
        "what it supports.",
    )


def syntax_error(message: str) -> SqlError:
    """PARSE_SYNTAX_ERROR, whose message begins with "Syntax error"."""
    if not message.startswith("Syntax error"):
        message = f"Syntax error: {message}"
    return SqlError("PARSE_SYNTAX_ERROR", message)


def column_not_found(column: str, relation: str) -> SqlError:
    """UNRESOLVED_COLUMN.WITH_SUGGESTION for a column's bare name in a relation's quoted one."""
    return SqlError(
        "UNRESOLVED_COLUMN.WITH_SUGGESTION",
        f"A column, variable, or function parameter with name `{column}` cannot be resolved in "
        f"{relation}.",
    )


def unbound_parameter(marker: str) -> SqlError:
    """UNBOUND_SQL_PARAMETER for a marker as it stands in the statement."""
    return SqlError("UNBOUND_SQL_PARAMETER", f"Found the unbound parameter: {marker}.")


def split_condition(text: str) -> tuple[str, str]:
    """The condition and the message of "[CONDITION] message"; no condition if the text has none."""
    if text.startswith("[") and "]" in text:
        condition, text = text[1:].split("]", 1)
        return condition, text.strip()
    return "", text.strip()


def from_text(text: str, condition: str) -> SqlError:
    """The error of a message that may name a condition of the table itself; `condition` if not."""
    named, message = split_condition(text)
    if named in SQLSTATES:
        return SqlError(named, message)
    return SqlError(condition, text.strip())
