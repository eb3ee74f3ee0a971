"""Files of the same content: one of them is loaded, and which one."""

from __future__ import annotations

from pathlib import Path

from customer_files import ONE, OTHER, THREE, TWO, names, statuses
from landing_place import CUSTOMERS, Place


def test_the_same_content_under_another_name_is_skipped_and_reported(place: Place) -> None:
    first = place.put(ONE, CUSTOMERS)
    place.load()
    second = place.put(TWO, CUSTOMERS)
    printed = place.load().stdout
    assert f"duplicate: customers: {second}: same content as {first}" in printed
    assert f"still duplicate: customers: {second}" in place.load().stdout
    assert names(place) == [(ONE, "Ann")]
    assert statuses(place) == ["loaded", "duplicate"]
    assert place.log()[-1]["row_count"] == 0


def test_of_equal_files_in_one_run_the_oldest_is_loaded(place: Place) -> None:
    for name in (TWO, ONE, THREE):
        place.put(name, CUSTOMERS)
    _, summary = place.load_json()
    assert (summary["new"], summary["duplicate"]) == (1, 2)
    assert len(names(place)) == 1


def test_duplicates_load_when_that_is_asked_for(place: Place, tmp_path: Path) -> None:
    place.put(ONE, CUSTOMERS)
    place.put(TWO, CUSTOMERS)
    place.load()
    place.load("--allow-duplicate-content")
    assert names(place) == [(ONE, "Ann"), (TWO, "Ann")]
    place.put(THREE, CUSTOMERS)
    sources = tmp_path / "sources.yml"
    sources.write_text(
        "sources: [{name: bronze, tables: [{name: customers, external: "
        "{location: '**/customer_*', duplicate_content: load}}]}]"
    )
    place.load("--sources", str(sources))
    assert len(names(place)) == 3


def test_a_duplicate_is_loaded_once_the_first_copy_is_replaced(place: Place) -> None:
    place.put(ONE, CUSTOMERS)
    place.put(TWO, CUSTOMERS)
    place.load()
    place.put(ONE, OTHER)
    place.load()
    assert names(place) == [(ONE, "Eve"), (TWO, "Ann")]


def test_a_file_replaced_by_a_copy_of_another_loses_its_own_rows(place: Place) -> None:
    place.put(ONE, CUSTOMERS)
    place.put(TWO, OTHER)
    place.load()
    place.put(TWO, CUSTOMERS)
    place.load()
    assert names(place) == [(ONE, "Ann")]
    assert statuses(place)[-1] == "duplicate"


def test_files_that_swap_their_content_swap_their_rows(place: Place) -> None:
    place.put(ONE, CUSTOMERS)
    place.put(TWO, OTHER)
    place.load()
    place.put(ONE, OTHER)
    place.put(TWO, CUSTOMERS)
    place.load()
    assert names(place) == [(ONE, "Eve"), (TWO, "Ann")]
