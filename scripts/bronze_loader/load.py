"""One run: discover, plan, sniff, land, log. Order and crash safety are decided here.

Rows are landed before they are logged, so a crash in between makes the next run land the same
files again, and landing replaces a file's rows. Nothing is ever logged that was not landed.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bronze_loader import statements as sql
from bronze_loader.datasets import Dataset, common_prefix
from bronze_loader.errors import ChangedWhileLoading, LoaderError, Refused
from bronze_loader.headers import Header, sniff
from bronze_loader.landing import SNIFF_THREADS, Landing
from bronze_loader.names import METADATA_NAMES
from bronze_loader.plan import (
    Action,
    FileState,
    Limits,
    LogEntry,
    PlannedFile,
    Status,
    assign,
    batches,
    make_plan,
)
from bronze_loader.statements import FileToLand, Schema
from bronze_loader.warehouse import StatementFailed, Warehouse

log = logging.getLogger(__name__)

Sniffed = tuple[PlannedFile, Header]
"""A file to load and how to read it."""

LOG_ROWS_A_STATEMENT = 500
FAILURES_IN_A_ROW = 3  # this many files failing one after the other is not the files' fault


class Result(StrEnum):
    """What became of a file in this run."""

    LOADED = "loaded"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    SKIPPED = "skipped"  # changed while loading: the next run takes it up
    FAILED = "failed"  # the warehouse could not read it: not logged, the next run tries again
    PLANNED = "planned"  # dry run: would be loaded


@dataclass(frozen=True)
class Outcome:
    """One file, what was planned and what came of it."""

    planned: PlannedFile
    result: Result
    row_count: int = 0
    corrupt_row_count: int = 0
    columns_added: tuple[str, ...] = ()
    reason: str | None = None
    batch_id: str | None = None


@dataclass
class Report:
    """All outcomes of a run, in the plan's order within each step."""

    datasets: tuple[str, ...]
    dry_run: bool
    outcomes: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0

    def count(
        self, result: Result, action: Action | None = None, dataset: str | None = None
    ) -> int:
        return sum(
            1
            for o in self.outcomes
            if o.result is result
            and (action is None or o.planned.action is action)
            and (dataset is None or o.planned.dataset.name == dataset)
        )


class Progress(Protocol):
    """Told how far the run is; see report.py."""

    def step(self, name: str, files: int, size: int) -> None:
        """A step begins that handles so many files and bytes."""

    def advance(self, files: int, size: int) -> None:
        """So many files and bytes of the step are done."""


class Clock:
    """Strictly growing moments, also after those already in the log, whatever the system clock
    does. Readers follow `_loaded_at`; a moment that repeats or goes back would hide rows."""

    def __init__(self, after: datetime | None = None) -> None:
        self._last = after

    def next(self) -> datetime:
        now = datetime.now(UTC)
        if self._last is not None:
            now = max(now, self._last + timedelta(microseconds=1))
        self._last = now
        return now


