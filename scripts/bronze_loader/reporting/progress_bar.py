"""The progress of a run on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich import progress as bars
from rich.console import Console
from rich.filesize import decimal

from bronze_loader.run.progress import Progress


class SilentProgress:
    """Shows nothing, where standard error is not a terminal."""

    def step(self, name: str, files: int, size: int) -> None:
        """Do nothing."""

    def advance(self, files: int, size: int) -> None:
        """Do nothing."""


class BarProgress:
    """Shows one bar for each step, with files and bytes."""

    def __init__(self, bar: bars.Progress) -> None:
        self._bar = bar
        self._task: bars.TaskID | None = None
        self._files = self._all_files = self._size = self._all_size = 0

    def step(self, name: str, files: int, size: int) -> None:
        """Put a new bar in place of the last; it measures bytes, or files when there are none."""
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(name, total=size or files, text="")
        self._files, self._all_files, self._size, self._all_size = 0, files, 0, size
        self.advance(0, 0)

    def advance(self, files: int, size: int) -> None:
        """Move the bar on by so many files and bytes."""
        self._files += files
        self._size += size
        text = f"{self._files:,} of {self._all_files:,} files"
        if self._all_size:
            text += f", {decimal(self._size)} of {decimal(self._all_size)}"
        done = self._size if self._all_size else self._files
        if self._task is not None:
            self._bar.update(self._task, completed=done, text=text)


@contextmanager
def progress() -> Iterator[Progress]:
    """A bar on standard error inside the `with` block; a silent one when that is no terminal."""
    if not sys.stderr.isatty():
        yield SilentProgress()
        return
    with bars.Progress(
        bars.SpinnerColumn(),
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(),
        bars.TextColumn("{task.fields[text]}", markup=False),
        bars.TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        yield BarProgress(bar)
