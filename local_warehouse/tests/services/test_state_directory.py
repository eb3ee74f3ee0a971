"""The state directory: where it is, what it holds, who may read it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from local_warehouse.cli import main
from local_warehouse.services.certificates import Certificates
from local_warehouse.services.state import StateDirectory, find_state_directory
from warehouse_under_test import BIN, WarehouseUnderTest, outer_environment

NewWarehouse = Callable[[str], WarehouseUnderTest]


def test_managed_tables_are_on_disk_and_move_with_the_state_directory(
    new_warehouse: NewWarehouse, tmp_path: Path
) -> None:
    home = new_warehouse("home")
    home.up()
    home.sql("create table kept as select 7 as n")
    location = str(home.sql("describe detail kept")[0]["location"])
    assert location.startswith(f"file://{home.state}/managed/")
    home.down()

    moved = WarehouseUnderTest(home.state.rename(tmp_path / "moved"))
    try:
        moved.up()
        location = str(moved.sql("describe detail kept")[0]["location"])
        assert location.startswith(f"file://{tmp_path}/moved/managed/")
        moved.sql("insert into kept values (8)")
        assert moved.sql("select sum(n) as s from kept") == [{"s": 15}]
        assert moved.command("doctor").stdout == "nothing to repair\n"
    finally:
        moved.down()


def test_where_the_path_is_not_plain_managed_tables_are_on_s3(tmp_path: Path) -> None:
    folder = tmp_path / "my projects #1"
    folder.mkdir()
    spaced = WarehouseUnderTest(folder / "state")
    try:
        spaced.up()
        spaced.sql("create table kept as select 7 as n")
        detail = spaced.sql("describe detail kept")[0]
        assert str(detail["location"]).startswith("s3://lakehouse/managed/")
        assert spaced.sql("select n from kept") == [{"n": 7}]
    finally:
        spaced.down()


def test_a_certificate_about_to_expire_is_renewed(
    running: WarehouseUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    expiring = Certificates(running.state / "certificates")
    expiring.certificate.unlink()
    monkeypatch.setattr("local_warehouse.services.certificates.VALIDITY", timedelta(days=1))
    expiring.ensure()
    a_year_ago = time.time() - 360 * 24 * 3600
    os.utime(expiring.certificate, (a_year_ago, a_year_ago))
    before = running.pids()

    running.up()

    assert running.pids()["storage"] == before["storage"]
    assert running.pids()["warehouse"] != before["warehouse"]
    assert running.sql("select 1 as n") == [{"n": 1}]


@pytest.mark.parametrize(
    ("name", "content", "remedy"),
    [
        pytest.param("state.json", "{", "End the processes", id="state that is no JSON"),
        pytest.param("state.json", "{}", "End the processes", id="state without its parts"),
        pytest.param(
            "secrets.json",
            "[]",
            "Run `local-warehouse down`, remove the file",
            id="secrets of another form",
        ),
    ],
)
def test_a_damaged_file_of_the_state_is_said_so(
    new_warehouse: NewWarehouse, name: str, content: str, remedy: str
) -> None:
    damaged = new_warehouse("damaged")
    damaged.state.mkdir()
    (damaged.state / name).write_text(content)
    done = damaged.command("up", check=False)
    (damaged.state / name).unlink()
    assert done.returncode == 2
    assert f"{name} is damaged. {remedy}" in done.stderr


def test_secrets_are_for_their_owner_only(warehouse: WarehouseUnderTest) -> None:
    assert warehouse.state.stat().st_mode & 0o077 == 0
    for name in ("secrets.json", "s3-config.json", "certificates/server-key.pem"):
        assert (warehouse.state / name).stat().st_mode & 0o077 == 0, name
    secrets = json.loads((warehouse.state / "secrets.json").read_text())
    for log in (warehouse.state / "logs").iterdir():
        for secret in (secrets["token"], secrets["secret_key"]):
            assert secret not in log.read_text(errors="replace")
    assert secrets["token"] not in "".join(warehouse.command_lines())


def test_the_state_is_in_the_project_and_outside_of_one_must_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LAKEHOUSE_STATE", raising=False)
    inner = tmp_path / "project" / "models" / "silver"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    refused = subprocess.run(
        [BIN / "local-warehouse", "up"], env=outer_environment(), capture_output=True, text=True
    )
    assert refused.returncode == 2
    assert f"{inner} is in no project" in refused.stderr
    assert "--state .lakehouse" in refused.stderr
    assert list(inner.iterdir()) == []
    named = tmp_path / "project" / ".lakehouse"
    (tmp_path / "project" / "dbt_project.yml").touch()
    assert find_state_directory(None).path == named
    (tmp_path / "project" / "dbt_project.yml").unlink()
    named.mkdir()
    (named / "state.json").touch()
    assert find_state_directory(None).path == named
    assert find_state_directory("elsewhere").path == inner / "elsewhere"


def test_a_directory_of_another_user_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def deny(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.delenv("LAKEHOUSE_STATE", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "is_file", deny)
    assert main(["status"]) == 2
    assert f"{tmp_path}/.lakehouse is of another user" in capsys.readouterr().err


def test_git_does_not_see_the_state_directory(tmp_path: Path) -> None:
    StateDirectory(tmp_path / ".lakehouse").create()
    (tmp_path / ".lakehouse" / "secrets.json").touch()
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    command = ["git", "status", "--porcelain", "--untracked-files=all"]
    assert subprocess.check_output(command, cwd=tmp_path) == b""
