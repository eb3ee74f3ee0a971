"""What an error says besides what went wrong: the statement's text, and columns that may be meant.

It is made up when a statement has failed, so that others pay nothing for it.
"""

from __future__ import annotations

import difflib
import re

from sqlglot import exp

from local_warehouse.catalog.names import full_name, quoted
from local_warehouse.errors import SqlError
from local_warehouse.session.context import Context
from local_warehouse.sql.parse_cache import reading
from local_warehouse.sql.walk import nodes, of_kind

_SUGGESTED = 5
_MISSING = re.compile(r"attribute (`.*`) is missing from the schema")
_PLACE = re.compile(r"\(line (\d+), pos (\d+)\)")


def completed(context: Context, error: SqlError, text: str) -> SqlError:
    """The error of a statement with what Databricks adds to its message; the same where it adds
    nothing."""
    if error.condition == "PARSE_SYNTAX_ERROR":
        return SqlError(error.condition, error.message, f"\n\n{_shown(error.message, text)}")
    if error.condition == "UNRESOLVED_COLUMN.WITH_SUGGESTION":
        found = _MISSING.search(error.message)
        if found is not None:
            return _unresolved(found[1], *_columns(context, text))
    return error


def _shown(message: str, text: str) -> str:
    """The statement, and a line below the place that the message names."""
    lines = text.split("\n")
    place = _PLACE.search(message)
    if place is not None and int(place[1]) <= len(lines):
        lines.insert(int(place[1]), "-" * int(place[2]) + "^^^")
    return "\n".join(["== SQL ==", *lines])


def _unresolved(name: str, columns: dict[str, str], has_relations: bool) -> SqlError:
    """The error of a column that is not there, with the nearest names of those that are."""
    message = f"A column, variable, or function parameter with name {name} cannot be resolved."
    if not has_relations:
        return SqlError("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", message)
    last = name.rpartition("`.`")[2].strip("`").lower()

    def distance(column: str) -> float:
        return -difflib.SequenceMatcher(None, last, column.lower()).ratio()

    nearest = [columns[column] for column in sorted(columns, key=distance)[:_SUGGESTED]]
    if nearest:
        message += f" Did you mean one of the following? [{', '.join(nearest)}]."
    return SqlError("UNRESOLVED_COLUMN.WITH_SUGGESTION", message)


def _columns(context: Context, text: str) -> tuple[dict[str, str], bool]:
    """The columns of the tables, views and subqueries that a statement reads, by their names, as
    Databricks writes them: with the relation's alias or name where there are several tables. And
    whether it reads any relation."""
    try:
        found = nodes(reading(text).tree())
    except SqlError:
        return {}, True
    relations = []
    for table in of_kind(found, exp.Table):
        if isinstance(table.this, exp.Identifier):
            name = full_name([part.name for part in table.parts], context.session.namespace)
            relation = context.catalog.relation(name)
            if relation is not None:
                relations.append((table.alias_or_name, relation))
    inner = of_kind(found, exp.Subquery, exp.CTE)
    columns = {name: quoted(name) for query in inner for name in query.this.named_selects if name}
    columns |= {
        column.name: quoted(alias, column.name) if len(relations) > 1 else quoted(column.name)
        for alias, relation in relations
        for column in relation.columns
    }
    return columns, bool(of_kind(found, exp.From))
