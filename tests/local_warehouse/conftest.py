"""Fixtures for tests of SQL statements."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def schema(lakehouse: Any) -> Iterator[str]:
    """A schema of the test's own."""
    name = f"s_{uuid.uuid4().hex[:12]}"
    lakehouse.sql(f"create schema {name}")
    yield name
    lakehouse.sql(f"drop schema {name} cascade")
