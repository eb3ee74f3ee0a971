"""Reads the job as this machine runs it: tasks in order, each with its command lines."""

import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import local_session
from local_job.bundle import Bundle, BundleError
from local_job.notebook import HEADER

_DYNAMIC = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_TASK_VALUE = re.compile(r"tasks\.([\w-]+)\.values\.([\w-]+)")
TaskValues = Mapping[tuple[str, str], str]
"""The values that tasks of a run have set, by task and key."""


@dataclass(frozen=True)
class Command:
    """A command line of a task. `arguments` begins with the program; `folder` is where it runs."""

    shown: str
    arguments: tuple[str, ...]
    folder: Path

    def filled(self, values: TaskValues) -> "Command":
        """The command with the values of earlier tasks in it. Raises UnknownValue."""
        arguments = tuple(fill(argument, values) for argument in self.arguments)
        return Command(fill(self.shown, values), arguments, self.folder)


@dataclass(frozen=True)
class Condition:
    """A comparison of two texts, which may refer to values of tasks."""

    operator: str
    left: str
    right: str

    def holds(self, values: TaskValues) -> bool:
        """Whether it is true. Raises UnknownValue."""
        equal = fill(self.left, values) == fill(self.right, values)
        return equal == (self.operator == "EQUAL_TO")


class UnknownValue(Exception):
    """A task needs a value of another task that did not set it in this run."""


def fill(text: str, values: TaskValues) -> str:
    """The text with the values of tasks in place of its references {{tasks.NAME.values.KEY}}.

    Raises UnknownValue for a value that no task has set.
    """

    def value(found: re.Match[str]) -> str:
        reference = _TASK_VALUE.fullmatch(found.group(1))
        if not reference:
            return found.group()
        task, key = reference.groups()
        if (task, key) not in values:
            raise UnknownValue(f"{task} did not run, or set no {key}")
        return values[task, key]

    return _DYNAMIC.sub(value, text)


@dataclass(frozen=True)
class Task:
    """A task, which runs after the tasks that it depends on.

    One with a `condition` has no commands. `outcomes` says, for conditions among `depends_on`,
    whether they have to be true or false for the task to run. With `none_failed` it runs when a
    condition has left some of `depends_on` out, though not when it has left out all.
    `timeout` is in seconds, None for none. `missing` names the program that the task needs and that
    is not installed: the task is then skipped.
    """

    key: str
    depends_on: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    max_retries: int = 0
    timeout: float | None = None
    retry_on_timeout: bool = False
    missing: str = ""
    condition: Condition | None = None
    outcomes: Mapping[str, bool] = field(default_factory=dict)
    none_failed: bool = False


@dataclass(frozen=True)
class Job:
    """The tasks, each after those it depends on, and the values of the job's parameters."""

    name: str
    tasks: tuple[Task, ...]
    parameters: Mapping[str, str]

    def only(self, keys: list[str]) -> "Job":
        """The job with these tasks alone. Raises BundleError for a task that it does not have."""
        for key in keys:
            self._known(key)
        return self._with({*keys})

    def from_task(self, key: str) -> "Job":
        """The job from this task on: the task, and all that depend on it. Raises BundleError."""
        self._known(key)
        chosen = {key}
        for task in self.tasks:
            if chosen.intersection(task.depends_on):
                chosen.add(task.key)
        return self._with(chosen)

    def _with(self, chosen: set[str]) -> "Job":
        return Job(self.name, tuple(t for t in self.tasks if t.key in chosen), self.parameters)

    def _known(self, key: str) -> None:
        keys = [task.key for task in self.tasks]
        if key not in keys:
            raise BundleError(f"{self.name} has no task {key}; it has {', '.join(keys)}.")


def read_job(bundle: Bundle, parameters: Mapping[str, str] | None = None) -> Job:
    """The bundle's job with its parameters set. A job that only starts another is passed over.

    Raises BundleError for a task that cannot run on this machine, for a dependency on no task or in
    a circle, and for a parameter that the job does not have.
    """
    jobs = {key: job for key, job in bundle.jobs.items() if not _only_starts_another(job)}
    if len(jobs) != 1:
        raise BundleError(f"Expected one job in the bundle, found {', '.join(jobs) or 'none'}.")
    [(name, definition)] = jobs.items()
    values = {
        parameter["name"]: str(bundle.resolve(parameter["default"]))
        for parameter in definition.get("parameters") or []
    }
    for given in parameters or {}:
        if given not in values:
            raise BundleError(f"{name} has no parameter {given}; it has {', '.join(values)}.")
    values |= parameters or {}
    reader = _TaskReader(bundle, bundle.folders[name], values)
    tasks = {task["task_key"]: reader.task(task) for task in definition.get("tasks") or []}
    return Job(name, tuple(_in_order(name, tasks)), values)


def _only_starts_another(job: dict[str, Any]) -> bool:
    return all("run_job_task" in task for task in job.get("tasks") or [{}])


def _in_order(name: str, tasks: dict[str, Task]) -> list[Task]:
    for task in tasks.values():
        for needed in task.depends_on:
            if needed not in tasks:
                raise BundleError(
                    f"{name}: {task.key} depends on {needed}, which is no task of it."
                )
        for needed in task.outcomes:
            if tasks[needed].condition is None:
                raise BundleError(
                    f"{name}: {task.key} asks for an outcome of {needed}, which is no condition."
                )
    try:
        order = TopologicalSorter({key: task.depends_on for key, task in tasks.items()})
        return [tasks[key] for key in order.static_order()]
    except CycleError as error:
        raise BundleError(f"{name}: these tasks depend on each other: {error.args[1]}") from error


