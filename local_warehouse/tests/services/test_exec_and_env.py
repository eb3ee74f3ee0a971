"""`local-warehouse exec` and `env`: the environment of the clients."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from warehouse_under_test import BIN, WarehouseUnderTest, outer_environment


@pytest.mark.parametrize(
    ("command", "code"),
    [
        pytest.param(["true"], 0, id="success"),
        pytest.param(["sh", "-c", "exit 7"], 7, id="failure"),
        pytest.param(["no-such-command"], 127, id="no such command"),
        pytest.param(["/"], 126, id="no program"),
    ],
)
def test_exec_ends_with_the_code_of_its_command(
    warehouse: WarehouseUnderTest, command: list[str], code: int
) -> None:
    done = warehouse.command("exec", "--", *command, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_exec_replaces_settings_for_another_workspace(warehouse: WarehouseUnderTest) -> None:
    program = "import json, os; print(json.dumps(dict(os.environ)))"
    printed = warehouse.command(
        *("exec", "--", sys.executable, "-c", program),
        DATABRICKS_HOST="https://example.cloud.databricks.com",
        DATABRICKS_CLIENT_SECRET="of another workspace",
        AWS_SESSION_TOKEN="of another account",
        AWS_PROFILE="another",
        HTTPS_PROXY="http://proxy.example:3128",
        NO_PROXY="intranet.example",
    )
    environment = json.loads(printed.stdout)
    assert environment["DATABRICKS_HOST"] == warehouse.env["DATABRICKS_HOST"]
    assert environment["LANDING_URL"] == "s3://landing"
    assert environment["PATH"].split(os.pathsep)[0] == str(BIN)
    assert environment["NO_PROXY"] == "intranet.example,localhost,127.0.0.1"
    for name in ("DATABRICKS_CLIENT_SECRET", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        assert name not in environment


def test_exec_inside_exec_reaches_the_same_services(warehouse: WarehouseUnderTest) -> None:
    nested = warehouse.run("local-warehouse", "exec", "--", "sh", "-c", "echo $DATABRICKS_HOST")
    assert nested.stdout.strip() == warehouse.env["DATABRICKS_HOST"]
    assert nested.stderr == ""


def test_env_prints_what_a_shell_evaluates(warehouse: WarehouseUnderTest) -> None:
    script = 'eval "$("$1" --state "$2" env)"; echo "$DATABRICKS_HOST"'
    command = ["sh", "-c", script, "sh", str(BIN / "local-warehouse"), str(warehouse.state)]
    shell = subprocess.run(
        command, env=outer_environment(), capture_output=True, text=True, check=True
    )
    assert shell.stdout.strip() == warehouse.env["DATABRICKS_HOST"]
