"""The bundle: its resources are well-formed, and `run-job` runs the job that is deployed."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from cronsim import CronSim
from databricks.bundles.dashboards import Dashboard
from databricks.bundles.external_locations import ExternalLocation
from databricks.bundles.jobs import Job as DatabricksJob
from databricks.bundles.schemas import Schema
from databricks.bundles.secret_scopes import SecretScope
from databricks.bundles.sql_warehouses import SqlWarehouse

from forked_command import ForkedCommands
from lakehouse import ROOT, outer_environment
from local_job.bundle import BundleError, read_bundle
from local_job.job import Job, Task, read_job

ENVIRONMENT = {
    "DATABRICKS_CATALOG": "main",
    "DATABRICKS_HTTP_PATH": "/sql/1.0/warehouses/local",
    "LANDING_URL": "s3://landing",
    "LAKEHOUSE_URL": "s3://lakehouse",
}
CLASSES = {
    "dashboards": Dashboard,
    "external_locations": ExternalLocation,
    "jobs": DatabricksJob,
    "schemas": Schema,
    "secret_scopes": SecretScope,
    "sql_warehouses": SqlWarehouse,
}
# References whose value the Databricks CLI sets.
OF_THE_CLI = ("bundle.name", "bundle.target", "workspace.current_user.")
MAX_COMMANDS = 10
MAX_TAGS = 25


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


OWN_WAREHOUSE, EXISTING_WAREHOUSE = (
    "resources/own/warehouse.yml",
    "resources/existing/warehouse.yml",
)
OWN_LOCATIONS = "resources/own/external_locations.yml"


def documents(but: dict[str, str] | None = None) -> list[dict]:
    """databricks.yml and the files it includes; `but` puts others in their place, or none."""
    main = yaml.safe_load((ROOT / "databricks.yml").read_text())
    assert set(but or {}) <= set(main["include"])
    patterns = [(but or {}).get(pattern, pattern) for pattern in main["include"]]
    paths = [path for pattern in patterns if pattern for path in sorted(ROOT.glob(pattern))]
    assert len(set(paths)) == len(paths) >= len(patterns) - 1
    return [main, *(yaml.safe_load(path.read_text()) for path in paths)]


def variables(some: list[dict]) -> dict[str, dict]:
    """The declarations in documents, each of which is in one of them."""
    declared = [item for each in some for item in (each.get("variables") or {}).items()]
    assert len(dict(declared)) == len(declared)
    return dict(declared)


def resources(some: list[dict] | None = None) -> Iterator[tuple[str, str, dict]]:
    """Type, key and definition of every resource, those that only one target has among them."""
    for document in some or documents():
        targets = (document.get("targets") or {}).values()
        for place in (document, *targets):
            for kind, defined in (place.get("resources") or {}).items():
                for key, definition in defined.items():
                    yield kind, key, definition


def the_job(key: str = "sales_pipeline") -> dict:
    return read_bundle(ROOT).jobs[key]


def tasks_of(folder: Path) -> tuple[Task, ...]:
    return read_job(read_bundle(folder)).tasks


def project_tasks() -> tuple[Task, ...]:
    return tasks_of(ROOT)


def dbt_tasks() -> list[Task]:
    tasks = [task for task in project_tasks() if task.key in ("bronze_to_silver", "silver_to_gold")]
    assert len(tasks) == 2
    return tasks


def texts(value: Any) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


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


@pytest.mark.parametrize(("kind", "key", "definition"), list(resources()))
def test_resource_is_what_databricks_takes(kind: str, key: str, definition: dict) -> None:
    """Unknown keys, wrong types and missing fields are refused by Databricks' own classes."""
    assert CLASSES[kind].from_dict(definition).as_dict() == definition


def test_class_that_checks_a_resource_refuses_an_unknown_key() -> None:
    with pytest.raises(ValueError, match="no_such_key"):
        DatabricksJob.from_dict(the_job() | {"no_such_key": 1})


def test_both_targets_exist_and_production_is_safe() -> None:
    targets = documents()[0]["targets"]
    assert targets["dev"]["mode"] == "development"
    assert targets["dev"]["variables"]["schedule_status"] == "PAUSED"
    assert targets["dev"]["variables"]["arrival_status"] == "PAUSED"
    prod = targets["prod"]
    assert prod["mode"] == "production"
    assert prod["run_as"] == {"service_principal_name": "${var.job_principal}"}
    assert "${var.job_principal}" in prod["workspace"]["root_path"]


