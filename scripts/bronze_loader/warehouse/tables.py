"""The bronze tables in the warehouse: their columns, and the rows they hold of each file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bronze_loader.datasets.column_names import METADATA_NAMES
from bronze_loader.datasets.declaration import Dataset
from bronze_loader.errors import LoaderError
from bronze_loader.planning.recovery import LoadedFile
from bronze_loader.warehouse import statements
from bronze_loader.warehouse.result_values import inserted_rows, moment
from bronze_loader.warehouse.statements import Branch, FileToLoad
from bronze_loader.warehouse.table_inventory import TableInventory

URLS_A_STATEMENT = 500


@dataclass(frozen=True)
class LoadedRows:
    """The rows that were loaded of a file. Two files with the same rows, in any order, have the
    same `first_digest`, and few others have; there is none of a file without rows."""

    row_count: int = 0
    corrupt_row_count: int = 0
    first_digest: str | None = None


class Tables:
    """The bronze tables of some datasets, in one schema of one warehouse."""

    def __init__(self, inventory: TableInventory, datasets: Sequence[Dataset]) -> None:
        """`inventory` must have been made with the names of the datasets' tables.

        Raises LoaderError for an existing table that is not the loader's.
        """
        self._inventory = inventory
        self._warehouse = inventory.warehouse
        self._schema = inventory.schema
        self._datasets = tuple(datasets)
        for dataset in datasets:
            columns = inventory.columns(dataset.name) if dataset.name in inventory else ()
            lacking = [name for name in METADATA_NAMES if columns and name not in columns]
            if lacking:
                raise LoaderError(
                    f"{self.name(dataset)} is not a table of this loader: it has no "
                    f"column {', '.join(lacking)}; rename or drop it, or load with another --schema"
                )

    def name(self, dataset: Dataset) -> str:
        """The quoted three-part name of the dataset's table."""
        return self._schema.table(dataset.name)

    def columns(self, dataset: Dataset) -> tuple[str, ...]:
        """The table's columns in its order, or those it would be created with."""
        if dataset.name in self._inventory:
            return self._inventory.columns(dataset.name)
        return (*METADATA_NAMES, *dataset.column_names)

    def create_missing(self) -> None:
        """Create the tables that do not exist; add newly declared columns to the others."""
        for dataset in self._datasets:
            if dataset.name not in self._inventory:
                names = dataset.column_names
                self._inventory.create(
                    dataset.name,
                    statements.create_bronze_table(self._schema, dataset.name, names),
                    (*METADATA_NAMES, *names),
                )
        for dataset in self._datasets:
            self.add_columns(dataset, dataset.column_names)

    def add_columns(self, dataset: Dataset, names: Iterable[str]) -> None:
        """Add to the table those of the columns that it does not have, behind its others."""
        columns = self._inventory.columns(dataset.name)
        new = [name for name in dict.fromkeys(names) if name not in columns]
        if new:
            statement = statements.add_columns(self._schema, dataset.name, new)
            self._inventory.add_columns(dataset.name, statement, new)

    def branches(self, dataset: Dataset, files: Iterable[FileToLoad]) -> Iterator[Branch]:
        """The SQL of each file for `load_files`, over the table's columns as they are now."""
        columns = self.columns(dataset)
        for file in files:
            options = dataset.options_of(file.file.relative_key)
            yield statements.branch(columns, file, options)

    def load_files(
        self, dataset: Dataset, branches: Sequence[Branch], batch_id: str, loaded_at: datetime
    ) -> dict[str, LoadedRows]:
        """Make the table hold the files' rows, and say which by file URL.

        Raises StatementFailed when the warehouse cannot run it, LoaderError when the number of rows
        that the warehouse reports is not the number that the table holds.
        """
        urls = [branch.url for branch in branches]
        statement = statements.load_files(self._schema, dataset.name, branches, batch_id, loaded_at)
        inserted = inserted_rows(self._warehouse.run(statement))
        counted = dict.fromkeys(urls, LoadedRows())
        for row in self._loaded_rows(dataset, urls, self._data_columns(dataset)[:1]):
            counted[row["source_file"]] = LoadedRows(
                int(row["row_count"]), int(row["corrupt_row_count"]), row["rows_digest"]
            )
        total = sum(loaded.row_count for loaded in counted.values())
        if inserted not in (None, total):
            raise LoaderError(
                f"dataset {dataset.name}: the warehouse reports {inserted} rows inserted, but "
                f"{self.name(dataset)} holds {total} for the files {', '.join(urls)}; "
                "nothing was logged for them, the next run loads them again"
            )
        return counted

    def digests(self, dataset: Dataset, urls: Sequence[str]) -> dict[str, str]:
        """A digest of all that the table holds of each file: files with the same one have the same
        rows, in any order. A file without rows has none."""
        found = self._loaded_rows(dataset, urls, self._data_columns(dataset))
        return {row["source_file"]: row["rows_digest"] for row in found}

    def _data_columns(self, dataset: Dataset) -> list[str]:
        return [name for name in self.columns(dataset) if name not in METADATA_NAMES]

    def _loaded_rows(
        self, dataset: Dataset, urls: Sequence[str], columns: Sequence[str]
    ) -> Iterator[dict[str, Any]]:
        for some in _slices(urls):
            query = statements.loaded_rows(self._schema, dataset.name, some, columns)
            yield from self._warehouse.run(query)

    def count(self, dataset: Dataset, urls: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Rows and malformed rows that the table holds of each of the files."""
        counted = dict.fromkeys(urls, (0, 0))
        for some in _slices(urls):
            for row in self._warehouse.run(statements.count_rows(self._schema, dataset.name, some)):
                counted[row["source_file"]] = (
                    int(row["row_count"]),
                    int(row["corrupt_row_count"]),
                )
        return counted

    def loaded_files(self, dataset: Dataset) -> list[LoadedFile]:
        """What the table holds of each file, by the metadata columns of its rows."""
        return [
            LoadedFile(
                row["source_file"],
                row["source_etag"],
                int(row["source_size"]),
                moment(row["source_modified_at"]),
                row["batch_id"],
                moment(row["loaded_at"]),
                int(row["row_count"]),
                int(row["corrupt_row_count"]),
            )
            for row in self._warehouse.run(statements.loaded_files(self._schema, dataset.name))
        ]

    def remove(self, dataset: Dataset, urls: Sequence[str]) -> None:
        """Delete the rows of the files from the table.

        Raises LoaderError when the table still holds some of them afterwards.
        """
        for some in _slices(urls):
            self._warehouse.run(statements.remove(self._schema, dataset.name, some))
        left = [url for url, (rows, _) in self.count(dataset, urls).items() if rows]
        if left:
            raise LoaderError(
                f"dataset {dataset.name}: {self.name(dataset)} still holds rows of "
                f"{', '.join(left)} after they were deleted; is another program writing to it?"
            )


def _slices(urls: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(urls), URLS_A_STATEMENT):
        yield urls[start : start + URLS_A_STATEMENT]
