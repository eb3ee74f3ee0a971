"""An S3 of the user's own in place of the one that is started."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local_warehouse.services import processes
from local_warehouse.services.s3_server import (
    PORT_OPTIONS,
    remove_sockets,
    seaweedfs_command,
    write_seaweedfs_config,
)
from local_warehouse.services.state import Secrets, StateDirectory
from warehouse_under_test import WarehouseUnderTest, eventually

NewWarehouse = Callable[[str], WarehouseUnderTest]


@pytest.fixture
def users_s3(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An S3 server that is not ours, and the variables that name it."""
    directory = StateDirectory(tmp_path / "s3")
    directory.create()
    keys = Secrets("", access_key="users-key", secret_key="users-secret")
    write_seaweedfs_config(directory, keys)
    ports = processes.free_ports(len(PORT_OPTIONS))
    server = subprocess.Popen(
        seaweedfs_command(directory, ports), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    eventually(lambda: server.poll() is not None or processes.accepts_connections(ports[0]))
    assert server.poll() is None
    yield {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{ports[0]}",
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        "LAKEHOUSE_URL": "s3://users-bucket/tables",
    }
    server.terminate()
    server.wait()
    remove_sockets(ports)


def test_an_s3_of_the_users_own_is_used_instead(
    new_warehouse: NewWarehouse, users_s3: dict[str, str]
) -> None:
    own = new_warehouse("users-s3")
    printed = own.command(
        "exec", "--", "sh", "-c", "echo $AWS_ENDPOINT_URL $LAKEHOUSE_URL $LANDING_URL", **users_s3
    )
    expected = [users_s3["AWS_ENDPOINT_URL"], users_s3["LAKEHOUSE_URL"], "s3://landing"]
    assert printed.stdout.split() == expected
    assert set(own.pids()) == {"warehouse"}
    statement = "create table there as select 7 as n; select n from there"
    printed = own.command("sql", "--csv", statement, **users_s3)
    assert printed.stdout.endswith("n\n7\n")
    printed = own.command("sql", "--csv", "describe detail there", **users_s3)
    assert ",s3://users-bucket/tables/managed/" in printed.stdout

    refused = own.command("up", check=False)
    assert refused.returncode == 2
    assert "AWS_ENDPOINT_URL" in refused.stderr
    own.down()


def test_an_endpoint_without_keys_is_refused(new_warehouse: NewWarehouse) -> None:
    refused = new_warehouse("no-keys").command(
        "up", check=False, AWS_ENDPOINT_URL="http://127.0.0.1:1"
    )
    assert refused.returncode == 2
    assert "AWS_ACCESS_KEY_ID" in refused.stderr
