"""Output as wide as the terminal, or of any width in a pipe."""

from __future__ import annotations

import sys

from rich.console import Console

_WIDTH_OF_A_PIPE = 10_000


class Output(Console):
    """Standard output, as a console of rich."""

    def __init__(self) -> None:
        super().__init__(width=None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE)

    def on_broken_pipe(self) -> None:
        """Raise BrokenPipeError, for `cli.main`; rich would end the process here."""
        raise BrokenPipeError
