"""What a run that ended between loading a file and logging it has left behind.

The rows themselves say which file they are of and which content of it, so the missing entries are
made from them before anything is planned. Without that the rows of a file that is gone or refused
by then would be in no entry, and a copy of the file would be loaded beside them. Pure; nothing here
does I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from bronze_loader.datasets.declaration import Dataset
from bronze_loader.landing.bucket import LandingFile
from bronze_loader.planning.file_state import FileStates
from bronze_loader.planning.outcome import Outcome, Result
from bronze_loader.planning.plan import Action, PlannedFile

REASON = "loaded by a run that ended before it could log it"


@dataclass(frozen=True)
class LoadedFile:
    """The rows that a table holds of one file. The size is in bytes."""

    url: str
    etag: str
    size: int
    modified_at: datetime
    batch_id: str
    loaded_at: datetime
    row_count: int
    corrupt_row_count: int


def unlogged_files(
    dataset: Dataset, in_table: Iterable[LoadedFile], states: FileStates
) -> Iterator[Outcome]:
    """The files whose content in the table is not in the log, as outcomes to log.

    A file with the content that was logged and another number of rows is none of them: no loader
    did that, and the difference stays for the dbt tests to show.
    """
    for one in in_table:
        before = states.get((dataset.name, one.url))
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
