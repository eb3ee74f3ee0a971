"""The console that all output of the commands goes through."""

from __future__ import annotations

import sys

from rich.console import Console

WIDTH_WITHOUT_TERMINAL = 160
SHOWN = 50  # files listed by name, and columns of a file; --json has all of them


class _Output(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # `main` has an exit code for it; rich would end the process here


def out() -> Console:
    """A console on standard output; when that is no terminal, of a fixed width in characters."""
    return _Output(width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL, highlight=False)


def printable(text: str, keep: str = "") -> str:
    """The text with control characters as escapes, so that a file name cannot steer a terminal;
    those in `keep` stay."""
    return "".join(
        c if c.isprintable() or c in keep else c.encode("unicode_escape").decode() for c in text
    )
