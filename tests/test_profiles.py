"""The profiles, a person's and the job's: dbt takes each target, and none holds a secret."""

import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt.config.profile import Profile
from dbt.config.renderer import ProfileRenderer
from dbt.flags import set_from_args
from dbt_common.context import set_invocation_context

from lakehouse import ROOT, Lakehouse

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
OURS = yaml.safe_load((ROOT / "profiles.yml.example").read_text())
OF_THE_JOB = yaml.safe_load((ROOT / "dbt_profiles" / "profiles.yml").read_text())
ENVIRONMENT = {
    "DATABRICKS_HOST": "https://localhost:1234",
    "DATABRICKS_HTTP_PATH": "/sql/1.0/warehouses/w",
    "DATABRICKS_TOKEN": "a-token",
    "DATABRICKS_CATALOG": "sales",
    "DATABRICKS_CLIENT_ID": "an-id",
    "DATABRICKS_CLIENT_SECRET": "a-secret",
    "DBT_HOST": "workspace.example.com",
    "DBT_ACCESS_TOKEN": "the-jobs-token",
    "USER": "ann",
}
VARS = {"catalog": "sales", "schema": "default", "warehouse_id": "w"}


def profile(
    profiles: dict, target: str | None = None, environment: dict[str, str] = ENVIRONMENT
) -> Any:
    """What dbt makes of a target, the default one if none is named; it raises for one that it
    cannot use."""
    set_invocation_context(environment)
    set_from_args(Namespace(), None)
    return Profile.from_raw_profiles(
        profiles, "sales_lakehouse", ProfileRenderer(VARS), target_override=target
    )


def credentials(profiles: dict, target: str, environment: dict[str, str] = ENVIRONMENT) -> Any:
    return profile(profiles, target, environment).credentials


def targets(profiles: dict) -> list[str]:
    return list(profiles["sales_lakehouse"]["outputs"])


def test_there_are_four_targets() -> None:
    assert targets(OURS) == ["local", "dev", "ci", "prod"]


@pytest.mark.parametrize(
    ("host", "target", "schema"),
    [
        pytest.param("https://localhost:1234", "local", "default", id="this machine"),
        pytest.param("https://a.cloud.databricks.com", "dev", "dev_ann", id="a workspace"),
        pytest.param("a.cloud.databricks.com", "dev", "dev_ann", id="a workspace's name alone"),
    ],
)
def test_default_target_is_the_local_one_or_schemas_of_ones_own(
    host: str, target: str, schema: str
) -> None:
    made = profile(OURS, environment=ENVIRONMENT | {"DATABRICKS_HOST": host})
    assert (made.target_name, made.credentials.schema) == (target, schema)
    assert made.credentials.token == "a-token"


def test_local_target_refuses_a_workspace(lakehouse: Lakehouse) -> None:
    there = {"DATABRICKS_HOST": "https://a.cloud.databricks.com"}
    refused = lakehouse.run("dbt", "ls", "--target", "local", check=False, **there)
    assert refused.returncode != 0
    assert "a.cloud.databricks.com. Use `--target dev`" in refused.stdout
    listed = lakehouse.run("dbt", "ls", "--resource-type", "model", "--output-keys", "schema",
                           "--output", "json", "--quiet", **there, USER="ann")  # fmt: skip
    assert '"dev_ann_silver"' in listed.stdout
    assert '"silver"' not in listed.stdout


