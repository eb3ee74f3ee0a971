"""The job as this machine runs it: tasks in order, each with its command lines."""

import shlex
import sys
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import local_session
from local_job.bundle import Bundle, BundleError


@dataclass(frozen=True)
class Command:
    """One command line of a task: the program with its arguments, and where it runs."""

    shown: str
    arguments: tuple[str, ...]
    folder: Path


@dataclass(frozen=True)
class Task:
    """One task, which runs after the tasks it depends on."""

    key: str
    depends_on: tuple[str, ...]
    commands: tuple[Command, ...]


def tasks_of(bundle: Bundle) -> list[Task]:
    """The tasks of the bundle's job, each after those it depends on.

    Raises BundleError for a task that cannot run here, and for dependencies that do not hold.
    """
    if len(bundle.jobs) != 1:
        found = ", ".join(bundle.jobs) or "none"
        raise BundleError(f"Expected one job in the bundle, found {found}.")
    [(name, (definition, folder))] = bundle.jobs.items()
    tasks = {}
    for task in definition.get("tasks") or []:
        key = task["task_key"]
        before = tuple(dependency["task_key"] for dependency in task.get("depends_on") or [])
        tasks[key] = Task(key, before, tuple(_commands(bundle, folder, task)))
    for task in tasks.values():
        for needed in task.depends_on:
            if needed not in tasks:
                raise BundleError(f"{name}: {task.key} depends on {needed}, which is no task.")
    try:
        order = TopologicalSorter({key: task.depends_on for key, task in tasks.items()})
        return [tasks[key] for key in order.static_order()]
    except CycleError as error:
        raise BundleError(f"{name}: tasks depend on each other: {error.args[1]}") from error


def _commands(bundle: Bundle, folder: Path, task: dict[str, Any]) -> list[Command]:
    if "spark_python_task" in task:
        python = bundle.resolve(task["spark_python_task"])
        script = (folder / python["python_file"]).resolve()
        parameters = [str(parameter) for parameter in python.get("parameters") or []]
        shown = shlex.join([script.name, *parameters])
        return [Command(shown, (sys.executable, str(script), *parameters), bundle.root)]
    if "dbt_task" in task:
        dbt = bundle.resolve(task["dbt_task"])
        project = (folder / dbt["project_directory"]).resolve()
        program = str(local_session.bin_dir() / "dbt")
        commands = []
        for line in dbt["commands"]:
            first, *rest = shlex.split(line)
            if first != "dbt":
                raise BundleError(f"{task['task_key']}: a dbt task runs only dbt, not {line!r}.")
            commands.append(Command(line, (program, *rest), project))
        return commands
    raise BundleError(
        f"{task['task_key']} is neither a spark_python_task nor a dbt_task: it cannot run here."
    )
