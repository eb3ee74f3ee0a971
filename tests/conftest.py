"""Fixtures for every test: lakehouses with services of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from lakehouse import Lakehouse


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
