"""`run-job`, the command: order, logs, failures, exit codes. Tasks are small scripts here."""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml


def environment() -> dict[str, str]:
    """The environment of a run that needs no warehouse."""
    outer = {k: v for k, v in os.environ.items() if not k.startswith(("DATABRICKS_", "LAKE"))}
    settings = {"DATABRICKS_HOST": "https://localhost:1", "DATABRICKS_HTTP_PATH": "/sql/x"}
    return outer | settings | {"COLUMNS": "200"}


class Project:
    """A project of its own whose job's tasks are the given Python sources, one after the other."""

    def __init__(self, root: Path, job: dict | None = None, **tasks: str) -> None:
        """`job` holds further settings of the job; `task` in it, of each task."""
        self.root, before = root, ""
        settings_of_job = dict(job or {})
        of_task = settings_of_job.pop("task", {})
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
                | of_task
            )
            before = key
        pipeline = {"name": "p", "tasks": definitions} | settings_of_job
        resources = {"resources": {"jobs": {"pipeline": pipeline}}}
        (root / "resources" / "pipeline.yml").write_text(yaml.safe_dump(resources))

    def run(self, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "local_job.cli", *options],
            cwd=self.root,
            env=environment() | env,
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


def test_each_warning_of_a_task_is_in_the_summary_and_in_the_record(tmp_path: Path) -> None:
    about = "2 sales of [bold]FAIRPHONE: add it to seeds/products.csv"
    nobodys = "belongs to no dataset, not loaded: s3://landing/x.csv"
    project = Project(
        tmp_path,
        load=f"print({nobodys!r}); print('Warnings: none')",
        build=f"for _ in (1, 2): print('10:00:00  Warning: {about}')",
    )
    done = project.run()
    assert [line for line in done.stdout.splitlines() if line.startswith("warning ")] == [
        f"warning {nobodys}", f"warning {about}",
    ]  # fmt: skip
    [run] = project.runs()
    load, build = json.loads((run / "run.json").read_text())["tasks"]
    assert load["warnings"] == [nobodys]
    assert build["warnings"] == [about] * 2


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


NOTEBOOK = """\
# Databricks notebook source
import sys
from pathlib import Path

assert Path.cwd() == Path(__PROJECT__)
changed = dbutils.widgets.get("changed")
if changed == "fails":
    raise RuntimeError("it failed")
if changed:
    dbutils.jobs.taskValues.set(key="changed", value=changed)
    dbutils.jobs.taskValues.set(key="number", value=7)
print("told", changed)
"""


class ProjectWithCondition(Project):
    """A project with the tasks tells (a notebook), new (a condition on it), built, marks and other.

    built runs if the notebook's `changed` is "true", marks after it with the value `number`; if
    neither built nor the task `none_failed` failed, where that is named.
    """

    def __init__(self, root: Path, none_failed: str = "") -> None:
        note = "import sys; open('order', 'a').write(' '.join(sys.argv[1:]) or 'b')"
        super().__init__(root, built=note, marks=note)
        (root / "tells.py").write_text(NOTEBOOK.replace("__PROJECT__", repr(str(root))))
        (root / "other.py").write_text("open('order', 'a').write('o')")
        definition = root / "resources" / "pipeline.yml"
        resources = yaml.safe_load(definition.read_text())
        job = resources["resources"]["jobs"]["pipeline"]
        built, marks = job["tasks"]
        built["depends_on"] = [{"task_key": "new", "outcome": "true"}]
        if none_failed:
            marks |= {"depends_on": [*marks["depends_on"], {"task_key": none_failed}]}
            marks["run_if"] = "NONE_FAILED"
        marks["spark_python_task"]["parameters"] = ["{{tasks.tells.values.number}}"]
        notebook = {
            "notebook_path": "../tells.py",
            "base_parameters": {"changed": "{{job.parameters.changed}}"},
        }
        compared = {"op": "EQUAL_TO", "left": "{{tasks.tells.values.changed}}", "right": "true"}
        job["parameters"] = [{"name": "changed", "default": "true"}]
        job["tasks"] += [
            {"task_key": "tells", "notebook_task": notebook},
            {"task_key": "new", "depends_on": [{"task_key": "tells"}], "condition_task": compared},
            {"task_key": "other", "spark_python_task": {"python_file": "../other.py"}},
        ]
        definition.write_text(yaml.safe_dump(resources))

    def order(self) -> str:
        order = self.root / "order"
        return order.read_text() if order.exists() else ""

    def results(self) -> dict[str, str]:
        record = json.loads((self.runs()[-1] / "run.json").read_text())
        return {task["key"]: task["result"] for task in record["tasks"]}


