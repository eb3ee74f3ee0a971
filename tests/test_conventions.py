"""The conventions of dbt-bouncer.yml are met, and breaking one is noticed."""

import copy
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
MODEL = "model.sales_lakehouse.{}".format


@pytest.fixture(scope="module")
def manifest(parsed: Path) -> dict:
    """The parsed project."""
    document: dict = json.loads((parsed / "manifest.json").read_text())
    return document


def check(manifest: dict, folder: Path) -> subprocess.CompletedProcess[str]:
    """dbt-bouncer on a manifest, by the project's configuration."""
    (folder / "manifest.json").write_text(json.dumps(manifest))
    config = yaml.safe_load((ROOT / "dbt-bouncer.yml").read_text())
    (folder / "dbt-bouncer.yml").write_text(
        yaml.safe_dump(config | {"dbt_artifacts_dir": str(folder)})
    )
    command = [BIN / "dbt-bouncer", "run", "--show-all-failures"]
    command += ["--config-file", folder / "dbt-bouncer.yml"]
    return subprocess.run(
        command, capture_output=True, text=True, env={"COLUMNS": "300", "NO_COLOR": "1"}
    )


def depend(model: str, needed: str) -> Callable[[dict], None]:
    def change(manifest: dict) -> None:
        manifest["nodes"][MODEL(model)]["depends_on"]["nodes"].append(needed)
        if needed in manifest["child_map"]:
            manifest["child_map"][needed].append(MODEL(model))
        manifest["parent_map"][MODEL(model)].append(needed)

    return change


def put(model: str, **values: object) -> Callable[[dict], None]:
    def change(manifest: dict) -> None:
        manifest["nodes"][MODEL(model)].update(values)

    return change


def orphan_a_source(manifest: dict) -> None:
    source = copy.deepcopy(manifest["sources"]["source.sales_lakehouse.bronze.sales"])
    source |= {"unique_id": "source.sales_lakehouse.bronze.unread", "name": "unread"}
    source |= {"identifier": "unread"}
    manifest["sources"][source["unique_id"]] = source
    manifest["child_map"][source["unique_id"]] = []


def without_unit_tests(manifest: dict) -> None:
    manifest["unit_tests"] = {}


def without_column_description(manifest: dict) -> None:
    manifest["nodes"][MODEL("customers")]["columns"]["customer_id"]["description"] = ""


def test_conventions_are_met(manifest: dict, tmp_path: Path) -> None:
    done = check(manifest, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


BREACHES = [
    (
        depend("daily_sales", MODEL("bronze_sales")),
        "check_lineage_permitted_upstream",
        "daily_sales",
    ),
    (depend("bronze_sales", MODEL("sales")), "check_lineage_permitted_upstream", "bronze_sales"),
    (depend("sales", MODEL("daily_sales")), "check_lineage_permitted_upstream", "sales"),
    (
        depend("sales", "source.sales_lakehouse.bronze.sales"),
        "check_lineage_source_cannot_be_used",
        "sales",
    ),
    (
        depend("daily_sales", "seed.sales_lakehouse.products"),
        "check_lineage_seed_cannot_be_used",
        "daily_sales",
    ),
    (put("rejections", name="fct_rejections"), "check_model_names", "rejections"),
    (put("bronze_customers", name="stg_customers"), "check_model_names", "bronze_customers"),
    (put("file_quality", description="Files."), "check_model_description", "file_quality"),
    (put("unmatched_sales", access="protected"), "check_model_access", "unmatched_sales"),
    (
        put("sales_of_customer", contract={"enforced": False}),
        "check_model_has_contracts_enforced",
        "sales_of_customer",
    ),
    (without_column_description, "check_model_column_description_populated", "customers"),
    (without_unit_tests, "check_model_has_unit_tests", "daily_sales"),
    (orphan_a_source, "check_source_not_orphaned", "bronze_unread"),
]


@pytest.fixture(scope="module")
def said_of_breaches(manifest: dict, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What dbt-bouncer says of the project with all breaches in it."""
    broken = copy.deepcopy(manifest)
    for change, _, _ in BREACHES:
        change(broken)
    done = check(broken, tmp_path_factory.mktemp("broken"))
    assert done.returncode == 1, done.stdout
    return done.stdout


@pytest.mark.parametrize(("check_name", "of"), [breach[1:] for breach in BREACHES])
def test_breach_is_noticed(said_of_breaches: str, check_name: str, of: str) -> None:
    assert re.search(rf"{check_name}\w*:\d+:{of}\b", said_of_breaches)


def test_every_model_belongs_to_a_group_with_an_owner(manifest: dict) -> None:
    owners = {group["name"]: group["owner"] for group in manifest["groups"].values()}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model":
            assert owners[node["group"]]["email"], node["name"]
