"""Tables on a terminal, as wide as it is, or in a pipe."""

from __future__ import annotations

import sys

from rich.console import Console

_WIDTH_OF_A_PIPE = 10_000


class Output(Console):
    """Standard output. rich would end the process when its reader has ended."""

    def __init__(self) -> None:
        super().__init__(width=None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE)

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError
