"""A command whose reader has seen enough, `head` say, ends as if by SIGPIPE, and without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from closed_pipe import run_unread
from lakehouse import outer_environment

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
