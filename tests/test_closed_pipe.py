"""A command whose reader has seen enough, `head` say, ends as if by SIGPIPE, and without a word."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from closed_pipe import run_unread
from lakehouse import BIN, ROOT, outer_environment

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


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
@pytest.mark.parametrize("command", ["load-bronze", "landing-sample", "local-warehouse status"])
def test_a_full_disk_below_the_output_is_said(command: str) -> None:
    program, argument = [*command.split(), "--help"][:2]
    done = subprocess.run(
        ["sh", "-c", '"$0" "$1" > /dev/full', str(BIN / program), argument],
        env=outer_environment(), cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(f"{program}: ") and done.stderr.count("\n") == 1
    assert "free some" in done.stderr
