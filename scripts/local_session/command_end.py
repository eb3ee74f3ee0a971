"""How a command ends: in words when it fails, without any when its reader has gone."""

import functools
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local_session import told

# The codes that a shell gives for a program which SIGPIPE or SIGINT has ended.
NOT_READ, INTERRUPTED = 141, 130


class ReaderGone(Exception):
    """Nobody reads the output any more. No OSError, which the commands explain as a user's."""


def ending_with_its_reader(main: Callable[..., int]) -> Callable[..., int]:
    """Make a command end with NOT_READ, and without a word, when nobody reads its output.

    An interrupted one ends with INTERRUPTED. A character that the terminal's encoding does not have
    is printed as `\\xe9`.
    """

    @functools.wraps(main)
    def ending(*arguments: Any, **options: Any) -> int:
        _open_missing_streams()
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        code = 0
        try:
            try:
                code = main(*arguments, **options)
            finally:
                sys.stdout.flush()  # here, also after --help, so that a closed pipe is caught below
        except (BrokenPipeError, ReaderGone):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return NOT_READ
        except OSError as error:  # of the output, unless the command has told it already
            if not code:
                print(f"{Path(sys.argv[0]).name}: {told(error)}", file=sys.stderr)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except KeyboardInterrupt:
            print(f"{Path(sys.argv[0]).name}: interrupted", file=sys.stderr)
            return INTERRUPTED
        return code

    return ending


def _open_missing_streams() -> None:
    """Give a process that was started without its standard streams, as by a daemon, empty ones."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115
