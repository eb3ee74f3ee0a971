"""The options of a run: what they load, leave and ask."""

from __future__ import annotations

import os
import pty
import time

import pytest
from customer_files import ONE, OTHER, THIRD, THREE, TWO, names
from landing_place import CUSTOMERS, SALES, Place


def test_a_dry_run_shows_the_plan_and_writes_nothing(place: Place) -> None:
    url = place.put("customer_infomation_1.csv", CUSTOMERS)
    place.put("data_sales_1.csv", b"id\n")
    printed = place.load("--dry-run", exit_code=3).stdout
    assert url in printed
    assert "Dry run, nothing was written; 1 file would be loaded" in printed
    assert not place.sql(
        f"select 1 from information_schema.schemata where schema_name = '{place.schema}'"
    )
    place.load(exit_code=3)
    _, summary = place.load_json("--dry-run", exit_code=3)
    assert (summary["new"], summary["unchanged"], summary["refused"]) == (0, 1, 1)


def test_only_the_datasets_asked_for_are_loaded(place: Place) -> None:
    place.put("customer_infomation_1.csv", CUSTOMERS)
    place.put("data_sales_1.csv", SALES)
    _, summary = place.load_json("--dataset", "sales")
    assert list(summary["datasets"]) == ["sales"]
    _, summary = place.load_json("--dataset", "sales", "--dataset", "customers")
    assert (summary["new"], summary["unchanged"]) == (1, 1)


def test_the_batch_limits_only_change_the_number_of_statements(place: Place) -> None:
    for number in range(5):
        place.put(f"customer_infomation_{number}.csv", CUSTOMERS.replace(b"Ann", b"%d" % number))
    place.load("--max-statement-files", "2")
    assert len(place.rows("customers", "id")) == 10
    batches = place.sql("select count(distinct _batch_id) as n, count(distinct _loaded_at) as m "
                        "from bronze.customers")  # fmt: skip
    assert batches == [{"n": 3, "m": 3}]
    assert sorted(entry["row_count"] for entry in place.log()) == [2, 2, 2, 2, 2]


def test_force_loads_again_what_its_pattern_means(place: Place) -> None:
    place.put(ONE, CUSTOMERS)
    place.put("deep/" + TWO, OTHER)
    place.load()
    files, summary = place.load_json("--force", "**/*_2.csv")
    assert (summary["changed"], summary["unchanged"]) == (1, 1)
    assert files["deep/" + TWO]["action"] == "forced"
    assert len(names(place)) == 2
    assert "no file of the datasets matches" in place.load("--force", "x", exit_code=2).stderr


def test_max_files_leaves_the_newer_files_for_later(place: Place) -> None:
    place.put("data_sales_0.csv", b"id\n1\n")  # refused; it must not use up the number
    for name, content in ((ONE, CUSTOMERS), (TWO, OTHER), (THREE, THIRD)):
        place.put(name, content)
    place.load(exit_code=3)
    for name, content in ((ONE, OTHER + b"3,a,F,1\n"), (TWO, OTHER + b"4,b,F,2\n")):
        place.put(name, content)
    for later in (1, 0):
        _, summary = place.load_json("--max-files", "1", exit_code=3)
        assert (summary["changed"], summary["later"]) == (1, later)


def test_max_files_takes_the_oldest_of_all_datasets(place: Place) -> None:
    place.put("data_sales_1.csv", SALES)
    time.sleep(1.1)  # S3 tells the second of a file
    place.put(ONE, CUSTOMERS)
    place.put(TWO, OTHER)
    for loaded in ("data_sales_1.csv", ONE):
        files, summary = place.load_json("--max-files", "1")
        assert files[loaded]["result"] == "loaded"
        assert summary["new"] == 1


def test_since_leaves_older_files_out(place: Place) -> None:
    place.put(ONE, CUSTOMERS)
    _, summary = place.load_json("--since", "2999-01-01")
    assert (summary["new"], summary["later"]) == (0, 1)
    _, summary = place.load_json("--since", "1h")
    assert (summary["new"], summary["later"]) == (1, 0)


def test_a_full_refresh_is_asked_for_and_takes_out_what_is_gone(place: Place) -> None:
    for name, content in ((ONE, CUSTOMERS), (TWO, OTHER)):
        place.put(name, content)
    place.load()
    place.delete(ONE)
    place.put(THREE, CUSTOMERS)  # the same content as the one whose rows go
    assert "--yes" in place.load("--full-refresh", exit_code=2).stderr
    _, summary = place.load_json("--full-refresh", "--yes")
    assert (summary["new"], summary["changed"], summary["gone"]) == (1, 1, 1)
    assert names(place) == [(TWO, "Eve"), (THREE, "Ann")]
    newest = {entry["source_file"]: entry["row_count"] for entry in place.log()}
    assert sorted(newest.values()) == [0, 2, 2]


@pytest.mark.parametrize(
    ("typed", "rows"), [(b"y\n", 0), (b"n\n", 1), (b"\x04", 1)], ids=["yes", "no", "end-of-input"]
)
def test_a_full_refresh_is_asked_for_at_a_terminal(
    place: Place, monkeypatch: pytest.MonkeyPatch, typed: bytes, rows: int
) -> None:
    place.put(ONE, CUSTOMERS)
    place.load()
    place.delete(ONE)
    keyboard, terminal = pty.openpty()
    os.write(keyboard, typed)
    with os.fdopen(keyboard), os.fdopen(terminal) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        done = place.load("--full-refresh", "--json", exit_code=2 if rows else 0)
    assert "removes the rows of files that are no longer there. Go on? [y/N]" in done.stderr
    assert "[y/N]" not in done.stdout
    assert len(names(place)) == rows


def test_fail_fast_stops_at_the_first_file_that_is_refused(place: Place) -> None:
    bad = place.put("data_sales_1.csv", b"id\n1\n")
    place.put(ONE, CUSTOMERS)
    done = place.load("--fail-fast", exit_code=3)
    assert f"dataset sales: {bad} is refused: required column" in done.stderr
    assert names(place) == []
