"""What is loaded and what is not: duplicates, files that are gone, and the options that choose."""

from __future__ import annotations

import io
import json
import os
import pty
import time
from pathlib import Path

import pytest
from landing_place import CUSTOMERS, SALES, Place

from bronze_loader.datasets.declaration import Dataset
from bronze_loader.run.verify import count_records
from bronze_loader.sniffing.header import sniff

OTHER = CUSTOMERS.replace(b"Ann", b"Eve")
THIRD = CUSTOMERS.replace(b"Ann", b"Zoe")
ONE, TWO, THREE = (f"customer_infomation_{number}.csv" for number in (1, 2, 3))


def names(place: Place) -> list[tuple[str, str]]:
    """(file, customer) of each first row in bronze."""
    start = len(f"s3://landing/{place.prefix}/")
    rows = place.rows("customers", "_source_file, customername", "id = '1'")
    return [(url[start:], name) for url, name in rows]


def statuses(place: Place) -> list[str]:
    return [entry["status"] for entry in place.log()]


# duplicates


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


# gone


def test_a_file_that_is_gone_keeps_its_rows_and_the_log_says_so(place: Place) -> None:
    url = place.put(ONE, CUSTOMERS)
    place.load()
    place.delete(ONE)
    printed = place.load().stdout
    assert f"gone from the landing place: customers: {url}: bronze keeps its 2 rows" in printed
    assert "gone from" not in place.load().stdout
    assert names(place) == [(ONE, "Ann")]
    assert [(e["status"], e["row_count"]) for e in place.log()] == [("loaded", 2), ("gone", 2)]


@pytest.mark.parametrize("content", [CUSTOMERS, OTHER])
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


# options


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


@pytest.mark.parametrize(("typed", "rows"), [(b"y\n", 0), (b"n\n", 1), (b"\x04", 1)])
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


def test_verify_names_the_file_where_table_and_file_differ(place: Place) -> None:
    url = place.put(ONE, CUSTOMERS)
    place.put(TWO, b"id,customername,gender,age\n" + b'7,"a\n""b""",F,1\n' * 3 + b"\n8,c\n")
    assert "Verified: 2 files" in place.load("--verify").stdout
    place.sql(f"delete from bronze.customers where id = '2' and _source_file = '{url}'")
    done = place.load("--verify", exit_code=1)
    assert f"{url}: records in the file 2, rows in `main`" in done.stderr
    assert "1, rows in the log 2" in done.stderr
    place.load("--force", ONE, "--verify")


def test_a_file_that_matches_no_dataset_is_reported(place: Place) -> None:
    url = place.put("orders.csv", SALES)
    place.put("data_sales_1.csv", SALES)
    assert f"belongs to no dataset, not loaded: {url}" in place.load("--dataset", "sales").stdout
    files, summary = place.load_json("--dataset", "customers")
    assert summary["unmatched"] == 1
    assert files["orders.csv"]["result"] == "unmatched"
    printed = place.load("datasets").stdout
    assert url in printed
    assert "**/data_sales_*" in printed
    said = [json.loads(line) for line in place.load("datasets", "--json").stdout.splitlines()]
    assert [(d["dataset"], d["files"]) for d in said[:-1]] == [("customers", 0), ("sales", 1)]
    assert said[-1]["source_file"] == url


def test_a_file_outside_the_folders_of_the_datasets_is_reported(
    place: Place, tmp_path: Path
) -> None:
    sources = tmp_path / "sources.yml"
    sources.write_text(
        "sources: [{name: bronze, tables: ["
        "{name: customers, external: {location: 'in/customers/*'}}, "
        "{name: sales, external: {location: 'in/sales/*'}}]}]"
    )
    place.put(f"in/customers/{ONE}", CUSTOMERS)
    url = place.put(f"elsewhere/{TWO}", CUSTOMERS)
    printed = place.load("--sources", str(sources)).stdout
    assert f"belongs to no dataset, not loaded: {url}" in printed
    assert url not in place.load("--sources", str(sources), "--dataset", "sales").stdout


def test_the_log_is_shown(place: Place) -> None:
    assert "no such entry" in place.load("log").stdout
    good = place.put("data_sales_1.csv", SALES)
    bad = place.put("data_sales_2.csv", b"id\n1\n")
    place.put(ONE, CUSTOMERS)
    place.load(exit_code=3)
    printed = place.load("log").stdout.replace("\n", "")
    assert good in printed and bad in printed
    entries = [
        json.loads(line)
        for line in place.load("log", "--json", "--dataset", "sales").stdout.splitlines()
    ]
    assert {entry["source_file"] for entry in entries} == {good, bad}
    printed = place.load("log", "--status", "refused").stdout
    assert bad in printed and good not in printed and "required column" in printed


@pytest.mark.parametrize(
    ("content", "records"),
    [
        (b"a,b\n1,2\n3,4", 2),
        (b"a,b\r\n1,2\r\n\r\n3,4\r\n", 2),
        (b"a,b\r1,2\r3,4\r", 2),
        (b'a,b\n"1\n\n1",2\n', 1),
        (b'a,b\n"1""\n",2\n3,"open\nto the end\n', 2),
        (b"a,b\n1\rx,2\n", 1),
        (b"a,b" + b" " * 2_000_000 + b"\r1,2\r3,4\r", 2),
        (b"\xef\xbb\xbfa,b\n1,2\n", 1),
        (b"a,b\n", 0),
        (b"a,b\n" + b"x" * 3_000_000 + b",1\n", 1),
    ],
)
def test_records_are_counted_in_the_file(content: bytes, records: int) -> None:
    dataset = Dataset("a", "**/*", ())
    header = sniff("a.csv", len(content), dataset, lambda at, size: content[at : at + size])
    assert count_records(io.BytesIO(content), "a.csv", header, dataset.options) == records
