"""What a run that ended between landing a file and logging it has left behind.

The rows themselves say which file they are of and which content of it, so the log is made up for
from them before anything is planned: else nobody would know of the rows of a file that is gone or
refused by then, and its copy would be loaded beside it. Pure; nothing here does I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from bronze_loader.datasets.declared import Dataset
from bronze_loader.landing.bucket import LandingFile
from bronze_loader.planning.outcome import Outcome, Result
from bronze_loader.planning.plan import Action, PlannedFile
from bronze_loader.planning.state import State

REASON = "landed by a run that ended before it could log it"


@dataclass(frozen=True)
class Landed:
    """The rows that a table holds of one file."""

    url: str
    etag: str
    size: int
    modified_at: datetime
    batch_id: str
    loaded_at: datetime
    row_count: int
    corrupt_row_count: int


def unlogged(dataset: Dataset, landed: Iterable[Landed], state: State) -> Iterator[Outcome]:
    """The files of whose content in the table the log does not know.

    A file whose rows are fewer or more than logged, of the content that was logged, is none of
    them: no loader did that, and the difference stays for the dbt tests to show.
    """
    for one in landed:
        before = state.get((dataset.name, one.url))
        held = before.held if before else None
        if held is None or held.etag != one.etag:
            key = one.url.split("/", 3)[-1]
            file = LandingFile(one.url, key, key, one.etag, one.size, one.modified_at)
            yield Outcome(
                PlannedFile(dataset, file, Action.NEW, before),
                Result.LOADED,
                one.row_count,
                one.corrupt_row_count,
                reason=REASON,
                batch_id=one.batch_id,
            )
