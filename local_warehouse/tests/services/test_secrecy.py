"""What the services keep to themselves: keys, tokens, the network."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest
from databricks.sql.exc import Error

from warehouse_under_test import WarehouseUnderTest


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


def test_a_wrong_token_is_refused(warehouse: WarehouseUnderTest) -> None:
    with pytest.raises(Error):
        warehouse.connect(access_token="dapi00000000000000000000000000000000")
