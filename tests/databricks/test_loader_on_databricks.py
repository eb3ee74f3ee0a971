"""The loader inside a Databricks job: its credentials, and how it is started."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bronze_loader.errors import ConfigurationError
from bronze_loader.landing.workspace_credentials import FROM_SCOPE, take_credentials

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is set stays inside the test."""
    for name in (*FROM_SCOPE, "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "to be undone")
        if not name.startswith("DATABRICKS_HOST"):
            monkeypatch.delenv(name)


def environment(*names: str) -> dict[str, str | None]:
    import os

    return {name: os.environ.get(name) for name in names}


AWS_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def test_service_credential_gives_keys_for_an_hour(workspace: Any) -> None:
    workspace.credentials["credentials"]["sales_landing"] = {"name": "sales_landing"}
    take_credentials("sales_landing", "")
    assert list(environment(*AWS_KEYS).values()) == ["id", "key", "session"]


def test_keys_of_a_secret_scope_are_taken_by_their_names(workspace: Any) -> None:
    workspace.scopes["keys"] = {
        "aws_access_key_id": "AKIA",
        "AWS-SECRET-ACCESS-KEY": "secret",
        "another": "x",
    }
    take_credentials("", "keys")
    assert list(environment(*AWS_KEYS, "ANOTHER").values()) == ["AKIA", "secret", None, None]


def test_nothing_is_asked_where_nothing_is_named(workspace: Any) -> None:
    take_credentials("", "")
    assert set(environment(*AWS_KEYS).values()) == {None}


@pytest.mark.parametrize(("credential", "scope"), [("absent", ""), ("", "absent")])
def test_what_is_not_there_is_named(workspace: Any, credential: str, scope: str) -> None:
    with pytest.raises(ConfigurationError, match=r"'absent'.*setup-databricks"):
        take_credentials(credential, scope)


AS_DATABRICKS_DOES = """
import sys
sys.argv = ["load_bronze.py", "--help"]
path = sys.executable and {path!r}
sys.path = [p for p in sys.path if "scripts" not in p and "__editable__" not in p]
sys.meta_path = [f for f in sys.meta_path if "editable" not in repr(f).lower()]
exec(compile(open(path).read(), path, "exec"), {{"__name__": "__main__"}})
"""


def test_entry_runs_without_a_file_name_and_outside_its_folder(tmp_path: Path) -> None:
    """Databricks runs a task's file by `exec`: no __file__, and its folder is not on the path."""
    code = AS_DATABRICKS_DOES.format(path=str(ROOT / "scripts" / "load_bronze.py"))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: load-bronze")


def test_entry_ends_without_an_exception_when_all_is_well(tmp_path: Path) -> None:
    """A SystemExit, even with code 0, is a failure of a Databricks task."""
    code = f"""
import sys
import bronze_loader.cli
bronze_loader.cli.main = lambda: 0
path = {str(ROOT / "scripts" / "load_bronze.py")!r}
exec(compile(open(path).read(), path, "exec"), {{"__name__": "__main__"}})
print("went on")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "went on\n", done.stderr
