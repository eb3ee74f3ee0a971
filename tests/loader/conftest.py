"""Each test of the loader has a landing prefix and a bronze schema of its own."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from landing_place import Place

_numbers = count(1)


@pytest.fixture
def place(lakehouse: Any) -> Place:
    name = f"loader_{next(_numbers)}"
    return Place(lakehouse, name, name)
