"""The one exception that a user of the command line sees: what happened and what to do next."""

from __future__ import annotations


class LocalWarehouseError(Exception):
    """A failure with a message for the user; `exit_code` is what the command ends with.

    Exit codes: 1 failed, 2 wrong use or settings, 126 a command cannot be run, 127 a command
    was not found.
    """

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
