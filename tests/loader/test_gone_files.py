"""Files that are no longer in the landing place, come back or were renamed."""

from __future__ import annotations

from pathlib import Path

import pytest
from customer_files import ONE, OTHER, TWO, names, statuses
from landing_place import CUSTOMERS, Place


def test_a_file_that_is_gone_keeps_its_rows_and_the_log_says_so(place: Place) -> None:
    url = place.put(ONE, CUSTOMERS)
    place.load()
    place.delete(ONE)
    printed = place.load().stdout
    assert f"gone from the landing place: customers: {url}: bronze keeps its 2 rows" in printed
    assert "gone from" not in place.load().stdout
    assert names(place) == [(ONE, "Ann")]
    assert [(e["status"], e["row_count"]) for e in place.log()] == [("loaded", 2), ("gone", 2)]


@pytest.mark.parametrize("content", [CUSTOMERS, OTHER], ids=["same-content", "other-content"])
def test_a_file_that_comes_back_is_there_once(place: Place, content: bytes) -> None:
    place.put(ONE, CUSTOMERS)
    place.load()
    place.delete(ONE)
    place.load()
    place.put(ONE, content)
    place.load()
    assert len(names(place)) == 1
    assert statuses(place) == ["loaded", "gone", "loaded"]


def test_a_file_that_was_renamed_is_not_loaded_twice(place: Place) -> None:
    place.put(ONE, CUSTOMERS)
    place.load()
    place.delete(ONE)
    place.put(TWO, CUSTOMERS)
    place.load()
    assert names(place) == [(ONE, "Ann")]
    assert sorted(statuses(place)) == ["duplicate", "gone", "loaded"]


def test_a_refused_file_that_is_gone_makes_no_other_a_duplicate(place: Place) -> None:
    place.put("_" + ONE, CUSTOMERS)  # refused for its name
    place.load("--sources", str(_anywhere(place)), exit_code=3)
    place.delete("_" + ONE)
    place.put(TWO, CUSTOMERS)
    place.load("--sources", str(_anywhere(place)))
    assert names(place) == [(TWO, "Ann")]


def _anywhere(place: Place) -> Path:
    path = Path(place.lakehouse.state).parent / f"{place.schema}.yml"
    path.write_text(
        "sources: [{name: bronze, tables: [{name: customers, external: "
        "{location: '**/*customer_*'}}]}]"
    )
    return path
