"""Runs tasks one after the other, keeps their output, and stops at the first failure."""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal

from local_job.job import Command, Task

Result = Literal["succeeded", "failed", "skipped"]
# What a terminal program writes to colour, and dbt's clock before each of its lines.
_DECORATION = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|^\d\d:\d\d:\d\d  ")


@dataclass
class TaskRun:
    """How one task went. `said` is the last line of its output."""

    key: str
    result: Result
    log: Path
    seconds: float = 0.0
    exit_code: int | None = None
    said: str = ""


@dataclass
class JobRun:
    """How a run of the job went."""

    run_id: str
    folder: Path
    started_at: datetime
    tasks: list[TaskRun] = field(default_factory=list)

    @property
    def failed(self) -> TaskRun | None:
        return next((task for task in self.tasks if task.result == "failed"), None)

    @property
    def seconds(self) -> float:
        return sum(task.seconds for task in self.tasks)

    def save(self) -> None:
        """Write run.json beside the logs."""
        text = json.dumps(asdict(self), indent=2, default=str)
        (self.folder / "run.json").write_text(text + "\n", "utf-8")


class Watcher:
    """Hears of a run while it goes on. This one keeps silent."""

    @contextmanager
    def task(self, task: Task) -> Iterator[Callable[[str], None]]:
        """Surrounds a task's run; what it gives is called with each line of output."""
        yield lambda line: None

    def ended(self, run: TaskRun) -> None:
        """A task ended, or was skipped."""


def new_run(runs: Path) -> JobRun:
    """A run with a folder of its own under `runs`, named for the time, in UTC."""
    started = datetime.now(UTC)
    run_id = base = started.strftime("%Y%m%dT%H%M%SZ")
    count = 1
    while (runs / run_id).exists():
        count += 1
        run_id = f"{base}-{count}"
    (runs / run_id).mkdir(parents=True)
    return JobRun(run_id, runs / run_id, started)


def run_job(tasks: list[Task], run: JobRun, watcher: Watcher) -> JobRun:
    """Run the tasks in the order given; after a failure the rest are skipped."""
    try:
        for task in tasks:
            log = run.folder / f"{task.key}.log"
            if run.failed:
                ended = TaskRun(task.key, "skipped", log)
            else:
                with watcher.task(task) as heard:
                    ended = _run_task(task, log, heard)
            run.tasks.append(ended)
            watcher.ended(ended)
    finally:
        run.save()
    return run


def _run_task(task: Task, log: Path, heard: Callable[[str], None]) -> TaskRun:
    started = time.monotonic()
    ended = TaskRun(task.key, "succeeded", log)

    def keep(line: str) -> None:
        text = _DECORATION.sub("", line.strip()).strip()
        if text:
            ended.said = text
        heard(line)

    with log.open("w", encoding="utf-8") as out:
        for command in task.commands:
            out.write(f"$ {command.shown}\n")
            out.flush()
            ended.exit_code = _run_command(command, out, keep)
            if ended.exit_code != 0:
                ended.result = "failed"
                break
    ended.seconds = round(time.monotonic() - started, 2)
    return ended


def _run_command(command: Command, log: IO[str], heard: Callable[[str], None]) -> int:
    environment = os.environ | {
        "PYTHONUNBUFFERED": "1",
        "NO_COLOR": "1",
        "DBT_USE_COLORS": "false",
    }
    try:
        process = subprocess.Popen(
            command.arguments,
            cwd=command.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        log.write(f"{command.arguments[0]} cannot be started: {error}\n")
        return 127
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    try:
        for line in process.stdout:
            log.write(line)
            log.flush()
            heard(line.rstrip("\n"))
        return process.wait()
    except BaseException:  # an interrupt above all: the task must not outlive the run
        process.terminate()
        process.wait()
        raise


def tail(log: Path, lines: int = 25) -> list[str]:
    """The last lines of a log."""
    return log.read_text("utf-8", errors="replace").splitlines()[-lines:]
