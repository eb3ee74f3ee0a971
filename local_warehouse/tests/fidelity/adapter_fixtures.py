"""The fixtures of dbt's adapter suite, with a profile for the local warehouse."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dbt.tests.fixtures.project import *  # noqa: F403 - as the suite's guide says
from dbt_common.behavior_flags import BehaviorFlagRendered

# dbt looks for the source of each of its flags in the stack, which below pytest takes most of the
# suite's time. This is what it says when it finds none.
BehaviorFlagRendered._default_source = staticmethod(lambda: "Unknown")  # type: ignore[method-assign]

USERS = ("one@example.com", "two@example.com", "three@example.com")


@pytest.fixture(scope="class")
def suite_folder(request: pytest.FixtureRequest) -> Path:
    """Where the suite has the class, and beside it the class's files."""
    bases = (c for c in request.cls.__mro__ if c.__module__.startswith("dbt.tests.adapter"))
    base = next(bases, request.cls)
    return Path(inspect.getfile(base)).parent


@pytest.fixture(scope="class")
def test_data_dir(suite_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the class's data, which some classes write to and delete."""
    copy = tmp_path_factory.mktemp("suite") / "data"
    if (suite_folder / "data").exists():
        shutil.copytree(suite_folder / "data", copy)
    return copy


@pytest.fixture(scope="class")
def dbt_profile_target(warehouse: Any) -> Iterator[dict[str, Any]]:
    """The target of the profile that the suite writes for each class."""
    host = warehouse.env["DATABRICKS_HOST"]
    authority = warehouse.env["LOCAL_WAREHOUSE_CA_FILE"]  # alone, as each connection reads them all
    grantees = {f"DBT_TEST_USER_{i}": user for i, user in enumerate(USERS, start=1)}
    settings = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), authority) | grantees
    with pytest.MonkeyPatch.context() as patch:
        for name, text in settings.items():
            patch.setenv(name, text)
        yield {
            "type": "databricks",
            "host": host.removeprefix("https://"),
            "http_path": warehouse.env["DATABRICKS_HTTP_PATH"],
            "token": warehouse.env["DATABRICKS_TOKEN"],
            "catalog": warehouse.env["DATABRICKS_CATALOG"],
            "threads": 4,
            "connection_parameters": {
                "_connection_uri": host + warehouse.env["DATABRICKS_HTTP_PATH"],
                "_retry_stop_after_attempts_count": 2,
                "enable_telemetry": False,
            },
        }
