"""The command `local-warehouse`: services start once, survive what happens to them, and stop."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local_warehouse.client.shell import split_statements
from local_warehouse.services import processes
from local_warehouse.services.certificates import Certificates
from local_warehouse.services.s3_server import (
    PORT_OPTIONS,
    seaweedfs_command,
    write_seaweedfs_config,
)
from local_warehouse.services.state import Secrets, StateDirectory, find_project_root
from warehouse_under_test import BIN, WarehouseUnderTest, outer_environment

NewWarehouse = Callable[[str], WarehouseUnderTest]


def records(warehouse: WarehouseUnderTest) -> dict[str, Any]:
    services: dict[str, Any] = json.loads((warehouse.state / "state.json").read_text())["services"]
    return services


def pids(warehouse: WarehouseUnderTest) -> dict[str, int]:
    return {name: record["pid"] for name, record in records(warehouse).items()}


def processes_of(warehouse: WarehouseUnderTest) -> list[str]:
    """Command lines of the running processes that name this state directory."""
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True
    )
    return [
        line
        for line in listed.stdout.splitlines()
        if str(warehouse.state) in line and ("weed mini" in line or "--certificate" in line)
    ]


@pytest.fixture
def running(new_warehouse: NewWarehouse) -> Iterator[WarehouseUnderTest]:
    """Services of one's own, to be stopped and killed at will."""
    own = new_warehouse("own")
    own.up()
    yield own
    own.down()


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is none of ours."""
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize(
    "arguments", ["status", "env", "doctor", "sql 'select 1 as a'", "sql --csv 'select 1 as a'"]
)
def test_output_that_nobody_reads_to_its_end_is_no_error(
    warehouse: WarehouseUnderTest, arguments: str
) -> None:
    command = f"{BIN / 'local-warehouse'} --state {warehouse.state} {arguments}"
    done = subprocess.run(
        ["sh", "-c", f"({command}; echo $? >&2) | true"],
        env=outer_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == "141\n"


def test_up_twice_starts_once(running: WarehouseUnderTest) -> None:
    before = pids(running)
    again = running.command("up")
    assert "running" in again.stderr
    assert pids(running) == before
    assert set(before) == {"storage", "warehouse"}


def test_status_tells_up_from_down_and_down_stops_everything(running: WarehouseUnderTest) -> None:
    shown = running.command("status")
    for name, pid in pids(running).items():
        assert name in shown.stdout
        assert str(pid) in shown.stdout
    assert running.env["DATABRICKS_HOST"] in shown.stdout

    running.command("down")
    assert processes_of(running) == []
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


def test_killed_services_come_back_with_their_data(running: WarehouseUnderTest) -> None:
    running.s3.put_object(Bucket="landing", Key="kept.csv", Body=b"a\n1\n")
    running.sql("create table kept as select 7 as n")
    for pid in pids(running).values():
        os.kill(pid, signal.SIGKILL)
    status = running.command("status", check=False)
    assert status.returncode == 3
    assert "dead" in status.stdout

    printed = running.command("sql", "--csv", "select n from kept")

    assert printed.stdout == "n\n7\n"
    assert running.s3.get_object(Bucket="landing", Key="kept.csv")["Body"].read() == b"a\n1\n"


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


def test_other_ports_are_chosen_when_the_earlier_ones_are_taken(
    running: WarehouseUnderTest,
) -> None:
    running.s3.put_object(Bucket="landing", Key="kept.csv", Body=b"a\n1\n")
    earlier = running.env["AWS_ENDPOINT_URL"]
    running.command("down")
    with socket.create_server(("127.0.0.1", int(earlier.rpartition(":")[2]))):
        running.up()
        assert running.env["AWS_ENDPOINT_URL"] != earlier
        assert running.s3.get_object(Bucket="landing", Key="kept.csv")["Body"].read() == b"a\n1\n"


def test_a_reused_pid_is_neither_believed_nor_killed(
    running: WarehouseUnderTest, bystander: subprocess.Popen[bytes]
) -> None:
    before = pids(running)
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    state_file = running.state / "state.json"
    state = json.loads(state_file.read_text())
    for record in state["services"].values():
        record["pid"] = bystander.pid
    state_file.write_text(json.dumps(state))

    running.up()
    assert bystander.poll() is None
    assert bystander.pid not in pids(running).values()
    assert running.sql("select 1 as n") == [{"n": 1}]


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


def test_two_ups_at_once_start_one_set_of_services(new_warehouse: NewWarehouse) -> None:
    fresh = new_warehouse("race")
    command = [str(BIN / "local-warehouse"), "--state", str(fresh.state), "up"]
    started = [subprocess.Popen(command, env=outer_environment()) for _ in range(3)]
    assert [process.wait(timeout=60) for process in started] == [0, 0, 0]
    assert len(processes_of(fresh)) == 2
    fresh.down()


def test_a_failure_half_way_stops_what_was_started(new_warehouse: NewWarehouse) -> None:
    broken = new_warehouse("broken")
    (broken.state / "catalog.sqlite").mkdir(parents=True)

    failed = broken.command("up", check=False)

    assert failed.returncode == 1
    assert str(broken.state / "logs" / "warehouse.log") in failed.stderr
    assert "Traceback" not in failed.stderr.splitlines()[0]
    assert processes_of(broken) == []
    (broken.state / "catalog.sqlite").rmdir()
    broken.up()
    assert broken.sql("select 1 as n") == [{"n": 1}]
    broken.down()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["true"], 0),
        (["sh", "-c", "exit 7"], 7),
        (["no-such-command"], 127),
        (["/"], 126),
    ],
)
def test_exec_ends_with_the_code_of_its_command(
    warehouse: WarehouseUnderTest, command: list[str], code: int
) -> None:
    done = warehouse.command("exec", "--", *command, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_exec_replaces_settings_for_another_workspace(warehouse: WarehouseUnderTest) -> None:
    program = "import json, os; print(json.dumps(dict(os.environ)))"
    printed = warehouse.command(
        *("exec", "--", sys.executable, "-c", program),
        DATABRICKS_HOST="https://example.cloud.databricks.com",
        DATABRICKS_CLIENT_SECRET="of another workspace",
        AWS_SESSION_TOKEN="of another account",
        AWS_PROFILE="another",
        HTTPS_PROXY="http://proxy.example:3128",
        NO_PROXY="intranet.example",
    )
    environment = json.loads(printed.stdout)
    assert environment["DATABRICKS_HOST"] == warehouse.env["DATABRICKS_HOST"]
    assert environment["LANDING_URL"] == "s3://landing"
    assert environment["PATH"].split(os.pathsep)[0] == str(BIN)
    assert environment["NO_PROXY"] == "intranet.example,localhost,127.0.0.1"
    for name in ("DATABRICKS_CLIENT_SECRET", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        assert name not in environment


def test_exec_inside_exec_reaches_the_same_services(warehouse: WarehouseUnderTest) -> None:
    nested = warehouse.run("local-warehouse", "exec", "--", "sh", "-c", "echo $DATABRICKS_HOST")
    assert nested.stdout.strip() == warehouse.env["DATABRICKS_HOST"]
    assert nested.stderr == ""


def test_env_prints_what_a_shell_evaluates(warehouse: WarehouseUnderTest) -> None:
    script = 'eval "$("$1" --state "$2" env)"; echo "$DATABRICKS_HOST"'
    command = ["sh", "-c", script, "sh", str(BIN / "local-warehouse"), str(warehouse.state)]
    shell = subprocess.run(
        command, env=outer_environment(), capture_output=True, text=True, check=True
    )
    assert shell.stdout.strip() == warehouse.env["DATABRICKS_HOST"]


def test_a_certificate_about_to_expire_is_renewed(
    running: WarehouseUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    expiring = Certificates(running.state / "certificates")
    expiring.certificate.unlink()
    monkeypatch.setattr("local_warehouse.services.certificates.VALIDITY", timedelta(days=1))
    expiring.ensure()
    a_year_ago = time.time() - 360 * 24 * 3600
    os.utime(expiring.certificate, (a_year_ago, a_year_ago))
    before = pids(running)

    running.up()

    assert pids(running)["storage"] == before["storage"]
    assert pids(running)["warehouse"] != before["warehouse"]
    assert running.sql("select 1 as n") == [{"n": 1}]


@pytest.mark.parametrize(
    ("name", "content", "remedy"),
    [
        ("state.json", "{", "End the processes"),
        ("state.json", "{}", "End the processes"),
        ("secrets.json", "[]", "Run `local-warehouse down`, remove the file"),
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
    assert secrets["token"] not in "".join(processes_of(warehouse))


def test_a_wrong_token_is_refused(warehouse: WarehouseUnderTest) -> None:
    from databricks.sql.exc import Error

    with pytest.raises(Error):
        warehouse.connect(access_token="dapi00000000000000000000000000000000")


def test_sql_prints_a_table_csv_and_json(warehouse: WarehouseUnderTest) -> None:
    statement = "select 1 as n, 'a,b' as text, cast(null as string) as nothing, array(1, 2) as list"
    table = warehouse.run("local-warehouse", "sql", statement)
    assert "text" in table.stdout
    assert "a,b" in table.stdout
    assert "NULL" in table.stdout

    printed = warehouse.run("local-warehouse", "sql", "--csv", statement).stdout
    assert list(csv.DictReader(io.StringIO(printed))) == [
        {"n": "1", "text": "a,b", "nothing": "", "list": "[1, 2]"}
    ]
    printed = warehouse.run("local-warehouse", "sql", "--json", statement).stdout
    assert json.loads(printed) == [{"n": 1, "text": "a,b", "nothing": None, "list": [1, 2]}]


def test_sql_runs_the_statements_of_a_file(warehouse: WarehouseUnderTest, tmp_path: Path) -> None:
    script = tmp_path / "two.sql"
    script.write_text("select 'one;' as a; -- and; then\nselect 2 as a;\n")
    printed = warehouse.run("local-warehouse", "sql", "--csv", "-f", str(script))
    assert printed.stdout == "a\none;\na\n2\n"


def test_sql_reports_an_error_in_one_message(warehouse: WarehouseUnderTest) -> None:
    failed = warehouse.run("local-warehouse", "sql", "select * from no_such_table", check=False)
    assert failed.returncode == 1
    assert "no_such_table" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert failed.stdout == ""


@pytest.mark.parametrize(
    ("script", "statements"),
    [
        ("select 1", ["select 1"]),
        ("select 1;", ["select 1"]),
        (" ; ;", []),
        ("select ';'; select `a;b` -- ; no\n;;", ["select ';'", "select `a;b` -- ; no"]),
        ("select 1; -- the end", ["select 1"]),
        ("select 'it''s;' /* ; */; select 2", ["select 'it''s;' /* ; */", "select 2"]),
    ],
)
def test_a_script_is_split_at_its_semicolons_only(script: str, statements: list[str]) -> None:
    assert split_statements(script) == statements


def test_wrong_use_exits_with_2(warehouse: WarehouseUnderTest) -> None:
    for arguments in (["sql"], ["exec"], ["exec", "--"], ["nonsense"], ["sql", "-f", "/no/file"]):
        done = warehouse.run("local-warehouse", *arguments, check=False)
        assert done.returncode == 2, arguments
        assert "Traceback" not in done.stderr


def test_the_state_is_found_from_the_project_root(tmp_path: Path) -> None:
    inner = tmp_path / "project" / "models" / "silver"
    inner.mkdir(parents=True)
    assert find_project_root(inner) == inner
    (tmp_path / "project" / "dbt_project.yml").touch()
    assert find_project_root(inner) == tmp_path / "project"


def test_git_does_not_see_the_state_directory(tmp_path: Path) -> None:
    StateDirectory(tmp_path / ".lakehouse").create()
    (tmp_path / ".lakehouse" / "secrets.json").touch()
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    command = ["git", "status", "--porcelain", "--untracked-files=all"]
    assert subprocess.check_output(command, cwd=tmp_path) == b""


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
    while not processes.accepts_connections(ports[0]):
        assert server.poll() is None
        time.sleep(0.05)
    yield {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{ports[0]}",
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        "LAKEHOUSE_URL": "s3://users-bucket/tables",
    }
    server.terminate()
    server.wait()


def test_an_s3_of_the_users_own_is_used_instead(
    new_warehouse: NewWarehouse, users_s3: dict[str, str]
) -> None:
    own = new_warehouse("users-s3")
    printed = own.command(
        "exec", "--", "sh", "-c", "echo $AWS_ENDPOINT_URL $LAKEHOUSE_URL $LANDING_URL", **users_s3
    )
    expected = [users_s3["AWS_ENDPOINT_URL"], users_s3["LAKEHOUSE_URL"], "s3://landing"]
    assert printed.stdout.split() == expected
    assert set(pids(own)) == {"warehouse"}
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
