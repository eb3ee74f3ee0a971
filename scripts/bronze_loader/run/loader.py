"""One run: list, plan, read headers, load, log. Order and crash safety are decided here.

Rows are loaded before they are logged, so a crash in between makes the next run load the same files
again, and loading replaces a file's rows. Nothing is logged that was not loaded.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from bronze_loader.datasets.declaration import Dataset, common_prefix
from bronze_loader.landing.bucket import Landing, LandingFile
from bronze_loader.planning.batches import Limits
from bronze_loader.planning.duplicates import certain_duplicates, find_duplicates, holders_of_rows
from bronze_loader.planning.file_state import FileStates, Status
from bronze_loader.planning.outcome import Outcome, Result, RunReport, counted
from bronze_loader.planning.plan import (
    Action,
    PlannedFile,
    assign,
    gone_files,
    make_plan,
    unmatched,
)
from bronze_loader.planning.recovery import unlogged_files
from bronze_loader.planning.selection import Choice
from bronze_loader.run.batch_loader import BatchLoader, columns_added
from bronze_loader.run.failure_limit import FailureLimit
from bronze_loader.run.header_reader import HeaderReader, SniffedFile
from bronze_loader.run.outcome_recorder import OutcomeRecorder
from bronze_loader.run.progress import Progress
from bronze_loader.run.verify import verify
from bronze_loader.warehouse.load_log import LoadLog
from bronze_loader.warehouse.tables import Tables

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True)
class RunRequest:
    """What a run is asked to do.

    `datasets` are loaded; a file is unmatched when it belongs to none that is `declared`.
    `unsettled` are the names of those whose last run may have loaded what it has not logged.
    """

    datasets: Sequence[Dataset]
    declared: Sequence[Dataset]
    choice: Choice = field(default_factory=Choice)
    limits: Limits = field(default_factory=Limits)
    unsettled: Collection[str] = ()

    @property
    def listed_under(self) -> str:
        """What the keys to list begin with: a run on some of the datasets looks no further than
        below what the keys of their files begin with."""
        some = len(self.datasets) < len(self.declared)
        return common_prefix(self.datasets) if some else ""


@dataclass(frozen=True)
class Duplicate:
    """A file, and the URL of the file with the same content that is in bronze in its place."""

    planned: PlannedFile
    original: str


class Loader:
    """Loads what is new in a landing place into one schema."""

    def __init__(
        self,
        request: RunRequest,
        landing: Landing,
        tables: Tables,
        load_log: LoadLog,
        recorder: OutcomeRecorder,
        progress: Progress,
    ) -> None:
        """`tables` are those of the request's datasets; the outcomes go to `recorder`."""
        self._request = request
        self._choice = request.choice
        self._datasets = tuple(request.datasets)
        self._landing = landing
        self._tables = tables
        self._load_log = load_log
        self._recorder = recorder
        self._progress = progress
        self.listing_digest = ""  # of the listing that the run came from
        failures = FailureLimit(request.choice.fail_fast)
        self._headers = HeaderReader(landing, recorder, failures, progress)
        self._batches = BatchLoader(tables, landing, recorder, failures, request.limits, progress)

    def run(self) -> RunReport:
        """Bring bronze up to date with the landing place, or in a dry run only say how.

        Raises LoaderError when it cannot go on; the recorder's report has what was done until then.
        """
        started = time.monotonic()
        report = self._recorder.report
        try:
            self._run()
        finally:
            report.seconds = time.monotonic() - started
        return report

    def _run(self) -> None:
        listed = self._list()
        assigned = list(assign(listed, self._datasets))
        self._choice.check([file for _, file in assigned])
        if not self._choice.dry_run:
            self._tables.create_missing()
            self._load_log.create_if_missing()
        states = self._read_states()
        if self._recover(states):
            states = self._read_states()
        plan = make_plan(assigned, states, self._choice.forces)
        gone = gone_files(self._datasets, listed, states, self._landing.url)
        # What loses its rows in this run cannot be the original of anything.
        leaving = {one.url for one in gone} if self._choice.full_refresh else set()
        to_look_at, duplicates = self._select(plan, states, leaving)
        to_load = self._within_limit(self._headers.read_all(to_look_at))
        sniffed_of = _by_dataset(to_load, lambda one: one.planned)
        duplicates_of = _by_dataset(duplicates, lambda one: one.planned)
        gone_of = _by_dataset(gone, lambda one: one)
        for dataset in self._datasets:
            name = dataset.name
            self._load(
                dataset, sniffed_of.get(name, []), duplicates_of.get(name, []), states, leaving
            )
            self._record_gone(dataset, gone_of.get(name, []))
        self._load_again_what_changed()
        if self._choice.verify and not self._choice.dry_run:
            report, look_at = self._recorder.report, self._headers.read
            verify(report, self._tables, self._landing, look_at, self._progress)

    def _list(self) -> list[LandingFile]:
        """The files in the landing place, as far as the run looks."""
        listing = self._landing.list(self._request.listed_under)
        self.listing_digest = listing.digest
        self._recorder.report.unmatched += unmatched(listing.files, self._request.declared)
        return listing.files

    def _read_states(self) -> FileStates:
        """The state of each file by the log; all moments of this run are later than those in it."""
        states, newest = self._load_log.file_states()
        self._recorder.follow(newest)
        return states

    def _recover(self, states: FileStates) -> bool:
        """Log what a run before this one has loaded and not logged; whether there was any."""
        recovered = False
        for dataset in [d for d in self._datasets if d.name in self._request.unsettled]:
            in_table = self._tables.loaded_files(dataset)
            if in_table:
                self._recorder.follow(max(one.loaded_at for one in in_table))
            if outcomes := list(unlogged_files(dataset, in_table, states)):
                recovered = True
                log.warning(
                    "dataset %s: bronze held rows of %s that a run before this one had loaded and "
                    "not logged, the first is %s; the log has them now",
                    dataset.name, counted(len(outcomes), "file"), outcomes[0].planned.url,
                )  # fmt: skip
                self._recorder.make_up_for(outcomes)
        return recovered

    # which files

    def _select(
        self, plan: Sequence[PlannedFile], states: FileStates, leaving: set[str]
    ) -> tuple[list[PlannedFile], list[Duplicate]]:
        """The files whose headers are to be read, and the duplicates that are known without."""
        wanted: list[PlannedFile] = []
        for planned in plan:
            if planned.action is Action.UNCHANGED:
                self._recorder.report_only(planned, Result.UNCHANGED)
            elif self._choice.is_too_old(planned.file):
                self._leave(planned, "it is older than --since")
            else:
                wanted.append(planned)
        wanted_of = _by_dataset(wanted, lambda one: one)
        originals = {
            (dataset.name, url): original
            for dataset in self._datasets
            if not self._loads_duplicates(dataset)
            for url, original in certain_duplicates(
                dataset.name, wanted_of.get(dataset.name, []), states, leaving
            ).items()
        }
        duplicates: list[Duplicate] = []
        others: list[PlannedFile] = []
        for planned in wanted:
            if original := originals.get((planned.dataset.name, planned.url)):
                duplicates.append(Duplicate(planned, original))
            else:
                others.append(planned)
        now, later = self._choice.within(others)
        for planned in later:
            self._leave(planned, f"--max-files {self._choice.max_files} is reached")
        return now, duplicates

    def _leave(self, planned: PlannedFile, reason: str) -> None:
        self._recorder.report_only(planned, Result.LATER, reason=reason)

    def _within_limit(self, sniffed: Sequence[SniffedFile]) -> Sequence[SniffedFile]:
        """Not more than --max-files, also when refused files have become good ones."""
        allowed = self._choice.oldest(one.planned for one in sniffed)
        within: list[SniffedFile] = []
        for one in sniffed:
            if (one.planned.dataset.name, one.planned.url) in allowed:
                within.append(one)
            else:
                self._leave(one.planned, f"--max-files {self._choice.max_files} is reached")
        return within

    def _loads_duplicates(self, dataset: Dataset) -> bool:
        return self._choice.allow_duplicates or dataset.loads_duplicates

    # rows

    def _load(
        self,
        dataset: Dataset,
        sniffed: Sequence[SniffedFile],
        duplicates: Sequence[Duplicate],
        states: FileStates,
        leaving: set[str],
    ) -> None:
        """Load the files of one dataset that are no duplicates, then record the duplicates."""
        waits: Mapping[str, str] = {}
        if not self._loads_duplicates(dataset):
            leaving = leaving | {one.planned.url for one in duplicates}
            candidates = [one.planned for one in sniffed]
            found = find_duplicates(dataset.name, candidates, states, leaving)
            duplicates = [
                *duplicates,
                *(
                    Duplicate(planned, original)
                    for planned in candidates
                    if (original := found.originals.get(planned.url))
                ),
            ]
            sniffed = [one for one in sniffed if one.planned.url not in found.originals]
            waits = found.waits
        if self._choice.dry_run:
            added = columns_added(self._tables, dataset, sniffed)
            for one in sniffed:
                columns = added[one.planned.url]
                self._recorder.report_only(one.planned, Result.PLANNED, columns_added=columns)
        else:
            changing = leaving | {one.planned.url for one in sniffed}
            holders = holders_of_rows(dataset.name, states, changing)
            said = not self._loads_duplicates(dataset)
            self._batches.load_files(dataset, sniffed, waits, holders, says_same_rows=said)
        self._record_duplicates(dataset, duplicates)

    def _record_duplicates(self, dataset: Dataset, duplicates: Sequence[Duplicate]) -> None:
        """Delete from bronze the rows of an earlier content of each duplicate; report and log."""
        outcomes = []
        for one in duplicates:
            if self._recorder.has_failed(one.original):
                reason = f"it has the same content as {one.original}, which could not be loaded"
                self._recorder.report_only(one.planned, Result.SKIPPED, reason=reason)
            else:
                reason = f"same content as {one.original}"
                outcomes.append(Outcome(one.planned, Result.DUPLICATE, reason=reason))
        stale = [o.planned.url for o in outcomes if o.planned.held]
        if stale and not self._choice.dry_run:
            self._tables.remove(dataset, stale)
        self._recorder.duplicates(outcomes)

    def _record_gone(self, dataset: Dataset, gone: Sequence[PlannedFile]) -> None:
        """Report and log what has gone since the last run; a full refresh deletes its rows."""
        removing = self._choice.full_refresh
        news = [p.url for p in gone if p.before and p.before.status != Status.GONE]
        rows_of = self._tables.count(dataset, news) if news and not removing else {}
        outcomes = []
        for planned in gone:
            if removing and planned.held:
                outcomes.append(Outcome(planned, Result.GONE, reason="its rows were removed"))
            elif planned.before and planned.before.status != Status.GONE:
                rows, corrupt = rows_of.get(planned.url, (0, 0))
                kept = counted(rows, "row")
                reason = (
                    f"bronze keeps its {kept}, until a file with the header alone takes its name"
                    if rows
                    else "it has no rows in bronze"
                )
                digest = planned.held.rows_digest if planned.held else None
                outcomes.append(
                    Outcome(planned, Result.GONE, rows, corrupt, reason=reason, rows_digest=digest)
                )
        self._recorder.gone(outcomes)
        if outcomes and removing and not self._choice.dry_run:
            # After the log: rows of which the log does not know are found by the next run.
            self._tables.remove(dataset, [o.planned.url for o in outcomes])

    def _load_again_what_changed(self) -> None:
        """Load files again that were replaced while this run loaded them: the warehouse may have
        read the new content by the old one's header."""
        loaded = {
            (o.planned.dataset.name, o.planned.url): o
            for o in self._recorder.report.outcomes
            if o.result is Result.LOADED
        }
        if not loaded:
            return
        listed = self._landing.list(common_prefix(self._datasets)).files
        changed = [
            (dataset, file)
            for dataset, file in assign(listed, self._datasets)
            if (before := loaded.get((dataset.name, file.url)))
            and before.planned.file.etag != file.etag
        ]
        if not changed:
            return
        log.warning(
            "replaced while this run loaded it, so loaded again: %s, the first is %s",
            counted(len(changed), "file"), changed[0][1].url,
        )  # fmt: skip
        for dataset, file in changed:
            self._recorder.withdraw(loaded[dataset.name, file.url])
        states, _ = self._load_log.file_states()
        sniffed = self._headers.read_all(make_plan(changed, states))
        sniffed_of = _by_dataset(sniffed, lambda one: one.planned)
        for dataset in self._datasets:
            self._load(dataset, sniffed_of.get(dataset.name, []), [], states, set())


def _by_dataset(items: Iterable[T], planned: Callable[[T], PlannedFile]) -> dict[str, list[T]]:
    """The items by the name of their file's dataset, each dataset's in their order."""
    groups: dict[str, list[T]] = {}
    for item in items:
        groups.setdefault(planned(item).dataset.name, []).append(item)
    return groups