def test_condition_lets_what_depends_on_it_run(tmp_path: Path) -> None:
    project = ProjectWithCondition(tmp_path)
    done = project.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(project.order()) == ["7", "b", "o"]
    assert set(project.results().values()) == {"succeeded"}


@pytest.mark.parametrize(
    ("task", "changed", "skipped"),
    [
        ("other", "true", set()),
        ("other", "false", {"built"}),
        ("new", "false", {"built"}),
        ("built", "false", {"built", "marks"}),
    ],
)
def test_task_runs_without_what_a_condition_left_out_unless_it_left_out_all(
    tmp_path: Path, task: str, changed: str, skipped: set[str]
) -> None:
    project = ProjectWithCondition(tmp_path, none_failed=task)
    done = project.run("--param", f"changed={changed}")
    assert done.returncode == 0, done.stdout + done.stderr
    results = project.results()
    assert {key for key, result in results.items() if result == "skipped"} == skipped


def test_task_does_not_run_behind_a_failure(tmp_path: Path) -> None:
    project = ProjectWithCondition(tmp_path, none_failed="other")
    (tmp_path / "other.py").write_text("raise SystemExit(1)")
    assert project.run().returncode == 1
    assert project.results()["marks"] == "skipped"


@pytest.mark.parametrize("changed", ["false", "True", "other"])
def test_condition_skips_all_that_depends_on_it_and_nothing_else(
    tmp_path: Path, changed: str
) -> None:
    project = ProjectWithCondition(tmp_path)
    done = project.run("--param", f"changed={changed}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.order() == "o"
    results = project.results()
    assert {key for key, result in results.items() if result == "skipped"} == {"built", "marks"}
    assert json.loads((project.runs()[-1] / "run.json").read_text())["result"] == "succeeded"
    for key in ("built", "marks"):
        assert f"- {key}  0.0 s  new: false" in done.stdout


def test_value_that_no_task_has_set_skips_those_that_need_it(tmp_path: Path) -> None:
    project = ProjectWithCondition(tmp_path)
    done = project.run("--param", "changed=")
    assert project.order() == "o"
    assert "tells did not run, or set no changed" in done.stdout
    done = project.run("--from", "built")
    assert done.returncode == 0, done.stdout
    assert project.order() == "ob"
    assert project.results() == {"built": "succeeded", "marks": "skipped"}


def test_notebook_that_fails_stops_the_run(tmp_path: Path) -> None:
    project = ProjectWithCondition(tmp_path)
    done = project.run("--param", "changed=fails")
    assert done.returncode == 1
    assert "RuntimeError: it failed" in done.stdout
    results = project.results()
    assert (results["tells"], results["built"], results["marks"]) == (
        "failed",
        "skipped",
        "skipped",
    )


def test_run_is_recorded(tmp_path: Path) -> None:
    parameters = {"parameters": [{"name": "level", "default": "info"}]}
    project = Project(tmp_path, job=parameters, only="print('done')")
    project.run("--param", "level=debug")
    [run] = project.runs()
    record = json.loads((run / "run.json").read_text())
    assert record["result"] == "succeeded"
    assert (record["job"], record["target"]) == ("pipeline", "local")
    assert record["parameters"] == {"level": "debug"}
    [task] = record["tasks"]
    assert (task["key"], task["attempts"], task["exit_code"]) == ("only", 1, 0)
    assert task["commands"] == ["only.py"]
    assert task["said"] == "done"
    assert task["started_at"]


NOTE = "open('order', 'a').write('{}')"
ABC = {key: NOTE.format(key) for key in "abc"}


@pytest.mark.parametrize(
    ("options", "ran"),
    [
        (["--from", "b"], "bc"),
        (["--only", "b"], "b"),
        (["--only", "c", "--only", "a"], "ac"),
    ],
)
def test_part_of_the_job_can_be_run(tmp_path: Path, options: list[str], ran: str) -> None:
    done = Project(tmp_path, **ABC).run(*options)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "order").read_text() == ran


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--from", "z"], "has no task z; it has a, b, c"),
        (["--only", "z"], "has no task z"),
        (["--param", "z=1"], "has no parameter z"),
        (["--param", "z"], "not NAME=VALUE"),
        (["--only", "a", "--from", "b"], "not allowed with"),
    ],
)
def test_what_the_job_has_not_is_refused(tmp_path: Path, options: list[str], message: str) -> None:
    done = Project(tmp_path, **ABC).run(*options)
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "order").exists()


