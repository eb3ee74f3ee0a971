"""Landing files: batches of them in one statement each, counted and logged."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from bronze_loader.datasets.declared import Dataset
from bronze_loader.errors import LoaderError, RefusedFile
from bronze_loader.landing.bucket import LandingFile
from bronze_loader.planning.batches import Limits, batches
from bronze_loader.planning.outcome import Outcome, Report, Result
from bronze_loader.planning.plan import Action, PlannedFile
from bronze_loader.run.progress import Progress
from bronze_loader.sniffing.header import Header
from bronze_loader.warehouse import statements
from bronze_loader.warehouse.connection import StatementFailed
from bronze_loader.warehouse.load_log import Journal
from bronze_loader.warehouse.statements import FileToLand
from bronze_loader.warehouse.tables import Tables

log = logging.getLogger(__name__)

Sniffed = tuple[PlannedFile, Header]
"""A file to load and how to read it."""

FAILURES_IN_A_ROW = 3  # this many files failing one after the other is not the files' fault


class Lander:
    """Makes the tables hold the rows of files, and the log and the report say so."""

    def __init__(
        self,
        tables: Tables,
        journal: Journal,
        report: Report,
        progress: Progress,
        limits: Limits,
        fail_fast: bool,
        damage: Callable[[LandingFile], str | None],
        note: Callable[[Sequence[Outcome], Action], None],
    ) -> None:
        """`damage` says what is wrong with a file that the warehouse could not read, if that is
        known; `note` reports and logs outcomes, unless the log has them from that action."""
        self._tables = tables
        self._journal = journal
        self._report = report
        self._progress = progress
        self._limits = limits
        self._failures_allowed = 0 if fail_fast else FAILURES_IN_A_ROW - 1
        self._damage = damage
        self._note = note
        self._failures = 0
        self.failed: set[str] = set()

    def land(self, dataset: Dataset, sniffed: Sequence[Sniffed], waits: Mapping[str, str]) -> None:
        """Land the files, those in `waits` behind the others, when the file whose content they
        have taken over has been replaced."""
        if not sniffed:
            return
        added = columns_added(self._tables, dataset, sniffed)
        self._tables.add_columns(dataset, (c for _, header in sniffed for c in header.columns))
        size = sum(planned.file.size for planned, _ in sniffed)
        self._progress.step(f"loading {dataset.name}", len(sniffed), size)
        self._land([one for one in sniffed if one[0].url not in waits], dataset, added)
        behind = []
        for one in sniffed:
            holder = waits.get(one[0].url)
            if holder in self.failed:
                reason = f"its content is in bronze as {holder}, which could not be replaced"
                self._report.outcomes.append(Outcome(one[0], Result.SKIPPED, reason=reason))
            elif holder is not None:
                behind.append(one)
        self._land(behind, dataset, added)

    def _land(
        self, sniffed: Sequence[Sniffed], dataset: Dataset, added: dict[str, tuple[str, ...]]
    ) -> None:
        columns = self._tables.columns(dataset)
        now = datetime.now(UTC)
        batch_id = "x" * 40

        def text_size(one: Sniffed) -> int:
            """Bytes that the file takes in the statement: its branch, and its URL in the list."""
            file = FileToLand(one[0].file, one[1])
            branch = statements.land_branch(columns, file, dataset.options, batch_id, now)
            return len(branch.encode()) + 2 * len(file.file.url.encode()) + 20

        for batch in batches(sniffed, self._limits, lambda one: one[0].file.size, text_size):
            self._land_batch(dataset, batch, added)

    def _land_batch(
        self, dataset: Dataset, batch: Sequence[Sniffed], added: dict[str, tuple[str, ...]]
    ) -> None:
        """Land, count and log one batch. A batch that the warehouse cannot read is halved, so
        that one file it cannot read does not keep the others out."""
        batch_id = self._journal.next_batch_id()
        files = [FileToLand(planned.file, header) for planned, header in batch]
        try:
            counted = self._tables.land(dataset, files, batch_id, self._journal.clock.next())
        except StatementFailed as error:
            if len(batch) == 1:
                self._blame(batch[0][0], error)
                return
            log.info(
                "dataset %s: %d files from %s on: %s; trying them in halves",
                dataset.name, len(batch), batch[0][0].url, error,
            )  # fmt: skip
            middle = len(batch) // 2
            self._land_batch(dataset, batch[:middle], added)
            self._land_batch(dataset, batch[middle:], added)
            return
        self.succeeded()
        outcomes = [
            Outcome(
                planned,
                Result.LOADED,
                *counted[planned.url],
                columns_added=added[planned.url],
                batch_id=batch_id,
            )
            for planned, _ in batch
        ]
        self._journal.write(outcomes, batch_id)
        self._report.outcomes += outcomes
        self._progress.advance(len(batch), sum(planned.file.size for planned, _ in batch))

    def _blame(self, planned: PlannedFile, error: StatementFailed) -> None:
        """Refuse a file that is damaged; a row of such files says nothing of the warehouse."""
        self._progress.advance(1, planned.file.size)
        reason = self._damage(planned.file)
        if reason is None:
            self.fail(planned, error)
            return
        self.failed.add(planned.url)
        self._note([Outcome(planned, Result.REFUSED, reason=reason)], Action.REFUSED)
        if not self._failures_allowed:
            raise RefusedFile(
                f"dataset {planned.dataset.name}: {planned.url} is refused: {reason}; the run "
                "stopped there, because of --fail-fast"
            )

    def succeeded(self) -> None:
        """A file could be read, so those before it that could not are no row of them."""
        self._failures = 0

    def fail(self, planned: PlannedFile, error: LoaderError) -> None:
        """Report a file that could not be read; raises an error like it after too many in a row."""
        self.failed.add(planned.url)
        self._report.outcomes.append(Outcome(planned, Result.FAILED, reason=str(error)))
        self._failures += 1
        if self._failures > self._failures_allowed:
            many = f"{self._failures} files in a row" if self._failures > 1 else "a file"
            raise type(error)(
                f"dataset {planned.dataset.name}: {many} could not be loaded, the last was "
                f"{planned.url}: {error}"
            ) from error


def columns_added(
    tables: Tables, dataset: Dataset, sniffed: Sequence[Sniffed]
) -> dict[str, tuple[str, ...]]:
    """By file URL: the columns of which the file is the first to have them."""
    known = set(tables.columns(dataset))
    added = {}
    for planned, header in sniffed:
        added[planned.url] = tuple(c for c in header.columns if c not in known)
        known.update(header.columns)
    return added
