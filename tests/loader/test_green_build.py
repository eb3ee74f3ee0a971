"""What a build of silver and gold comes from, and when it is done already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from customer_files import ONE, OTHER, TWO
from landing_place import CUSTOMERS, Place


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of dbt with one model."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.sql").write_text("select 1")
    (tmp_path / "dbt_project.yml").write_text("name: a")
    return tmp_path


def load(place: Place, project: Path, *options: str) -> dict[str, Any]:
    _, summary = place.load_json("--build-of", str(project), *options)
    return summary


def test_what_was_marked_is_not_to_be_built_again(place: Place, project: Path) -> None:
    place.put(ONE, CUSTOMERS)
    first = load(place, project)
    assert not first["is_built"]
    assert load(place, project)["build"] == first["build"]
    assert not load(place, project)["is_built"], "as it is when the build failed"
    place.load("mark-green", "--build", first["build"])
    assert load(place, project)["is_built"]
    assert load(place, project, "--verify")["is_built"], "a run that looked and found nothing new"


def test_a_build_that_is_begun_anew_is_marked_by_its_end_alone(place: Place, project: Path) -> None:
    """As by an audit, which may fail; and by rules that fail and are changed back."""
    place.put(ONE, CUSTOMERS)
    place.load("mark-green", "--build", load(place, project)["build"])
    assert load(place, project, "--build-anyway", "--dry-run")["is_built"] is False
    assert load(place, project)["is_built"], "a dry run takes nothing back"
    summary = load(place, project, "--build-anyway")
    assert (summary["is_built"], load(place, project)["is_built"]) == (False, False)
    place.load("mark-green", "--build", summary["build"])
    assert load(place, project)["is_built"]
    rule = project / "models" / "a.sql"
    before = rule.read_text()
    rule.write_text("select 2")
    assert not load(place, project)["is_built"]
    rule.write_text(before)
    assert not load(place, project)["is_built"]


@pytest.mark.parametrize("change", ["file", "forced", "gone", "rule", "new model", "no model"])
def test_a_changed_file_or_rule_is_to_be_built(place: Place, project: Path, change: str) -> None:
    place.put(ONE, CUSTOMERS)
    place.load("mark-green", "--build", load(place, project)["build"])
    assert load(place, project)["is_built"]
    options: tuple[str, ...] = ()
    match change:
        case "file":
            place.put(TWO, OTHER)
        case "forced":
            options = ("--force", "**/*")
        case "gone":
            place.delete(ONE)
        case "rule":
            (project / "models" / "a.sql").write_text("select 2")
        case "new model":
            (project / "models" / "b.sql").write_text("select 1")
        case "no model":
            (project / "models" / "a.sql").unlink()
    summary = load(place, project, *options)
    assert not summary["is_built"]
    place.load("mark-green", "--build", summary["build"])
    assert load(place, project)["is_built"]


def test_a_run_that_left_something_for_later_is_always_to_be_built(
    place: Place, project: Path
) -> None:
    place.put(ONE, CUSTOMERS)
    place.put(TWO, OTHER)
    summary = load(place, project, "--max-files", "1")
    assert (summary["build"], summary["is_built"]) == ("", False)
    assert "Not marked" in place.load("mark-green", "--build", "").stdout
    assert not load(place, project, "--max-files", "1")["is_built"]


def test_a_mark_that_cannot_be_read_is_none(place: Place, project: Path) -> None:
    place.put(ONE, CUSTOMERS)
    build = load(place, project)["build"]
    for body in (b"", b"[]", b"{}", b"\xff"):
        key = f"{place.schema}/_load_bronze/green.json"
        place.s3.put_object(Bucket="lakehouse", Key=key, Body=body)
        assert not load(place, project)["is_built"]
    place.load("mark-green", "--build", build)
    assert load(place, project)["is_built"]
