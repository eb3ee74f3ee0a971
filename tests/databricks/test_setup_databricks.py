"""`setup-databricks` against a small workspace of our own: what it makes, and makes once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from databricks_setup.cli import main
from databricks_setup.setup_plan import project_names

NAMES = project_names()
ROOT = Path(__file__).resolve().parents[2]
STORAGE_ROLE = "arn:aws:iam::123456789012:role/sales-lakehouse-storage"
LOADER_ROLE = "arn:aws:iam::123456789012:role/sales-lakehouse-loader"
ROLES = ("--storage-role", STORAGE_ROLE, "--loader-role", LOADER_ROLE)
FOR_THE_JOB = ("--principal", "an-application-id", "--catalog", "sales")


def test_credentials_are_made_and_the_trust_policys_second_step_is_told(
    workspace: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["credentials", *ROLES]) == 0
    storage = workspace.credentials["storage-credentials"][NAMES.storage_credential]
    service = workspace.credentials["credentials"][NAMES.service_credential]
    assert storage["aws_iam_role"]["role_arn"] == STORAGE_ROLE
    assert service["aws_iam_role"]["role_arn"] == LOADER_ROLE
    said = capsys.readouterr().out
    assert "created" in said
    assert f"StorageExternalId=external-id-of-{NAMES.storage_credential}" in said
    assert f"LoaderExternalId=external-id-of-{NAMES.service_credential}" in said


def test_service_credential_is_one_and_nothing_is_validated_before_the_role_trusts(
    workspace: Any,
) -> None:
    main(["credentials", *ROLES])
    bodies = {path.rsplit("/", 1)[-1]: body for _, path, body in workspace.changes}
    assert bodies["credentials"]["purpose"] == "SERVICE"
    assert all(body["skip_validation"] is True for body in bodies.values())


def test_second_time_nothing_is_changed(workspace: Any, capsys: pytest.CaptureFixture[str]) -> None:
    main(["credentials", *ROLES, *FOR_THE_JOB])
    workspace.changes.clear()
    capsys.readouterr()
    assert main(["credentials", *ROLES, *FOR_THE_JOB]) == 0
    assert workspace.changes == []
    said = capsys.readouterr().out
    assert said.count("is there") == 6
    assert "StorageExternalId=" in said, "it can be asked for again"


def test_principal_may_deploy_and_run(workspace: Any) -> None:
    main(["credentials", *ROLES, *FOR_THE_JOB])
    assert {name: held["an-application-id"] for name, held in workspace.grants.items()} == {
        "metastore/the-metastore": {"CREATE_EXTERNAL_LOCATION"},
        f"storage_credential/{NAMES.storage_credential}": {"CREATE_EXTERNAL_LOCATION"},
        f"credential/{NAMES.service_credential}": {"ACCESS"},
        "catalog/sales": {"USE_CATALOG", "CREATE_SCHEMA"},
    }


def test_developers_may_deploy_to_dev_and_readers_find_the_catalog(workspace: Any) -> None:
    """What a developer's own job and a reader's query need, and the bundle cannot grant."""
    groups = ("--developers", "sales-engineers", "--readers", "account users")
    assert main(["credentials", *ROLES, *FOR_THE_JOB, *groups]) == 0
    held = {
        group: {name: held[group] for name, held in workspace.grants.items() if group in held}
        for group in ("sales-engineers", "account users")
    }
    assert held == {
        "sales-engineers": {
            f"credential/{NAMES.service_credential}": {"ACCESS"},
            "catalog/sales": {"USE_CATALOG", "CREATE_SCHEMA"},
        },
        "account users": {"catalog/sales": {"USE_CATALOG"}},
    }


@pytest.mark.parametrize("group", ["--developers", "--readers"])
def test_groups_without_a_catalog_are_refused(
    workspace: Any, capsys: pytest.CaptureFixture[str], group: str
) -> None:
    assert main(["credentials", *ROLES, group, "g"]) == 2
    assert "--catalog" in capsys.readouterr().err
    assert workspace.changes == []


def test_only_what_is_missing_is_granted(workspace: Any) -> None:
    workspace.grants["catalog/sales"] = {"an-application-id": {"USE_CATALOG"}, "others": {"SELECT"}}
    main(["credentials", *ROLES, *FOR_THE_JOB])
    [change] = [body for _, path, body in workspace.changes if path.endswith("catalog/sales")]
    assert change == {"changes": [{"add": ["CREATE_SCHEMA"], "principal": "an-application-id"}]}
    assert workspace.grants["catalog/sales"]["others"] == {"SELECT"}


def test_dry_run_prints_the_plan_and_changes_nothing(
    workspace: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["credentials", *ROLES, *FOR_THE_JOB, "--dry-run"]) == 0
    assert workspace.changes == []
    said = capsys.readouterr().out
    assert f"create    storage credential {NAMES.storage_credential} over {STORAGE_ROLE}" in said
    assert "grant     USE_CATALOG, CREATE_SCHEMA on catalog sales to an-application-id" in said
    assert "nothing is changed" in said


def test_credential_over_another_role_is_changed_and_said(
    workspace: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["credentials", *ROLES])
    other = STORAGE_ROLE + "-new"
    assert main(["credentials", "--storage-role", other, "--loader-role", LOADER_ROLE]) == 0
    role = workspace.credentials["storage-credentials"][NAMES.storage_credential]["aws_iam_role"]
    assert role["role_arn"] == other
    assert f"to {other}, from {STORAGE_ROLE}" in capsys.readouterr().out


def test_secret_is_read_from_standard_input_and_never_shown(
    workspace: Any, type_in: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    workspace.scopes[NAMES.secret_scope] = {}
    type_in("very-secret\n")
    assert main(["secret", "aws_access_key_id"]) == 0
    assert workspace.scopes[NAMES.secret_scope] == {"aws_access_key_id": "very-secret"}
    captured = capsys.readouterr()
    assert "very-secret" not in captured.out + captured.err


def test_secret_is_asked_for_at_a_terminal(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.scopes[NAMES.secret_scope] = {}
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda prompt: "typed")
    assert main(["secret", "aws_access_key_id"]) == 0
    assert workspace.scopes[NAMES.secret_scope] == {"aws_access_key_id": "typed"}


def test_secret_cannot_be_an_argument(workspace: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["secret", "aws_access_key_id", "very-secret"])
    assert ended.value.code == 2


def test_secret_without_a_scope_says_what_makes_it(
    workspace: Any, type_in: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    type_in("x")
    assert main(["secret", "aws_access_key_id"]) == 2
    assert "databricks bundle deploy" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["credentials", *ROLES], ["secret", "key"], ["remove"]])
def test_another_projects_folder_has_no_names(
    command: list[str],
    workspace: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: other\n")
    monkeypatch.chdir(tmp_path)
    assert main(command) == 2
    said = capsys.readouterr().err
    assert f"There is no databricks.yml in {tmp_path}. Run this inside the project." in said
    assert workspace.changes == []


def test_empty_secret_is_refused(workspace: Any, type_in: Callable[[str], None]) -> None:
    workspace.scopes[NAMES.secret_scope] = {}
    type_in("\n")
    assert main(["secret", "aws_access_key_id"]) == 2
    assert workspace.scopes[NAMES.secret_scope] == {}


def test_remove_undoes_it_and_may_repeat(
    workspace: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["credentials", *ROLES])
    assert main(["remove", "--dry-run"]) == 0
    assert workspace.credentials["credentials"]
    assert main(["remove"]) == 0
    assert workspace.credentials == {"storage-credentials": {}, "credentials": {}}
    assert main(["remove"]) == 0
    assert capsys.readouterr().out.count("not there") == 2


def test_refusal_of_the_workspace_is_one_line(
    workspace: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace.refuses = "User does not have CREATE STORAGE CREDENTIAL on Metastore"
    assert main(["credentials", *ROLES]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "does not have CREATE STORAGE CREDENTIAL" in line


def test_address_where_nothing_answers_is_named_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABRICKS_HOST", "https://127.0.0.1:1")
    monkeypatch.setenv("DATABRICKS_TOKEN", "a-token")
    assert main(["remove", "--dry-run"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "https://127.0.0.1:1 does not answer" in line
    assert "DATABRICKS_HOST" in line


def test_names_are_those_that_the_bundle_uses() -> None:
    bundle = yaml.safe_load((ROOT / "databricks.yml").read_text())
    variables, name = bundle["variables"], bundle["bundle"]["name"]

    def named(text: str) -> str:
        return text.replace("${bundle.name}", name)

    assert named(variables["storage_credential"]["default"]) == NAMES.storage_credential
    assert named(variables["secret_scope"]["default"]) == NAMES.secret_scope
    for target in bundle["targets"].values():
        assert named(target["variables"]["service_credential"]) == NAMES.service_credential
