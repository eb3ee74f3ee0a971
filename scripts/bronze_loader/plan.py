"""What a run has to do: the listed files held against the log. Pure; nothing here does I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from bronze_loader.datasets import Dataset
from bronze_loader.landing import LandingFile

T = TypeVar("T")


class Action(StrEnum):
    """What the plan makes of a file."""

    NEW = "new"  # not in the log
    CHANGED = "changed"  # in the log with another etag: its rows are replaced
    UNCHANGED = "unchanged"  # loaded with this etag: nothing to do
    REFUSED = "refused"  # refused with this etag: its header is looked at again, in case the
    #                      declaration has changed, and it is reported for as long as it lies there


class Status(StrEnum):
    """What the log keeps of a file."""

    LOADED = "loaded"
    REFUSED = "refused"


@dataclass(frozen=True)
class LogEntry:
    """One row of `load_log`."""

    dataset: str
    source_file: str
    source_etag: str
    source_size: int
    source_modified_at: datetime
    status: str
    row_count: int
    corrupt_row_count: int
    columns_added: tuple[str, ...]
    reason: str | None
    batch_id: str
    logged_at: datetime


@dataclass(frozen=True)
class FileState:
    """The newest log entry of a file, as far as planning needs it."""

    source_etag: str
    status: str
    reason: str | None = None


State = Mapping[tuple[str, str], FileState]
"""Newest entry by (dataset name, file URL)."""


@dataclass(frozen=True)
class PlannedFile:
    """One file of one dataset and what is to be done with it."""

    dataset: Dataset
    file: LandingFile
    action: Action
    before: FileState | None = None


def assign(
    files: Iterable[LandingFile], datasets: Sequence[Dataset]
) -> Iterator[tuple[Dataset, LandingFile]]:
    """Each file with each dataset whose location it matches."""
    for file in files:
        for dataset in datasets:
            if dataset.matches(file.relative_key):
                yield dataset, file


def make_plan(
    assigned: Iterable[tuple[Dataset, LandingFile]], state: State
) -> tuple[PlannedFile, ...]:
    """The action for each file, by dataset and then from the oldest file to the newest."""
    planned = [
        PlannedFile(dataset, file, _action(file, before), before)
        for dataset, file in assigned
        for before in [state.get((dataset.name, file.url))]
    ]
    return tuple(sorted(planned, key=lambda p: (p.dataset.name, p.file.modified_at, p.file.key)))


def _action(file: LandingFile, before: FileState | None) -> Action:
    if before is None:
        return Action.NEW
    if before.source_etag != file.etag:
        return Action.CHANGED
    return Action.REFUSED if before.status == Status.REFUSED else Action.UNCHANGED


@dataclass(frozen=True)
class Limits:
    """How much goes into one statement: files, bytes of files, bytes of SQL text."""

    files: int = 100
    file_bytes: int = 1024**3
    statement_bytes: int = 900_000


def batches(
    items: Iterable[T], limits: Limits, size: Callable[[T], int], text_size: Callable[[T], int]
) -> Iterator[list[T]]:
    """The items in their order, cut before a limit is passed. One item is a batch at least."""
    batch: list[T] = []
    file_bytes = statement_bytes = 0
    for item in items:
        size_here, text_here = size(item), text_size(item)
        if batch and (
            len(batch) >= limits.files
            or file_bytes + size_here > limits.file_bytes
            or statement_bytes + text_here > limits.statement_bytes
        ):
            yield batch
            batch, file_bytes, statement_bytes = [], 0, 0
        batch.append(item)
        file_bytes += size_here
        statement_bytes += text_here
    if batch:
        yield batch
