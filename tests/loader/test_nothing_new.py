"""A run on what the last complete run left ends without asking the warehouse anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from customer_files import ONE, OTHER, TWO, names, statuses
from landing_place import CUSTOMERS, SALES, Place

from bronze_loader.run.loader import Loader

# A port on which nothing answers: a run that asks the warehouse fails.
NO_WAREHOUSE = {"DATABRICKS_HOST": "https://localhost:9"}
PROJECT = Path(__file__).resolve().parents[2]


def key(place: Place) -> dict[str, str]:
    return {"Bucket": "lakehouse", "Key": f"{place.schema}/_load_bronze/plan.json"}


def kept(place: Place) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(place.s3.get_object(**key(place))["Body"].read())
    return said


def asks(place: Place, *options: str, **env: str) -> bool:
    """Whether a run would ask the warehouse: it fails then, as there is none."""
    code, done = place.try_load(*options, **NO_WAREHOUSE, **env)
    assert ("Nothing new since" in done.stdout) == (code == 0), done.stdout + done.stderr
    assert code in (0, 1), done.stdout + done.stderr
    return code == 1


def test_a_run_with_nothing_new_asks_the_warehouse_nothing(place: Place) -> None:
    place.put(ONE, CUSTOMERS)
    place.put("deep/data_sales_1.csv", SALES)
    place.load()
    done = place.load(**NO_WAREHOUSE)
    assert "Nothing new since " in done.stdout
    assert "2 loaded files as they were" in done.stdout
    for change in (
        lambda: place.put(TWO, OTHER),
        lambda: place.put(ONE, OTHER.replace(b"Eve", b"Eva")),
        lambda: place.delete("deep/data_sales_1.csv"),
        lambda: place.put("of_no_dataset.csv", b"x"),
    ):
        change()
        assert asks(place)
        place.load()
        assert not asks(place)


def test_the_summary_and_the_exit_code_are_those_of_a_run_that_asks(place: Place) -> None:
    place.put(ONE, CUSTOMERS)
    place.put(TWO, CUSTOMERS)
    place.put("data_sales_1.csv", b"id\n1\n")
    place.put("of_no_dataset.csv", b"x")
    place.load(exit_code=3)
    asked, summary = place.load_json("--verify", exit_code=3)
    early, same = place.load_json(exit_code=3)
    assert same.pop("nothing_new_since")
    assert summary.pop("nothing_new_since") is None
    for said in (summary, same):
        del said["seconds"], said["verified"]
    assert same == summary
    loaded = {name for name, file in asked.items() if file["result"] == "unchanged"}
    assert early == {name: file for name, file in asked.items() if name not in loaded}
    said = place.load(exit_code=3).stdout
    assert "still refused: sales" in said
    assert "still duplicate: customers" in said
    assert "belongs to no dataset" in said
    place.load("--refused-ok", **NO_WAREHOUSE)


@pytest.mark.parametrize(
    "options",
    [
        ("--verify",),
        ("--force", "**/*"),
        ("--full-refresh", "--yes"),
        ("--dry-run",),
        ("--allow-duplicate-content",),
        ("--dataset", "customers"),
        ("--schema", "another"),
        ("--catalog", "another"),
    ],
    ids=" ".join,
)
def test_a_run_that_is_asked_for_something_else_asks_the_warehouse(
    place: Place, options: tuple[str, ...]
) -> None:
    place.put(ONE, CUSTOMERS)
    place.load()
    assert not asks(place)
    assert asks(place, *options)


def test_another_declaration_or_warehouse_is_something_new(place: Place, tmp_path: Path) -> None:
    place.put(ONE, CUSTOMERS)
    place.load()
    declared = (PROJECT / "models/bronze/_bronze__sources.yml").read_text()
    same, other = tmp_path / "same.yml", tmp_path / "other.yml"
    same.write_text(declared)
    assert not asks(place, "--sources", str(same))
    other.write_text(declared.replace("name: gender", "name: sex"))
    assert other.read_text() != declared
    assert asks(place, "--sources", str(other))
    code, _ = place.try_load(DATABRICKS_HOST="https://127.0.0.1:9")
    assert code == 1


def test_other_code_of_the_loader_is_something_new(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.put(ONE, CUSTOMERS)
    place.load()
    monkeypatch.setattr("bronze_loader.run.finished_plan.code_digest", lambda: "other code")
    assert asks(place)


def test_a_run_that_left_something_for_later_keeps_no_plan(place: Place) -> None:
    place.put(ONE, CUSTOMERS)
    place.put(TWO, OTHER)
    place.load("--max-files", "1")
    assert asks(place)
    place.load("--max-files", "1")
    assert not asks(place)


def test_the_plan_is_forgotten_before_a_run_changes_anything(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without that, a run that dies when its rows are in bronze would leave the old plan, and
    once its file is gone again the next run would find nothing new."""
    place.put(ONE, CUSTOMERS)
    place.load()
    place.put(TWO, OTHER)
    with monkeypatch.context() as dying:

        def die(*_: object) -> None:
            assert len(names(place)) == 2
            raise KeyboardInterrupt

        dying.setattr("bronze_loader.warehouse.journal.Journal.write", die)
        code, _ = place.try_load()
    assert code == 130
    assert set(kept(place)) == {"emptied_by"}
    place.delete(TWO)
    place.load()
    assert sorted(statuses(place)) == ["gone", "loaded", "loaded"]


def test_a_plan_is_not_kept_over_what_another_loader_has_written(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.put(ONE, CUSTOMERS)
    place.load()
    others = b'{"emptied_by": "another"}'
    inner = Loader._run

    def overtaken(self: Any) -> None:
        inner(self)
        place.s3.put_object(**key(place), Body=others)

    monkeypatch.setattr(Loader, "_run", overtaken)
    place.load("--verify")
    assert kept(place) == {"emptied_by": "another"}


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"remarks": 1}', b"\xff"], ids=repr)
def test_a_plan_that_cannot_be_read_is_none(place: Place, body: bytes) -> None:
    place.put(ONE, CUSTOMERS)
    place.load()
    place.s3.put_object(**key(place), Body=body)
    assert asks(place)
    place.load()
    assert not asks(place)
