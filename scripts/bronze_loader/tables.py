"""The tables in the warehouse: which there are, their columns, the rows of files, the log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from bronze_loader import statements as sql
from bronze_loader.datasets import Dataset
from bronze_loader.errors import LoaderError
from bronze_loader.names import METADATA_NAMES
from bronze_loader.plan import FileState, LogEntry
from bronze_loader.statements import FileToLand, Schema
from bronze_loader.warehouse import Warehouse

LOG_ROWS_A_STATEMENT = 500


class Tables:
    """The bronze tables of some datasets and the load log, in one schema of one warehouse."""

    def __init__(self, warehouse: Warehouse, schema: Schema, datasets: Sequence[Dataset]) -> None:
        """Reads which tables there are. Raises LoaderError for one that is not the loader's."""
        self._warehouse = warehouse
        self._schema = schema
        self._datasets = tuple(datasets)
        self._columns: dict[str, list[str]] = {}
        names = [*(dataset.name for dataset in datasets), sql.LOG_TABLE]
        for row in warehouse.run(sql.table_columns(schema, names)):
            self._columns.setdefault(row["table_name"], []).append(row["column_name"])
        for dataset in datasets:
            columns = self._columns.get(dataset.name)
            lacking = [name for name in METADATA_NAMES if columns and name not in columns]
            if lacking:
                raise LoaderError(
                    f"{schema.table(dataset.name)} is not a table of this loader: it has no "
                    f"column {', '.join(lacking)}; rename or drop it, or load with another --schema"
                )

    def name(self, dataset: Dataset) -> str:
        return self._schema.table(dataset.name)

    def columns(self, dataset: Dataset) -> tuple[str, ...]:
        """The table's columns in its order, or those it would be created with."""
        created = (*METADATA_NAMES, *dataset.column_names)
        return tuple(self._columns.get(dataset.name, created))

    def create_missing(self) -> None:
        """Create the schema and the tables that do not exist; add newly declared columns."""
        missing = [d for d in self._datasets if d.name not in self._columns]
        no_log = sql.LOG_TABLE not in self._columns
        if (missing or no_log) and not self._warehouse.run(sql.schema_exists(self._schema)):
            self._warehouse.run(sql.create_schema(self._schema))
        for dataset in missing:
            names = dataset.column_names
            self._warehouse.run(sql.create_bronze_table(self._schema, dataset.name, names))
            self._columns[dataset.name] = [*METADATA_NAMES, *names]
        if no_log:
            self._warehouse.run(sql.create_log(self._schema))
            self._columns[sql.LOG_TABLE] = [name for name, _ in sql.LOG_COLUMNS]
        for dataset in self._datasets:
            self.add_columns(dataset, dataset.column_names)

    def add_columns(self, dataset: Dataset, names: Iterable[str]) -> None:
        """Add to the table those columns it has not; they come behind the others."""
        columns = self._columns[dataset.name]
        new = [name for name in dict.fromkeys(names) if name not in columns]
        if new:
            self._warehouse.run(sql.add_columns(self._schema, dataset.name, new))
            columns.extend(new)

    def state(self) -> tuple[dict[tuple[str, str], FileState], datetime | None]:
        """The newest log entry of each (dataset, file), and the newest moment in the log."""
        if sql.LOG_TABLE not in self._columns:
            return {}, None
        rows = self._warehouse.run(sql.newest_entries(self._schema))
        state = {
            (row["dataset"], row["source_file"]): FileState(
                row["source_etag"], row["status"], row["reason"]
            )
            for row in rows
        }
        return state, max((_in_utc(row["logged_at"]) for row in rows), default=None)

    def land(
        self, dataset: Dataset, files: Sequence[FileToLand], batch_id: str, loaded_at: datetime
    ) -> dict[str, tuple[int, int]]:
        """Make the table hold the files' rows; rows and malformed rows by file URL.

        Raises StatementFailed when the warehouse cannot run it, LoaderError when the numbers that
        the warehouse reports and that the table holds are not the same.
        """
        urls = [one.file.url for one in files]
        statement = sql.land(
            self._schema,
            dataset.name,
            self._columns[dataset.name],
            files,
            dataset.options,
            batch_id,
            loaded_at,
        )
        inserted = _inserted_rows(self._warehouse.run(statement))
        counted = {
            row["source_file"]: (int(row["row_count"]), int(row["corrupt_row_count"]))
            for row in self._warehouse.run(sql.count_rows(self._schema, dataset.name, urls))
        }
        total = sum(rows for rows, _ in counted.values())
        if inserted is not None and inserted != total:
            raise LoaderError(
                f"dataset {dataset.name}: the warehouse reports {inserted} rows inserted, but "
                f"{self.name(dataset)} holds {total} for the files {', '.join(urls)}; "
                "nothing was logged for them, the next run loads them again"
            )
        return {url: counted.get(url, (0, 0)) for url in urls}

    def append_log(self, entries: Sequence[LogEntry]) -> None:
        for start in range(0, len(entries), LOG_ROWS_A_STATEMENT):
            some = entries[start : start + LOG_ROWS_A_STATEMENT]
            self._warehouse.run(sql.append_log(self._schema, some))


def _inserted_rows(result: Sequence[dict[str, object]]) -> int | None:
    """The number of rows that an INSERT reports; None when it reports none."""
    for name in ("num_inserted_rows", "num_affected_rows"):
        if result and isinstance(result[0].get(name), int):
            return int(str(result[0][name]))
    return None


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
