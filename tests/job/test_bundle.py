"""The bundle: what is deployed is well-formed, and what is run here is what is deployed."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from databricks.bundles.jobs import Job

from local_job.bundle import BundleError, read_bundle
from local_job.job import Task, tasks_of

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
ENVIRONMENT = {
    "DATABRICKS_CATALOG": "main",
    "DATABRICKS_HTTP_PATH": "/sql/1.0/warehouses/local",
    "LANDING_URL": "s3://landing",
    "LAKEHOUSE_URL": "s3://lakehouse",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def the_job() -> dict:
    [(job, _)] = read_bundle(ROOT).jobs.values()
    return job


def project_tasks() -> list[Task]:
    return tasks_of(read_bundle(ROOT))


def write_bundle(folder: Path, tasks: list[dict], variables: dict | None = None) -> None:
    (folder / "resources").mkdir(exist_ok=True)
    bundle = {
        "bundle": {"name": "test"},
        "include": ["resources/*.yml"],
        "variables": variables or {},
    }
    (folder / "databricks.yml").write_text(yaml.safe_dump(bundle))
    job = {"resources": {"jobs": {"pipeline": {"name": "pipeline", "tasks": tasks}}}}
    (folder / "resources" / "pipeline.job.yml").write_text(yaml.safe_dump(job))


def python_task(key: str, *after: str, parameters: list[str] | None = None) -> dict:
    return {
        "task_key": key,
        "depends_on": [{"task_key": name} for name in after],
        "spark_python_task": {"python_file": f"../{key}.py", "parameters": parameters or []},
    }


def test_job_is_what_databricks_takes() -> None:
    """Unknown keys, wrong types and missing fields are refused by Databricks' own classes."""
    job = the_job()
    assert Job.from_dict(job).as_dict() == job


def test_tasks_of_the_job_run_in_order(environment: None) -> None:
    assert [task.key for task in project_tasks()] == [
        "landing_to_bronze",
        "bronze_to_silver",
        "silver_to_gold",
    ]


def test_every_task_names_an_environment_of_the_job() -> None:
    job = the_job()
    known = {environment["environment_key"] for environment in job["environments"]}
    assert {task["environment_key"] for task in job["tasks"]} == known


def test_dbt_tasks_stay_within_the_limit_of_commands() -> None:
    for task in the_job()["tasks"]:
        assert len(task.get("dbt_task", {}).get("commands", [])) <= 10


def test_every_variable_is_declared_and_used() -> None:
    text = (ROOT / "databricks.yml").read_text() + "".join(
        path.read_text() for path in (ROOT / "resources").glob("*.yml")
    )
    for name in read_bundle(ROOT).variables:
        assert f"${{var.{name}}}" in text, f"{name} is declared and not used"


def test_job_pins_the_versions_it_was_tested_with() -> None:
    tested = (ROOT / "constraints.txt").read_text().lower().splitlines()
    for environment in the_job()["environments"]:
        for dependency in environment["spec"]["dependencies"]:
            assert dependency.replace("[pyarrow]", "") in tested


def test_loader_gets_this_machines_places(environment: None) -> None:
    loader = project_tasks()[0].commands[0]
    assert loader.arguments[1] == str(ROOT / "scripts" / "load_bronze.py")
    parameters = dict(zip(loader.arguments[2::2], loader.arguments[3::2], strict=False))
    assert parameters["--landing"] == "s3://landing"
    assert parameters["--lakehouse"] == "s3://lakehouse"
    assert parameters["--catalog"] == "main"
    assert parameters["--schema"] == "bronze"
    assert parameters["--http-path"] == "/sql/1.0/warehouses/local"
    assert "--refused-ok" in loader.arguments


def test_dbt_runs_with_the_local_target(environment: None) -> None:
    for task in project_tasks()[1:]:
        for command in task.commands:
            assert Path(command.arguments[0]).name == "dbt"
            target = command.arguments.index("--target")
            assert command.arguments[target + 1] == "local"
            assert command.folder == ROOT


def test_job_builds_every_node_of_the_project_once(environment: None, tmp_path: Path) -> None:
    """What neither task selects would never be built or tested, and nobody would be told."""

    kinds = [f"--resource-type={kind}" for kind in ("model", "seed", "test", "unit_test")]
    places = ["--profiles-dir", tmp_path, "--target-path", tmp_path, "--log-path", tmp_path]

    def selected(*selection: str) -> list[str]:
        command = [BIN / "dbt", "--quiet", "ls", *places, "--output", "name", *kinds, *selection]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.split()

    output = {"type": "databricks", "host": "h", "http_path": "p", "schema": "s"}
    output |= {"token": "t", "catalog": "main"}
    profile = {"sales_lakehouse": {"target": "local", "outputs": {"local": output}}}
    (tmp_path / "profiles.yml").write_text(yaml.safe_dump(profile))
    built: list[str] = []
    for task in project_tasks()[1:]:
        [command] = task.commands
        at = command.arguments.index("--selector")
        built += selected(*command.arguments[at : at + 2])
    assert sorted(built) == sorted(selected())


def test_variable_is_taken_from_the_cli_variable_then_the_services_then_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bundle(
        tmp_path,
        [python_task("a", parameters=["${var.catalog}"])],
        {"catalog": {"default": "by_default"}},
    )

    def parameter() -> str:
        return tasks_of(read_bundle(tmp_path))[0].commands[0].arguments[2]

    monkeypatch.delenv("DATABRICKS_CATALOG", raising=False)
    assert parameter() == "by_default"
    monkeypatch.setenv("DATABRICKS_CATALOG", "by_services")
    assert parameter() == "by_services"
    monkeypatch.setenv("BUNDLE_VAR_catalog", "by_cli")
    assert parameter() == "by_cli"


@pytest.mark.parametrize(
    ("parameter", "variables", "message"),
    [
        ("${var.url}", {"url": {"description": "no default"}}, "Set BUNDLE_VAR_url"),
        ("${var.other}", {}, "var.other"),
        ("${workspace.file_path}", {}, "workspace.file_path"),
        ("${var.a}", {"a": {"default": "${var.a}"}}, "by itself"),
    ],
)
def test_reference_without_a_value_is_named(
    tmp_path: Path, parameter: str, variables: dict, message: str
) -> None:
    write_bundle(tmp_path, [python_task("task", parameters=[parameter])], variables)
    with pytest.raises(BundleError, match=message):
        tasks_of(read_bundle(tmp_path))


def test_tasks_run_after_what_they_depend_on_whatever_their_order_in_the_file(
    tmp_path: Path,
) -> None:
    write_bundle(tmp_path, [python_task("c", "b"), python_task("b", "a"), python_task("a")])
    assert [task.key for task in tasks_of(read_bundle(tmp_path))] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([python_task("a", "z")], "a depends on z, which is no task"),
        ([python_task("a", "b"), python_task("b", "a")], "depend on each other"),
        ([{"task_key": "a", "notebook_task": {}}], "cannot run here"),
        (
            [{"task_key": "a", "dbt_task": {"project_directory": "..", "commands": ["rm x"]}}],
            "runs only dbt",
        ),
    ],
)
def test_job_that_cannot_run_is_refused(tmp_path: Path, tasks: list[dict], message: str) -> None:
    write_bundle(tmp_path, tasks)
    with pytest.raises(BundleError, match=message):
        tasks_of(read_bundle(tmp_path))
