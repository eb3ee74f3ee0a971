"""The tables in the warehouse: which there are, their columns, the rows of files, the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bronze_loader.datasets.column_names import METADATA_NAMES
from bronze_loader.datasets.declared import Dataset
from bronze_loader.errors import LoaderError
from bronze_loader.planning.recovery import Landed
from bronze_loader.planning.state import FileState, Held, LogEntry, Status
from bronze_loader.warehouse import log_statements, statements
from bronze_loader.warehouse.connection import StatementFailed, Warehouse
from bronze_loader.warehouse.statements import FileToLand, Schema

URLS_A_STATEMENT = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Tables:
    """The bronze tables of some datasets and the load log, in one schema of one warehouse."""

    def __init__(self, warehouse: Warehouse, schema: Schema, datasets: Sequence[Dataset]) -> None:
        """Reads which tables there are. Raises LoaderError for one that is not the loader's."""
        self._warehouse = warehouse
        self._schema = schema
        self._datasets = tuple(datasets)
        self._columns: dict[str, list[str]] = {}
        names = [*(dataset.name for dataset in datasets), log_statements.LOG_TABLE]
        for row in warehouse.run(statements.table_columns(schema, names)):
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
        no_log = log_statements.LOG_TABLE not in self._columns
        if (missing or no_log) and not self._warehouse.run(statements.schema_exists(self._schema)):
            self._warehouse.run(statements.create_schema(self._schema))
        for dataset in missing:
            names = dataset.column_names
            self._warehouse.run(statements.create_bronze_table(self._schema, dataset.name, names))
            self._columns[dataset.name] = [*METADATA_NAMES, *names]
        if no_log:
            self._warehouse.run(log_statements.create_log(self._schema))
            self._columns[log_statements.LOG_TABLE] = [
                name for name, _ in log_statements.LOG_COLUMNS
            ]
        for dataset in self._datasets:
            self.add_columns(dataset, dataset.column_names)

    def add_columns(self, dataset: Dataset, names: Iterable[str]) -> None:
        """Add to the table those columns it has not; they come behind the others."""
        columns = self._columns[dataset.name]
        new = [name for name in dict.fromkeys(names) if name not in columns]
        if not new:
            return
        try:
            self._warehouse.run(statements.add_columns(self._schema, dataset.name, new))
        except StatementFailed:
            # An attempt whose answer was lost, or a loader that died, may have added them.
            found = self._warehouse.run(statements.table_columns(self._schema, [dataset.name]))
            names_now = [row["column_name"] for row in found]
            if not set(new) <= set(names_now):
                raise
            columns[:] = names_now
        else:
            columns.extend(new)

    def state(self) -> tuple[dict[tuple[str, str], FileState], datetime | None]:
        """What the log says of each (dataset, file), and the newest moment in the log."""
        if log_statements.LOG_TABLE not in self._columns:
            return {}, None
        rows = self._warehouse.run(log_statements.newest_entries(self._schema))
        rows.sort(key=lambda row: (row["logged_at"], row["batch_id"]))
        state: dict[tuple[str, str], FileState] = {}
        for row in rows:  # of a file one or two, the newest last
            key = (row["dataset"], row["source_file"])
            before = state.get(key)
            state[key] = FileState(
                row["source_etag"],
                row["status"],
                row["reason"],
                before.held if before and row["status"] == Status.REFUSED else _held(row),
                row["source_size"],
                _moment(row["source_modified_at"]),
            )
        return state, _moment(rows[-1]["logged_at"]) if rows else None

    def land(
        self, dataset: Dataset, files: Sequence[FileToLand], batch_id: str, loaded_at: datetime
    ) -> dict[str, tuple[int, int]]:
        """Make the table hold the files' rows; rows and malformed rows by file URL.

        Raises StatementFailed when the warehouse cannot run it, LoaderError when the numbers that
        the warehouse reports and that the table holds are not the same.
        """
        urls = [one.file.url for one in files]
        statement = statements.land(
            self._schema,
            dataset.name,
            self._columns[dataset.name],
            files,
            dataset.options,
            batch_id,
            loaded_at,
        )
        inserted = _inserted_rows(self._warehouse.run(statement))
        counted = self.count(dataset, urls)
        total = sum(rows for rows, _ in counted.values())
        if inserted not in (None, total):
            raise LoaderError(
                f"dataset {dataset.name}: the warehouse reports {inserted} rows inserted, but "
                f"{self.name(dataset)} holds {total} for the files {', '.join(urls)}; "
                "nothing was logged for them, the next run loads them again"
            )
        return counted

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

    def landed(self, dataset: Dataset) -> list[Landed]:
        """What the table holds of each file."""
        return [
            Landed(
                row["source_file"],
                row["source_etag"],
                int(row["source_size"]),
                _moment(row["source_modified_at"]),
                row["batch_id"],
                _moment(row["loaded_at"]),
                int(row["row_count"]),
                int(row["corrupt_row_count"]),
            )
            for row in self._warehouse.run(statements.landed_files(self._schema, dataset.name))
        ]

    def remove(self, dataset: Dataset, urls: Sequence[str]) -> None:
        """Take the rows of the files out of the table."""
        for some in _slices(urls):
            self._warehouse.run(statements.remove(self._schema, dataset.name, some))
        left = [url for url, (rows, _) in self.count(dataset, urls).items() if rows]
        if left:
            raise LoaderError(
                f"dataset {dataset.name}: {self.name(dataset)} still holds rows of "
                f"{', '.join(left)} after they were deleted; is another program writing to it?"
            )

    def append_log(self, entries: Sequence[LogEntry]) -> None:
        """Log entries of one batch and one moment, which no other call may share.

        Raises LoaderError when the warehouse reports another number of them.
        """
        logged = _inserted_rows(
            self._warehouse.run(log_statements.append_log(self._schema, entries))
        )
        if logged not in (None, len(entries)):
            raise LoaderError(
                f"{self._schema.table(log_statements.LOG_TABLE)}: the warehouse reports {logged} "
                f"entries written in place of {len(entries)}; the next run makes up for it"
            )

    def log(
        self, datasets: Sequence[str], statuses: Sequence[str], limit: int
    ) -> list[dict[str, Any]]:
        """Entries of the log, the newest first; none when there is no log yet."""
        if log_statements.LOG_TABLE not in self._columns:
            return []
        return self._warehouse.run(
            log_statements.log_entries(self._schema, datasets, statuses, limit)
        )


def _held(row: Mapping[str, Any]) -> Held | None:
    """What bronze holds of a file after this entry, unless the entry is a refusal."""
    rows = int(row["row_count"])
    if row["status"] != Status.LOADED and not (row["status"] == Status.GONE and rows):
        return None
    return Held(
        row["source_etag"],
        int(row["source_size"]),
        _moment(row["source_modified_at"]),
        rows,
        int(row["corrupt_row_count"]),
    )


def _slices(urls: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(urls), URLS_A_STATEMENT):
        yield urls[start : start + URLS_A_STATEMENT]


def _inserted_rows(result: Sequence[dict[str, object]]) -> int | None:
    """The number of rows that an INSERT reports; None when it reports none."""
    for name in ("num_inserted_rows", "num_affected_rows"):
        if result and isinstance(result[0].get(name), int):
            return int(str(result[0][name]))
    return None


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