@dataclass(frozen=True)
class _TaskReader:
    bundle: Bundle
    folder: Path
    parameters: Mapping[str, str]

    def task(self, task: dict[str, Any]) -> Task:
        program = ""
        condition = None
        run_if = task.get("run_if", "ALL_SUCCESS")
        if run_if not in ("ALL_SUCCESS", "NONE_FAILED"):
            raise BundleError(
                f"{task['task_key']}: run_if {run_if} is not known here, only ALL_SUCCESS and "
                "NONE_FAILED are."
            )
        if "spark_python_task" in task:
            commands = self._python(self._resolve(task["spark_python_task"]))
        elif "notebook_task" in task:
            commands = self._notebook(task["task_key"], self._resolve(task["notebook_task"]))
        elif "condition_task" in task:
            commands = []
            condition = self._condition(task["task_key"], self._resolve(task["condition_task"]))
        elif "dbt_task" in task:
            commands = self._dbt(task["task_key"], self._resolve(task["dbt_task"]))
        elif "dashboard_task" in task:
            program = "preview-dashboard"  # refreshes the dashboard on this machine
            options = ["--no-pictures", *self._schema_option(task["dashboard_task"])]
            words = (_program_path(program), *options)
            commands = [Command(f"{program} {shlex.join(options)}", words, self.bundle.root)]
        else:
            raise BundleError(
                f"{task['task_key']} is no Python, notebook, dbt, dashboard or condition task: "
                "it cannot run here."
            )
        return Task(
            key=task["task_key"],
            depends_on=tuple(needed["task_key"] for needed in task.get("depends_on") or []),
            commands=tuple(commands),
            max_retries=task.get("max_retries", 0),
            timeout=task.get("timeout_seconds") or None,
            retry_on_timeout=task.get("retry_on_timeout", False),
            missing=program if program and not Path(_program_path(program)).exists() else "",
            condition=condition,
            outcomes={
                needed["task_key"]: needed["outcome"] == "true"
                for needed in task.get("depends_on") or []
                if "outcome" in needed
            },
            none_failed=run_if == "NONE_FAILED",
        )

    def _schema_option(self, task: Mapping[str, Any]) -> list[str]:
        """The option that names the schema of the task's dashboard, where the bundle has one."""
        dashboards = self.bundle.resources.get("dashboards", {})
        dashboard = dashboards.get(self._resolve(task.get("dashboard_id", "")), {})
        schema = self._resolve(dashboard.get("dataset_schema", ""))
        return ["--schema", schema] if schema else []

    def _resolve(self, value: Any) -> Any:
        """The value with its references replaced, those of the bundle and those of a run."""
        if isinstance(value, dict):
            return {key: self._resolve(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._resolve(item) for item in value]
        if isinstance(value, str):
            text = self.bundle.resolve(value)
            return _DYNAMIC.sub(lambda found: self._dynamic(found.group(1)), text)
        return value

    def _dynamic(self, reference: str) -> str:
        """The value of {{job.parameters.<name>}}. A value of a task is known while the job runs;
        other references have none on this machine."""
        if _TASK_VALUE.fullmatch(reference):
            return f"{{{{{reference}}}}}"
        name = reference.removeprefix("job.parameters.")
        if name == reference or name not in self.parameters:
            raise BundleError(f"{{{{{reference}}}}} has no meaning in a run on this machine.")
        return self.parameters[name]

    def _python(self, python: dict[str, Any]) -> list[Command]:
        script = (self.folder / python["python_file"]).resolve()
        parameters = [str(parameter) for parameter in python.get("parameters") or []]
        shown = shlex.join([script.name, *parameters])
        return [Command(shown, (sys.executable, str(script), *parameters), self.bundle.root)]

    def _notebook(self, key: str, notebook: dict[str, Any]) -> list[Command]:
        source = (self.folder / notebook["notebook_path"]).resolve()
        if not source.is_file() or not source.read_text("utf-8").startswith(HEADER):
            raise BundleError(f"{key}: {source} is no file that begins with {HEADER!r}.")
        given = notebook.get("base_parameters") or {}
        parameters = [f"{name}={value}" for name, value in given.items()]
        shown = shlex.join([source.name, *parameters])
        program = (sys.executable, "-P", "-m", "local_job.notebook", str(source))
        return [Command(shown, (*program, *parameters), self.bundle.root)]

    def _condition(self, key: str, condition: dict[str, Any]) -> Condition:
        operator = str(condition["op"])
        if operator not in ("EQUAL_TO", "NOT_EQUAL"):
            raise BundleError(f"{key}: {operator} cannot be compared here, only EQUAL_TO is.")
        return Condition(operator, str(condition["left"]), str(condition["right"]))

    def _dbt(self, key: str, dbt: dict[str, Any]) -> list[Command]:
        project = (self.folder / dbt["project_directory"]).resolve()
        commands = []
        for line in dbt["commands"]:
            first, *rest = shlex.split(line)
            if first != "dbt":
                raise BundleError(f"{key}: a dbt task runs only dbt, not {line!r}.")
            commands.append(Command(line, (_program_path("dbt"), *rest), project))
        return commands


def _program_path(program: str) -> str:
    return str(local_session.bin_dir() / program)
