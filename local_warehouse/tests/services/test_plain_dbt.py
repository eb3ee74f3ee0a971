"""dbt without `exec`: from a profiles.yml in which the warehouse has written its settings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

from local_warehouse.services.dbt_connection import prepare
from local_warehouse.services.dbt_profile import BEGIN, END, refresh
from local_warehouse.testing import LocalWarehouse
from warehouse_under_test import BIN, WarehouseUnderTest, outer_environment

PROFILES = """
shop:
  target: local
  outputs:
    # local-warehouse: begin
    local:  # with a comment of ours
      type: databricks
      host: "{{ env_var('DATABRICKS_HOST') | replace('https://', '') }}"
      http_path: "{{ env_var('DATABRICKS_HTTP_PATH', '/of/another') }}"
      token: "{{ env_var('DATABRICKS_TOKEN') }}"
      catalog: main
      schema: "{{ env_var('SHOP_SCHEMA', 'shop') }}"
      connection_parameters:
        _connection_uri: "{{ env_var('DATABRICKS_HOST') ~ env_var( 'DATABRICKS_HTTP_PATH', '' ) }}"
        _tls_trusted_ca_file: "{{ env_var('LOCAL_WAREHOUSE_CA_FILE', '') }}"
        enable_telemetry: false
    # local-warehouse: end
    workspace:
      type: databricks
      host: "{{ env_var('DATABRICKS_HOST') }}"
      http_path: "{{ env_var('DATABRICKS_HTTP_PATH') }}"
      schema: shop
