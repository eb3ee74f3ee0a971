"""The errors of `read_files`; every message names the option or the path.

Exception
└── ReadFilesError          a mistake in the call or in the files
    ├── UnsupportedOption   an option, or a value of one, that is not implemented here
    ├── InvalidOption       an option that no reader knows, or a value that makes no sense
    ├── PathNotFound        no object has the path, or none matches the glob
    ├── DamagedFile         an object is cut off, does not decompress or cannot be fetched
    └── MalformedRecord     mode FAILFAST met a record of the wrong shape
"""

from __future__ import annotations


class ReadFilesError(Exception):
    """A mistake in the call or in the files; the message is meant for the person who called."""


class UnsupportedOption(ReadFilesError):
    """An option, or a value of one, that the local reader does not implement."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"read_files: option {name} is not supported here: {reason}")
        self.name = name


class InvalidOption(ReadFilesError):
    """An option that no reader knows, or a value that makes no sense for it."""


class PathNotFound(ReadFilesError):
    """No object has the path, or none matches the glob."""

    def __init__(self, path: str) -> None:
        super().__init__(f"[PATH_NOT_FOUND] Path does not exist: {path}")


class DamagedFile(ReadFilesError):
    """An object is cut off, does not decompress, or cannot be fetched."""

    def __init__(self, path: str, error: Exception) -> None:
        super().__init__(f"Cannot read {path}: {error}.")


class MalformedRecord(ReadFilesError):
    """Mode FAILFAST met a record of the wrong shape."""

    def __init__(self, path: str, record: str) -> None:
        shown = record if len(record) <= 200 else record[:200] + "…"
        super().__init__(
            f"[MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION] Malformed record in {path}: "
            f"{shown!r}. Parse mode: FAILFAST. To keep such records set the option "
            "'mode' to 'PERMISSIVE'."
        )
