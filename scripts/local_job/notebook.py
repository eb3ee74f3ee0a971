"""Runs a notebook's source file on this machine: python -m local_job.notebook FILE NAME=VALUE…

The file runs in its own folder with a `dbutils` that has the parameters as widgets and keeps task
values: in the JSON file that LOCAL_JOB_TASK_VALUES names, as texts. Nothing else of `dbutils` is
there, and no magic command is understood.

https://docs.databricks.com/aws/en/jobs/task-values
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

HEADER = "# Databricks notebook source"
VALUES_FILE = "LOCAL_JOB_TASK_VALUES"


class Widgets:
    """Stands in for `dbutils.widgets`: the task's parameters."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = parameters

    def get(self, name: str) -> str:
        """The value of a parameter. Raises KeyError for one that the task does not have."""
        return self._parameters[name]


class TaskValues:
    """Stands in for `dbutils.jobs.taskValues`, which other tasks refer to as
    {{tasks.NAME.values.KEY}}."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._values: dict[str, str] = {}

    def set(self, key: str, value: object) -> None:
        """Keep a value of the task."""
        self._values[key] = value if isinstance(value, str) else json.dumps(value)
        self._file.write_text(json.dumps(self._values), "utf-8")


def main() -> None:
    """Run the notebook that the command line names. An exception of it ends the process."""
    notebook = Path(sys.argv[1]).resolve()
    parameters = dict(argument.split("=", 1) for argument in sys.argv[2:])
    values = TaskValues(Path(os.environ[VALUES_FILE]).resolve())
    dbutils = SimpleNamespace(widgets=Widgets(parameters), jobs=SimpleNamespace(taskValues=values))
    os.chdir(notebook.parent)
    code = compile(notebook.read_text("utf-8"), str(notebook), "exec")
    exec(code, {"__name__": "__main__", "dbutils": dbutils})  # noqa: S102 - the job's own file


if __name__ == "__main__":
    main()