@pytest.mark.parametrize(
    "but",
    [
        {},
        {OWN_WAREHOUSE: EXISTING_WAREHOUSE},
        {OWN_LOCATIONS: ""},
        {OWN_WAREHOUSE: EXISTING_WAREHOUSE, OWN_LOCATIONS: ""},
    ],
    ids=["all own", "warehouse exists", "locations exist", "both exist"],
)
def test_every_reference_leads_somewhere_also_where_something_exists(but: dict[str, str]) -> None:
    """The switches of docs/databricks.md: what is there is not made, and nothing refers to it."""
    included = documents(but)
    known = {f"var.{name}" for name in variables(included)}
    made = [(kind, key) for kind, key, _ in resources(included)]
    defined = {f"resources.{kind}.{key}" for kind, key in made}
    kinds = {kind for kind, _ in made}
    assert ("sql_warehouses" in kinds) == (OWN_WAREHOUSE not in but)
    assert ("external_locations" in kinds) == (OWN_LOCATIONS not in but)
    assert ("default" in variables(included)["warehouse_id"]) == (OWN_WAREHOUSE not in but)
    for document in included:
        for text in texts(document):
            for reference in re.findall(r"\$\{([^}]*)\}", text):
                whole = reference.rpartition(".")[0]
                assert reference in known or whole in defined or reference.startswith(OF_THE_CLI), (
                    f"${{{reference}}} is not defined"
                )


def test_run_job_takes_the_warehouse_in_use_where_the_bundle_makes_none(
    environment: None, tmp_path: Path
) -> None:
    text = (ROOT / "databricks.yml").read_text().replace(OWN_WAREHOUSE, EXISTING_WAREHOUSE)
    (tmp_path / "databricks.yml").write_text(text)
    (tmp_path / "resources").symlink_to(ROOT / "resources")
    assert read_bundle(tmp_path).resolve("${var.warehouse_id}") == "local"
    assert not read_bundle(tmp_path).resources.get("sql_warehouses")


def test_every_variable_is_described_and_used() -> None:
    used = "".join(text for document in documents() for text in texts(document))
    for name, definition in variables(documents()).items():
        assert definition["description"]
        assert f"${{var.{name}}}" in used, f"{name} is declared and not used"


def test_targets_set_only_variables_that_are_declared() -> None:
    declared = documents()[0]["variables"]
    for target in documents()[0]["targets"].values():
        assert set(target.get("variables") or {}) <= set(declared)


def test_no_address_of_anybody_is_in_the_bundle() -> None:
    """Buckets, workspaces, accounts and mailboxes are given by variables."""
    for document in documents():
        for name, variable in document.pop("variables", {}).items():
            document[name] = variable.get("default", "")  # a description may say s3://bucket
        for text in texts(document):
            assert not re.search(r"s3://|https?://|arn:|[\w.]+@[\w.]+\.\w+|\b\d{12}\b", text), text


def test_tasks_of_the_job_run_in_order(environment: None) -> None:
    assert [(task.key, task.depends_on) for task in project_tasks()] == [
        ("landing_to_bronze", ()),
        ("anything_new", ("landing_to_bronze",)),
        ("bronze_to_silver", ("anything_new",)),
        ("silver_to_gold", ("bronze_to_silver",)),
        ("audit_wanted", ("silver_to_gold",)),
        ("refresh_dashboard", ("silver_to_gold",)),
        ("audit", ("audit_wanted",)),
        ("mark_green", ("refresh_dashboard", "audit")),
    ]


def test_nothing_is_built_unless_the_loader_says_that_something_is_new(environment: None) -> None:
    tasks = {task.key: task for task in project_tasks()}
    condition = tasks["anything_new"].condition
    assert condition
    assert condition.holds({("landing_to_bronze", "changed"): "true"})
    assert not condition.holds({("landing_to_bronze", "changed"): "false"})
    assert tasks["bronze_to_silver"].outcomes == {"anything_new": True}
    values = {("landing_to_bronze", "build"): "b-1"}
    [mark] = tasks["mark_green"].commands
    assert mark.filled(values).arguments[2:5] == ("mark-green", "--build", "b-1")


def test_every_value_of_a_task_is_one_that_the_notebook_sets() -> None:
    source = (ROOT / "scripts" / "load_bronze_notebook.py").read_text()
    asked = set(re.findall(r"tasks\.(\w+)\.values\.(\w+)", "".join(texts(the_job()))))
    set_there = {("landing_to_bronze", key) for key in re.findall(r'key="(\w+)"', source)}
    assert asked == set_there == {("landing_to_bronze", "changed"), ("landing_to_bronze", "build")}


