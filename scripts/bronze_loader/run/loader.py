"""One run: discover, plan, sniff, land, log. Order and crash safety are decided here.

Rows are landed before they are logged, so a crash in between makes the next run land the same
files again, and landing replaces a file's rows. Nothing is ever logged that was not landed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bronze_loader.datasets.declared import Dataset, common_prefix
from bronze_loader.errors import ChangedWhileLoading, Refused, RefusedFile, RequestRefused
from bronze_loader.landing.bucket import SNIFF_THREADS, Landing
from bronze_loader.planning.batches import Limits
from bronze_loader.planning.duplicates import certain, judge
from bronze_loader.planning.outcome import Outcome, Report, Result, counted
from bronze_loader.planning.plan import (
    Action,
    PlannedFile,
    assign,
    gone_files,
    make_plan,
    unmatched,
)
from bronze_loader.planning.recovery import unlogged
from bronze_loader.planning.selection import Choice
from bronze_loader.planning.state import State, Status
from bronze_loader.run.batch_loader import Lander, Sniffed, columns_added
from bronze_loader.run.damaged_files import damage
from bronze_loader.run.progress import Progress
from bronze_loader.run.verify import verify
from bronze_loader.sniffing.header import Header, renamed, sniff
from bronze_loader.warehouse.load_log import Journal, new_run_id
from bronze_loader.warehouse.tables import Tables

log = logging.getLogger(__name__)

Duplicate = tuple[PlannedFile, str]
"""A file, and the URL of the first one with the same content."""


class Loader:
    """Loads what is new in a landing place into one schema."""

    def __init__(
        self,
        tables: Tables,
        landing: Landing,
        datasets: Sequence[Dataset],
        declared: Sequence[Dataset],
        progress: Progress,
        report: Report,
        choice: Choice = Choice(),  # noqa: B008 - frozen
        limits: Limits = Limits(),  # noqa: B008 - frozen
        run_id: str | None = None,
        unsettled: Collection[str] = (),
    ) -> None:
        """`datasets` are loaded; a file is unmatched when it belongs to none that is `declared`.
        `report` is where the outcomes go; `unsettled` are the datasets of which a run before this
        one may have landed what it has not logged."""
        self._tables = tables
        self._landing = landing
        self._datasets = tuple(datasets)
        self._declared = tuple(declared)
        self._progress = progress
        self._choice = choice
        self._unsettled = unsettled
        self._journal = Journal(tables, run_id or new_run_id())
        self.report = report
        self._lander = Lander(
            tables,
            self._journal,
            self.report,
            progress,
            limits,
            choice.fail_fast,
            partial(damage, landing),
            self._note,
        )

    def run(self) -> Report:
        """Bring bronze up to date with the landing place, or in a dry run only say how.

        Raises LoaderError when it cannot go on; `report` then has what was done until there.
        """
        started = time.monotonic()
        try:
            self._run()
        finally:
            self.report.seconds = time.monotonic() - started
        return self.report

    def _run(self) -> None:
        some = len(self._datasets) < len(self._declared)
        listed = list(self._landing.list(common_prefix(self._datasets) if some else ""))
        self.report.unmatched += unmatched(listed, self._declared)
        assigned = list(assign(listed, self._datasets))
        self._choice.check([file for _, file in assigned])
        if not self._choice.dry_run:
            self._tables.create_missing()
        state, newest = self._tables.state()
        self._journal.clock.follow(newest)
        if self._recover(state):
            state, newest = self._tables.state()
            self._journal.clock.follow(newest)
        plan = make_plan(assigned, state, self._choice.forces)
        gone = gone_files(self._datasets, listed, state, self._landing.url)
        # What loses its rows in this run cannot be the first copy of anything.
        leaving = {one.url for one in gone} if self._choice.full_refresh else set()
        to_look_at, duplicates = self._weed(plan, state, leaving)
        to_load = self._within_limit(self._sniff(to_look_at))
        for dataset in self._datasets:
            self._load(
                dataset,
                [one for one in to_load if one[0].dataset is dataset],
                [one for one in duplicates if one[0].dataset is dataset],
                state,
                leaving,
            )
            self._note_gone(dataset, [one for one in gone if one.dataset is dataset])
        self._load_again_what_changed()
        if self._choice.verify and not self._choice.dry_run:
            verify(self.report, self._tables, self._landing, self._look_at, self._progress)

    def _load_again_what_changed(self) -> None:
        """Load files again that were replaced while this run loaded them: the warehouse may have
        read the new content by the old one's header."""
        loaded = {
            (o.planned.dataset.name, o.planned.url): o
            for o in self.report.outcomes
            if o.result is Result.LOADED
        }
        if not loaded:
            return
        listed = self._landing.list(common_prefix(self._datasets))
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
            self.report.outcomes.remove(loaded[dataset.name, file.url])
        state, _ = self._tables.state()
        sniffed = self._sniff(make_plan(changed, state))
        for dataset in self._datasets:
            mine = [one for one in sniffed if one[0].dataset is dataset]
            self._load(dataset, mine, [], state, set())

    def _recover(self, state: State) -> bool:
        """Log what a run before this one has landed and not logged; whether there was any."""
        found = False
        for dataset in [d for d in self._datasets if d.name in self._unsettled]:
            landed = self._tables.landed(dataset)
            if landed:
                self._journal.clock.follow(max(one.loaded_at for one in landed))
            if outcomes := list(unlogged(dataset, landed, state)):
                found = True
                log.warning(
                    "dataset %s: bronze held rows of %s that a run before this one had landed and "
                    "not logged, the first is %s; the log has them now",
                    dataset.name, counted(len(outcomes), "file"), outcomes[0].planned.url,
                )  # fmt: skip
                self._journal.make_up_for(outcomes)
        return found

    def _weed(
        self, plan: Sequence[PlannedFile], state: State, leaving: set[str]
    ) -> tuple[list[PlannedFile], list[Duplicate]]:
        """The files to look into, and the duplicates that are known without that."""
        wanted: list[PlannedFile] = []
        for planned in plan:
            if planned.action is Action.UNCHANGED:
                self.report.outcomes.append(Outcome(planned, Result.UNCHANGED))
            elif self._choice.is_too_old(planned.file):
                self._leave(planned, "it is older than --since")
            else:
                wanted.append(planned)
        originals: dict[tuple[str, str], str] = {}
        for dataset in self._datasets:
            if not self._loads_duplicates(dataset):
                mine = [p for p in wanted if p.dataset is dataset]
                found = certain(dataset.name, mine, state, leaving)
                originals |= {(dataset.name, url): original for url, original in found.items()}
        duplicates = [
            (p, originals[p.dataset.name, p.url])
            for p in wanted
            if (p.dataset.name, p.url) in originals
        ]
        now, later = self._choice.within(
            [p for p in wanted if (p.dataset.name, p.url) not in originals]
        )
        for planned in later:
            self._leave(planned, f"--max-files {self._choice.max_files} is reached")
        return now, duplicates

    def _leave(self, planned: PlannedFile, reason: str) -> None:
        self.report.outcomes.append(Outcome(planned, Result.LATER, reason=reason))

    def _within_limit(self, sniffed: Sequence[Sniffed]) -> Sequence[Sniffed]:
        """Not more than --max-files, also when refused files have become good ones."""
        allowed = self._choice.oldest(planned for planned, _ in sniffed)
        within: list[Sniffed] = []
        for planned, header in sniffed:
            if (planned.dataset.name, planned.url) in allowed:
                within.append((planned, header))
            else:
                self._leave(planned, f"--max-files {self._choice.max_files} is reached")
        return within

    def _loads_duplicates(self, dataset: Dataset) -> bool:
        return self._choice.allow_duplicates or dataset.loads_duplicates

    # headers

    def _sniff(self, to_look_at: Sequence[PlannedFile]) -> list[Sniffed]:
        """The files to load with their headers; all others get their outcome here."""
        self._progress.step("reading headers", len(to_look_at), 0)
        to_load: list[Sniffed] = []
        refused: list[Outcome] = []
        with ThreadPoolExecutor(SNIFF_THREADS) as threads:
            for planned, found in zip(
                to_look_at, threads.map(self._look_at, to_look_at), strict=True
            ):
                self._progress.advance(1, 0)
                if isinstance(found, Header):
                    self._lander.succeeded()
                    to_load.append((planned, found))
                elif isinstance(found, RequestRefused):
                    self._lander.fail(planned, found)
                elif isinstance(found, Refused):
                    refused.append(Outcome(planned, Result.REFUSED, reason=str(found)))
                else:
                    self.report.outcomes.append(Outcome(planned, Result.SKIPPED, reason=str(found)))
        self._note(refused, Action.REFUSED)
        if refused and self._choice.fail_fast:
            first = refused[0]
            raise RefusedFile(
                f"dataset {first.planned.dataset.name}: {first.planned.url} is refused: "
                f"{first.reason}; nothing was loaded, because of --fail-fast"
            )
        return to_load

    def _look_at(
        self, planned: PlannedFile
    ) -> Header | Refused | RequestRefused | ChangedWhileLoading:
        file = planned.file
        try:
            header = sniff(file.key, file.size, planned.dataset, self._landing.reader(file))
        except (Refused, RequestRefused, ChangedWhileLoading) as reason:
            return reason
        hint = renamed(header, planned.dataset)
        if hint:
            log.warning("dataset %s: %s has new columns%s", planned.dataset.name, file.url, hint)
        return header

    def _note(self, outcomes: Sequence[Outcome], known: Action) -> None:
        """Report outcomes, and log those that the log does not say already: a file planned as
        `known` has such an entry."""
        self.report.outcomes += outcomes
        news = [
            o
            for o in outcomes
            if o.planned.action is not known
            or (o.planned.before and o.planned.before.reason != o.reason)
        ]
        if news and not self.report.dry_run:
            self._journal.write(news)

    # rows

    def _load(
        self,
        dataset: Dataset,
        sniffed: Sequence[Sniffed],
        duplicates: Sequence[Duplicate],
        state: State,
        leaving: set[str],
    ) -> None:
        waits: dict[str, str] = {}
        if not self._loads_duplicates(dataset):
            leaving = leaving | {planned.url for planned, _ in duplicates}
            judged = judge(dataset.name, [planned for planned, _ in sniffed], state, leaving)
            duplicates = [
                *duplicates,
                *((p, judged.originals[p.url]) for p, _ in sniffed if p.url in judged.originals),
            ]
            sniffed = [one for one in sniffed if one[0].url not in judged.originals]
            waits = judged.waits
        if self.report.dry_run:
            added = columns_added(self._tables, dataset, sniffed)
            self.report.outcomes += [
                Outcome(planned, Result.PLANNED, columns_added=added[planned.url])
                for planned, _ in sniffed
            ]
        else:
            self._lander.land(dataset, sniffed, waits)
        self._note_duplicates(dataset, duplicates)

    def _note_duplicates(self, dataset: Dataset, duplicates: Sequence[Duplicate]) -> None:
        """Take rows of an earlier content out of bronze, report and log."""
        outcomes = []
        for planned, original in duplicates:
            if original in self._lander.failed:
                reason = f"it has the same content as {original}, which could not be loaded"
                self.report.outcomes.append(Outcome(planned, Result.SKIPPED, reason=reason))
            else:
                reason = f"same content as {original}"
                outcomes.append(Outcome(planned, Result.DUPLICATE, reason=reason))
        stale = [o.planned.url for o in outcomes if o.planned.held]
        if stale and not self.report.dry_run:
            self._tables.remove(dataset, stale)
        self._note(outcomes, Action.DUPLICATE)

    def _note_gone(self, dataset: Dataset, gone: Sequence[PlannedFile]) -> None:
        """Report and log what has gone since the last run; a full refresh removes its rows."""
        removing = self._choice.full_refresh
        news = [p.url for p in gone if p.before and p.before.status != Status.GONE]
        there = self._tables.count(dataset, news) if news and not removing else {}
        outcomes = []
        for planned in gone:
            if removing and planned.held:
                outcomes.append(Outcome(planned, Result.GONE, reason="its rows were removed"))
            elif planned.before and planned.before.status != Status.GONE:
                rows, corrupt = there.get(planned.url, (0, 0))
                kept = counted(rows, "row")
                reason = f"bronze keeps its {kept}" if rows else "it has no rows in bronze"
                outcomes.append(Outcome(planned, Result.GONE, rows, corrupt, reason=reason))
        self.report.outcomes += outcomes
        if outcomes and not self.report.dry_run:
            # In this order: rows that the log does not know are found by the next run.
            self._journal.write(outcomes)
            if removing:
                self._tables.remove(dataset, [o.planned.url for o in outcomes])
