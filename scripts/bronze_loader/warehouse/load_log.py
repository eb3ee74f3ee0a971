"""The table `load_log`: one entry for each outcome of a file; the newest is the file's state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bronze_loader.errors import LoaderError
from bronze_loader.planning.file_state import FileState, HeldContent, LogEntry, Status
from bronze_loader.warehouse import log_statements
from bronze_loader.warehouse.log_statements import LOG_COLUMNS, LOG_TABLE
from bronze_loader.warehouse.result_values import inserted_rows, moment
from bronze_loader.warehouse.table_inventory import TableInventory


class LoadLog:
    """Reads and appends the load log of one schema. An entry is never changed."""

    def __init__(self, inventory: TableInventory) -> None:
        """`inventory` must have been made with the name LOG_TABLE."""
        self._inventory = inventory
        self._warehouse = inventory.warehouse
        self._schema = inventory.schema

    def create_if_missing(self) -> None:
        """Create the table when it does not exist; add columns that it lacks."""
        names = [name for name, _ in LOG_COLUMNS]
        if LOG_TABLE not in self._inventory:
            self._inventory.create(LOG_TABLE, log_statements.create_log(self._schema), names)
        new = [name for name in names if name not in self._inventory.columns(LOG_TABLE)]
        if new:
            self._inventory.add_columns(
                LOG_TABLE, log_statements.add_log_columns(self._schema, new), new
            )

    def file_states(self) -> tuple[dict[tuple[str, str], FileState], datetime | None]:
        """What the log says of each (dataset, file URL), and the newest moment in the log.

        Nothing and None when there is no log yet.
        """
        if LOG_TABLE not in self._inventory:
            return {}, None
        rows = self._warehouse.run(
            log_statements.newest_entries(self._schema, self._inventory.columns(LOG_TABLE))
        )
        rows.sort(key=lambda row: (row["logged_at"], row["batch_id"]))
        states: dict[tuple[str, str], FileState] = {}
        for row in rows:  # one or two of each file, the newest last
            key = (row["dataset"], row["source_file"])
            before = states.get(key)
            states[key] = FileState(
                row["source_etag"],
                row["status"],
                row["reason"],
                before.held if before and row["status"] == Status.REFUSED else _held(row),
                row["source_size"],
                moment(row["source_modified_at"]),
            )
        return states, moment(rows[-1]["logged_at"]) if rows else None

    def entries(
        self, datasets: Sequence[str], statuses: Sequence[str], limit: int
    ) -> list[dict[str, Any]]:
        """At most `limit` entries, the newest first; no dataset or no status means all."""
        if LOG_TABLE not in self._inventory:
            return []
        return self._warehouse.run(
            log_statements.log_entries(
                self._schema, self._inventory.columns(LOG_TABLE), datasets, statuses, limit
            )
        )

    def append(self, entries: Sequence[LogEntry]) -> None:
        """Append entries of one batch and one moment, which no other call may share.

        Raises LoaderError when the warehouse reports another number of them.
        """
        logged = inserted_rows(
            self._warehouse.run(log_statements.append_log(self._schema, entries))
        )
        if logged not in (None, len(entries)):
            raise LoaderError(
                f"{self._schema.table(LOG_TABLE)}: the warehouse reports {logged} "
                f"entries written in place of {len(entries)}; the next run makes up for it"
            )


def _held(row: Mapping[str, Any]) -> HeldContent | None:
    """What bronze holds of a file after this entry, unless the entry is a refusal."""
    rows = int(row["row_count"])
    if row["status"] != Status.LOADED and not (row["status"] == Status.GONE and rows):
        return None
    return HeldContent(
        row["source_etag"],
        int(row["source_size"]),
        moment(row["source_modified_at"]),
        rows,
        int(row["corrupt_row_count"]),
        row["rows_digest"],
    )
