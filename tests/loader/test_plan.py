"""The plan: the listing compared with the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bronze_loader.datasets.declaration import Dataset
from bronze_loader.landing.bucket import LandingFile
from bronze_loader.planning.file_state import FileState
from bronze_loader.planning.plan import Action, assign, make_plan

SALES = Dataset("sales", "**/s_*", ())


PEOPLE = Dataset("people", "**/p_*", ())


NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)


def listed(key: str, etag: str = "e1", minutes: int = 0) -> LandingFile:
    when = NOON + timedelta(minutes=minutes)
    return LandingFile(f"s3://b/{key}", key, key, etag, 10, when)


def test_each_file_gets_its_action_from_the_newest_log_entry() -> None:
    files = [listed(f"s_{name}.csv") for name in ("new", "changed", "same", "refused", "mended")]
    state = {
        ("sales", "s3://b/s_changed.csv"): FileState("e0", "loaded"),
        ("sales", "s3://b/s_same.csv"): FileState("e1", "loaded"),
        ("sales", "s3://b/s_refused.csv"): FileState("e1", "refused", "no id"),
        ("sales", "s3://b/s_mended.csv"): FileState("e0", "refused", "no id"),
        ("people", "s3://b/s_new.csv"): FileState("e1", "loaded"),
    }
    plan = make_plan(assign(files, [SALES]), state)
    assert {p.file.key: p.action for p in plan} == {
        "s_new.csv": Action.NEW,
        "s_changed.csv": Action.CHANGED,
        "s_same.csv": Action.UNCHANGED,
        "s_refused.csv": Action.REFUSED,
        "s_mended.csv": Action.CHANGED,
    }


def test_files_are_taken_by_dataset_from_the_oldest_to_the_newest() -> None:
    files = [listed("s_b.csv", minutes=2), listed("p_a.csv", minutes=9), listed("s_c.csv")]
    plan = make_plan(assign(files, [SALES, PEOPLE]), {})
    assert [p.file.key for p in plan] == ["p_a.csv", "s_c.csv", "s_b.csv"]


def test_a_file_that_matches_no_dataset_is_in_no_plan() -> None:
    assert not make_plan(assign([listed("x.csv"), listed("s_1.txt")], [SALES]), {})
