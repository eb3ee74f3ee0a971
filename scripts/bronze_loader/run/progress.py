"""NEW scripts/bronze_loader/run/progress.py"""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told how far the run is; see report.py."""

    def step(self, name: str, files: int, size: int) -> None:
        """A step begins that handles so many files and bytes."""

    def advance(self, files: int, size: int) -> None:
        """So many files and bytes of the step are done."""
