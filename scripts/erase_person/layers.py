"""What the tables still hold of a person, by the column tags that mark personal data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bronze_loader.warehouse.connection import StatementRunner
from bronze_loader.warehouse.literals import identifier, string, strings

TAG = "personal_data"
ID, LINE = "id", "line"  # the tag's values for an id, and for a whole line of a file


@dataclass(frozen=True)
class Held:
    """A table or view, and how many of its rows say something of the person."""

    table: str
    rows: int
    is_view: bool


def held_of(
    warehouse: StatementRunner, catalog: str, schemas: Sequence[str], person: str
) -> list[Held]:
    """What each table with tagged columns holds of the person, in the order of the names.

    A row counts that has the person's id and, beside it, any other personal value; a sale without
    its customer's name has none. Raises LoaderError.
    """
    place = f"{identifier(catalog)}.information_schema"
    tagged = warehouse.run(
        "SELECT t.schema_name, t.table_name, t.column_name, t.tag_value, r.table_type "  # noqa: S608
        f"FROM {place}.column_tags AS t JOIN {place}.tables AS r "
        "ON t.schema_name = r.table_schema AND t.table_name = r.table_name "
        f"WHERE t.tag_name = {string(TAG)} AND t.schema_name IN ({strings(schemas)})"
    )
    tables: dict[tuple[str, str, bool], list[tuple[str, str]]] = {}
    for row in tagged:
        table = (row["schema_name"], row["table_name"], row["table_type"] == "VIEW")
        tables.setdefault(table, []).append((row["column_name"], row["tag_value"]))
    held = []
    for (schema, name, is_view), columns in sorted(tables.items()):
        ids = [identifier(column) for column, kind in columns if kind == ID]
        values = [identifier(column) for column, kind in columns if kind not in (ID, LINE)]
        if not ids or not values:
            continue
        theirs = " OR ".join(f"btrim({column}, ' \\t\\r\\n') = {string(person)}" for column in ids)
        there = " OR ".join(f"{column} IS NOT NULL" for column in values)
        full = ".".join(map(identifier, (catalog, schema, name)))
        counted = warehouse.run(f"SELECT count(*) AS n FROM {full} WHERE ({theirs}) AND ({there})")  # noqa: S608
        held.append(Held(f"{schema}.{name}", int(counted[0]["n"]), is_view))
    return held
