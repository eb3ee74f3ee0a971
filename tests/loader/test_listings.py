"""What `load-bronze log` and `datasets` show, and the files that belong to no dataset."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from customer_files import ONE, TWO
from landing_place import CUSTOMERS, SALES, Place


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


def test_datasets_that_share_files_and_tables_without_any_are_told(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = tmp_path / "sources.yml"
    sources.write_text(
        "sources: [{name: bronze, tables: [{name: load_log}, {name: returns}, "
        "{name: web, external: {location: '**/sales_*'}}, "
        "{name: sales, external: {location: '**/*_1*'}}]}]"
    )
    for options in ((), ("--json",)):
        said = place.load("datasets", "--sources", str(sources), *options).stdout
        said = " ".join(said.split())
        assert "datasets web and sales take the same files, such as sales_1.csv" in said
        assert "table returns has no `external` block" in said
    checked = place.load("datasets", "--sources", str(sources), "--check", exit_code=2).stderr
    assert "sales_1.csv" in checked and "table returns" in checked and "load_log" not in checked
    assert not place.load("datasets", "--check", LANDING_URL="").stderr  # the project's own


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
