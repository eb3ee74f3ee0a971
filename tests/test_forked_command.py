"""A forked command is to its caller what the same command is that starts by itself."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from forked_command import PROGRAMS, ForkedCommands, ParentEnded
from lakehouse import BIN, outer_environment

# One of each outcome: help, wrong use, and an error that depends on the environment and the folder.
LINES = [
    ("dbt", "no-such-command"),
    ("landing-sample", "--help"),
    ("load-bronze", "--no-such-option"),
    ("preview-dashboard", "no-such-file.lvdash.json"),
    ("run-job", "--only", "no_such_task"),
]


def test_every_forked_program_is_compared() -> None:
    assert {program for program, *_ in LINES} == set(PROGRAMS)


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_code_and_output_are_those_of_a_start_of_its_own(
    commands: ForkedCommands, tmp_path: Path, line: tuple[str, ...]
) -> None:
    env = outer_environment() | {"DATABRICKS_HOST": "https://localhost:1", "COLUMNS": "100"}
    alone = subprocess.run(
        [BIN / line[0], *line[1:]], env=env, cwd=tmp_path, capture_output=True, text=True
    )
    forked = commands.run(line, env, tmp_path)
    assert (forked.returncode, forked.stdout, forked.stderr) == (
        alone.returncode,
        alone.stdout,
        alone.stderr,
    )
    assert forked.stdout or forked.stderr


def test_each_run_begins_afresh(commands: ForkedCommands, tmp_path: Path) -> None:
    """Neither the environment nor the folder of one run is left to the next one."""
    (tmp_path / "dbt_project.yml").write_text("name: mine\nprofile: mine\n")
    inside = {"DBT_PROFILES_DIR": str(tmp_path), "DBT_TARGET_PATH": str(tmp_path / "target")}
    debug = ("dbt", "debug", "--config-dir")
    first = commands.run(debug, outer_environment() | inside, tmp_path)
    second = commands.run(debug, outer_environment(), tmp_path.parent)
    assert str(tmp_path) in first.stdout
    assert str(tmp_path) not in second.stdout.replace(str(tmp_path.parent), "")


def test_a_program_that_cannot_be_imported_is_an_error_and_no_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(PROGRAMS, "no-such-program", ())
    forked = ForkedCommands(os.environ)
    for _ in range(2):
        with pytest.raises(ParentEnded):
            forked.run(["no-such-program"], {}, Path())
    forked.close()


class Interrupted(Exception):
    """What the signal's handler raises, as Ctrl-C would KeyboardInterrupt."""


@pytest.fixture
def waits(tmp_path: Path) -> Path:
    """A folder in which `dbt parse` waits: its packages.yml is a pipe that nobody writes into."""
    os.mkfifo(tmp_path / "packages.yml")
    (tmp_path / "dbt_project.yml").write_text("name: mine\nprofile: mine\n")
    output = {"type": "databricks", "host": "h", "http_path": "p", "schema": "s", "token": "t"}
    profile = {"mine": {"target": "local", "outputs": {"local": output}}}
    (tmp_path / "profiles.yml").write_text(json.dumps(profile))
    return tmp_path


def test_a_command_that_hangs_is_ended_and_says_where_it_stands(
    commands: ForkedCommands, waits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forked_command.LIMIT", 0.5)
    done = commands.run(["dbt", "parse"], outer_environment(), waits)
    assert done.returncode == -signal.SIGABRT
    assert "most recent call first" in done.stderr


def test_a_command_ends_with_a_caller_that_is_interrupted(
    commands: ForkedCommands, waits: Path
) -> None:
    """dbt reads its packages.yml when the caller is interrupted."""
    opened: list[int] = []

    def interrupt(number: int, frame: object) -> None:
        raise Interrupted

    def interrupt_once_it_reads() -> None:
        opened.append(os.open(waits / "packages.yml", os.O_WRONLY))  # waits for a reader
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        threading.Thread(target=interrupt_once_it_reads, daemon=True).start()
        with pytest.raises(Interrupted):
            commands.run(["dbt", "parse"], outer_environment(), waits)
    finally:
        signal.signal(signal.SIGUSR1, before)
    reader_is_gone = select.poll()
    reader_is_gone.register(opened[0], 0)
    assert reader_is_gone.poll(120_000)
    os.close(opened[0])