"""
ODD_VALUES = ("it's", 'a "quote"', "a\\b", "{{ x }} # }}", "100%", "a: b #c", "50% of 'é'\n")
SETTINGS = "name: shop\nprofile: shop\nflags: {send_anonymous_usage_stats: false}\n"


class Shop:
    """A dbt project with one seed, beside the state directory of a warehouse."""

    def __init__(self, folder: Path, warehouse: WarehouseUnderTest) -> None:
        self.folder = folder
        self.warehouse = warehouse
        for name, content in {
            "dbt_project.yml": SETTINGS,
            "profiles.yml": PROFILES,
            "seeds/fruits.csv": "fruit,price\napple,3\n",
        }.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(content)

    def dbt(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run dbt in the project's folder; a shell's own settings do not say whom to trust."""
        outer = {name: value for name, value in outer_environment().items() if "CA_" not in name}
        return subprocess.run(
            [BIN / "dbt", "--no-use-colors", *arguments], cwd=self.folder, env=outer | env,
            capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def shop(
    new_databricks_warehouse: Callable[[str], LocalWarehouse],
) -> Iterator[Shop]:
    folder = new_databricks_warehouse("shop").state / "Anna's 100% {shop}"
    folder.mkdir(parents=True)
    warehouse = WarehouseUnderTest(folder / ".lakehouse")
    made = Shop(folder, warehouse)
    warehouse.up()
    yield made
    warehouse.down()


def test_settings_are_written_between_the_marks_and_nowhere_else(shop: Shop) -> None:
    profiles = shop.folder / "profiles.yml"
    assert profiles.stat().st_mode & 0o777 == 0o600
    before, after = PROFILES.splitlines(), profiles.read_text().splitlines()
    changed = {
        old.strip().partition(":")[0] for old, new in zip(before, after, strict=True) if old != new
    }
    assert changed == {"host", "http_path", "token", "_connection_uri", "_tls_trusted_ca_file"}
    end = before.index("    # local-warehouse: end")
    assert before[end:] == after[end:]
    written = profiles.read_text()
    profiles.write_text(PROFILES)
    shop.warehouse.up()
    assert profiles.read_text() == written, "also where the services run already"
    profiles.unlink()
    profiles.mkdir()
    assert f"{profiles} keeps its settings" in shop.warehouse.command("up").stderr
    profiles.rmdir()
    profiles.write_text(written)


def test_dbt_needs_no_variable(shop: Shop) -> None:
    debug = shop.dbt("debug")
    assert "All checks passed!" in debug.stdout, debug.stdout
    done = shop.dbt("seed")
    assert done.returncode == 0, done.stdout
    assert "Found 1 seed" in done.stdout, "what dbt has parsed"
    assert shop.warehouse.sql("select fruit from shop.fruits") == [{"fruit": "apple"}]


def test_environment_wins(shop: Shop) -> None:
    done = shop.dbt("seed", SHOP_SCHEMA="other", **_settings(shop.warehouse))
    assert done.returncode == 0, done.stdout
    assert shop.warehouse.sql("select fruit from other.fruits") == [{"fruit": "apple"}]
    wrong = shop.dbt("seed", DATABRICKS_TOKEN="another")
    assert wrong.returncode != 0
    assert "DATABRICKS_TOKEN" in wrong.stdout


def test_profile_with_the_port_apart_and_no_authority(shop: Shop, tmp_path: Path) -> None:
    """As dbt-databricks' own tests have it for a warehouse that is not on port 443."""
    env = shop.warehouse.env
    host = urlsplit(env["DATABRICKS_HOST"])
    target = {
        "type": "databricks", "host": host.hostname, "http_path": env["DATABRICKS_HTTP_PATH"],
        "token": env["DATABRICKS_TOKEN"], "catalog": "main", "schema": "apart",
        "connection_parameters": {"_port": str(host.port), "_tls_no_verify": True},
    }  # fmt: skip

    def seed() -> subprocess.CompletedProcess[str]:
        profiles = {"shop": {"target": "local", "outputs": {"local": target}}}
        (tmp_path / "profiles.yml").write_text(yaml.safe_dump(profiles))
        return shop.dbt("seed", "--profiles-dir", str(tmp_path))

    done = seed()
    assert done.returncode == 0, done.stdout
    assert shop.warehouse.sql("select fruit from apart.fruits") == [{"fruit": "apple"}]
    target["connection_parameters"] = {"_port": "1", "_tls_no_verify": True}
    assert "No warehouse listens at https://localhost:1." in seed().stdout


def test_warehouse_that_answers_late_is_waited_for(shop: Shop) -> None:
    """As one does that has much to do: it is there, and is not said to be down."""
    pid = shop.warehouse.pids()["warehouse"]
    os.kill(pid, signal.SIGSTOP)
    late = threading.Timer(6, os.kill, (pid, signal.SIGCONT))
    late.start()
    try:
        done = shop.dbt("seed")
    finally:
        late.join()
    assert done.returncode == 0, done.stdout


def test_warehouse_that_is_down_is_said(shop: Shop, warehouse: WarehouseUnderTest) -> None:
    address = shop.warehouse.env["DATABRICKS_HOST"]
    deleted = shop.dbt("seed", LOCAL_WAREHOUSE_CA_FILE=str(shop.folder / "deleted.pem"))
    assert deleted.returncode == 2
    assert "deleted.pem is missing" in deleted.stdout and "`local-warehouse up`" in deleted.stdout
    assert "Traceback" not in deleted.stdout + deleted.stderr
    shop.warehouse.down()
    try:
        down = shop.dbt("seed")
        assert down.returncode == 2
        assert f"No warehouse listens at {address}." in down.stdout
        assert "`local-warehouse up`" in down.stdout
        assert "Found 1 seed" not in down.stdout, "said before the project is parsed"
        old = shop.dbt("seed", DATABRICKS_HOST="https://localhost:1")
        assert "https://localhost:1, which this shell's DATABRICKS_HOST names" in old.stdout
        assert 'eval "$(local-warehouse env)"' in old.stdout
        other = warehouse.env["DATABRICKS_HOST"]
        debug = shop.dbt("debug", DATABRICKS_HOST=other)
        assert debug.returncode == 1
        assert f"Another program listens at {other}, which this shell's" in debug.stdout
        assert 'eval "$(local-warehouse env)"' in debug.stdout
        listed = shop.dbt("ls", "--output", "name", "--quiet")
        assert listed.stdout.split() == ["fruits"], "what needs no warehouse works without"
    finally:
        shop.warehouse.up()


def _settings(warehouse: WarehouseUnderTest) -> dict[str, str]:
    return {k: v for k, v in warehouse.env.items() if k.startswith("DATABRICKS_")}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(PROFILES.replace("begin", "start"), id="no marks"),
        pytest.param(PROFILES.replace(": end", ": fin"), id="no end"),
        pytest.param("\xff\xfe", id="not UTF-8"),
        pytest.param(None, id="no file"),
    ],
)
def test_other_profiles_are_left_alone(
    content: str | None, tmp_path: Path, warehouse: WarehouseUnderTest
) -> None:
    profiles = tmp_path / "profiles.yml"
    if content is not None:
        profiles.write_bytes(content.encode("latin-1"))
    assert not refresh(profiles, warehouse.env)
    assert profiles.exists() is (content is not None)
    if content is not None:
        assert profiles.read_bytes() == content.encode("latin-1")


