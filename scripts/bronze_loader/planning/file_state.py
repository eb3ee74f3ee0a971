"""What is known of each file before a run: its newest log entry, and what bronze holds of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias

LONG_AGO = datetime.fromtimestamp(0, UTC)


class Status(StrEnum):
    """What the log keeps of a file."""

    LOADED = "loaded"
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    GONE = "gone"


@dataclass(frozen=True)
class LogEntry:
    """One row of `load_log`. Bronze has `row_count` rows of the file once it is written, unless
    the status is refused: that leaves in bronze what was there."""

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
    rows_digest: str | None = None


@dataclass(frozen=True)
class HeldContent:
    """What bronze holds of a file: the content it had when its rows were loaded. The size is in
    bytes; what `rows_digest` tells, `RowHolders` knows."""

    etag: str
    size: int
    modified_at: datetime
    row_count: int
    corrupt_row_count: int = 0
    rows_digest: str | None = None

    @property
    def content(self) -> tuple[str, int]:
        """Etag and size, by which two contents are the same."""
        return self.etag, self.size


@dataclass(frozen=True)
class FileState:
    """The newest log entry of a file, as far as planning needs it, and what bronze holds of it."""

    source_etag: str
    status: str
    reason: str | None = None
    held: HeldContent | None = None
    source_size: int = 0
    source_modified_at: datetime = LONG_AGO


FileStates: TypeAlias = Mapping[tuple[str, str], FileState]
"""The state of each file by (dataset name, file URL)."""
