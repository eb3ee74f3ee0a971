"""A landing prefix and a bronze schema of a test's own: to put files, to load them, to look."""

from __future__ import annotations

import io
import json
import os
import time
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from typing import Any
from unittest import mock

from bronze_loader.cli import main

CUSTOMERS = b"id,customername,gender,age\n1,Ann,F,30\n2,Bob,M,41\n"
SALES = b"createtime,id,product,quan,shop,platform\n2024-01-02,1,TV,2,Hanoi,web\n"

_clients: dict[str, Any] = {}


@dataclass(frozen=True)
class Output:
    """What a run printed."""

    stdout: str
    stderr: str


@dataclass(frozen=True)
class Place:
    """A landing prefix and a bronze schema of one's own in a lakehouse."""

    lakehouse: Any
    prefix: str
    schema: str

    @property
    def s3(self) -> Any:
        """A client for this lakehouse's storage, made once: that takes a third of a second."""
        endpoint = self.lakehouse.env["AWS_ENDPOINT_URL"]
        if endpoint not in _clients:
            _clients[endpoint] = self.lakehouse.s3
        return _clients[endpoint]

    @property
    def lease_key(self) -> str:
        return f"{self.schema}/_load_bronze/lease.json"

    def put(self, name: str, content: bytes) -> str:
        """Upload a file; gives its URL."""
        key = f"{self.prefix}/{name}"
        self.s3.put_object(Bucket="landing", Key=key, Body=content)
        return f"s3://landing/{key}"

    def delete(self, name: str) -> None:
        self.s3.delete_object(Bucket="landing", Key=f"{self.prefix}/{name}")

    def end_lease(self) -> None:
        """Delete the lease, as one does who knows that its holder is dead."""
        self.s3.delete_object(Bucket="lakehouse", Key=self.lease_key)

    def forget_plan(self) -> None:
        """Delete the finished plan, which a run that dies leaves empty."""
        key = f"{self.schema}/_load_bronze/plan.json"
        self.s3.delete_object(Bucket="lakehouse", Key=key)

    def lease(self) -> dict[str, Any]:
        """What the lease object says."""
        answer = self.s3.get_object(Bucket="lakehouse", Key=self.lease_key)
        said: dict[str, Any] = json.loads(answer["Body"].read())
        return said

    def wait_for_lease(self) -> dict[str, Any]:
        """What the lease object says, as soon as a loader holds it."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with suppress(self.s3.exceptions.NoSuchKey):
                if not (said := self.lease())["released"]:
                    return said
            time.sleep(0.02)
        raise AssertionError("no loader took the lease")

    def load(self, *options: str, exit_code: int = 0, **env: str) -> Output:
        """Run `load-bronze`, which must end in the exit code.

        Runs in this process, because a new one imports for a second or two; the command as it is
        installed is tested in test_wrong_use.py.
        """
        code, loaded = self.try_load(*options, **env)
        assert code == exit_code, loaded.stdout + loaded.stderr
        return loaded

    def try_load(self, *options: str, **env: str) -> tuple[int, Output]:
        """Run `load-bronze`, whatever it ends in."""
        settings = {"LANDING_URL": f"s3://landing/{self.prefix}", "BRONZE_SCHEMA": self.schema}
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.lakehouse.env | settings | env, clear=True),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = main(options)
        return code, Output(out.getvalue(), err.getvalue())

    def load_json(self, *options: str, exit_code: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
        """What `load-bronze --json` says: the files by name, and the summary."""
        printed = self.load("--json", *options, exit_code=exit_code).stdout
        *files, summary = [json.loads(line) for line in printed.splitlines()]
        start = len(f"s3://landing/{self.prefix}/")
        return {file["source_file"][start:]: file for file in files}, summary

    def sql(self, statement: str) -> list[dict[str, Any]]:
        """Rows of a statement in which `bronze.` stands for the schema of this place."""
        rows: list[dict[str, Any]] = self.lakehouse.sql(
            statement.replace("bronze.", f"{self.schema}.")
        )
        return rows

    def rows(self, table: str, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
        found = self.sql(f"select {columns} from bronze.{table} where {where}")
        return sorted((tuple(row.values()) for row in found), key=repr)

    def log(self) -> list[dict[str, Any]]:
        return self.sql("select * from bronze.load_log order by logged_at, source_file")

    def versions(self, table: str) -> int:
        return len(self.sql(f"describe history bronze.{table}"))