FAILS_TWICE = """
from pathlib import Path
count = Path("count")
count.write_text(count.read_text() + "x" if count.exists() else "x")
print("attempt", len(count.read_text()))
raise SystemExit(len(count.read_text()) < 3)
"""


@pytest.mark.parametrize(("retries", "succeeds"), [(2, True), (1, False)])
def test_task_is_tried_again_as_often_as_the_job_says(
    tmp_path: Path, retries: int, succeeds: bool
) -> None:
    settings = {"task": {"max_retries": retries, "min_retry_interval_millis": 60_000}}
    project = Project(tmp_path, job=settings, flaky=FAILS_TWICE)
    done = project.run()
    assert (done.returncode == 0) == succeeds
    [run] = project.runs()
    [task] = json.loads((run / "run.json").read_text())["tasks"]
    assert task["attempts"] == retries + 1
    assert "attempt 1" in (run / "flaky.log").read_text(), "the log keeps every attempt"
    assert "attempts" in done.stdout


@pytest.mark.parametrize(("again", "attempts"), [(True, 2), (False, 1)])
def test_task_is_stopped_at_its_timeout(tmp_path: Path, again: bool, attempts: int) -> None:
    settings = {"timeout_seconds": 1, "max_retries": 1, "retry_on_timeout": again}
    project = Project(tmp_path, job={"task": settings}, slow="import time; time.sleep(60)")
    done = project.run()
    assert done.returncode == 1
    [run] = project.runs()
    [task] = json.loads((run / "run.json").read_text())["tasks"]
    assert (task["result"], task["attempts"]) == ("timed out", attempts)
    assert "timeout" in done.stdout


def test_error_of_dbt_is_shown_however_many_warnings_follow_it(tmp_path: Path) -> None:
    said = ["Completed with 1 error, 0 partial successes, and 40 warnings:", "", "x.csv is bad"]
    said += ["Warning in test some (models/a.yml)", "Got 1 result"] * 40
    build = "\n".join(f"print('10:00:00  ' + {line!r})" for line in said)
    done = Project(tmp_path, build=f"{build}\nraise SystemExit(1)").run()
    assert "x.csv is bad" in done.stdout
    assert "Warning in test" not in done.stdout


