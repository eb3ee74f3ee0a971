"""Services that were killed, and process ids that belong to others since."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator

import pytest

from warehouse_under_test import WarehouseUnderTest


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is none of ours."""
    process = subprocess.Popen(["sleep", "86400"])
    yield process
    process.kill()
    process.wait()


def test_killed_services_come_back_with_their_data(running: WarehouseUnderTest) -> None:
    running.s3.put_object(Bucket="landing", Key="kept.csv", Body=b"a\n1\n")
    running.sql("create table kept as select 7 as n")
    running.kill("storage", "warehouse")
    status = running.command("status", check=False)
    assert status.returncode == 3
    assert "dead" in status.stdout
    assert running.left_in_tmp()
    running.command("down")
    assert running.left_in_tmp() == []

    printed = running.command("sql", "--csv", "select n from kept")

    assert printed.stdout == "n\n7\n"
    assert running.s3.get_object(Bucket="landing", Key="kept.csv")["Body"].read() == b"a\n1\n"


def test_a_reused_pid_is_neither_believed_nor_killed(
    running: WarehouseUnderTest, bystander: subprocess.Popen[bytes]
) -> None:
    before = running.pids()
    running.kill(*before)
    state_file = running.state / "state.json"
    state = json.loads(state_file.read_text())
    for record in state["services"].values():
        record["pid"] = bystander.pid
    state_file.write_text(json.dumps(state))

    running.up()
    assert bystander.poll() is None
    assert bystander.pid not in running.pids().values()
    assert running.sql("select 1 as n") == [{"n": 1}]


@pytest.mark.parametrize("command", [["down"], ["up"], ["doctor", "--repair"]], ids=" ".join)
def test_services_whose_state_was_deleted_are_ended(
    new_warehouse: Callable[[str], WarehouseUnderTest], command: list[str]
) -> None:
    deleted, beside = new_warehouse("deleted"), new_warehouse("deleted-not")
    beside.up()
    deleted.up()
    orphans, sockets = set(deleted.pids().values()), deleted.left_in_tmp()
    shutil.rmtree(deleted.state)
    if command[0] == "doctor":
        deleted.state.mkdir()
    said = deleted.command(*command)
    assert not orphans & {int(line.split()[0]) for line in _processes()}
    assert sockets
    assert not [socket for socket in sockets if socket.exists()]
    assert command[0] == "up" or "of a state that is gone" in said.stdout + said.stderr
    assert beside.sql("select 1 as n") == [{"n": 1}], "the warehouse of another folder stays"
    deleted.down()
    beside.down()


def _processes() -> list[str]:
    listed = ["ps", "-e", "-o", "pid=,stat="]
    lines = subprocess.check_output(listed, text=True).splitlines()
    return [line for line in lines if "Z" not in line.split()[1]]


def test_down_leaves_a_reused_pid_alone(
    running: WarehouseUnderTest, bystander: subprocess.Popen[bytes]
) -> None:
    state_file = running.state / "state.json"
    state = json.loads(state_file.read_text())
    original = json.dumps(state)
    for record in state["services"].values():
        record["pid"] = bystander.pid
    state_file.write_text(json.dumps(state))
    running.command("down")
    state_file.write_text(original)
    assert bystander.poll() is None
