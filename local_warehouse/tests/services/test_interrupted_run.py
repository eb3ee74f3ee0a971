"""A run of the tests that is told to end stops the services that it started."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local_warehouse.services import processes
from local_warehouse.services.state import StateDirectory
from warehouse_under_test import ROOT, WarehouseUnderTest, eventually, outer_environment

_TEST = """
import time

def test_that_takes_long(new_warehouse):
    new_warehouse("services").up()
    time.sleep(86400)
"""


@pytest.mark.service
def test_services_end_with_a_run_that_is_terminated(tmp_path: Path) -> None:
    (tmp_path / "test_long.py").write_text(_TEST)
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider"]
    command += [f"--basetemp={tmp_path / 'run'}", "-c", str(ROOT / "pyproject.toml"), "."]
    paths = {"PYTHONPATH": str(ROOT / "tests")}
    run = subprocess.Popen(
        command, cwd=tmp_path, env=outer_environment() | paths, stdout=subprocess.DEVNULL
    )
    warehouse = WarehouseUnderTest(tmp_path / "run" / "local-warehouse-services0" / "state")
    eventually(lambda: run.poll() is not None or warehouse.has_services())
    assert run.poll() is None
    started = StateDirectory(warehouse.state).read().services.values()
    run.send_signal(signal.SIGTERM)
    assert run.wait() == 2  # interrupted
    assert not warehouse.has_services()
    assert not any(processes.is_running(one.pid, one.identity) for one in started)
