"""The ground that the proof stands on: schemas and a prefix of its own, and its commands.

All that the proof asks and does goes through `Ground`, and `remove` takes all of it away again.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

import local_session
from bronze_loader.landing.bucket import s3_client
from bronze_loader.warehouse.connection import StatementFailed, StatementRunner, is_loopback
from local_session import names

NAME = re.compile(r"prove_[a-z0-9_]{1,40}")
KILL_WITHIN = 300  # seconds; a warehouse that starts takes some of them


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code (negative for a signal), and what it printed."""

    code: int
    printed: str

    @property
    def last_words(self) -> str:
        """The last lines that were printed, as one line."""
        return " / ".join(line.strip() for line in self.printed.strip().splitlines()[-4:])

    @property
    def files_loaded(self) -> int:
        """How many files a `load-bronze --json` has loaded, by its summary, the last JSON line."""
        lines = [line for line in self.printed.splitlines() if line.startswith("{")]
        said = json.loads(lines[-1]) if lines else {}
        return int(said.get("new", 0) + said.get("changed", 0))


class Ground:
    """Schemas `<name>_bronze`, `_silver`, `_gold`, and what lies under `<url>/<name>/` in S3."""

    def __init__(self, name: str, catalog: str, url: str, warehouse: StatementRunner) -> None:
        self.name = name
        self.schemas = list(names.layer_schemas(name).values())
        self._catalog, self._warehouse = catalog, warehouse
        self._landing, self._lakehouse = f"{url}/{name}/landing", f"{url}/{name}/lakehouse"
        place = urlsplit(f"{url}/{name}/")
        self._bucket, self._prefix = place.netloc, place.path.lstrip("/")
        self._client = s3_client()
        self._folder = Path(tempfile.mkdtemp(prefix="prove-workspace-"))
        (self._folder / "profiles.yml").write_text(yaml.safe_dump(self._profiles()))

    def _profiles(self) -> dict[str, Any]:
        """The project's own profile for this host and login, with the proof's schemas."""
        example = local_session.project_root() / "profiles.yml.example"
        outputs = yaml.safe_load(example.read_text())[names.dbt_profile()]["outputs"]
        if is_loopback(os.environ.get("DATABRICKS_HOST", "")):
            chosen = outputs["local"]
        else:
            chosen = outputs["prod" if os.environ.get("DATABRICKS_CLIENT_ID") else "dev"]
        mine = {**chosen, "schema": self.name}
        return {names.dbt_profile(): {"target": "dev", "outputs": {"dev": mine}}}

    def url(self, key: str) -> str:
        """The URL of a landed file."""
        return f"{self._landing}/{key}"

    def sql(self, statement: str) -> list[dict[str, Any]]:
        """The rows of a statement in which `{bronze}`, `{silver}`, `{gold}` stand for the schemas,
        `{catalog}` for the catalog and `{schemas}` for the schemas' names as a list.

        Raises LoaderError.
        """
        layers = zip(names.LAYERS, self.schemas, strict=True)
        quoted = {layer: f"`{self._catalog}`.`{schema}`" for layer, schema in layers}
        quoted["catalog"] = f"`{self._catalog}`"
        quoted["schemas"] = ", ".join(f"'{schema}'" for schema in self.schemas)
        return self._warehouse.run(statement.format(**quoted))

    def refusal(self, statement: str) -> str:
        """Why the warehouse refuses a statement; empty when it does not."""
        try:
            self._warehouse.run(statement)
        except StatementFailed as error:
            return str(error).splitlines()[0]
        return ""

    def put(self, files: Mapping[str, bytes]) -> None:
        """Land files, by their keys."""
        for key, content in files.items():
            target = f"{self._prefix}landing/{key}"
            self._client.put_object(Bucket=self._bucket, Key=target, Body=content)

    def moments(self) -> dict[str, int]:
        """When each landed file was written, as S3 says it, in microseconds since 1970, by URL."""
        return {
            f"s3://{self._bucket}/{entry['Key']}": int(entry["LastModified"].timestamp())
            * 1_000_000
            for entry in self._objects("landing/")
        }

    def tables_files(self) -> int:
        """How many files there are in the tables' places in S3."""
        return sum(1 for _ in self._objects("lakehouse/"))

    def load(self, *options: str) -> Ended:
        """Run the loader to its end."""
        return self._run(self._loader(*options))

    def kill_load(self, started: str, *options: str) -> int:
        """Run the loader, and kill it as soon as the query `started` counts a row.

        Gives its exit code: -9, or the one that it ended with before.
        """
        with self._started(self._loader(*options)) as process:
            until = time.monotonic() + KILL_WITHIN
            while process.poll() is None and time.monotonic() < until:
                if self.sql(started)[0]["n"]:
                    break
                time.sleep(0.01)
            process.kill()
            return process.wait()

    def build(self, *options: str) -> Ended:
        """Run `dbt build` on the project, without unit tests, which depend on no workspace."""
        program = str(local_session.bin_dir() / "dbt")
        command = [program, "--no-use-colors", "build", "--exclude-resource-type", "unit_test"]
        return self._run([*command, *options])

    def compare(self) -> Ended | None:
        """Run `local-warehouse compare`; None where there is no such command."""
        program = str(local_session.bin_dir() / "local-warehouse")
        if not Path(program).is_file() or self._run([program, "compare", "--help"]).code:
            return None
        return self._run([program, "compare"])

    def close(self) -> None:
        """Remove the folder of dbt's files on this machine."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def drop_schemas(self) -> None:
        """Drop the three schemas with all that is in them. Raises LoaderError."""
        for schema in self.schemas:
            self._warehouse.run(f"DROP SCHEMA IF EXISTS `{self._catalog}`.`{schema}` CASCADE")

    def delete_objects(self) -> int:
        """Delete everything under the prefix; gives how many objects that were."""
        deleted = 0
        for entry in self._objects():
            self._client.delete_object(Bucket=self._bucket, Key=entry["Key"])
            deleted += 1
        return deleted

    def left(self) -> list[str]:
        """What is still there of the schemas and of the prefix, a line each."""
        own = ", ".join(f"'{schema}'" for schema in self.schemas)
        rows = self._warehouse.run(
            f"SELECT schema_name FROM `{self._catalog}`.information_schema.schemata "  # noqa: S608
            f"WHERE schema_name IN ({own})"
        )
        schemas = [f"schema {row['schema_name']}" for row in rows]
        return schemas + [f"s3://{self._bucket}/{entry['Key']}" for entry in self._objects()]

    def _objects(self, under: str = "") -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + under):
            yield from page.get("Contents", ())

    def _loader(self, *options: str) -> list[str]:
        return [str(local_session.bin_dir() / "load-bronze"), *options]

    def _run(self, command: Sequence[str]) -> Ended:
        with self._started(command) as process:
            printed, _ = process.communicate()
            return Ended(process.returncode, printed)

    def _started(self, command: Sequence[str]) -> _Started:
        places = {
            "LANDING_URL": self._landing,
            "LAKEHOUSE_URL": self._lakehouse,
            "BRONZE_SCHEMA": self.schemas[0],
            "DATABRICKS_CATALOG": self._catalog,
            "DBT_SCHEMA": self.name,
            "DBT_PROFILES_DIR": str(self._folder),
            "DBT_TARGET_PATH": str(self._folder / "target"),
            "DBT_LOG_PATH": str(self._folder / "logs"),
        }
        return _Started(command, {**os.environ, **places})


class _Started:
    """A command inside a `with` block; one that has not ended by its end is interrupted."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._command, self._env = command, env

    def __enter__(self) -> subprocess.Popen[str]:
        self._process = subprocess.Popen(
            self._command, env=dict(self._env), cwd=local_session.project_root(), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return self._process

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
