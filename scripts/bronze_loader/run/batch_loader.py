"""Loads files into their table: batches of them in one statement each, counted and logged."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bronze_loader.datasets.declaration import Dataset
from bronze_loader.errors import RefusedFile
from bronze_loader.landing.bucket import Landing
from bronze_loader.planning.batches import Limits, batches
from bronze_loader.planning.duplicates import RowHolders
from bronze_loader.planning.outcome import Outcome, Result
from bronze_loader.planning.plan import PlannedFile
from bronze_loader.run.damaged_files import damage
from bronze_loader.run.failure_limit import FailureLimit
from bronze_loader.run.header_reader import SniffedFile
from bronze_loader.run.outcome_recorder import OutcomeRecorder
from bronze_loader.run.progress import Progress
from bronze_loader.warehouse.connection import StatementFailed
from bronze_loader.warehouse.statements import Branch, FileToLoad
from bronze_loader.warehouse.tables import LoadedRows, Tables

log = logging.getLogger(__name__)

_NOT_FOUND = "[PATH_NOT_FOUND]"
# The loader has read the header of a file that it loads.
_UNSEEN = (
    "; the loader has read this file: see whether the warehouse reads the same store (here "
    "AWS_ENDPOINT_URL names it), or whether the file was withdrawn meanwhile"
)


@dataclass(frozen=True)
class BatchFile:
    """A file of a batch: its part of the statement, and the columns that no file had before."""

    planned: PlannedFile
    branch: Branch
    columns_added: tuple[str, ...]
    notes: tuple[str, ...]


class BatchLoader:
    """Makes the tables hold the rows of files, and has log and report say so."""

    def __init__(
        self,
        tables: Tables,
        landing: Landing,
        recorder: OutcomeRecorder,
        failures: FailureLimit,
        limits: Limits,
        progress: Progress,
    ) -> None:
        """`landing` is asked what is wrong with a file that the warehouse could not read."""
        self._tables = tables
        self._landing = landing
        self._recorder = recorder
        self._failures = failures
        self._limits = limits
        self._progress = progress
        self._holders = RowHolders()
        self._says_same_rows = True

    def load_files(
        self,
        dataset: Dataset,
        sniffed: Sequence[SniffedFile],
        waits: Mapping[str, str],
        holders: RowHolders,
        *,
        says_same_rows: bool = True,
    ) -> None:
        """Load the files into the dataset's table.

        `holders` are the files whose rows are in bronze and stay there, and get the loaded ones;
        `says_same_rows` is whether a file with the same rows as another gets a warning.

        `waits` has, by URL, the file that still holds the same content in bronze and is replaced
        in this run: a waiting file is loaded behind the others, and only if that one was replaced.
        Raises LoaderError when too many files in a row could not be read.
        """
        if not sniffed:
            return
        self._holders, self._says_same_rows = holders, says_same_rows
        added = columns_added(self._tables, dataset, sniffed)
        self._tables.add_columns(dataset, (c for one in sniffed for c in one.header.columns))
        size = sum(one.planned.file.size for one in sniffed)
        self._progress.step(f"loading {dataset.name}", len(sniffed), size)
        self._load(dataset, [one for one in sniffed if one.planned.url not in waits], added)
        behind = []
        for one in sniffed:
            holder = waits.get(one.planned.url)
            if holder is None:
                continue
            if self._recorder.has_failed(holder):
                reason = f"its content is in bronze as {holder}, which could not be replaced"
                self._recorder.report_only(one.planned, Result.SKIPPED, reason=reason)
            else:
                behind.append(one)
        self._load(dataset, behind, added)

    def _load(
        self,
        dataset: Dataset,
        sniffed: Sequence[SniffedFile],
        added: Mapping[str, tuple[str, ...]],
    ) -> None:
        to_load = (FileToLoad(one.planned.file, one.header) for one in sniffed)
        files = (
            BatchFile(
                one.planned,
                branch,
                added[branch.url],
                (*one.header.notes, *one.header.warnings),
            )
            for one, branch in zip(sniffed, self._tables.branches(dataset, to_load), strict=True)
        )
        for batch in batches(
            files, self._limits, lambda one: one.planned.file.size, lambda one: one.branch.size
        ):
            self._load_batch(dataset, batch)

    def _load_batch(self, dataset: Dataset, batch: Sequence[BatchFile]) -> None:
        """Load, count and log one batch. A batch that the warehouse cannot read is halved, so that
        one file that it cannot read does not keep the others out."""
        batch_id, loaded_at = self._recorder.new_batch()
        branches = [one.branch for one in batch]
        try:
            counted = self._tables.load_files(dataset, branches, batch_id, loaded_at)
        except StatementFailed as error:
            if len(batch) == 1:
                self._blame(batch[0].planned, error)
                return
            log.info(
                "dataset %s: %d files from %s on: %s; trying them in halves",
                dataset.name, len(batch), batch[0].planned.url, error,
            )  # fmt: skip
            middle = len(batch) // 2
            self._load_batch(dataset, batch[:middle])
            self._load_batch(dataset, batch[middle:])
            return
        self._failures.reset()
        digests = self._digests(dataset, counted)
        outcomes = [
            Outcome(
                one.planned,
                Result.LOADED,
                rows.row_count,
                rows.corrupt_row_count,
                columns_added=one.columns_added,
                reason="; ".join((*one.notes, *self._same_rows(one.planned, digest))) or None,
                batch_id=batch_id,
                rows_digest=digest,
            )
            for one in batch
            for rows, digest in ((counted[one.planned.url], digests.get(one.planned.url)),)
        ]
        self._recorder.loaded(outcomes, batch_id)
        self._progress.advance(len(batch), sum(one.planned.file.size for one in batch))

    def _digests(self, dataset: Dataset, counted: Mapping[str, LoadedRows]) -> dict[str, str]:
        """The digest of each file that has rows; all columns are asked for where another file may
        have the same rows."""
        firsts = {url: rows.first_digest for url, rows in counted.items() if rows.first_digest}
        compared = self._holders.compared(firsts)
        seconds = self._tables.digests(dataset, compared) if compared else {}
        self._holders.learn(seconds)
        return {
            url: f"{first}/{seconds[url]}" if url in seconds else first
            for url, first in firsts.items()
        }

    def _same_rows(self, planned: PlannedFile, digest: str | None) -> Iterator[str]:
        """Warn of a file whose rows are all those of another, such as one that is compressed."""
        other = self._holders.add(planned.url, digest) if digest else None
        if other and self._says_same_rows:
            said = f"all its lines are the same as those of {other}, so they count twice"
            log.warning("dataset %s: %s: %s", planned.dataset.name, planned.url, said)
            yield said

    def _blame(self, planned: PlannedFile, error: StatementFailed) -> None:
        """Refuse the file if it is damaged, else report it as failed. Damaged files do not count
        towards the limit: they are no sign that the warehouse fails."""
        self._progress.advance(1, planned.file.size)
        reason = damage(self._landing, planned.file)
        if reason is None:
            self._recorder.fail(planned, f"{error}{_UNSEEN if _NOT_FOUND in str(error) else ''}")
            self._failures.count(planned, error)
            return
        self._recorder.refuse_damaged(planned, reason)
        if self._failures.fail_fast:
            raise RefusedFile(
                f"dataset {planned.dataset.name}: {planned.url} is refused: {reason}; the run "
                "stopped there, because of --fail-fast"
            )


def columns_added(
    tables: Tables, dataset: Dataset, sniffed: Sequence[SniffedFile]
) -> dict[str, tuple[str, ...]]:
    """By file URL: the columns of which the file is the first to have them."""
    known = set(tables.columns(dataset))
    added = {}
    for one in sniffed:
        columns = one.header.columns
        added[one.planned.url] = tuple(c for c in columns if c not in known)
        known.update(columns)
    return added
