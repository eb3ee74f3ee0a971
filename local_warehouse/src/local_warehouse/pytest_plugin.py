"""The pytest plugin: fixtures that start a local warehouse in a temporary folder.

    def test_model(databricks_warehouse):
        with databricks_warehouse.connect() as connection: ...
        subprocess.run(["dbt", "build"], env=databricks_warehouse.env, check=True)

It is loaded by its entry point wherever the distribution is installed, and starts nothing that no
test asks for. Services end with the session, also with one that is interrupted or terminated.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local_warehouse.testing import LocalWarehouse


def pytest_configure(config: pytest.Config) -> None:
    """Let a terminated run end as by Ctrl-C, unless someone else handles the signal."""
    if not hasattr(config, "workerinput") and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop services that an interrupted run left: their fixtures may not have been torn down."""
    factory: pytest.TempPathFactory | None = getattr(config, "_tmp_path_factory", None)
    if hasattr(config, "workerinput") or factory is None or factory._basetemp is None:
        return  # the process that started the workers looks after them all
    from local_warehouse.testing import LocalWarehouse

    for state in factory.getbasetemp().rglob("state.json"):
        left = LocalWarehouse(state.parent)
        if left.has_services():
            left.down()


@pytest.fixture(scope="session")
def new_databricks_warehouse(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], LocalWarehouse]]:
    """A function that makes a further warehouse by a name; it is not up before its `up()`."""
    from local_warehouse.testing import LocalWarehouse

    made: list[LocalWarehouse] = []

    def make(name: str) -> LocalWarehouse:
        made.append(LocalWarehouse(tmp_path_factory.mktemp(name) / "state"))
        return made[-1]

    yield make
    for warehouse in made:
        if warehouse.has_services():
            warehouse.down()


@pytest.fixture(scope="session")
def databricks_warehouse(
    new_databricks_warehouse: Callable[[str], LocalWarehouse],
) -> LocalWarehouse:
    """The warehouse that the session's tests share; each uses schemas of its own."""
    shared = new_databricks_warehouse("warehouse")
    shared.up()
    return shared
