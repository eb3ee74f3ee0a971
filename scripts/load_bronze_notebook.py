# Databricks notebook source
# ruff: noqa: F821 - whatever runs a notebook gives it `dbutils`
"""The job's first task: runs the loader, and tells the job whether there is anything to build.

It is a notebook because only a notebook can set task values. It has the task's `base_parameters`
as widgets. Databricks runs it in the folder that it is in; `run-job` does likewise, with a
`dbutils` of its own.

https://docs.databricks.com/aws/en/jobs/task-values
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    dbutils: Any

HERE = Path.cwd()
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from bronze_loader.cli import main  # noqa: E402 - the path comes first
from bronze_loader.planning.outcome import RunReport  # noqa: E402

OPTIONS = (
    "catalog", "schema", "landing", "lakehouse", "http-path", "service-credential",
    "secret-scope", "log-level", "force", "wait",
)  # fmt: skip

arguments = ["--refused-ok", "--build-of", str(HERE.parent)]
for option in OPTIONS:
    arguments += [f"--{option}", dbutils.widgets.get(option.replace("-", "_"))]
audit = dbutils.widgets.get("audit") == "true"
if audit:
    arguments.append("--verify")
if audit or dbutils.widgets.get("always_build") == "true":
    arguments.append("--build-anyway")

report = RunReport((), False)
code = main(arguments, report)
if code:
    raise RuntimeError(f"load-bronze ended with exit code {code}; its message is above")

dbutils.jobs.taskValues.set(key="build", value=report.build)
dbutils.jobs.taskValues.set(key="changed", value=str(not report.is_built).lower())
