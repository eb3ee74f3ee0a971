"""Fixtures for every test: lakehouses with services of their own."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from lakehouse import Lakehouse


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


def pytest_configure(config: pytest.Config) -> None:
    """A run that is told to end ends as by Ctrl-C."""
    if not hasattr(config, "workerinput"):
        signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the services that a run which was interrupted has left behind: the processes that
    started them may have been ended before they could."""
    factory = getattr(config, "_tmp_path_factory", None)
    if hasattr(config, "workerinput") or factory is None:
        return  # one process of several looks after them all
    for state in factory.getbasetemp().rglob("state.json"):
        left = Lakehouse(state.parent)
        if left.has_services():
            left.down()


@pytest.fixture(scope="session")
def new_lakehouse(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], Lakehouse]]:
    """Makes further lakehouses, for tests that stop services or need all schemas for themselves."""
    made: list[Lakehouse] = []

    def make(name: str) -> Lakehouse:
        made.append(Lakehouse(tmp_path_factory.mktemp(name) / "state"))
        return made[-1]

    yield make
    for lakehouse in made:
        if lakehouse.has_services():
            lakehouse.down()


@pytest.fixture(scope="session")
def lakehouse(new_lakehouse: Callable[[str], Lakehouse]) -> Lakehouse:
    """The lakehouse that tests share, up from its first use: use schemas and prefixes of your own.

    `lakehouse.run(…, BRONZE_SCHEMA="mine", **lakehouse.landing("mine"))`
    """
    shared = new_lakehouse("lakehouse")
    shared.up()
    return shared


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
