"""NEW scripts/bronze_loader/reporting/console.py"""

from __future__ import annotations

import sys

from rich.console import Console

WIDTH_WITHOUT_TERMINAL = 160
SHOWN = 50  # files listed by name, and columns of a file; --json has all of them


class _Output(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # of which the command makes its exit code; rich would end it here


def out() -> Console:
    return _Output(width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL, highlight=False)


def printable(text: str, keep: str = "") -> str:
    """The text with control characters spelt out, so that a file name cannot steer a terminal;
    those in `keep` stay."""
    return "".join(
        c if c.isprintable() or c in keep else c.encode("unicode_escape").decode() for c in text
    )
