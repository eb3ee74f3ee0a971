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
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

from bronze_loader import statements as sql
from bronze_loader.datasets import Dataset, common_prefix
from bronze_loader.errors import ChangedWhileLoading, LoaderError, Refused
from bronze_loader.headers import Header, renamed, sniff
from bronze_loader.landing import SNIFF_THREADS, Landing
from bronze_loader.outcome import Outcome, Report, Result
from bronze_loader.plan import (
    Action,
    Limits,
    LogEntry,
    PlannedFile,
    Status,
    assign,
    batches,
    make_plan,
)
from bronze_loader.statements import FileToLand
from bronze_loader.tables import Tables
from bronze_loader.warehouse import StatementFailed

log = logging.getLogger(__name__)

Sniffed = tuple[PlannedFile, Header]
"""A file to load and how to read it."""

FAILURES_IN_A_ROW = 3  # this many files failing one after the other is not the files' fault


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
        tables: Tables,
        landing: Landing,
        datasets: Sequence[Dataset],
        progress: Progress,
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> None:
        self._tables = tables
        self._landing = landing
        self._datasets = tuple(datasets)
        self._progress = progress
        self._limits = limits
        self._clock = Clock()
        self._run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        self._batch = 0
        self._failures = 0
        self.report = Report(tuple(d.name for d in datasets), dry_run=False)

    def run(self, dry_run: bool = False) -> Report:
        """Bring bronze up to date with the landing place, or with `dry_run` only say how.

        Raises LoaderError when it cannot go on; `report` then has what was done until there.
        """
        started = time.monotonic()
        self.report.dry_run = dry_run
        try:
            self._run(dry_run)
        finally:
            self.report.seconds = time.monotonic() - started
        return self.report

    def _run(self, dry_run: bool) -> None:
        listed = self._landing.list(common_prefix(self._datasets))
        files = list(assign(listed, self._datasets))
        if not dry_run:
            self._tables.create_missing()
        state, newest = self._tables.state()
        self._clock = Clock(newest)
        to_load = self._sniff(make_plan(files, state))
        for dataset in self._datasets:
            mine = [one for one in to_load if one[0].dataset is dataset]
            if dry_run:
                self._preview(dataset, mine)
            else:
                self._land(dataset, mine)

    # headers

    def _sniff(self, plan: Sequence[PlannedFile]) -> list[Sniffed]:
        """The files to load with their headers; all others get their outcome here."""
        to_look_at = [p for p in plan if p.action is not Action.UNCHANGED]
        self.report.outcomes += [
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
                    self.report.outcomes.append(Outcome(planned, Result.SKIPPED, reason=str(found)))
        self._refuse(refused)
        return to_load

    def _look_at(self, planned: PlannedFile) -> Header | Refused | ChangedWhileLoading:
        file = planned.file
        try:
            header = sniff(file.key, file.size, planned.dataset, partial(self._landing.read, file))
        except (Refused, ChangedWhileLoading) as reason:
            return reason
        hint = renamed(header, planned.dataset)
        if hint:
            log.warning("dataset %s: %s has new columns%s", planned.dataset.name, file.url, hint)
        return header

    def _refuse(self, outcomes: Sequence[Outcome]) -> None:
        """Report the refusals, and log those that the log does not say already."""
        self.report.outcomes += outcomes
        news = [
            o
            for o in outcomes
            if o.planned.action is not Action.REFUSED
            or (o.planned.before and o.planned.before.reason != o.reason)
        ]
        if news and not self.report.dry_run:
            batch_id = self._next_batch_id()
            logged_at = self._clock.next()
            self._tables.append_log(
                [_entry(o, Status.REFUSED, batch_id, logged_at) for o in news],
            )

    # landing

    def _land(self, dataset: Dataset, sniffed: Sequence[Sniffed]) -> None:
        if not sniffed:
            return
        added = self._columns_added(dataset, sniffed)
        self._tables.add_columns(dataset, (c for _, header in sniffed for c in header.columns))
        size = sum(planned.file.size for planned, _ in sniffed)
        self._progress.step(f"loading {dataset.name}", len(sniffed), size)
        columns = self._tables.columns(dataset)
        now = datetime.now(UTC)

        def text_size(one: Sniffed) -> int:
            """Bytes that the file takes in the statement: its branch, and its URL in the list."""
            file = FileToLand(one[0].file, one[1])
            branch = sql.land_branch(columns, file, dataset.options, self._run_id + "-0000", now)
            return len(branch.encode()) + 2 * len(file.file.url.encode()) + 20

        for batch in batches(sniffed, self._limits, lambda one: one[0].file.size, text_size):
            self._land_batch(dataset, batch, added)

    def _columns_added(
        self, dataset: Dataset, sniffed: Iterable[Sniffed]
    ) -> dict[str, tuple[str, ...]]:
        """By file URL: the columns of which the file is the first to have them."""
        known = set(self._tables.columns(dataset))
        added = {}
        for planned, header in sniffed:
            added[planned.file.url] = tuple(c for c in header.columns if c not in known)
            known.update(header.columns)
        return added

    def _preview(self, dataset: Dataset, sniffed: Sequence[Sniffed]) -> None:
        added = self._columns_added(dataset, sniffed)
        self.report.outcomes += [
            Outcome(planned, Result.PLANNED, columns_added=added[planned.file.url])
            for planned, _ in sniffed
        ]

    def _land_batch(
        self, dataset: Dataset, batch: Sequence[Sniffed], added: dict[str, tuple[str, ...]]
    ) -> None:
        """Land, count and log one batch. A batch that the warehouse cannot read is halved, so
        that one file it cannot read does not keep the others out."""
        batch_id = self._next_batch_id()
        files = [FileToLand(planned.file, header) for planned, header in batch]
        try:
            counted = self._tables.land(dataset, files, batch_id, self._clock.next())
        except StatementFailed as error:
            if len(batch) == 1:
                self._fail(batch[0][0], error)
                return
            log.info("%s: %s; trying the batch in halves", dataset.name, error)
            middle = len(batch) // 2
            self._land_batch(dataset, batch[:middle], added)
            self._land_batch(dataset, batch[middle:], added)
            return
        self._failures = 0
        outcomes = [
            Outcome(
                planned,
                Result.LOADED,
                *counted[planned.file.url],
                columns_added=added[planned.file.url],
                batch_id=batch_id,
            )
            for planned, _ in batch
        ]
        logged_at = self._clock.next()
        self._tables.append_log([_entry(o, Status.LOADED, batch_id, logged_at) for o in outcomes])
        self.report.outcomes += outcomes
        self._progress.advance(len(batch), sum(planned.file.size for planned, _ in batch))

    def _fail(self, planned: PlannedFile, error: StatementFailed) -> None:
        self._failures += 1
        if self._failures >= FAILURES_IN_A_ROW:
            raise LoaderError(
                f"dataset {planned.dataset.name}: {self._failures} files in a row could not be "
                f"loaded, the last was {planned.file.url}: {error}"
            ) from error
        self.report.outcomes.append(Outcome(planned, Result.FAILED, reason=str(error)))
        self._progress.advance(1, planned.file.size)

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
