"""Runs tasks one after the other, keeps their output, and stops at the first failure.

A run has a folder under `runs/` of the local state: run.json, its record, and a log for each task.
A task that fails is retried as often as the job says, but without the pause that the job gives a
cloud service to recover.
"""

import fcntl
import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import IO, Literal

import local_session
from local_job.bundle import LOCAL_TARGET
from local_job.held_process import HeldProcess, Holder, holder_of
from local_job.job import Command, Job, Task, UnknownValue
from local_job.notebook import VALUES_FILE
from local_job.said_warnings import unique, warning_in

TaskResult = Literal["succeeded", "failed", "timed out", "skipped"]
Process = subprocess.Popen[str] | HeldProcess
# Colour codes of a terminal, and the time that dbt writes before each line.
_DECORATION = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|^\d\d:\d\d:\d\d  ")

# Where dbt sums up, and the first of the warnings that follow the errors there.
_ERRORS = re.compile(r"Completed with \d+ error")
_WARNING = re.compile(r"Warning in \w+ \w+ \(")


@dataclass
class TaskRun:
    """A task in a run. `said` is its last line of output, `exit_code` that of its last command,
    `warnings` what its last attempt has warned of."""

    key: str
    result: TaskResult
    log: Path
    commands: tuple[str, ...] = ()
    attempts: int = 0
    started_at: datetime | None = None
    seconds: float = 0.0
    exit_code: int | None = None
    said: str = ""
    warnings: list[str] = field(default_factory=list)


@dataclass
class JobRun:
    """A run of the job, with its tasks as far as they ended or were skipped."""

    run_id: str
    folder: Path
    started_at: datetime
    job: str = ""
    target: str = LOCAL_TARGET
    parameters: dict[str, str] = field(default_factory=dict)
    tasks: list[TaskRun] = field(default_factory=list)

    @property
    def failed_task(self) -> TaskRun | None:
        """The task that failed or timed out, None when all is well."""
        return next((task for task in self.tasks if task.result in ("failed", "timed out")), None)

    @property
    def warnings(self) -> list[str]:
        """What its tasks have warned of, each once."""
        return unique(warning for task in self.tasks for warning in task.warnings)

    @property
    def seconds(self) -> float:
        """The seconds of all tasks together."""
        return sum(task.seconds for task in self.tasks)

    def save(self) -> None:
        """Write run.json beside the logs."""
        result = "failed" if self.failed_task else "succeeded"
        text = json.dumps({"result": result} | asdict(self), indent=2, default=str)
        (self.folder / "run.json").write_text(text + "\n", "utf-8")


class JobWatcher:
    """Told about a run while it goes on; this base class does nothing."""

    @contextmanager
    def task(self, task: Task) -> Iterator[Callable[[str], None]]:
        """Surround a task's run; the function given is called with each line of its output."""
        yield lambda line: None

    def on_end(self, run: TaskRun) -> None:
        """Take note that a task ended or was skipped."""


