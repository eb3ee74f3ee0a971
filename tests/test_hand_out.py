"""How a run by several processes is handed out (conftest.py) names files that are there."""

from __future__ import annotations

import pytest

from conftest import LONGEST, SERVICES
from lakehouse import ROOT


@pytest.mark.parametrize("place", LONGEST)
def test_what_is_handed_out_first_is_there(place: str) -> None:
    assert (ROOT / place).exists()


def test_the_fixture_that_make_check_leaves_out_is_there(request: pytest.FixtureRequest) -> None:
    """It starts nothing itself, and all fixtures that start services ask for it."""
    assert callable(request.getfixturevalue(SERVICES))