def test_task_needs_only_tasks_of_its_job() -> None:
    for job in read_bundle(ROOT).jobs.values():
        keys = [task["task_key"] for task in job["tasks"]]
        assert len(set(keys)) == len(keys)
        for task in job["tasks"]:
            assert {needed["task_key"] for needed in task.get("depends_on", [])} <= set(keys)


def test_every_python_and_dbt_task_names_an_environment_of_the_job() -> None:
    """Without one, serverless compute does not run it."""
    job = the_job()
    known = {environment["environment_key"] for environment in job["environments"]}
    for task in job["tasks"]:
        if {"spark_python_task", "notebook_task", "dbt_task"} & set(task):
            assert task["environment_key"] in known


def test_tasks_name_files_that_are_deployed() -> None:
    folder, excluded = ROOT / "resources", documents()[0]["sync"]["exclude"]
    for task in the_job()["tasks"]:
        if python := task.get("spark_python_task"):
            assert (folder / python["python_file"]).is_file()
        if notebook := task.get("notebook_task"):
            lines = (folder / notebook["notebook_path"]).read_text().splitlines()
            assert lines[0] == "# Databricks notebook source"
        if dbt := task.get("dbt_task"):
            project = folder / dbt["project_directory"]
            assert (project / "dbt_project.yml").is_file()
            assert (project / dbt["profiles_directory"] / "profiles.yml").is_file()
    for pattern in excluded:
        for needed in ("models", "macros", "seeds", "data-tests", "dbt_profiles"):
            assert not pattern.startswith(needed)
        assert not pattern.startswith("scripts/bronze_loader")


def test_job_stays_within_the_limits_of_databricks() -> None:
    for job in read_bundle(ROOT).jobs.values():
        assert len(job["tags"]) <= MAX_TAGS
        for task in job["tasks"]:
            assert len(task.get("dbt_task", {}).get("commands", [])) <= MAX_COMMANDS


def test_job_runs_once_at_a_time_ends_and_says_when_it_fails() -> None:
    for job in read_bundle(ROOT).jobs.values():
        assert job["max_concurrent_runs"] == 1
        assert job["queue"] == {"enabled": True}
        assert job["email_notifications"]["on_failure"] == ["${var.notification_address}"]
    job = the_job()
    limits = [task["timeout_seconds"] for task in job["tasks"] if "condition_task" not in task]
    assert sum(limits) >= job["timeout_seconds"] > 0
    [rule] = job["health"]["rules"]
    assert rule["metric"] == "RUN_DURATION_SECONDS"
    assert rule["value"] < job["timeout_seconds"], "it warns before the job is stopped"
    assert job["email_notifications"]["on_duration_warning_threshold_exceeded"]


def test_only_tasks_that_may_be_repeated_are() -> None:
    """A dbt test that fails would fail again; serverless would repeat it unless told not to."""
    for task in the_job()["tasks"]:
        if "dbt_task" in task:
            assert task["max_retries"] == 0
            assert task["disable_auto_optimization"] is True
        elif "condition_task" not in task:
            assert task["max_retries"] > 0


def from_quartz(text: str) -> str:
    """The cron expression of five fields that means the same, as far as ours needs it.

    Quartz has seconds first, writes ? for one of the two kinds of day, and counts weekdays from
    Sunday = 1, so that only their names are unambiguous.
    """
    second, minute, hour, day, month, weekday = text.split()
    assert second == "0"
    assert [day, weekday].count("?") == 1, "Quartz takes a day of the month or of the week"
    assert not re.search(r"\d", weekday), "name the weekdays: numbers differ from cron's"
    return " ".join((minute, hour, day, month, weekday)).replace("?", "*")


def test_job_runs_every_day_at_five_in_the_time_zone_named() -> None:
    declared = variables(documents())
    zone = ZoneInfo(declared["time_zone"]["default"])
    cron = from_quartz(declared["schedule"]["default"])
    runs = CronSim(cron, datetime(2028, 2, 28, 4, 59, 59, tzinfo=zone))
    expected = [datetime(2028, 2, 28, 5, 0, tzinfo=zone) + timedelta(days=n) for n in range(3)]
    assert [next(runs) for _ in expected] == expected  # over the 29th


@pytest.mark.parametrize("bad", ["0 0 5 * * *", "30 0 5 * * ?", "0 0 5 ? * 2", "0 5 * * ?"])
def test_schedule_that_would_be_read_otherwise_is_refused(bad: str) -> None:
    with pytest.raises((AssertionError, ValueError)):
        from_quartz(bad)


