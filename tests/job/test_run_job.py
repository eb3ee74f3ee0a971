"""`run-job`, the command: order, logs, failures, exit codes. Tasks are small scripts here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml


class Project:
    """A project of its own whose job's tasks are the given Python sources, one after the other."""

    def __init__(self, root: Path, **tasks: str) -> None:
        self.root, before = root, ""
        (root / "resources").mkdir()
        (root / "dbt_project.yml").write_text("name: test\n")
        settings = {"bundle": {"name": "test"}, "include": ["resources/*.yml"]}
        (root / "databricks.yml").write_text(yaml.safe_dump(settings))
        definitions = []
        for key, source in tasks.items():
            (root / f"{key}.py").write_text(source)
            definitions.append(
                {
                    "task_key": key,
                    "depends_on": [{"task_key": before}] if before else [],
                    "spark_python_task": {"python_file": f"../{key}.py"},
                }
            )
            before = key
        job = {"resources": {"jobs": {"pipeline": {"name": "p", "tasks": definitions}}}}
        (root / "resources" / "pipeline.yml").write_text(yaml.safe_dump(job))

    def run(self, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
        outer = {k: v for k, v in os.environ.items() if not k.startswith(("DATABRICKS_", "LAKE"))}
        settings = {"DATABRICKS_HOST": "https://localhost:1", "DATABRICKS_HTTP_PATH": "/sql/x"}
        return subprocess.run(
            [sys.executable, "-m", "local_job.cli", *options],
            cwd=self.root,
            env=outer | settings | {"COLUMNS": "200"} | env,
            capture_output=True,
            text=True,
        )

    def runs(self) -> list[Path]:
        return sorted((self.root / ".lakehouse" / "runs").iterdir())


def test_tasks_run_in_order_and_their_output_is_kept(tmp_path: Path) -> None:
    project = Project(
        tmp_path,
        first="print('one'); open('order', 'a').write('1')",
        second="import sys; print('two', file=sys.stderr); open('order', 'a').write('2')",
    )
    done = project.run()
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "order").read_text() == "12"
    [run] = project.runs()
    assert "one" in (run / "first.log").read_text()
    assert "two" in (run / "second.log").read_text()
    record = json.loads((run / "run.json").read_text())
    assert [task["result"] for task in record["tasks"]] == ["succeeded", "succeeded"]
    assert "\x1b" not in done.stdout, "colours only in a terminal"
    assert "one" in done.stdout, "the last thing a task said stands beside it"


def test_first_failure_stops_the_run_and_shows_where_its_output_is(tmp_path: Path) -> None:
    project = Project(
        tmp_path,
        first="print('fine')",
        second="print('the reason'); raise SystemExit(7)",
        third="open('never', 'w')",
    )
    done = project.run()
    assert done.returncode == 1
    assert "the reason" in done.stdout
    assert "exit 7" in done.stdout
    [run] = project.runs()
    assert f".lakehouse/runs/{run.name}" in done.stdout
    assert not (tmp_path / "never").exists()
    assert not (run / "third.log").exists()
    record = json.loads((run / "run.json").read_text())
    assert [task["result"] for task in record["tasks"]] == ["succeeded", "failed", "skipped"]
    assert "Traceback" not in done.stderr


def test_every_run_has_a_folder_of_its_own(tmp_path: Path) -> None:
    project = Project(tmp_path, only="print('done')")
    project.run()
    project.run()
    assert len(project.runs()) == 2


def test_verbose_shows_the_output_as_it_comes(tmp_path: Path) -> None:
    project = Project(tmp_path, only="print('line 1'); print('line 2'); print('[not markup]')")
    assert "line 1" not in project.run().stdout
    shown = project.run("--verbose").stdout
    assert "line 1" in shown
    assert "[not markup]" in shown


def test_state_directory_of_the_environment_is_used(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    project = Project(tmp_path / "project", only="print('done')")
    project.run(LAKEHOUSE_STATE=str(tmp_path / "state"))
    assert len(list((tmp_path / "state" / "runs").iterdir())) == 1


def test_outside_a_project_it_says_what_is_missing(tmp_path: Path) -> None:
    project = Project(tmp_path, only="")
    (tmp_path / "databricks.yml").unlink()
    done = project.run()
    assert done.returncode == 2
    assert "There is no databricks.yml" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["repeat"], ["--nothing"]])
def test_wrong_use_is_exit_2(tmp_path: Path, arguments: list[str]) -> None:
    assert Project(tmp_path, only="").run(*arguments).returncode == 2


def test_report_without_a_warehouse_fails_in_one_line(tmp_path: Path) -> None:
    done = Project(tmp_path, only="").run("report", DATABRICKS_TOKEN="x")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("run-job: ")


IN_A_FAKE_INSTALLATION = """
import os, sys, pathlib, local_session
from local_job.cli import main
os.environ.pop("DATABRICKS_HOST", None)
local_session.bin_dir = lambda: pathlib.Path(sys.argv[1])
sys.exit(main(sys.argv[2:]))
"""


def test_without_a_warehouse_it_runs_again_inside_the_local_services(tmp_path: Path) -> None:
    launcher = tmp_path / "local-warehouse"
    launcher.write_text('#!/bin/sh\necho "$@"\n')
    launcher.chmod(0o755)
    command = [sys.executable, "-c", IN_A_FAKE_INSTALLATION, str(tmp_path), "--report"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == "exec -- run-job --report\n"
