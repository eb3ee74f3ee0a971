"""Fixtures for every test of the project: lakehouses with services of their own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from lakehouse import Lakehouse


def pytest_configure() -> None:
    """Forget the shell's settings of the loader: each test makes its own."""
    for name in [name for name in os.environ if name.startswith("BRONZE_")]:
        del os.environ[name]


class LoadLakehouseScheduling(LoadFileScheduling):
    """Files whose tests share a lakehouse that takes long to fill are run by one process."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        folder = PurePath(file).parent
        return str(folder) if folder.name == "dashboard" else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    by_file = config.getoption("dist") == "loadfile"
    return LoadLakehouseScheduling(config, log) if by_file else None


@pytest.fixture(scope="session")
def new_lakehouse(new_databricks_warehouse: Callable[[str], Any]) -> Callable[[str], Lakehouse]:
    """Makes further lakehouses, for tests that stop services or need all schemas for themselves."""
    return lambda name: Lakehouse(new_databricks_warehouse(name).state)


@pytest.fixture(scope="session")
def lakehouse(databricks_warehouse: Any) -> Lakehouse:
    """The lakehouse that tests share, up from its first use: use schemas and prefixes of your own.

    `lakehouse.run(…, BRONZE_SCHEMA="mine", **lakehouse.landing("mine"))`
    """
    return Lakehouse(databricks_warehouse.state, databricks_warehouse.env)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A boto3 client of a mock of S3, which has the bucket `lakehouse`."""
    import boto3
    from moto import mock_aws

    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="lakehouse")
        yield client
