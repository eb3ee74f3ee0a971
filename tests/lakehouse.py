"""A local lakehouse for tests: its own services, on their own ports, with their own data."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
# What a shell that runs the tests may hold, and the tests must not see.
_OUTER_PREFIXES = (
    "PYTEST_", "AWS_", "DATABRICKS_", "DBT_", "LANDING_URL", "LAKEHOUSE_", "BRONZE_",
    "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE",
)  # fmt: skip


def outer_environment() -> dict[str, str]:
    """This process's environment without settings for any lakehouse."""
    return {name: text for name, text in os.environ.items() if not name.startswith(_OUTER_PREFIXES)}


class Lakehouse:
    """Services under a state directory of their own, and the ways tests reach them."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.env: dict[str, str] = {}
        profiles = state.with_name(f"{state.name}-dbt")
        profiles.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "profiles.yml.example", profiles / "profiles.yml")
        self._dbt = {
            "DBT_PROFILES_DIR": str(profiles),
            "DBT_TARGET_PATH": str(profiles / "target"),
            "DBT_LOG_PATH": str(profiles / "logs"),
        }

    def up(self) -> None:
        """Start what is not running, and take the environment for clients from `exec`."""
        printed = self.local_warehouse("exec", "--", sys.executable, "-c", _PRINT_ENVIRONMENT)
        self.env = json.loads(printed.stdout) | self._dbt

    def down(self) -> None:
        self.local_warehouse("down")

    def has_services(self) -> bool:
        """Whether some were started and not stopped again."""
        state = self.state / "state.json"
        return state.exists() and bool(json.loads(state.read_text())["services"])

    def local_warehouse(
        self, *arguments: str, check: bool = True, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `local-warehouse` on this state directory, from an environment without settings."""
        command = [str(BIN / "local-warehouse"), "--state", str(self.state), *arguments]
        return _run(command, outer_environment() | env, check)

    def run(
        self, *command: str, check: bool = True, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the project in its environment, from the project's root."""
        return _run(command, self.env | env, check)

    def sql(
        self, statement: str, parameters: Mapping[str, Any] | list[Any] | None = None
    ) -> list[dict[str, Any]]:
        """The rows of a statement over databricks-sql-connector."""
        with closing(self.connect()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(statement, parameters)
            if cursor.description is None:
                return []
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def fails(self, statement: str, condition: str) -> str:
        """The message of a statement that must fail for this reason."""
        from databricks.sql.exc import Error

        with pytest.raises(Error) as caught:
            self.sql(statement)
        assert f"[{condition}" in str(caught.value)
        return str(caught.value)

    def connect(self, **overrides: Any) -> Any:
        """A connection of databricks-sql-connector, closed by its user."""
        from databricks import sql

        host = urlsplit(self.env["DATABRICKS_HOST"])
        settings = {
            "server_hostname": host.hostname,
            "_port": host.port,
            "http_path": self.env["DATABRICKS_HTTP_PATH"],
            "access_token": self.env["DATABRICKS_TOKEN"],
            "catalog": self.env["DATABRICKS_CATALOG"],
            "enable_telemetry": False,
            "_tls_trusted_ca_file": self.env["LOCAL_WAREHOUSE_CA_FILE"],
            "_retry_stop_after_attempts_count": 2,
        }
        return sql.connect(**settings | overrides)

    def processes(self, measure: str) -> list[str]:
        """What ps says of the warehouse and of its engine, such as their `time` or `rss`."""
        state = json.loads((self.state / "state.json").read_text())
        warehouse = str(state["services"]["warehouse"]["pid"])
        listed = subprocess.run(
            ["ps", "-A", "-o", f"pid=,ppid=,{measure}="], capture_output=True, text=True, check=True
        )
        lines = map(str.split, listed.stdout.splitlines())
        return [found for pid, parent, found in lines if warehouse in (pid, parent)]

    @property
    def s3(self) -> Any:
        """A boto3 client for the storage of this lakehouse."""
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.env["AWS_ENDPOINT_URL"],
            aws_access_key_id=self.env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"],
            region_name=self.env["AWS_REGION"],
        )

    def objects(self, url: str) -> list[str]:
        """The URLs of what is stored below a location, on S3 or on disk."""
        place = urlsplit(url)
        if place.scheme == "file":
            found = sorted(path for path in Path(place.path).rglob("*") if path.is_file())
            return [f"file://{path}" for path in found]
        prefix = f"{place.path.lstrip('/')}/"
        listed = self.s3.list_objects_v2(Bucket=place.netloc, Prefix=prefix)
        return [f"s3://{place.netloc}/{entry['Key']}" for entry in listed.get("Contents", [])]

    def read(self, url: str) -> bytes:
        place = urlsplit(url)
        if place.scheme == "file":
            return Path(place.path).read_bytes()
        found = self.s3.get_object(Bucket=place.netloc, Key=place.path[1:])
        content: bytes = found["Body"].read()
        return content

    def write(self, url: str, body: bytes) -> None:
        place = urlsplit(url)
        if place.scheme == "file":
            Path(place.path).parent.mkdir(parents=True, exist_ok=True)
            Path(place.path).write_bytes(body)
        else:
            self.s3.put_object(Bucket=place.netloc, Key=place.path[1:], Body=body)

    def delete(self, url: str) -> None:
        place = urlsplit(url)
        if place.scheme == "file":
            Path(place.path).unlink()
        else:
            self.s3.delete_object(Bucket=place.netloc, Key=place.path[1:])

    def land(self, *files: tuple[str, bytes]) -> str:
        """Puts files under a landing prefix of their own; returns its URL, with a slash."""
        landing = urlsplit(self.env["LANDING_URL"])
        prefix = f"{landing.path.lstrip('/')}{uuid.uuid4().hex}/"
        for name, body in files:
            self.s3.put_object(Bucket=landing.netloc, Key=prefix + name, Body=body)
        return f"s3://{landing.netloc}/{prefix}"

    def landing(self, prefix: str) -> dict[str, str]:
        """Settings for a landing place of one's own: `run(…, **lakehouse.landing("mine"))`."""
        return {"LANDING_URL": f"{self.env['LANDING_URL']}/{prefix}"}


_PRINT_ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)))"


def _run(
    command: Sequence[str], env: Mapping[str, str], check: bool
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command, env=dict(env), cwd=ROOT, capture_output=True, text=True, check=False
    )
    if check and done.returncode != 0:
        pytest.fail(f"{' '.join(command)}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done
