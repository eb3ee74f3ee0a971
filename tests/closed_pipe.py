"""Runs a command whose reader has seen enough, `head` say."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

from lakehouse import BIN, ROOT


def run_unread(*command: str, env: Mapping[str, str]) -> tuple[int, str]:
    """The exit code of a command whose output nobody reads, and what it says on stderr."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as unread:
        done = subprocess.run(
            [str(BIN / command[0]), *command[1:]], env=env, cwd=ROOT, stdout=unread,
            stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    return done.returncode, done.stderr
