"""What the warehouse keeps to itself: paths, keys, the network."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from databricks.sql.exc import Error

from warehouse_under_test import WarehouseUnderTest

OUTSIDE = [
    "file:///etc",
    "/etc/passwd",
    "s3://another-bucket/table",
    "s3a://another-bucket/table",
    "s3://lakehouse-2/table",
    "s3://lakehouse/../another-bucket/table",
    "s3://landing/%2e%2e/another-bucket",
    r"s3://landing/\\.\\./another-bucket",  # a glob that escapes its dots
    "https://example.com/table",
]
STATEMENTS = [
    "create table safety.t (a int) location '{}'",
    "create or replace table safety.t location '{}' as select 1 as a",
    "select * from read_files('{}', format => 'csv')",
    "select * from delta.`{}`",
    "create table safety.t as select * from delta.`{}`",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_path_outside_the_storage_is_refused(warehouse: Any, statement: str) -> None:
    warehouse.sql("create schema if not exists safety")
    with warehouse.connect() as connection, connection.cursor() as cursor:
        for path in OUTSIDE:
            with pytest.raises(Error, match=r"NO_PARENT_EXTERNAL_LOCATION.*--allow-location"):
                cursor.execute(statement.format(path))
    assert warehouse.sql("show tables in safety") == []


def test_a_path_in_the_storage_is_taken(warehouse: Any) -> None:
    warehouse.sql("create schema if not exists safety")
    warehouse.sql("create table safety.inside location 's3a://lakehouse/safety/t/' as select 1 a")
    assert warehouse.sql("select a from delta.`s3://lakehouse/safety/t`") == [{"a": 1}]
    warehouse.sql("drop table safety.inside")


def test_a_folder_is_used_once_it_is_allowed(new_warehouse: Any, tmp_path: Path) -> None:
    own = new_warehouse("allowed")
    (tmp_path / "a.csv").write_text("1,x\n2,y\n")
    path = f"file://{tmp_path}/*.csv"
    read = f"select _c0 from read_files('{path}', format => 'csv', inferColumnTypes => false)"
    own.command("up", "--allow-location", f"file://{tmp_path}")
    own.up()  # and stays allowed
    assert [row["_c0"] for row in own.sql(read)] == ["1", "2"]
    own.sql(f"create table t location 'file://{tmp_path}/t' as select 1 as a")
    own.sql("insert into t values (2)")
    own.sql("update t set a = 5 where a = 2")
    assert own.sql("select sum(a) as a from t") == [{"a": 6}]
    with pytest.raises(Error, match="NO_PARENT_EXTERNAL_LOCATION_FOR_PATH"):
        own.sql(f"select * from read_files('file://{tmp_path}-2/a.csv', format => 'csv')")
    with pytest.raises(Error, match="NO_PARENT_EXTERNAL_LOCATION_FOR_PATH"):
        own.sql(
            f"select * from read_files('file://{tmp_path}/t/\\\\.\\\\./a.csv', format => 'csv')"
        )
    with pytest.raises(Error, match="NO_PARENT_EXTERNAL_LOCATION_FOR_PATH"):
        own.sql(f"copy into t from 'file://{tmp_path}/t' fileformat = csv pattern = '../*.csv'")
    own.command("up", "--allow-location", "none")
    with pytest.raises(Error, match="NO_PARENT_EXTERNAL_LOCATION_FOR_PATH"):
        own.sql(read)


def test_a_location_that_readers_would_take_for_another_is_refused(
    warehouse: WarehouseUnderTest,
) -> None:
    names = ("a?b", "a#b", "a%2Fb", "a`b")
    on_s3 = [f"{warehouse.env['LAKEHOUSE_URL']}/{name}" for name in names]
    on_disk = [f"file://{warehouse.state}/managed/{name}" for name in (*names, "a b", "ä")]
    for location in on_s3 + on_disk:
        message = warehouse.fails(
            f"create table t (a int) location '{location}'", "UNSUPPORTED_FEATURE"
        )
        assert location in message


def test_logs_hold_no_token_and_no_key(warehouse: WarehouseUnderTest) -> None:
    secrets = json.loads((warehouse.state / "secrets.json").read_text())
    for statement in (
        "select * from nowhere",
        "selec 1",
        f"select '{secrets['token']}' + 1 from nowhere",
        f"select raise_error('{secrets['secret_key']}')",
        "select * from read_files('s3://landing/nothing-here.csv', format => 'csv')",
    ):
        with pytest.raises(Error):
            warehouse.sql(statement)
    with suppress(Error):
        warehouse.connect(access_token="dapi-of-somebody")
    certificates = warehouse.state / "certificates"
    key = re.sub(r"-----.*?-----|\s", "", (certificates / "server-key.pem").read_text())
    secret = [*secrets.values(), "dapi-of-somebody", key[:40]]
    logs = {path.name: path.read_text() for path in (warehouse.state / "logs").iterdir()}
    assert "ready on https://localhost" in logs["warehouse.log"]
    assert [(name, s) for name, text in logs.items() for s in secret if s in text] == []


def test_only_this_machine_is_served(warehouse: WarehouseUnderTest) -> None:
    """Every port of the services listens on 127.0.0.1 and nowhere else (man 5 proc_pid_net)."""
    if not Path("/proc/net/tcp").exists():
        pytest.skip("listening sockets are read from /proc")
    ports = json.loads((warehouse.state / "state.json").read_text())["ports"]
    own = {f"{port:04X}" for group in ports.values() for port in group}
    listening = [
        line.split()[1].rsplit(":", 1)
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
        if line.split()[3] == "0A"
    ]
    found = [(address, port) for address, port in listening if port in own]
    assert f"{ports['warehouse'][0]:04X}" in [port for _, port in found]
    assert {address for address, _ in found} == {"0100007F"}
