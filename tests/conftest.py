"""Fixtures for every test of the project, and how a whole run hands out its tests to processes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

import certifi
import pyarrow  # noqa: F401 - with numpy; the loader, which tests call, would import it without
import pytest
import yaml
from xdist.scheduler import LoadFileScheduling

from forked_command import PROFILE, ForkedCommands
from lakehouse import ROOT, Lakehouse, outer_environment

# The fixture beneath all others that start services: what asks for none of them needs no service.
SERVICES = "new_databricks_warehouse"
# Tests that run dbt; one process runs them all, as each that does has to import dbt.
WITH_DBT = (
    "tests/dashboard", "tests/job", "tests/test_conventions.py", "tests/test_forked_command.py",
    "tests/test_pipeline.py",
)  # fmt: skip
# What takes longest stands first, so that no process is left alone with it at the end. All other
# files follow, those with the most tests first.
LONGEST = (
    *WITH_DBT,
    "tests/databricks/test_prove_workspace.py",
    "tests/incremental",
    "tests/new_dataset",
    "tests/loader/test_exactly_once.py",
    "tests/loader/test_kill.py",
    "local_warehouse/tests/services",
    "local_warehouse/tests/protocol",
    "local_warehouse/tests/engine",
    "local_warehouse/tests/delta",
    "tests/loader",
)


def pytest_configure() -> None:
    """Forget the shell's settings of the loader, and trust no authority but a warehouse's own.

    Each test makes its own settings. Every connection reads all authorities that are trusted: the
    usual 150 take 20 ms, more than the rest of it. pip, which tests may start, is told where they
    are.
    """
    for name in [name for name in os.environ if name.startswith("BRONZE_")]:
        del os.environ[name]
    usual = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    os.environ.setdefault("PIP_CERT", usual or certifi.where())
    os.environ.pop("REQUESTS_CA_BUNDLE", None)
    os.environ["SSL_CERT_FILE"] = os.devnull


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs services, for `make check`; in a run by several processes, set the order."""
    for item in items:
        if SERVICES in getattr(item, "fixturenames", ()):
            item.add_marker("service")
    if hasattr(config, "workerinput"):
        counts = Counter(_file(item.nodeid) for item in items)
        items.sort(key=lambda item: _place(_file(item.nodeid), counts))


def _file(nodeid: str) -> PurePath:
    return PurePath(nodeid.partition("::")[0])


def _place(file: PurePath, counts: Mapping[PurePath, int]) -> tuple[int, int, str]:
    """Where a file stands among those that are handed out."""
    named = [at for at, each in enumerate(LONGEST) if file.is_relative_to(each)]
    return min(named, default=len(LONGEST)), -counts[file], str(file)


class HandOut(LoadFileScheduling):
    """Hands out whole files in the order of collection; those that run dbt, to one process."""

    def _split_scope(self, nodeid: str) -> str:
        file = _file(nodeid)
        return "dbt" if any(file.is_relative_to(each) for each in WITH_DBT) else str(file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> HandOut | None:
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return HandOut(config, log)


COMMANDS = pytest.StashKey[ForkedCommands]()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Have the processes of a run share what has imported the project's commands."""
    if COMMANDS not in node.config.stash:
        node.config.stash[COMMANDS] = ForkedCommands(outer_environment())
        node.config.add_cleanup(node.config.stash[COMMANDS].close)
    node.workerinput["commands"] = node.config.stash[COMMANDS].folder


@pytest.fixture(scope="session")
def commands(pytestconfig: pytest.Config) -> Iterator[ForkedCommands]:
    """The project's commands as forks of processes that have imported them."""
    shared = getattr(pytestconfig, "workerinput", {}).get("commands")
    forked = ForkedCommands(outer_environment(), shared)
    yield forked
    forked.close()


@pytest.fixture(scope="session")
def parsed(commands: ForkedCommands, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the parsed project: manifest.json, what dbt starts from again, profiles.yml.

    The parse has neither warned nor spoken of a deprecation.
    """
    folder = tmp_path_factory.mktemp("parsed")
    (folder / "profiles.yml").write_text(yaml.safe_dump(PROFILE))
    command = ["dbt", "--quiet", "--warn-error", "parse", "--no-partial-parse"]
    command += ["--profiles-dir", str(folder), "--target-path", str(folder)]
    done = commands.run([*command, "--log-path", str(folder)], outer_environment(), ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def new_lakehouse(
    commands: ForkedCommands, new_databricks_warehouse: Callable[[str], Any]
) -> Callable[[str], Lakehouse]:
    """Makes further lakehouses, for tests that stop services or need all schemas for themselves."""
    return lambda name: Lakehouse(commands, new_databricks_warehouse(name).state)


@pytest.fixture(scope="session")
def lakehouse(commands: ForkedCommands, databricks_warehouse: Any) -> Lakehouse:
    """The lakehouse that tests share, up from its first use: use schemas and prefixes of your own.

    `lakehouse.run(…, BRONZE_SCHEMA="mine", **lakehouse.landing("mine"))`
    """
    return Lakehouse(commands, databricks_warehouse.state, databricks_warehouse.env)


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
