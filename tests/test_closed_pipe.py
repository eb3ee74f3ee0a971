"""A command whose reader has seen enough, `head` say, ends as if by SIGPIPE, and without a word."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from closed_pipe import run_unread
from lakehouse import BIN, outer_environment

NOT_READ = 141  # 128 + SIGPIPE, https://tldp.org/LDP/abs/html/exitcodes.html


@pytest.mark.parametrize(
    "command",
    [
        "erase-person", "landing-sample", "load-bronze", "new-dataset", "preview-dashboard",
        "prove-workspace", "run-job", "setup-databricks",
    ],
)  # fmt: skip
def test_help_that_nobody_reads(command: str) -> None:
    assert run_unread(command, "--help", env=outer_environment()) == (NOT_READ, "")


def test_progress_that_nobody_reads(tmp_path: Path) -> None:
    command = ["landing-sample", "--sales", "10", "--customers", "5", "--out", str(tmp_path)]
    assert run_unread(*command, env=outer_environment()) == (NOT_READ, "")


@pytest.mark.parametrize("command", ["load-bronze", "landing-sample", "local-warehouse"])
def test_a_command_without_streams_as_some_daemons_start_it(command: str) -> None:
    """Python has None in place of a closed one."""
    closed = ["sh", "-c", '"$0" --help <&- >&- 2>&-', str(BIN / command)]
    assert subprocess.run(closed, env=outer_environment(), check=False).returncode == 0
