"""When files that cannot be read end the run: their number in a row says it is not the files."""

from __future__ import annotations

from bronze_loader.errors import LoaderError
from bronze_loader.planning.plan import PlannedFile

FAILURES_IN_A_ROW = 3  # this many files failing one after the other is not the files' fault


class FailureLimit:
    """Counts files in a row that could not be read, over headers and rows alike."""

    def __init__(self, fail_fast: bool) -> None:
        """With `fail_fast` the first failure ends the run, else the third in a row."""
        self.fail_fast = fail_fast
        self._allowed = 0 if fail_fast else FAILURES_IN_A_ROW - 1
        self._in_a_row = 0

    def reset(self) -> None:
        """Begin a new row: a file could be read."""
        self._in_a_row = 0

    def count(self, planned: PlannedFile, error: LoaderError) -> None:
        """Count a file that could not be read.

        Raises an error of the same class as `error` when the row is longer than allowed.
        """
        self._in_a_row += 1
        if self._in_a_row > self._allowed:
            many = f"{self._in_a_row} files in a row" if self._in_a_row > 1 else "a file"
            raise type(error)(
                f"dataset {planned.dataset.name}: {many} could not be loaded, the last was "
                f"{planned.url}: {error}"
            ) from error
