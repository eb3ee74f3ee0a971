"""Fixtures of the tests of services."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from warehouse_under_test import WarehouseUnderTest


@pytest.fixture
def running(new_warehouse: Callable[[str], WarehouseUnderTest]) -> Iterator[WarehouseUnderTest]:
    """Services of the test's own, to be stopped and killed at will."""
    own = new_warehouse("own")
    own.up()
    yield own
    own.down()
