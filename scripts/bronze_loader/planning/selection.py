"""What a run is asked to do with which files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bronze_loader.datasets.globs import compile_glob
from bronze_loader.errors import ConfigurationError
from bronze_loader.landing.bucket import LandingFile
from bronze_loader.planning.plan import Action, PlannedFile

TAKEN = (Action.NEW, Action.CHANGED, Action.FORCED)


@dataclass(frozen=True)
class Choice:
    """The options of a run that say what is loaded."""

    force: tuple[str, ...] = ()
    full_refresh: bool = False
    since: datetime | None = None
    max_files: int | None = None
    allow_duplicates: bool = False
    fail_fast: bool = False
    verify: bool = False
    dry_run: bool = False

    @property
    def may_end_early(self) -> bool:
        """Whether a run may end as soon as it sees that nothing is new. One that is asked for more
        than what is new, or for a part of it, may not."""
        asked = (self.full_refresh, self.fail_fast, self.verify, self.dry_run, self.force)
        return not any(asked) and self.since is None and self.max_files is None

    def forces(self, file: LandingFile) -> bool:
        """Whether a file is loaded again though it is loaded already."""
        return self.full_refresh or any(_means(pattern, file) for pattern in self.force)

    def check(self, files: Sequence[LandingFile]) -> None:
        """Check `force`. Raises ConfigurationError for a pattern that means none of the files."""
        for pattern in self.force:
            if not any(_means(pattern, file) for file in files):
                raise ConfigurationError(
                    f"--force {pattern}: no file of the datasets matches; a pattern is a glob "
                    "below the landing URL, such as '**/data_sales_2024*', or a file's whole URL"
                )

    def is_too_old(self, file: LandingFile) -> bool:
        """Whether the file was written before `since`."""
        return self.since is not None and file.modified_at < self.since

    def within(self, plan: Sequence[PlannedFile]) -> tuple[list[PlannedFile], list[PlannedFile]]:
        """The files that --max-files lets through, and the others.

        Files that are only looked at again, refused ones and duplicates, do not count, or enough
        of them would keep all others out for ever.
        """
        allowed = self.oldest(one for one in plan if one.action in TAKEN)
        now: list[PlannedFile] = []
        later: list[PlannedFile] = []
        for one in plan:
            if one.action not in TAKEN or (one.dataset.name, one.url) in allowed:
                now.append(one)
            else:
                later.append(one)
        return now, later

    def oldest(self, files: Iterable[PlannedFile]) -> set[tuple[str, str]]:
        """Dataset and URL of the files that --max-files lets through, the oldest of all datasets
        first."""
        first = sorted(files, key=lambda one: (one.file.modified_at, one.url))[: self.max_files]
        return {(one.dataset.name, one.url) for one in first}


def _means(pattern: str, file: LandingFile) -> bool:
    return pattern == file.url or bool(compile_glob(pattern).match(file.relative_key))
