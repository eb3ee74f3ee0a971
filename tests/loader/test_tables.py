"""What the loader makes of a warehouse's answers; a stand-in gives those that are hard to get."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bronze_loader.datasets.column_names import METADATA_NAMES
from bronze_loader.datasets.declaration import Dataset, DeclaredColumn
from bronze_loader.errors import LoaderError
from bronze_loader.landing.bucket import LandingFile
from bronze_loader.sniffing.header import Header
from bronze_loader.warehouse.statements import BronzeSchema, FileToLoad
from bronze_loader.warehouse.table_inventory import TableInventory
from bronze_loader.warehouse.tables import LoadedRows, Tables

SALES = Dataset("sales", "**/s_*", (DeclaredColumn("id"),))
NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
LISTED = LandingFile("s3://l/s_1.csv", "s_1.csv", "s_1.csv", "e", 9, NOON)
FILE = FileToLoad(LISTED, Header(("id",)))


class Answers:
    """A warehouse that says the number of rows it is told to."""

    def __init__(self, inserted: int, counted: int) -> None:
        self._inserted, self._counted = inserted, counted

    def run(self, statement: str) -> list[dict[str, Any]]:
        if "information_schema" in statement:
            return [{"table_name": "sales", "column_name": c} for c in (*METADATA_NAMES, "id")]
        if statement.startswith("INSERT"):
            # What REPLACE WHERE deleted may count as affected; it never counts as inserted.
            return [{"num_affected_rows": self._inserted + 3, "num_inserted_rows": self._inserted}]
        return [{"source_file": FILE.file.url, "row_count": self._counted, "corrupt_row_count": 1,
                 "rows_digest": "4-1"}]  # fmt: skip


def load_file(inserted: int, counted: int) -> dict[str, LoadedRows]:
    schema = BronzeSchema("main", "bronze", "s3://lakehouse")
    inventory = TableInventory(Answers(inserted, counted), schema, ["sales"])
    tables = Tables(inventory, [SALES])
    return tables.load_files(SALES, list(tables.branches(SALES, [FILE])), "b-1", NOON)


def test_the_rows_of_each_file_are_counted_in_the_table() -> None:
    assert load_file(inserted=4, counted=4) == {"s3://l/s_1.csv": LoadedRows(4, 1, "4-1")}


def test_a_run_fails_when_rows_reported_and_rows_counted_differ() -> None:
    with pytest.raises(LoaderError, match=r"5 rows inserted.*holds 4.*s3://l/s_1\.csv"):
        load_file(inserted=5, counted=4)