def test_what_the_terminal_cannot_show_is_shown_by_its_number(tmp_path: Path) -> None:
    task = "import sys; sys.stdout.buffer.write('caf\\u00e9'.encode())"
    done = Project(tmp_path, only=task).run(PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert r"caf\xe9" in done.stdout


def test_failure_says_how_to_go_on(tmp_path: Path) -> None:
    done = Project(tmp_path, first="", second="raise SystemExit(1)", third="").run()
    assert "run-job --from second" in done.stdout


def test_run_waits_for_the_one_that_is_going_on(tmp_path: Path) -> None:
    project = Project(tmp_path, only="print('done')")
    state = tmp_path / ".lakehouse"
    state.mkdir()
    with (state / "run.lock").open("w") as lock, ThreadPoolExecutor() as pool:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = pool.submit(project.run)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=4)
        assert not (state / "runs").exists()
        fcntl.flock(lock, fcntl.LOCK_UN)
        done = waiting.result(timeout=30)
    assert done.returncode == 0
    assert "waiting for it" in done.stdout


def test_dashboard_is_left_out_where_nothing_can_draw_it(tmp_path: Path) -> None:
    Project(tmp_path, only="print('done')")
    definition = tmp_path / "resources" / "pipeline.yml"
    resources = yaml.safe_load(definition.read_text())
    tasks = resources["resources"]["jobs"]["pipeline"]["tasks"]
    tasks.append({"task_key": "dashboard", "dashboard_task": {"dashboard_id": "d"}})
    definition.write_text(yaml.safe_dump(resources))
    command = [sys.executable, "-c", IN_A_FAKE_INSTALLATION, str(tmp_path)]
    surroundings = os.environ | {"DATABRICKS_HOST": "https://localhost:1", "LAKEHOUSE_STATE": "s"}
    done = subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "preview-dashboard is not installed" in done.stdout


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


def test_dbt_keeps_what_it_parses_beside_the_state(tmp_path: Path) -> None:
    """A terminal's dbt, which has other variables, keeps its own: neither parses for the other."""
    show = "import os; print('target', os.environ['DBT_TARGET_PATH'])"
    project = Project(tmp_path, show=show)
    assert project.run().returncode == 0
    assert project.run(DBT_TARGET_PATH="mine").returncode == 0
    said = [(run / "show.log").read_text().split()[-1] for run in project.runs()]
    assert said == [str(tmp_path / ".lakehouse" / "target"), "mine"]


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
    assert done.stderr.startswith("run-job: no warehouse listens at https://localhost:1, which ")


IN_A_FAKE_INSTALLATION = """
import os, sys, pathlib, local_session
from local_job.cli import main
local_session.bin_dir = lambda: pathlib.Path(sys.argv[1])
sys.exit(main(sys.argv[2:]))
"""


def test_without_a_warehouse_it_runs_again_inside_the_local_services(tmp_path: Path) -> None:
    launcher = tmp_path / "local-warehouse"
    launcher.write_text('#!/bin/sh\necho "$@"\n')
    launcher.chmod(0o755)
    command = [sys.executable, "-c", IN_A_FAKE_INSTALLATION, str(tmp_path), "--report"]
    outer = {name: text for name, text in os.environ.items() if name != "DATABRICKS_HOST"}
    done = subprocess.run(command, env=outer, capture_output=True, text=True)
    assert re.fullmatch(r"(--state \S+ )?exec -- run-job --report\n", done.stdout)


# dbt, from the process that holds it and from one of its own. Models that never end to be parsed,
# and to be compiled.
MODEL = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}select 1"
COMPILED_MODEL = f"{{% if execute %}}{MODEL}{{% endif %}}"
SETTINGS = "{name: a, version: '1.0', profile: p, flags: {send_anonymous_usage_stats: false}}"
PROFILE = (
    "p: {target: t, outputs: {t: {type: databricks, host: h, http_path: h, token: t, schema: s}}}"
)
NOT_HELD = """
import sys
from local_job import held_process
from local_job.cli import main
held_process.PROGRAMS.clear()
sys.exit(main(sys.argv[1:]))
"""


