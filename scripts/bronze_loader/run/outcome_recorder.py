"""Where outcomes go: all of them into the report, those that are new into the load log.

Rows are loaded before they are logged, and logged before they are reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bronze_loader.planning.outcome import Outcome, Result, RunReport
from bronze_loader.planning.plan import Action, PlannedFile
from bronze_loader.warehouse.journal import Journal


class OutcomeRecorder:
    """Owns the report and the journal of one run. A dry run logs nothing."""

    def __init__(self, report: RunReport, journal: Journal) -> None:
        """The outcomes are appended to `report`, which its maker may read at any time."""
        self.report = report
        self._journal = journal
        self._failed: set[str] = set()

    def follow(self, moment: datetime | None) -> None:
        """Give batches and entries from now on only moments later than this one."""
        self._journal.clock.follow(moment)

    def new_batch(self) -> tuple[str, datetime]:
        """The id and the moment of a new batch, which no other batch has."""
        return self._journal.next_batch_id(), self._journal.clock.next()

    def has_failed(self, url: str) -> bool:
        """Whether the file could not be read, or was found damaged, after it was planned."""
        return url in self._failed

    def report_only(
        self,
        planned: PlannedFile,
        result: Result,
        *,
        reason: str | None = None,
        columns_added: tuple[str, ...] = (),
    ) -> None:
        """Report an outcome that leaves the file's state in the log as it was."""
        outcome = Outcome(planned, result, columns_added=columns_added, reason=reason)
        self.report.outcomes.append(outcome)

    def fail(self, planned: PlannedFile, reason: str) -> None:
        """Report a file that could not be read; the next run tries it again."""
        self._failed.add(planned.url)
        self.report_only(planned, Result.FAILED, reason=reason)

    def refuse_damaged(self, planned: PlannedFile, reason: str) -> None:
        """Report and log a file that was found damaged while it was loaded."""
        self._failed.add(planned.url)
        self.refuse([Outcome(planned, Result.REFUSED, reason=reason)])

    def refuse(self, outcomes: Sequence[Outcome]) -> None:
        """Report refused files, and log those that the log does not have with this reason."""
        self._record_news(outcomes, Action.REFUSED)

    def duplicates(self, outcomes: Sequence[Outcome]) -> None:
        """Report duplicates, and log those that the log does not have with this reason."""
        self._record_news(outcomes, Action.DUPLICATE)

    def loaded(self, outcomes: Sequence[Outcome], batch_id: str) -> None:
        """Log the files of a batch whose rows are in the table, and report them."""
        self._journal.write(outcomes, batch_id)
        self.report.outcomes += outcomes

    def gone(self, outcomes: Sequence[Outcome]) -> None:
        """Report and log files that are no longer in the landing place."""
        self.report.outcomes += outcomes
        if outcomes and not self.report.dry_run:
            self._journal.write(outcomes)

    def withdraw(self, outcome: Outcome) -> None:
        """Take an outcome back out of the report, as its file is loaded again."""
        self.report.outcomes.remove(outcome)

    def make_up_for(self, outcomes: Sequence[Outcome]) -> None:
        """Log what a run before this one loaded and did not log; no outcome of this run."""
        self._journal.make_up_for(outcomes)

    def _record_news(self, outcomes: Sequence[Outcome], known: Action) -> None:
        """Report all, and log those without an entry that says the same: a file planned as
        `known` has an entry of that status, perhaps with another reason."""
        self.report.outcomes += outcomes
        news = [
            o
            for o in outcomes
            if o.planned.action is not known
            or (o.planned.before and o.planned.before.reason != o.reason)
        ]
        if news and not self.report.dry_run:
            self._journal.write(news)