def test_arriving_files_start_the_same_job_and_wait_for_the_last_of_them() -> None:
    job = the_job("sales_pipeline_on_arrival")
    [task] = job["tasks"]
    assert task["run_job_task"] == {"job_id": "${resources.jobs.sales_pipeline.id}"}
    arrival = job["trigger"]["file_arrival"]
    assert arrival["url"] == "${var.landing_url}/"
    assert min(v for v in arrival.values() if isinstance(v, int)) >= 60, "Databricks' least"


def test_job_pins_the_versions_it_was_tested_with() -> None:
    tested = (ROOT / "constraints.txt").read_text().lower().splitlines()
    for environment in the_job()["environments"]:
        for dependency in environment["spec"]["dependencies"]:
            assert dependency.replace("[pyarrow]", "") in tested


def test_job_installs_all_that_running_needs() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    needed = {re.split(r"[\[<>=]", line)[0] for line in lines if line and line[0] != "#"}
    [environment] = the_job()["environments"]
    pinned = {re.split(r"[\[=]", line)[0] for line in environment["spec"]["dependencies"]}
    assert pinned == needed


def test_loader_gets_this_machines_places(environment: None) -> None:
    loader = project_tasks()[0].commands[0]
    assert loader.arguments[1:5] == (
        "-P",
        "-m",
        "local_job.notebook",
        str(ROOT / "scripts" / "load_bronze_notebook.py"),
    )
    assert dict(argument.split("=", 1) for argument in loader.arguments[5:]) == {
        "catalog": "main",
        "schema": "bronze",
        "landing": "s3://landing",
        "lakehouse": "s3://lakehouse",
        "http_path": "/sql/1.0/warehouses/local",
        "service_credential": "",
        "secret_scope": "",
        "log_level": "warning",
        "force": "",
        "always_build": "false",
        "audit": "false",
        "wait": "600",
    }