class ProjectOfDbt(Project):
    """A project whose job's only task is one of dbt with the given commands."""

    def __init__(self, root: Path, *commands: str, **settings: object) -> None:
        super().__init__(root)
        definition = root / "resources" / "pipeline.yml"
        resources = yaml.safe_load(definition.read_text())
        task = {"project_directory": "../", "commands": list(commands)}
        resources["resources"]["jobs"]["pipeline"]["tasks"] = [
            {"task_key": "only", "dbt_task": task} | settings
        ]
        definition.write_text(yaml.safe_dump(resources))
        (root / "dbt_project.yml").write_text(SETTINGS)
        (root / "profiles.yml").write_text(PROFILE)

    def command(self, held: bool) -> list[str]:
        return [sys.executable, *(["-m", "local_job.cli"] if held else ["-c", NOT_HELD])]


LIST = "dbt ls --quiet --profiles-dir . --output json --output-keys alias"
COMMANDS = {
    "parsed": [LIST, LIST + " --vars '{name: mine}'"],
    "without a profile": [LIST.replace("-dir .", "-dir none")],
}


@pytest.mark.service
@pytest.mark.parametrize("commands", COMMANDS.values(), ids=COMMANDS)
def test_dbt_that_is_held_does_what_dbt_does(tmp_path: Path, commands: list[str]) -> None:
    project = ProjectOfDbt(tmp_path, *commands)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.sql").write_text("{{ config(alias=var('name', 'a')) }} select 1")
    # What dbt reads without Jinja, it reads in threads, which a fork does not have.
    (tmp_path / "models" / "b.sql").write_text("select * from {{ ref('a') }}, {{ ref('a') }}")
    ends = []
    for held in (True, False):
        done = subprocess.run(
            project.command(held), cwd=tmp_path, env=environment(), capture_output=True, text=True,
            timeout=300,
        )  # fmt: skip
        run = project.runs()[-1]
        [task] = json.loads((run / "run.json").read_text())["tasks"]
        log = (run / "only.log").read_text()
        ends.append((done.returncode, task["exit_code"], task["result"], log))
    assert ends[0] == ends[1]
    if commands[0] == LIST:
        assert ends[0][1] == 0
        assert re.findall('"alias": "(.*?)"', log) == ["a", "b", "mine", "b"]
    else:
        assert ends[0][1] == 2
        assert "'none' does not exist" in log


def _heed_interrupts() -> None:
    """A shell starts what runs in its background deaf to Ctrl-C, and that is handed down."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.service
@pytest.mark.parametrize("held", [True, False], ids=["held", "own process"])
def test_dbt_ends_with_the_task_and_with_the_run(tmp_path: Path, held: bool) -> None:
    command = "dbt compile --profiles-dir . --no-populate-cache"
    project = ProjectOfDbt(tmp_path, command, timeout_seconds=15)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.sql").write_text(MODEL)
    done = subprocess.run(
        project.command(held), cwd=tmp_path, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 1
    [task] = json.loads((project.runs()[-1] / "run.json").read_text())["tasks"]
    assert (task["result"], task["exit_code"]) == ("timed out", -15)
    definition = tmp_path / "resources" / "pipeline.yml"
    patient = definition.read_text().replace("timeout_seconds: 15", "timeout_seconds: 600")
    definition.write_text(patient)
    (tmp_path / "models" / "a.sql").write_text(COMPILED_MODEL)
    log = tmp_path / "logs" / "dbt.log"
    log.unlink(missing_ok=True)
    with subprocess.Popen(
        project.command(held), cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=_heed_interrupts,
    ) as run:  # fmt: skip
        while not log.exists() or "Began compiling node" not in log.read_text():
            assert run.poll() is None
            time.sleep(0.1)
        os.killpg(run.pid, signal.SIGINT)  # as Ctrl-C does
        assert run.stderr
        assert "run-job: interrupted" in run.stderr.read()
        assert run.wait() == 130
    deadline = time.monotonic() + 5
    with pytest.raises(ProcessLookupError):  # nothing of it runs on
        while time.monotonic() < deadline:
            os.killpg(run.pid, 0)
            time.sleep(0.05)