@contextmanager
def run_lock(state: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Wait for another run on the same state to end, as the job's queue does on Databricks.

    `on_wait` is called when there is one. The lock is released when the process ends.
    """
    state.mkdir(parents=True, exist_ok=True)
    with (state / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def new_run(runs: Path, job: Job) -> JobRun:
    """A run with a folder of its own under `runs`, which is named for the time in UTC."""
    started = datetime.now(UTC)
    run_id = base = started.strftime("%Y%m%dT%H%M%SZ")
    count = 1
    while (runs / run_id).exists():
        count += 1
        run_id = f"{base}-{count}"
    (runs / run_id).mkdir(parents=True)
    return JobRun(run_id, runs / run_id, started, job.name, parameters=dict(job.parameters))


def run_job(job: Job, run: JobRun, watcher: JobWatcher) -> JobRun:
    """Run the tasks in order, and skip the rest after a failure.

    A condition that is not as a task wants it skips the task and all that depend on it. A task that
    is not among the job's, as it was not chosen, counts as done.
    Fills in `run`, writes its record and returns it.
    """
    try:
        with holder_of(job, _environment()) as holder:
            _run_tasks(job, run, watcher, holder)
    finally:
        run.save()
    return run


def _run_tasks(job: Job, run: JobRun, watcher: JobWatcher, holder: Holder | None) -> None:
    values: dict[tuple[str, str], str] = {}
    passed_over: dict[str, str] = {}  # tasks that a condition has skipped, and why
    conditions: dict[str, bool] = {}
    for task in job.tasks:
        ended = TaskRun(
            task.key,
            "skipped",
            run.folder / f"{task.key}.log",
            tuple(command.shown for command in task.commands),
        )
        if task.missing:
            ended.said = f"{task.missing} is not installed"
        elif reason := _reason_to_skip(task, conditions, passed_over):
            passed_over[task.key] = ended.said = reason
        elif not run.failed_task:
            try:
                if task.condition:
                    conditions[task.key] = holds = task.condition.holds(values)
                    ended.result, ended.said = "succeeded", str(holds).lower()
                else:
                    task = replace(task, commands=tuple(c.filled(values) for c in task.commands))
                    with watcher.task(task) as heard:
                        _run_task(task, ended, heard, holder)
                    values |= _values_of(ended)
            except UnknownValue as error:
                passed_over[task.key] = ended.said = str(error)
        run.tasks.append(ended)
        watcher.on_end(ended)


def _reason_to_skip(
    task: Task, conditions: Mapping[str, bool], passed_over: Mapping[str, str]
) -> str:
    """Why a condition, or an earlier task that was skipped, keeps the task from running."""
    left_out = [needed for needed in task.depends_on if needed in passed_over]
    if left_out and (not task.none_failed or len(left_out) == len(task.depends_on)):
        return passed_over[left_out[0]]
    for needed in task.depends_on:
        if needed in task.outcomes and needed in conditions:
            holds = conditions[needed]
            if holds != task.outcomes[needed]:
                return f"{needed}: {str(holds).lower()}"
    return ""


def _values_file(ended: TaskRun) -> Path:
    return ended.log.with_suffix(".values.json").resolve()


def _values_of(ended: TaskRun) -> dict[tuple[str, str], str]:
    """The values that a task has set, by task and key."""
    try:
        said = json.loads(_values_file(ended).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return {(ended.key, key): value for key, value in said.items()}


def _run_task(
    task: Task, ended: TaskRun, heard: Callable[[str], None], holder: Holder | None
) -> None:
    """Run the task until it succeeds or has no retry left; fills in `ended`."""
    started = time.monotonic()
    ended.started_at = datetime.now(UTC)

    def keep(line: str) -> None:
        text = _DECORATION.sub("", line.strip()).strip()
        if text:
            ended.said = text
        if warning := warning_in(text):
            ended.warnings.append(warning)
        heard(line)

    with ended.log.open("w", encoding="utf-8") as out:
        while True:
            ended.attempts += 1
            ended.warnings.clear()
            ended.result = _attempt(task, ended, out, keep, holder)
            may_retry = ended.result == "failed" or (
                ended.result == "timed out" and task.retry_on_timeout
            )
            if not may_retry or ended.attempts > task.max_retries:
                break
            line = f"{ended.result}; attempt {ended.attempts + 1} of {task.max_retries + 1}"
            out.write(f"-- {line}\n")
            heard(line)
    ended.seconds = round(time.monotonic() - started, 2)


def _attempt(
    task: Task,
    ended: TaskRun,
    out: IO[str],
    heard: Callable[[str], None],
    holder: Holder | None,
) -> TaskResult:
    deadline = time.monotonic() + task.timeout if task.timeout else None
    for command in task.commands:
        out.write(f"$ {command.shown}\n")
        out.flush()
        environment = _environment(command) | {VALUES_FILE: str(_values_file(ended))}
        try:
            process = _start(command, environment, holder)
        except OSError as error:
            out.write(f"{command.arguments[0]} cannot be started: {error}\n")
            ended.exit_code = 127
            return "failed"
        ended.exit_code, in_time = _follow(process, out, heard, deadline)
        if not in_time:
            out.write(f"-- stopped: it ran for {task.timeout:g} s, the task's timeout\n")
            return "timed out"
        if ended.exit_code != 0:
            return "failed"
    return "succeeded"


def _environment(command: Command | None = None) -> dict[str, str]:
    """The environment of every command: output comes at once, and without colours.

    dbt keeps what it has parsed beside the state: in target/, a `dbt build` from a terminal, which
    has other variables, would make the next run parse the whole project again, and it the next.

    dbt asks the local warehouse alone, by the authority that the profile names. It opens a
    connection for each model and test, and each reads all authorities that SSL_CERT_FILE names:
    some 150 otherwise, a third of dbt's processor time.
    """
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "DBT_USE_COLORS": "false"}
    environment.setdefault("DBT_TARGET_PATH", str(local_session.state_dir().resolve() / "target"))
    authority = environment.get("LOCAL_WAREHOUSE_CA_FILE")
    if authority and command and Path(command.arguments[0]).name == "dbt":
        environment["SSL_CERT_FILE"] = authority
    return environment


def _start(command: Command, environment: Mapping[str, str], holder: Holder | None) -> Process:
    """Start a command, one of a held program by the process that holds it. Raises OSError."""
    if holder and (held := holder.start(command, environment)):
        return held
    return subprocess.Popen(
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


def _follow(
    process: Process, log: IO[str], heard: Callable[[str], None], deadline: float | None
) -> tuple[int, bool]:
    """Follow a command to its end; returns its exit code, and whether it ended before the
    deadline."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    with _termination_at(deadline, process) as late:
        try:
            for line in process.stdout:
                log.write(line)
                log.flush()
                heard(line.rstrip("\n"))
            return process.wait(), not late.is_set()
        except BaseException:  # such as an interrupt: the task must not outlive the run
            process.terminate()
            process.wait()
            raise


@contextmanager
def _termination_at(deadline: float | None, process: Process) -> Iterator[threading.Event]:
    """Terminate the process at the deadline; the event is set when that was necessary."""
    late = threading.Event()

    def stop() -> None:
        late.set()
        process.terminate()

    timer = threading.Timer(deadline - time.monotonic() if deadline else 0, stop)
    if deadline:
        timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def failure_in(log: Path, lines: int = 25) -> list[str]:
    """The lines of a log file that tell of a failure, 25 at most unless told otherwise.

    The errors with which dbt ends, without the warnings behind them, which a run shows by itself;
    the last lines of a task that is not dbt's.
    """
    said = log.read_text("utf-8", errors="replace").splitlines()
    sums = [number for number, line in enumerate(said) if _ERRORS.search(line)]
    if not sums:
        return said[-lines:]
    return list(takewhile(lambda line: not _WARNING.search(line), said[sums[-1] :]))[:lines]
