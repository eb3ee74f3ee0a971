"""What a run writes into the load log: its batches, its moments, its entries."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bronze_loader.planning.file_state import LogEntry, Status
from bronze_loader.planning.outcome import Outcome, Result
from bronze_loader.warehouse.load_log import LoadLog

ENTRIES_A_STATEMENT = 500

STATUSES = {
    Result.LOADED: Status.LOADED,
    Result.REFUSED: Status.REFUSED,
    Result.DUPLICATE: Status.DUPLICATE,
    Result.GONE: Status.GONE,
}
"""The outcomes that are logged; any other leaves the file's state as it was."""


class LogClock:
    """Gives strictly growing moments, all later than those in the log, whatever the system clock
    does. Readers follow `_loaded_at`; a moment that repeats or goes back would hide rows."""

    def __init__(self, after: datetime | None = None) -> None:
        """`after` is a moment that all given moments have to follow."""
        self._last = after

    def follow(self, moment: datetime | None) -> None:
        """Give from now on only moments later than this one."""
        if moment is not None and (self._last is None or self._last < moment):
            self._last = moment

    def next(self) -> datetime:
        """The present moment, or a microsecond after the last one when the clock is not ahead."""
        now = datetime.now(UTC)
        if self._last is not None:
            now = max(now, self._last + timedelta(microseconds=1))
        self._last = now
        return now


class Journal:
    """Numbers the batches of one run and logs what became of their files."""

    def __init__(self, load_log: LoadLog, run_id: str) -> None:
        """The ids of all batches of the run begin with `run_id`."""
        self._load_log = load_log
        self._run_id = run_id
        self._batch = 0
        self.has_written = False  # whether this run has logged anything
        self.clock = LogClock()

    def next_batch_id(self) -> str:
        """The id of a new batch: the run's, and a number from 0001."""
        self._batch += 1
        return f"{self._run_id}-{self._batch:04d}"

    def make_up_for(self, outcomes: Sequence[Outcome]) -> None:
        """Append the entries that a run before this one owes, each under its own batch."""
        by_batch: dict[str | None, list[Outcome]] = {}
        for outcome in outcomes:
            by_batch.setdefault(outcome.batch_id, []).append(outcome)
        for batch_id, some in by_batch.items():
            self.write(some, batch_id)

    def write(self, outcomes: Sequence[Outcome], batch_id: str | None = None) -> None:
        """Append an entry for each outcome, under the batch given or a new one."""
        batch_id = batch_id or self.next_batch_id()
        self.has_written |= bool(outcomes)
        for start in range(0, len(outcomes), ENTRIES_A_STATEMENT):
            logged_at = self.clock.next()
            some = outcomes[start : start + ENTRIES_A_STATEMENT]
            self._load_log.append([_entry(o, batch_id, logged_at) for o in some])


def new_run_id() -> str:
    """An id for a run: its start in UTC to the second, and eight random hexadecimal digits."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def _entry(outcome: Outcome, batch_id: str, logged_at: datetime) -> LogEntry:
    file = outcome.planned.file
    return LogEntry(
        dataset=outcome.planned.dataset.name,
        source_file=file.url,
        source_etag=file.etag,
        source_size=file.size,
        source_modified_at=file.modified_at,
        status=STATUSES[outcome.result],
        row_count=outcome.row_count,
        corrupt_row_count=outcome.corrupt_row_count,
        columns_added=outcome.columns_added,
        reason=outcome.reason,
        batch_id=batch_id,
        logged_at=logged_at,
        rows_digest=outcome.rows_digest,
    )
