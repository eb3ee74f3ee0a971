"""A local warehouse for tests, with services on free ports and data in a folder of its own.

`LocalWarehouse` is what the fixtures of `local_warehouse.pytest_plugin` yield. It drives the
command `local-warehouse` and speaks to the server through databricks-sql-connector, as any client.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BIN = Path(sys.executable).parent
# Settings of the shell around the tests that would lead a client to another warehouse or bucket.
_OUTER_PREFIXES = (
    "PYTEST_", "AWS_", "DATABRICKS_", "DBT_", "LANDING_URL", "LAKEHOUSE_",
    "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE",
)  # fmt: skip
_PRINT_ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)))"


class CommandFailed(AssertionError):
    """A command ended with another code than 0; the message holds what it printed."""


def outer_environment() -> dict[str, str]:
    """Return this process's environment without settings for any warehouse or bucket."""
    return {name: text for name, text in os.environ.items() if not name.startswith(_OUTER_PREFIXES)}


def run(
    command: Sequence[str], env: Mapping[str, str], *, check: bool = True, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command and return its output as text. Raises CommandFailed when `check` is set."""
    done = subprocess.run(
        command, env=dict(env), cwd=cwd, capture_output=True, text=True, check=False
    )
    if check and done.returncode != 0:
        message = f"{' '.join(command)}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"
        raise CommandFailed(message)
    return done


class LocalWarehouse:
    """The services of one state directory, and the ways in which tests reach them.

    `state` is the directory. `env` is the whole environment for clients, as `local-warehouse exec`
    sets it; it is empty until `up`.
    """

    def __init__(self, state: Path, env: Mapping[str, str] | None = None) -> None:
        self.state = state
        self.env: dict[str, str] = dict(env or {})

    def up(self) -> None:
        """Start what is not running, and take the clients' environment from `exec` into `env`."""
        printed = self.command("exec", "--", sys.executable, "-c", _PRINT_ENVIRONMENT)
        self.env = json.loads(printed.stdout)

    def down(self) -> None:
        """Stop the services; the data stays."""
        self.command("down")

    def has_services(self) -> bool:
        """Return whether services were started and not stopped again."""
        state = self.state / "state.json"
        return state.exists() and bool(json.loads(state.read_text())["services"])

    def command(
        self, *arguments: str, check: bool = True, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `local-warehouse` on this state, from an environment without other settings."""
        command = [str(BIN / "local-warehouse"), "--state", str(self.state), *arguments]
        return run(command, outer_environment() | env, check=check)

    def connect(self, **overrides: Any) -> Any:
        """Return a connection of databricks-sql-connector; the caller closes it.

        `overrides` are arguments of `databricks.sql.connect`, such as `schema`.
        """
        from databricks import sql

        return sql.connect(**self.settings() | overrides)

    def settings(self) -> dict[str, Any]:
        """The arguments of `databricks.sql.connect` for this warehouse."""
        host = urlsplit(self.env["DATABRICKS_HOST"])
        return {
            "server_hostname": host.hostname,
            "_port": host.port,
            "http_path": self.env["DATABRICKS_HTTP_PATH"],
            "access_token": self.env["DATABRICKS_TOKEN"],
            "catalog": self.env["DATABRICKS_CATALOG"],
            "enable_telemetry": False,
            "_tls_trusted_ca_file": self.env["LOCAL_WAREHOUSE_CA_FILE"],
            "_retry_stop_after_attempts_count": 2,
        }

    def sql(
        self, statement: str, parameters: Mapping[str, Any] | list[Any] | None = None
    ) -> list[dict[str, Any]]:
        """Return the rows of a statement as dictionaries by column name; [] without a result."""
        with closing(self.connect()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(statement, parameters)
            if cursor.description is None:
                return []
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    @property
    def s3(self) -> Any:
        """A new boto3 client of the S3 that the warehouse uses."""
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.env["AWS_ENDPOINT_URL"],
            aws_access_key_id=self.env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"],
            region_name=self.env["AWS_REGION"],
        )