def test_schemas_have_the_names_of_the_variables_in_every_task(
    environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dbt, in the job, is told the names; in a terminal it has those of dbt_project.yml."""
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text())
    assert read_bundle(ROOT).schemas == project["vars"]["schemas"]
    names = {"bronze": "raw", "silver": "clean", "gold": "mart"}
    for layer, name in names.items():
        monkeypatch.setenv(f"BUNDLE_VAR_{layer}_schema", name)
    bundle = read_bundle(ROOT)
    assert bundle.schemas == names
    assert bundle.resolve(bundle.resources["dashboards"]["sales"]["dataset_schema"]) == "mart"
    tasks = {task.key: task.commands for task in project_tasks()}
    assert "schema=raw" in tasks["landing_to_bronze"][0].arguments
    assert tasks["mark_green"][0].arguments[-8:-6] == ("--schema", "raw")
    assert tasks["refresh_dashboard"][0].arguments[-2:] == ("--schema", "mart")
    for key in ("bronze_to_silver", "silver_to_gold", "audit"):
        [command] = tasks[key]
        given = yaml.safe_load(command.arguments[command.arguments.index("--vars") + 1])
        assert given["schemas"] == names, key
        assert given["personal_data_group"] == "", key


def test_the_projects_name_is_said_where_it_is_given_and_nowhere_else() -> None:
    """A project of another name is the same files with the name replaced in these."""
    name = read_bundle(ROOT).name
    assert yaml.safe_load((ROOT / "dbt_project.yml").read_text())["name"] == name
    places = [
        "databricks.yml",
        "dbt_project.yml",
        "resources",
        "scripts",
        "macros",
        "models",
        "dashboards",
        "dbt_profiles",
        "infra",
        "data-tests",
        "seeds",
        "selectors.yml",
    ]
    files = [
        path for place in places for path in [ROOT / place, *(ROOT / place).rglob("*")]
        if path.is_file() and path.suffix in {".yml", ".py", ".sql", ".md", ".json", ".csv"}
    ]  # fmt: skip
    saying = {str(path.relative_to(ROOT)): path.read_text("utf-8").count(name) for path in files}
    assert {path: count for path, count in saying.items() if count} == {
        "databricks.yml": 1,
        "dbt_project.yml": 4,
        "dbt_profiles/profiles.yml": 1,
        "models/_overview.md": 9,  # links of dbt docs, which are not rendered
    }


def test_dbt_runs_with_the_local_target(environment: None) -> None:
    for task in dbt_tasks():
        for command in task.commands:
            assert Path(command.arguments[0]).name == "dbt"
            target = command.arguments.index("--target")
            assert command.arguments[target + 1] == "local"
            assert command.folder == ROOT


def test_job_builds_every_node_of_the_project_once(
    environment: None, commands: ForkedCommands, parsed: Path
) -> None:
    """A node that no task selects would never be built or tested, and nobody would notice.

    Unit tests depend on the code alone: the gate runs them (tests/test_pipeline.py), the job not.
    """

    kinds = [f"--resource-type={kind}" for kind in ("model", "seed", "test")]
    places = [f"--{kind}={parsed}" for kind in ("profiles-dir", "target-path", "log-path")]

    def selected(*selection: str) -> list[str]:
        command = ["dbt", "--quiet", "ls", *places, "--output", "name", *kinds, *selection]
        done = commands.run(command, outer_environment(), ROOT)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.split()

    built: list[str] = []
    for task in dbt_tasks():
        [command] = task.commands
        at = command.arguments.index("--selector")
        some = selected(*command.arguments[at : at + 2])
        assert some, command.shown
        assert "--exclude-resource-type unit_test" in command.shown
        built += some
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
        return tasks_of(tmp_path)[0].commands[0].arguments[2]

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
        tasks_of(tmp_path)


def test_a_shell_that_names_half_a_workspace_is_told_what_to_unset(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DATABRICKS_CATALOG", raising=False)
    monkeypatch.setenv("DATABRICKS_HOST", "https://localhost:9")
    with pytest.raises(BundleError, match=r"Set BUNDLE_VAR_catalog.*unset DATABRICKS_HOST"):
        read_bundle(ROOT).resolve("${var.catalog}")


def test_tasks_run_after_what_they_depend_on_whatever_their_order_in_the_file(
    tmp_path: Path,
) -> None:
    write_bundle(tmp_path, [python_task("c", "b"), python_task("b", "a"), python_task("a")])
    assert [task.key for task in tasks_of(tmp_path)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([python_task("a", "z")], "a depends on z, which is no task"),
        ([python_task("a", "b"), python_task("b", "a")], "depend on each other"),
        ([{"task_key": "a", "pipeline_task": {}}], "cannot run here"),
        (
            [{"task_key": "a", "notebook_task": {"notebook_path": "../a.py"}}],
            "is no file that begins with '# Databricks notebook source'",
        ),
        (
            [
                {
                    "task_key": "a",
                    "condition_task": {"op": "GREATER_THAN", "left": "1", "right": "2"},
                }
            ],
            "GREATER_THAN cannot be compared here",
        ),
        (
            [
                python_task("a"),
                python_task("b") | {"depends_on": [{"task_key": "a", "outcome": "true"}]},
            ],
            "b asks for an outcome of a, which is no condition",
        ),
        (
            [{"task_key": "a", "dbt_task": {"project_directory": "..", "commands": ["rm x"]}}],
            "runs only dbt",
        ),
    ],
)
def test_job_that_cannot_run_is_refused(tmp_path: Path, tasks: list[dict], message: str) -> None:
    write_bundle(tmp_path, tasks)
    with pytest.raises(BundleError, match=message):
        tasks_of(tmp_path)


def job_of(*tasks: tuple[str, str]) -> Job:
    return Job("job", tuple(Task(key, tuple(after.split())) for key, after in tasks), {})


DIAMOND = job_of(("a", ""), ("b", "a"), ("c", "a"), ("d", "b c"), ("e", ""))


@pytest.mark.parametrize(("first", "keys"), [("a", "abcd"), ("b", "bd"), ("d", "d"), ("e", "e")])
def test_run_from_a_task_takes_those_that_depend_on_it(first: str, keys: str) -> None:
    assert "".join(task.key for task in DIAMOND.from_task(first).tasks) == keys


def test_task_that_the_job_has_not_is_refused() -> None:
    with pytest.raises(BundleError, match="no task x; it has a, b, c, d, e"):
        DIAMOND.from_task("x")
    with pytest.raises(BundleError, match="no task x"):
        DIAMOND.only(["a", "x"])


def test_resource_is_named_as_it_is_defined_and_the_warehouse_is_the_one_in_use(
    tmp_path: Path, environment: None
) -> None:
    references = [
        "${resources.schemas.s.name}",
        "${var.warehouse_id}",
        "${resources.jobs.other.id}",
    ]
    default = {"default": "${resources.sql_warehouses.w.id}"}
    write_bundle(tmp_path, [python_task("a", parameters=references)], {"warehouse_id": default})
    other = {"name": "other", "tasks": [{"task_key": "t", "run_job_task": {"job_id": 1}}]}
    more = {
        "schemas": {"s": {"name": "bronze"}},
        "sql_warehouses": {"w": {}},
        "jobs": {"other": other},
    }
    (tmp_path / "resources" / "more.yml").write_text(yaml.safe_dump({"resources": more}))
    assert tasks_of(tmp_path)[0].commands[0].arguments[2:] == ("bronze", "local", "other")
