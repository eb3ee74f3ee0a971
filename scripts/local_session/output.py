"""The console that the commands print to."""

from typing import Any

from rich.console import Console

from local_session.command_end import ReaderGone


class _Output(Console):
    def on_broken_pipe(self) -> None:
        raise ReaderGone  # rich would end the process with 1 here


def console(**options: Any) -> Console:
    """A console of rich with these options, without highlights, for `ending_with_its_reader`."""
    return _Output(highlight=False, **options)
