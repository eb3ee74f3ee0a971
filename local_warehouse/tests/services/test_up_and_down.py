"""`local-warehouse up`, `status` and `down`: services start once, keep their data, and stop."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from local_warehouse.services.processes import is_free
from local_warehouse.services.s3_server import remove_sockets
from warehouse_under_test import (
    BIN,
    PATIENCE,
    TMP,
    WarehouseUnderTest,
    eventually,
    outer_environment,
)

NewWarehouse = Callable[[str], WarehouseUnderTest]


def test_up_twice_starts_once(running: WarehouseUnderTest) -> None:
    before = running.pids()
    again = running.command("up")
    assert "running" in again.stderr
    assert running.pids() == before
    assert set(before) == {"storage", "warehouse"}


def test_status_tells_up_from_down_and_down_stops_everything(running: WarehouseUnderTest) -> None:
    shown = running.command("status")
    for name, pid in running.pids().items():
        assert name in shown.stdout
        assert str(pid) in shown.stdout
    assert running.env["DATABRICKS_HOST"] in shown.stdout
    assert str(running.state / "logs") in shown.stdout
    assert max(map(len, shown.stdout.splitlines()[:-1])) <= 80, "the lines above the logs' place"

    assert running.left_in_tmp()
    pid = running.pids()["storage"]
    running.command("down")
    assert running.command_lines() == []
    assert running.left_in_tmp() == []
    assert not list(TMP.glob(f"weed.*.{pid}")), "it logs into our log, and nowhere else"
    assert running.command("status", check=False).returncode == 3
    assert "nothing" in running.command("down").stderr


def test_data_and_ports_survive_down_and_up(running: WarehouseUnderTest) -> None:
    running.s3.put_object(Bucket="landing", Key="kept.csv", Body=b"a\n1\n")
    running.sql("create table kept as select 7 as n")
    environment = dict(running.env)

    running.command("down")
    running.up()

    assert running.env == environment
    assert running.s3.get_object(Bucket="landing", Key="kept.csv")["Body"].read() == b"a\n1\n"
    assert running.sql("select n from kept") == [{"n": 7}]


@pytest.mark.parametrize(
    ("service", "address"), [("storage", "AWS_ENDPOINT_URL"), ("warehouse", "DATABRICKS_HOST")]
)
def test_another_port_is_chosen_where_one_is_taken_while_the_service_starts(
    running: WarehouseUnderTest, service: str, address: str
) -> None:
    port = int(running.env[address].rpartition(":")[2])
    running.command("down")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))  # free for a server until somebody listens
        starting = subprocess.Popen(
            [BIN / "local-warehouse", "--state", running.state, "up"],
            stderr=subprocess.PIPE,
            text=True,
            env=outer_environment(),
        )
        assert starting.stderr is not None
        said = ""
        while f"{service}: starting" not in said and (character := starting.stderr.read(1)):
            said += character
        other.listen()
        said += starting.stderr.read()
        assert starting.wait() == 0, said
        assert "failed" in said, "it found the port taken"
    running.up()
    assert not running.env[address].endswith(f":{port}")
    assert running.sql("select 1 as n") == [{"n": 1}]


def test_other_ports_are_chosen_when_the_earlier_ones_are_taken(
    running: WarehouseUnderTest,
) -> None:
    running.s3.put_object(Bucket="landing", Key="kept.csv", Body=b"a\n1\n")
    earlier = running.env["AWS_ENDPOINT_URL"]
    sockets = running.left_in_tmp()
    running.kill("storage")
    port = earlier.rpartition(":")[2]
    eventually(lambda: is_free(int(port)), "the last of its threads has ended")
    with socket.create_server(("127.0.0.1", int(port))):
        running.up()
        left = [socket.name for socket in sockets if socket.exists()]
        assert left == [f"seaweedfs-s3-{port}.sock"], "that of a port in use may be another's"
        assert running.env["AWS_ENDPOINT_URL"] != earlier
        assert running.s3.get_object(Bucket="landing", Key="kept.csv")["Body"].read() == b"a\n1\n"
    remove_sockets([int(port)])


def test_two_ups_at_once_start_one_set_of_services(new_warehouse: NewWarehouse) -> None:
    fresh = new_warehouse("race")
    command = [str(BIN / "local-warehouse"), "--state", str(fresh.state), "up"]
    started = [subprocess.Popen(command, env=outer_environment()) for _ in range(3)]
    assert [process.wait(timeout=PATIENCE) for process in started] == [0, 0, 0]
    assert len(fresh.command_lines()) == 2
    fresh.down()


def test_a_failure_half_way_stops_what_was_started(new_warehouse: NewWarehouse) -> None:
    broken = new_warehouse("broken")
    (broken.state / "catalog.sqlite").mkdir(parents=True)

    failed = broken.command("up", check=False)

    assert failed.returncode == 1
    assert str(broken.state / "logs" / "warehouse.log") in failed.stderr
    assert "Traceback" not in failed.stderr.splitlines()[0]
    assert broken.command_lines() == []
    (broken.state / "catalog.sqlite").rmdir()
    broken.up()
    assert broken.sql("select 1 as n") == [{"n": 1}]
    broken.down()


def test_compiled_sqlglot_is_named_before_anything_starts(tmp_path: Path) -> None:
    """`sqlglotc` is found by its metadata, in whatever folder of the environment it is."""
    metadata = tmp_path / "site" / "sqlglotc-30.30.0.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True)
    metadata.write_text("Metadata-Version: 2.1\nName: sqlglotc\nVersion: 30.30.0\n")
    command = [str(BIN / "local-warehouse"), "--state", str(tmp_path / "state"), "up"]
    environment = outer_environment() | {"PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip uninstall sqlglotc" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "state").exists()
