"""`run-job`: runs the bundle's job on this machine, and reports the state of every layer.

Exit codes: 0 done, 1 a task failed or a sum does not hold, 2 wrong use or configuration, 130
interrupted.
"""

import argparse
import json
import os
import sys
from typing import Any

import local_session
from local_job.bundle import BundleError, read_bundle
from local_job.console_watcher import ConsoleWatcher, print_summary
from local_job.job import Job, read_job
from local_job.lakehouse_report import LakehouseReport, read_report
from local_job.report_printer import print_report
from local_job.runner import JobRun, new_run, run_job, run_lock
from local_job.said_warnings import last_warnings
from local_session import output
from local_session.command_end import ending_with_its_reader
from local_session.sql_connection import WarehouseError, open_warehouse


@ending_with_its_reader
def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    options = _parser().parse_args(arguments)
    try:
        if not os.environ.get("DATABRICKS_HOST"):
            local_session.enter("run-job", arguments, missing="DATABRICKS_HOST")
        return _run(options)
    except (BundleError, local_session.SessionError) as error:
        print(f"run-job: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        raise
    except (WarehouseError, OSError) as error:
        print(f"run-job: {local_session.told(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("run-job: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="run-job",
        description="Run the bundle's job (databricks.yml, resources/) on this machine, its tasks "
        "in order, stopping at the first failure. `run-job report` only prints the report.",
        epilog="Exit codes: 0 done, 1 a task failed or a sum does not hold, 2 wrong use.",
    )
    parser.add_argument(
        "command", nargs="?", choices=["report"], help="print the report, run nothing"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--only", metavar="TASK", action="append", help="run this task alone; repeatable"
    )
    which.add_argument(
        "--from",
        metavar="TASK",
        dest="from_task",
        help="run this task and those that depend on it, to go on after a failure",
    )
    parser.add_argument(
        "--param",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        type=_parameter,
        help="set a parameter of the job; repeatable",
    )
    parser.add_argument("--report", action="store_true", help="print the report after the run")
    parser.add_argument("--json", action="store_true", help="the report, and nothing else, as JSON")
    parser.add_argument("--verbose", action="store_true", help="show all output of the tasks")
    return parser


def _run(options: argparse.Namespace) -> int:
    console = output.console(stderr=options.json)
    run = None
    bundle = read_bundle(local_session.project_root())
    if options.command != "report":
        job = _chosen_tasks(read_job(bundle, dict(options.param)), options)
        state = local_session.state_dir()
        with run_lock(state, lambda: console.print("Another run is going on: waiting for it")):
            run = new_run(state / "runs", job)
            run_job(job, run, ConsoleWatcher(console, options.verbose))
        print_summary(run, console)
        if run.failed_task:
            return 1
        if not (options.report or options.json):
            return 0
    with open_warehouse() as query:
        report = read_report(query, bundle.schemas)
    if options.json:
        print(json.dumps(_as_dict(report, run), indent=2))
    else:
        print_report(report, run, console)
    return 0 if report.balanced else 1


def _chosen_tasks(job: Job, options: argparse.Namespace) -> Job:
    if options.only:
        return job.only(options.only)
    return job.from_task(options.from_task) if options.from_task else job


def _parameter(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _as_dict(report: LakehouseReport, run: JobRun | None) -> dict[str, Any]:
    loaded = [file for file in report.files if file.status == "loaded"]
    return {
        "run": run
        and {
            "run_id": run.run_id,
            "seconds": {task.key: task.seconds for task in run.tasks},
            "files_loaded": len(report.loaded_since(run.started_at)),
        },
        "warnings": run.warnings if run else last_warnings(local_session.state_dir() / "runs"),
        "files": {
            "loaded": len(loaded),
            "refused": [
                {"file": file.name, "reason": file.reason} for file in report.refused_files
            ],
        },
        "balanced": report.balanced,
        "state": report.state(),
    }


if __name__ == "__main__":
    sys.exit(main())
