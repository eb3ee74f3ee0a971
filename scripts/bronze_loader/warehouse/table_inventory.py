"""Which of the loader's tables exist, with their columns; asked once a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bronze_loader.warehouse import statements
from bronze_loader.warehouse.connection import StatementFailed, StatementRunner
from bronze_loader.warehouse.statements import BronzeSchema


class TableInventory:
    """The existing tables of one bronze schema, shared by `Tables` and `LoadLog`."""

    def __init__(
        self, warehouse: StatementRunner, schema: BronzeSchema, names: Iterable[str]
    ) -> None:
        """`names` are the tables to ask for. Raises LoaderError when the warehouse fails."""
        self.warehouse = warehouse
        self.schema = schema
        self._schema_exists = False
        self._columns = self._ask(names)

    def __contains__(self, table: str) -> bool:
        """Whether the table exists."""
        return table in self._columns

    def columns(self, table: str) -> tuple[str, ...]:
        """The columns of an existing table, in its order. Raises KeyError for another."""
        return tuple(self._columns[table])

    def create(self, table: str, statement: str, columns: Iterable[str]) -> None:
        """Create a table that does not exist by its CREATE TABLE, and its schema before it."""
        if not self._schema_exists:
            if not self.warehouse.run(statements.schema_exists(self.schema)):
                self.warehouse.run(statements.create_schema(self.schema))
            self._schema_exists = True
        self.warehouse.run(statement)
        self._columns[table] = list(columns)

    def add_columns(self, table: str, statement: str, columns: Sequence[str]) -> None:
        """Add columns to a table, behind its others, by its ALTER TABLE."""
        try:
            self.warehouse.run(statement)
        except StatementFailed:
            # An attempt whose answer was lost, or a loader that died, may have added them.
            if not set(columns) <= set(self.refresh(table)):
                raise
        else:
            self._columns[table].extend(columns)

    def refresh(self, table: str) -> tuple[str, ...]:
        """Ask for the table's columns again; gives them in its order."""
        self._columns[table] = self._ask([table]).get(table, [])
        return self.columns(table)

    def _ask(self, names: Iterable[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for row in self.warehouse.run(statements.table_columns(self.schema, names)):
            found.setdefault(row["table_name"], []).append(row["column_name"])
        return found
