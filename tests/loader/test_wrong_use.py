"""A user's mistake ends in a message that says what to do, and in the exit code for it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import botocore.auth
import botocore.endpoint
import botocore.httpsession
import pytest
import trustme
from botocore.exceptions import EndpointConnectionError
from databricks.sql.client import Cursor
from databricks.sql.exc import ServerOperationError
from landing_place import CUSTOMERS, SALES, Place

from bronze_loader.lease.conditional_object import ConditionalObject
from bronze_loader.lease.lease import Lease
from lakehouse import Lakehouse

SETTINGS = {
    "DATABRICKS_HOST": "https://localhost:1",
    "DATABRICKS_HTTP_PATH": "/sql/1.0/warehouses/x",
    "DATABRICKS_TOKEN": "x",
    "DATABRICKS_CATALOG": "main",
    "LANDING_URL": "s3://landing",
    "LAKEHOUSE_URL": "s3://lakehouse",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_REGION": "us-east-1",
}


def load(*options: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "load-bronze"), *options]
    clean = {"PATH": os.environ["PATH"], "HOME": os.devnull, **env}
    done = subprocess.run(command, env=clean, cwd=cwd, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done


def test_settings_that_are_missing_are_all_named_with_a_way_out() -> None:
    done = load("--landing", "s3://landing")
    assert done.returncode == 2
    for name in ("DATABRICKS_HOST", "DATABRICKS_CATALOG", "LAKEHOUSE_URL"):
        assert name in done.stderr
    assert "on a laptop none of the variables of a workspace is needed" in done.stderr


def test_without_any_setting_the_local_services_are_used(
    lakehouse: Lakehouse, tmp_path: Path
) -> None:
    """From whatever folder, and with no lakehouse made there."""
    done = load(
        "--dry-run", "--dataset", "sales", cwd=tmp_path, LAKEHOUSE_STATE=str(lakehouse.state)
    )
    assert done.returncode == 0
    assert "using the local services" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--dataset", "sale"], "customers, sales"),
        (["--sources", "no/such.yml"], "no such file"),
        (["--landing", "/data/in"], "s3://bucket/prefix"),
        (["--max-statement-files", "0"], "whole number above 0"),
        (["--max-statement-bytes", "much"], "not a size"),
        (["--since", "99999999999d"], "an age such as 30m"),
        (["--since", "2024-13-01"], "a date or time such as"),
        (["--lease-seconds", "0"], "from 1 to 86,400"),
        (["--lease-seconds", "99999999999999999"], "from 1 to 86,400"),
        (["--schema", "main.bronze"], "no schema's name"),
        (["--no-such-option"], "unrecognized arguments"),
    ],
    ids=[
        "unknown-dataset",
        "missing-sources",
        "landing-no-url",
        "no-files-in-a-statement",
        "size-no-number",
        "since-too-long-ago",
        "since-no-date",
        "lease-too-short",
        "lease-too-long",
        "schema-with-a-dot",
        "unknown-option",
    ],
)
def test_wrong_options_end_in_2(options: list[str], message: str) -> None:
    done = load(*options, **SETTINGS)
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    "host",
    ["https://localhost:abc", "https://[::1", "cloud.example:99999"],
    ids=["port-no-number", "bracket-not-closed", "port-too-large"],
)
def test_a_host_that_is_no_address_ends_in_2(host: str) -> None:
    done = load(**SETTINGS | {"DATABRICKS_HOST": host})
    assert done.returncode == 2
    assert f"{host}' is no address" in done.stderr
    assert "DATABRICKS_HOST" in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("null_value: 0000-00-00", "put a text that looks like a date or a number in quotes"),
        ('encoding: windows-1252, null_value: "年"', "windows-1252 has no '年'"),
    ],
    ids=["null-value-like-a-date", "null-value-not-in-the-encoding"],
)
def test_a_mistake_in_the_declaration_ends_in_2(tmp_path: Path, options: str, message: str) -> None:
    sources = tmp_path / "sources.yml"
    sources.write_text(
        "sources: [{name: bronze, tables: [{name: sales, external: {location: '**/data_*', "
        f"options: {{{options}}}}}}}]}}]",
        encoding="utf-8",
    )
    done = load("--sources", str(sources), **SETTINGS)
    assert done.returncode == 2
    assert message in done.stderr
    assert str(sources) in done.stderr


def test_a_warehouse_that_is_down_is_said_at_once() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = time.monotonic()
    done = load(**SETTINGS | {"DATABRICKS_HOST": f"https://localhost:{port}"})
    assert done.returncode == 1
    assert "no warehouse listens" in done.stderr
    assert "local-warehouse up" in done.stderr
    assert time.monotonic() - started < 30


def test_an_authority_that_is_not_trusted_ends_in_2_at_once(place: Place, tmp_path: Path) -> None:
    another = tmp_path / "another.pem"
    trustme.CA().cert_pem.write_to_path(str(another))
    for setting, environment in (
        ("SSL_CERT_FILE", {"SSL_CERT_FILE": os.devnull, "LOCAL_WAREHOUSE_CA_FILE": ""}),
        ("LOCAL_WAREHOUSE_CA_FILE", {"LOCAL_WAREHOUSE_CA_FILE": str(another)}),
        ("LOCAL_WAREHOUSE_CA_FILE", {"LOCAL_WAREHOUSE_CA_FILE": os.devnull}),
        ("LOCAL_WAREHOUSE_CA_FILE", {"LOCAL_WAREHOUSE_CA_FILE": "no/such.pem"}),
    ):
        done = place.load(exit_code=2, **environment)
        assert "certificate" in done.stderr
        assert setting in done.stderr


def test_json_ends_with_a_summary_that_has_the_error_whatever_stops_a_run(place: Place) -> None:
    def error(exit_code: int, *options: str, **env: str) -> str:
        done = place.load("--json", *options, exit_code=exit_code, **env)
        (line,) = done.stdout.splitlines()
        said: str = json.loads(line)["error"]
        assert f"load-bronze: {said}\n" in done.stderr
        return said

    assert "no warehouse listens" in error(1, DATABRICKS_HOST="https://localhost:1")
    assert "no such file" in error(2, "--sources", "no/such.yml")
    assert "does not accept the credentials" in error(2, DATABRICKS_TOKEN="no")
    assert "no file of the datasets matches" in error(2, "--force", "x")
    lease = ConditionalObject(f"s3://lakehouse/{place.lease_key}", place.s3, lambda: place.s3)
    with Lease(lease, "another", seconds=60, wait=0):
        assert "another" in error(4)
    with mock.patch.object(Cursor, "execute", side_effect=KeyboardInterrupt):
        done = place.load("--json", exit_code=130)
    assert json.loads(done.stdout)["error"] == "stopped by KeyboardInterrupt"


@pytest.mark.parametrize("arguments", ["datasets --json", "datasets", "log", "--dry-run"])
def test_output_that_nobody_reads_to_its_end_is_no_error(place: Place, arguments: str) -> None:
    place.put("customer_infomation_1.csv", CUSTOMERS)
    place.load()
    environment = place.lakehouse.env | {
        "LANDING_URL": f"s3://landing/{place.prefix}",
        "BRONZE_SCHEMA": place.schema,
    }
    command = f"{Path(sys.executable).parent / 'load-bronze'} {arguments}"
    done = subprocess.run(
        ["sh", "-c", f"({command}; echo $? >&2) | true"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == "141\n"


def test_a_key_in_a_log_message_cannot_steer_a_terminal(place: Place, tmp_path: Path) -> None:
    sources = tmp_path / "sources.yml"
    sources.write_text(
        "sources: [{name: bronze, tables: [{name: customers, external: {location: '**/*'}, "
        "columns: [{name: gender}]}]}]"
    )
    place.put("\x1b[2J/1.csv", b"id,gendre\n1,F\n")
    environment = place.lakehouse.env | {"LANDING_URL": f"s3://landing/{place.prefix}"}
    done = load("--dry-run", "--sources", str(sources), **environment)
    assert f"s3://landing/{place.prefix}/\\x1b[2J/1.csv has new columns" in done.stderr
    assert "\x1b" not in done.stderr


def test_a_wrong_token_ends_in_2(place: Place) -> None:
    assert (
        "does not accept the credentials" in place.load(exit_code=2, DATABRICKS_TOKEN="no").stderr
    )


def test_a_bucket_that_does_not_exist_ends_in_2(place: Place) -> None:
    done = place.load("--landing", "s3://no-such-bucket", exit_code=2)
    assert "no bucket 'no-such-bucket'" in done.stderr


def test_a_lakehouse_bucket_that_does_not_exist_ends_in_2_and_is_not_made(place: Place) -> None:
    place.put("data_sales_1.csv", SALES)
    done = place.load("--lakehouse", "s3://lakehuose", exit_code=2)
    assert "no bucket 'lakehuose'; see LAKEHOUSE_URL or --lakehouse" in done.stderr
    assert "lakehuose" not in [bucket["Name"] for bucket in place.s3.list_buckets()["Buckets"]]


@pytest.mark.parametrize("option", ["--lakehouse", "--lease-url", "--landing"])
def test_a_place_that_is_not_in_s3_ends_in_2(place: Place, option: str) -> None:
    assert "s3://bucket/prefix, not 'here'" in place.load(option, "here", exit_code=2).stderr


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_wrong_aws_keys_end_in_2(place: Place, name: str) -> None:
    done = place.load(exit_code=2, **{name: "wrong"})
    assert "does not accept the AWS credentials" in done.stderr


@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_clock_that_is_wrong_ends_in_2(place: Place, minutes: int) -> None:
    now = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=minutes)
    with mock.patch.object(botocore.auth, "get_current_datetime", lambda: now):
        assert "set the clock" in place.load(exit_code=2).stderr


def test_a_store_that_is_down_is_said_once(place: Place) -> None:
    """The warehouse fails a statement because of it, and the files are not blamed."""
    for number in range(4):
        place.put(f"data_sales_{number}.csv", SALES * (number + 1))
    execute, send = Cursor.execute, botocore.httpsession.URLLib3Session.send
    down = threading.Event()

    def fail(cursor: Cursor, statement: str) -> Any:
        if statement.startswith("INSERT"):
            down.set()
            raise ServerOperationError("[ENGINE_ERROR] connection refused")
        return execute(cursor, statement)

    def answer(session: Any, request: Any) -> Any:
        if down.is_set():
            raise EndpointConnectionError(endpoint_url=request.url)
        return send(session, request)

    with (
        mock.patch.object(Cursor, "execute", fail),
        mock.patch.object(botocore.httpsession.URLLib3Session, "send", answer),
        mock.patch.object(botocore.endpoint.time, "sleep"),
    ):
        done = place.load(exit_code=1)
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"load-bronze: cannot reach s3://landing/{place.prefix}: the store does")
    assert "data_sales" not in done.stdout