@pytest.mark.parametrize(
    ("folder", "words", "expected"),
    [
        pytest.param(ROOT / "models" / "silver", [], str(ROOT), id="below the project"),
        pytest.param(ROOT.parent, [], "None", id="above it"),
        pytest.param("/", ["--project-dir", f"{ROOT}-2"], "None", id="beside it"),
        pytest.param("/", ["ls", "--project-dir", str(ROOT)], str(ROOT), id="it is named"),
        pytest.param(ROOT.parent, [f"--project-dir={ROOT.name}/."], str(ROOT), id="relative"),
        pytest.param("/", ["--project-dir", "/tmp"], "None", id="another is named"),  # noqa: S108
        pytest.param("/", ["ls", "--project-dir"], "None", id="none is named"),
        pytest.param("gone", [], "None", id="a folder that is gone"),
    ],
)
def test_profiles_are_found_from_every_folder_of_the_project(
    folder: Any, words: list[str], expected: str, tmp_path: Path
) -> None:
    """dbt itself looks in the working folder alone; `make setup` tells it where they are, whatever
    an editor that starts it leaves in PWD."""
    environment = {name: each for name, each in os.environ.items() if name != "DBT_PROFILES_DIR"}
    show = "import os; print(os.environ.get('DBT_PROFILES_DIR'))"
    shell = 'mkdir -p "$0"; cd "$0"; [ "$0" != gone ] || rmdir "$PWD"; exec "$@"'
    found = subprocess.run(
        ["sh", "-c", shell, str(folder), sys.executable, "-c", show, *words], cwd=tmp_path,
        env=environment | {"PWD": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (found.stdout.strip(), found.stderr) == (expected, "")


@pytest.mark.parametrize("target", targets(OURS))
def test_dbt_takes_every_target(target: str) -> None:
    made = credentials(OURS, target)
    assert made.database == "sales"
    assert made.http_path == "/sql/1.0/warehouses/w"
    assert made.host == "localhost:1234", "without https://"


@pytest.mark.parametrize(
    ("target", "uses"),
    [
        ("local", {"token": "a-token", "auth_type": None, "client_id": None}),
        ("dev", {"token": "a-token", "auth_type": "oauth", "client_id": None}),
        ("ci", {"auth_type": "oauth", "client_id": "an-id", "client_secret": "a-secret"}),
        ("prod", {"auth_type": "oauth", "client_id": "an-id", "client_secret": "a-secret"}),
    ],
)
def test_target_proves_who_it_is_in_its_own_way(target: str, uses: dict) -> None:
    """A token on this machine, a browser login on dev, a service principal on ci and prod."""
    made = credentials(OURS, target)
    assert {name: getattr(made, name) for name in uses} == uses


def test_dev_target_logs_in_by_a_browser_without_a_token() -> None:
    environment = {name: each for name, each in ENVIRONMENT.items() if name != "DATABRICKS_TOKEN"}
    made = credentials(OURS, "dev", environment)
    assert (made.token, made.auth_type) == ("", "oauth")


def test_local_target_reaches_a_port_and_gives_up_soon() -> None:
    parameters = credentials(OURS, "local").connection_parameters
    assert parameters["_connection_uri"] == "https://localhost:1234/sql/1.0/warehouses/w"
    assert parameters["_retry_stop_after_attempts_count"] == 2


def test_dev_target_is_somebodys_own() -> None:
    assert credentials(OURS, "dev").schema == "dev_ann"
    assert credentials(OURS, "dev", ENVIRONMENT | {"DBT_SCHEMA": "mine"}).schema == "mine"


@pytest.mark.parametrize("target", targets(OF_THE_JOB))
def test_job_uses_what_databricks_gives_its_dbt_tasks(target: str) -> None:
    made = credentials(OF_THE_JOB, target)
    assert (made.host, made.token) == ("workspace.example.com", "the-jobs-token")
    assert (made.database, made.schema) == ("sales", "default")
    assert made.http_path == "/sql/1.0/warehouses/w"


def test_job_has_a_profile_for_every_target_of_the_bundle() -> None:
    bundle = yaml.safe_load((ROOT / "databricks.yml").read_text())
    assert set(targets(OF_THE_JOB)) == set(bundle["targets"])


@pytest.mark.parametrize("profiles", [OURS, OF_THE_JOB], ids=["ours", "of the job"])
def test_address_and_credentials_come_from_the_environment(profiles: dict) -> None:
    for output in profiles["sales_lakehouse"]["outputs"].values():
        for name in {"host", "http_path", "token", "client_id", "client_secret"} & set(output):
            assert "env_var(" in output[name] or "var(" in output[name]
        assert output["connection_parameters"]["enable_telemetry"] is False


@pytest.mark.parametrize("target", targets(OURS))
def test_every_target_is_commented(target: str) -> None:
    lines = (ROOT / "profiles.yml.example").read_text().splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith(f"    {target}:"))
    assert lines[at - 1].lstrip().startswith("#")