class Loader:
    """Loads what is new in a landing place into one schema."""

    def __init__(
        self,
        warehouse: Warehouse,
        landing: Landing,
        schema: Schema,
        datasets: Sequence[Dataset],
        progress: Progress,
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> None:
        self._warehouse = warehouse
        self._landing = landing
        self._schema = schema
        self._datasets = tuple(datasets)
        self._progress = progress
        self._limits = limits
        self._clock = Clock()
        self._run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        self._batch = 0
        self._columns: dict[str, list[str]] = {}
        self._failures = 0
        self._report = Report(tuple(d.name for d in datasets), dry_run=False)

    def run(self, dry_run: bool = False) -> Report:
        """Bring bronze up to date with the landing place, or with `dry_run` only say how."""
        started = time.monotonic()
        self._report.dry_run = dry_run
        listed = self._landing.list(common_prefix(self._datasets))
        files = list(assign(listed, self._datasets))
        self._read_tables()
        if not dry_run:
            self._create_missing_tables()
        plan = make_plan(files, self._read_state())
        to_load = self._sniff(plan)
        for dataset in self._datasets:
            mine = [pair for pair in to_load if pair[0].dataset is dataset]
            if dry_run:
                self._preview(dataset, mine)
            else:
                self._land(dataset, mine)
        self._report.seconds = time.monotonic() - started
        return self._report

    # tables and log

    def _read_tables(self) -> None:
        names = [*(dataset.name for dataset in self._datasets), sql.LOG_TABLE]
        for row in self._warehouse.run(sql.table_columns(self._schema, names)):
            self._columns.setdefault(row["table_name"], []).append(row["column_name"])
        for dataset in self._datasets:
            columns = self._columns.get(dataset.name)
            lacking = [name for name in METADATA_NAMES if columns and name not in columns]
            if lacking:
                raise LoaderError(
                    f"{self._schema.table(dataset.name)} is not a table of this loader: it has no "
                    f"column {', '.join(lacking)}; rename or drop it, or load with another --schema"
                )

    def _create_missing_tables(self) -> None:
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
            self._add_columns(dataset, dataset.column_names)

    def _add_columns(self, dataset: Dataset, names: Iterable[str]) -> None:
        """Add to the table those columns it has not; they come behind the others."""
        columns = self._columns[dataset.name]
        new = [name for name in dict.fromkeys(names) if name not in columns]
        if new:
            self._warehouse.run(sql.add_columns(self._schema, dataset.name, new))
            columns.extend(new)

    def _read_state(self) -> dict[tuple[str, str], FileState]:
        if sql.LOG_TABLE not in self._columns:
            return {}
        rows = self._warehouse.run(sql.newest_entries(self._schema))
        if rows:
            self._clock = Clock(max(_in_utc(row["logged_at"]) for row in rows))
        return {
            (row["dataset"], row["source_file"]): FileState(
                row["source_etag"], row["status"], row["reason"]
            )
            for row in rows
        }

    def _append_log(self, entries: Sequence[LogEntry]) -> None:
        for start in range(0, len(entries), LOG_ROWS_A_STATEMENT):
            some = entries[start : start + LOG_ROWS_A_STATEMENT]
            self._warehouse.run(sql.append_log(self._schema, some))

    # headers

    def _sniff(self, plan: Sequence[PlannedFile]) -> list[Sniffed]:
        """The files to load with their headers; all others get their outcome here."""
        to_look_at = [p for p in plan if p.action is not Action.UNCHANGED]
        self._report.outcomes += [
            Outcome(p, Result.UNCHANGED) for p in plan if p.action is Action.UNCHANGED
        ]
        self._progress.step("reading headers", len(to_look_at), 0)
        to_load: list[Sniffed] = []
        refused: list[Outcome] = []
        with ThreadPoolExecutor(SNIFF_THREADS) as threads:
            for planned, found in zip(
                to_look_at, threads.map(self._look_at, to_look_at), strict=True
            ):
                self._progress.advance(1, 0)
                if isinstance(found, Header):
                    to_load.append((planned, found))
                elif isinstance(found, Refused):
                    refused.append(Outcome(planned, Result.REFUSED, reason=str(found)))
                else:
                    self._report.outcomes.append(
                        Outcome(planned, Result.SKIPPED, reason=str(found))
                    )
        self._refuse(refused)
        return to_load

    def _look_at(self, planned: PlannedFile) -> Header | Refused | ChangedWhileLoading:
        file = planned.file
        try:
            return sniff(
                file.key, file.size, planned.dataset, lambda n: self._landing.head(file, n)
            )
        except (Refused, ChangedWhileLoading) as reason:
            return reason

    def _refuse(self, outcomes: Sequence[Outcome]) -> None:
        """Report the refusals, and log those that the log does not say already."""
        self._report.outcomes += outcomes
        news = [
            o
            for o in outcomes
            if o.planned.action is not Action.REFUSED
            or (o.planned.before and o.planned.before.reason != o.reason)
        ]
        if news and not self._report.dry_run:
            batch_id = self._next_batch_id()
            logged_at = self._clock.next()
            self._append_log(
                [_entry(o, Status.REFUSED, batch_id, logged_at) for o in news],
            )

    # landing

    def _land(self, dataset: Dataset, pairs: Sequence[Sniffed]) -> None:
        added = self._columns_added(dataset, pairs)
        self._add_columns(dataset, (name for _, header in pairs for name in header.columns))
        self._progress.step(
            f"loading {dataset.name}", len(pairs), sum(p.file.size for p, _ in pairs)
        )
        columns = self._columns[dataset.name]
        now = datetime.now(UTC)

        def text_size(pair: Sniffed) -> int:
            one = FileToLand(pair[0].file, pair[1])
            branch = sql.land_branch(columns, one, dataset.options, self._run_id + "-0000", now)
            return len(branch.encode()) + 2 * len(one.file.url.encode()) + 20

        for batch in batches(pairs, self._limits, lambda pair: pair[0].file.size, text_size):
            self._land_batch(dataset, batch, added)

    def _columns_added(
        self, dataset: Dataset, pairs: Iterable[Sniffed]
    ) -> dict[str, tuple[str, ...]]:
        """By file URL: the columns of which the file is the first to have them."""
        known = set(self._columns.get(dataset.name, (*METADATA_NAMES, *dataset.column_names)))
        added = {}
        for planned, header in pairs:
            added[planned.file.url] = tuple(c for c in header.columns if c not in known)
            known.update(header.columns)
        return added

    def _preview(self, dataset: Dataset, pairs: Sequence[Sniffed]) -> None:
        added = self._columns_added(dataset, pairs)
        self._report.outcomes += [
            Outcome(p, Result.PLANNED, columns_added=added[p.file.url]) for p, _ in pairs
        ]

    def _land_batch(
        self,
        dataset: Dataset,
        batch: Sequence[Sniffed],
        added: dict[str, tuple[str, ...]],
    ) -> None:
        """Land, count and log one batch. A batch that the warehouse cannot read is halved, so
        that one file it cannot read does not keep the others out."""
        batch_id = self._next_batch_id()
        statement = sql.land(
            self._schema,
            dataset.name,
            self._columns[dataset.name],
            [FileToLand(planned.file, header) for planned, header in batch],
            dataset.options,
            batch_id,
            self._clock.next(),
        )
        try:
            inserted = _inserted_rows(self._warehouse.run(statement))
        except StatementFailed as error:
            if len(batch) > 1:
                log.warning("%s: %s; trying the batch in halves", dataset.name, error)
                middle = len(batch) // 2
                self._land_batch(dataset, batch[:middle], added)
                self._land_batch(dataset, batch[middle:], added)
                return
            self._fail(batch[0][0], error)
            return
        self._failures = 0
        counted = self._count(dataset, batch, inserted)
        outcomes = [
            Outcome(
                planned,
                Result.LOADED,
                *counted.get(planned.file.url, (0, 0)),
                columns_added=added[planned.file.url],
                batch_id=batch_id,
            )
            for planned, _ in batch
        ]
        logged_at = self._clock.next()
        self._append_log([_entry(o, Status.LOADED, batch_id, logged_at) for o in outcomes])
        self._report.outcomes += outcomes
        self._progress.advance(len(batch), sum(planned.file.size for planned, _ in batch))

    def _fail(self, planned: PlannedFile, error: StatementFailed) -> None:
        self._failures += 1
        if self._failures >= FAILURES_IN_A_ROW:
            raise LoaderError(
                f"dataset {planned.dataset.name}: {self._failures} files in a row could not be "
                f"loaded, the last was {planned.file.url}: {error}"
            ) from error
        self._report.outcomes.append(Outcome(planned, Result.FAILED, reason=str(error)))
        self._progress.advance(1, planned.file.size)

    def _count(
        self, dataset: Dataset, batch: Sequence[Sniffed], inserted: int | None
    ) -> dict[str, tuple[int, int]]:
        """Rows and malformed rows by file URL, as the table has them now."""
        urls = [planned.file.url for planned, _ in batch]
        counted = {
            row["source_file"]: (int(row["row_count"]), int(row["corrupt_row_count"]))
            for row in self._warehouse.run(sql.count_rows(self._schema, dataset.name, urls))
        }
        total = sum(rows for rows, _ in counted.values())
        if inserted is not None and inserted != total:
            raise LoaderError(
                f"dataset {dataset.name}: the warehouse reports {inserted} rows inserted, but "
                f"{self._schema.table(dataset.name)} holds {total} for the files "
                f"{', '.join(urls)}; nothing was logged for them, the next run loads them again"
            )
        return counted

    def _next_batch_id(self) -> str:
        self._batch += 1
        return f"{self._run_id}-{self._batch:04d}"


def _entry(outcome: Outcome, status: Status, batch_id: str, logged_at: datetime) -> LogEntry:
    file = outcome.planned.file
    return LogEntry(
        dataset=outcome.planned.dataset.name,
        source_file=file.url,
        source_etag=file.etag,
        source_size=file.size,
        source_modified_at=file.modified_at,
        status=status,
        row_count=outcome.row_count,
        corrupt_row_count=outcome.corrupt_row_count,
        columns_added=outcome.columns_added,
        reason=outcome.reason,
        batch_id=batch_id,
        logged_at=logged_at,
    )


def _inserted_rows(result: Sequence[dict[str, object]]) -> int | None:
    """The number of rows that an INSERT reports; None when it reports none."""
    for name in ("num_inserted_rows", "num_affected_rows"):
        if result and isinstance(result[0].get(name), int):
            return int(str(result[0][name]))
    return None


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