def test_any_program_that_connects_by_the_adapter_is_told() -> None:
    """As sqlfluff's templater and editors do, in processes and by commands of their own."""
    connect = (
        "import sys\n"
        "print([name for name in sys.modules if name.startswith('local_warehouse')])\n"
        "from dbt.adapters.databricks.credentials import DatabricksCredentials as Credentials\n"
        "made = Credentials(database='main', schema='s', host='localhost:1', http_path='/h',\n"
        "                   token='t')\n"
        "try: print(type(made.authenticate()).__name__)\n"
        "except Exception as error: print(error)\n"
    )
    command = [sys.executable, "-c", connect]
    said = subprocess.check_output(command, env=outer_environment(), text=True)
    assert said.startswith("['local_warehouse_hook']\n"), "what every other program pays for"
    assert "No warehouse listens at https://localhost:1" in said


@pytest.mark.parametrize("quote", ['"', "'", ""])
def test_whatever_a_value_is_dbt_reads_it(quote: str, tmp_path: Path) -> None:
    profiles = tmp_path / "profiles.yml"
    name = "env_var('A')".replace("'", "''" if quote == "'" else "'")
    content = f"{BEGIN}\nhost: {quote}it is {{{{ {name} }}}}{quote}\n{END}\n"
    profiles.write_text(content)
    if quote == "'":
        assert not refresh(profiles, {"A": "a value"}), "a call that YAML quotes is left alone"
        return
    for value in (
        "it's",
        'a "quote"',
        "a\\b",
        "{{ x }} # }}",
        "100%",
        "a: b #c",
        "50% of 'é'\n",
        "plain",
    ):
        assert refresh(profiles, {"A": value})
        assert not refresh(profiles, {"A": value})
        written = yaml.safe_load(profiles.read_text("utf-8"))["host"]
        read = NativeEnvironment().from_string(written).render(env_var=lambda _, default: default)
        assert read == f"it is {value}"


def test_a_certificate_that_nobody_trusts_is_said_at_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = shop.warehouse.env["DATABRICKS_HOST"]
    monkeypatch.setenv("DATABRICKS_HOST", address)
    profile = SimpleNamespace(host=urlsplit(address).netloc, connection_parameters={})
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    assert "not trusted here (unable to get local issuer certificate)" in str(prepare(profile))
    monkeypatch.setenv("CURL_CA_BUNDLE", shop.warehouse.env["REQUESTS_CA_BUNDLE"])
    assert prepare(profile) is None
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(shop.folder / "no.pem"))
    assert "cannot be read" in str(prepare(profile))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(shop.folder))
    assert "not trusted here" in str(prepare(profile))
