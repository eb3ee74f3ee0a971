"""What a run tells whoever shows its progress."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Is told how far the run is; `reporting.progress_bar` shows it."""

    def step(self, name: str, files: int, size: int) -> None:
        """Begin a step that handles so many files and bytes."""

    def advance(self, files: int, size: int) -> None:
        """Note that so many more files and bytes of the step are done."""
