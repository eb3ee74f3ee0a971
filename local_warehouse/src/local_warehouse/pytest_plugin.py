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

# Begins the names of the folders in which the state directories are, to find them by at the end.
_FOLDER = "local-warehouse-"


def pytest_configure(config: pytest.Config) -> None:
    """Let SIGTERM end a run as Ctrl-C does, unless it has a handler already."""
    if not hasattr(config, "workerinput") and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop services that an interrupted run left: their fixtures may not have been torn down."""
    factory: pytest.TempPathFactory | None = getattr(config, "_tmp_path_factory", None)
    if hasattr(config, "workerinput") or factory is None or factory._basetemp is None:
        return  # the process that started the workers looks after their warehouses too
    from local_warehouse.testing import LocalWarehouse

    base = factory.getbasetemp()
    for pattern in (f"{_FOLDER}*/state", f"popen-*/{_FOLDER}*/state"):  # pytest-xdist's workers
        for state in base.glob(pattern):
            warehouse = LocalWarehouse(state)
            if warehouse.has_services():
                warehouse.down()


@pytest.fixture(scope="session")
def new_databricks_warehouse(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], LocalWarehouse]]:
    """A function that makes a further warehouse, with data of its own, by a name for its folder.

    The warehouse is down until its `up()` is called, and is stopped at the end of the session.
    """
    from local_warehouse.testing import LocalWarehouse

    made: list[LocalWarehouse] = []

    def make(name: str) -> LocalWarehouse:
        made.append(LocalWarehouse(tmp_path_factory.mktemp(_FOLDER + name) / "state"))
        return made[-1]

    yield make
    for warehouse in made:
        if warehouse.has_services():
            warehouse.down()


@pytest.fixture(scope="session")
def databricks_warehouse(
    new_databricks_warehouse: Callable[[str], LocalWarehouse],
) -> LocalWarehouse:
    """The warehouse that the session's tests share, up; let each test use schemas of its own."""
    shared = new_databricks_warehouse("shared")
    shared.up()
    return shared
