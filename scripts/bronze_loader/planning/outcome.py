"""What became of each file in a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bronze_loader.landing.bucket import LandingFile
from bronze_loader.planning.plan import PlannedFile


class Result(StrEnum):
    """What became of a file in this run."""

    LOADED = "loaded"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    SKIPPED = "skipped"  # changed while loading, or waits for another: the next run takes it up
    FAILED = "failed"  # the warehouse could not read it: not logged, the next run tries again
    DUPLICATE = "duplicate"  # the same content as another file's: none of its rows is in bronze
    GONE = "gone"  # no longer in the landing place: its rows stay
    LATER = "later"  # left out by --since or --max-files: the log says nothing of it
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
    rows_digest: str | None = None


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 row`, `2 rows`, `1,000 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@dataclass
class RunReport:
    """All outcomes of a run, in the plan's order within each step.

    A run on what an earlier one left complete ends at once: `nothing_new_since` is when that one
    ended, and `as_they_were` the number of its loaded files by dataset, which have no outcome here.
    `bronze` is the id of the last run that changed bronze; None after a run that left something.
    """

    datasets: tuple[str, ...]
    dry_run: bool
    outcomes: list[Outcome] = field(default_factory=list)
    unmatched: list[LandingFile] = field(default_factory=list)
    verified: int | None = None  # files whose records were counted in the files themselves
    seconds: float = 0.0
    error: str | None = None  # why the run stopped before its end
    nothing_new_since: datetime | None = None
    bronze: str | None = None
    build: str | None = None  # the id of a build of this bronze, if it was asked for
    is_built: bool = False  # whether the last build that was well is that one
    as_they_were: dict[str, int] = field(default_factory=dict)

    def count(self, result: Result) -> int:
        """The number of files with that result."""
        return sum(1 for outcome in self.outcomes if outcome.result is result)
