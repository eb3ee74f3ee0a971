"""What a run has to do: the listed files compared with the log. Pure; nothing here does I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bronze_loader.datasets.declaration import Dataset
from bronze_loader.landing.bucket import LandingFile
from bronze_loader.planning.file_state import FileState, FileStates, HeldContent, Status


class Action(StrEnum):
    """What the plan makes of a file."""

    NEW = "new"  # not in the log
    CHANGED = "changed"  # in the log with another etag, or as gone: its rows are replaced
    FORCED = "forced"  # loaded with this etag, and asked for: its rows are replaced
    UNCHANGED = "unchanged"  # loaded with this etag: nothing to do
    REFUSED = "refused"  # refused with this etag: its header is read again, in case the declaration
    #                      has changed, and it is reported for as long as it is in the landing place
    DUPLICATE = "duplicate"  # logged as a duplicate with this etag: compared with the others again
    GONE = "gone"  # in the log, but no longer in the landing place


@dataclass(frozen=True)
class PlannedFile:
    """One file of one dataset and what is to be done with it."""

    dataset: Dataset
    file: LandingFile
    action: Action
    before: FileState | None = None

    @property
    def url(self) -> str:
        """The file's `s3://bucket/key`."""
        return self.file.url

    @property
    def content(self) -> tuple[str, int]:
        """What makes two files the same: their etag and size."""
        return self.file.etag, self.file.size

    @property
    def held(self) -> HeldContent | None:
        """What bronze holds of the file; None when it holds nothing."""
        return self.before.held if self.before else None


def assign(
    files: Iterable[LandingFile], datasets: Sequence[Dataset]
) -> Iterator[tuple[Dataset, LandingFile]]:
    """Pair each file with each dataset whose location it matches."""
    for file in files:
        for dataset in datasets:
            if dataset.matches(file.relative_key):
                yield dataset, file


def unmatched(files: Iterable[LandingFile], datasets: Sequence[Dataset]) -> list[LandingFile]:
    """The files that no dataset's location matches; empty markers of folders are no files."""
    return [
        file
        for file in files
        if not (file.key.endswith("/") and not file.size)
        and not any(d.matches(file.relative_key) for d in datasets)
    ]


def make_plan(
    assigned: Iterable[tuple[Dataset, LandingFile]],
    state: FileStates,
    forced: Callable[[LandingFile], bool] = lambda file: False,
) -> tuple[PlannedFile, ...]:
    """The action for each file, by dataset and then from the oldest file to the newest.

    `forced` says whether a file is to be loaded again though it is loaded already.
    """
    planned = [
        PlannedFile(dataset, file, _action(file, before, forced), before)
        for dataset, file in assigned
        for before in [state.get((dataset.name, file.url))]
    ]
    return tuple(sorted(planned, key=lambda p: (p.dataset.name, p.file.modified_at, p.file.key)))


def _action(
    file: LandingFile, before: FileState | None, forced: Callable[[LandingFile], bool]
) -> Action:
    if before is None:
        return Action.NEW
    if before.source_etag != file.etag or before.status == Status.GONE:
        return Action.CHANGED
    if before.status == Status.REFUSED:
        return Action.REFUSED
    if before.status == Status.DUPLICATE:
        return Action.DUPLICATE
    return Action.FORCED if forced(file) else Action.UNCHANGED


def gone_files(
    datasets: Sequence[Dataset], listed: Iterable[LandingFile], state: FileStates, landing_url: str
) -> tuple[PlannedFile, ...]:
    """The files of the log that are no longer in the landing place, logged as gone or not yet.

    Files of another landing place, and files that the dataset's location no longer matches, were
    not listed, so that they are not listed says nothing.
    """
    by_name = {dataset.name: dataset for dataset in datasets}
    there = {file.url for file in listed}
    root = landing_url.rstrip("/") + "/"
    gone = []
    for (name, url), before in state.items():
        dataset, relative = by_name.get(name), url.removeprefix(root)
        if dataset and url not in there and url.startswith(root) and dataset.matches(relative):
            held = before.held or HeldContent(
                before.source_etag, before.source_size, before.source_modified_at, 0
            )
            key = url.split("/", 3)[3]
            file = LandingFile(url, key, relative, held.etag, held.size, held.modified_at)
            gone.append(PlannedFile(dataset, file, Action.GONE, before))
    return tuple(sorted(gone, key=lambda p: (p.dataset.name, p.url)))
