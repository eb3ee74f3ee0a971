"""Fixtures of the tests of services."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from warehouse_under_test import WarehouseUnderTest


@pytest.fixture(scope="module")
def own_services(
    new_warehouse: Callable[[str], WarehouseUnderTest],
) -> Iterator[WarehouseUnderTest]:
    """Services of the module's own, in whatever state the test before has left them."""
    own = new_warehouse("own")
    yield own
    own.down()


@pytest.fixture
def running(own_services: WarehouseUnderTest) -> WarehouseUnderTest:
    """Services that run, to be stopped and killed at will."""
    own_services.up()
    return own_services
