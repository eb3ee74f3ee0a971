"""The report's arithmetic and its printing, on counts made up here."""

import dataclasses
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

from rich.console import Console

from local_job.lakehouse_report import LakehouseReport, LoggedFile
from local_job.report_printer import print_report
from local_job.runner import JobRun, TaskRun

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LOADED = LoggedFile("sales", "s3://landing/data_sales_1.csv", "loaded", 10, None, NOW)
REFUSED = LoggedFile("sales", "s3://landing/data_sales_2.csv", "refused", 0, "no column quan", None)
REPORT = LakehouseReport(
    files=[LOADED, REFUSED],
    bronze={"customers": 5, "sales": 1010},
    accepted={"customers": 4, "sales": 1000},
    rejected={"customers": 1, "sales": 10},
    bronze_only={"customers": 0, "sales": 0},
    distinct_customers=3,
    matched=900,
    unmatched=100,
    reasons={"customers": {"invalid_age": 1}, "sales": {"corrupt_line": 4, "invalid_date": 8}},
    charts={
        "orders_by_gender": {"female": 600, "male": 300},
        "units_by_platform": {"shopee": 2000, "tiktok": 1},
        "units_by_product": {"APPLE": 2001},
        "units_by_month": {},
    },
)


def printed(report: LakehouseReport, run: JobRun | None = None, width: int = 120) -> str:
    out = StringIO()
    print_report(report, run, Console(file=out, width=width))
    return out.getvalue()


def line_with(text: str, words: str) -> str:
    return next(line for line in text.splitlines() if words in line)


def test_sums_that_hold_are_ticked() -> None:
    text = printed(REPORT)
    assert REPORT.balanced
    assert "✓ 1,010 sales in bronze = 1,000 accepted + 10 rejected" in text
    assert "✓ 1,000 accepted sales = 900 matched to a customer + 100 unmatched" in text
    assert "does not hold" not in text


def test_a_dataset_without_a_checked_model_is_counted() -> None:
    returns = {"returns": 7}
    report = dataclasses.replace(
        REPORT,
        bronze=REPORT.bronze | returns,
        accepted=REPORT.accepted | {"returns": 0},
        rejected=REPORT.rejected | {"returns": 0},
        bronze_only=REPORT.bronze_only | returns,
    )
    assert "✓ 7 returns in bronze = 0 accepted + 0 rejected + 7 in bronze only" in printed(report)


def test_sum_that_does_not_hold_is_said() -> None:
    lost = dataclasses.replace(REPORT, unmatched=99)
    assert not lost.balanced
    text = printed(lost)
    assert "✗ 1,000 accepted sales ≠ 900 matched to a customer + 99 unmatched" in text
    assert "A sum does not hold" in text


def test_refused_files_are_named_with_their_reasons() -> None:
    text = printed(REPORT)
    assert "1 loaded, 1 refused" in text
    assert "refused s3://landing/data_sales_2.csv: no column quan" in text


def test_bars_are_as_long_as_their_values() -> None:
    text = printed(REPORT, width=60)  # no two charts beside each other
    assert line_with(text, "female").count("█") == 18
    assert line_with(text, "300").count("█") == 9
    assert line_with(text, "tiktok").count("█") == 1, "small, and there"


def test_run_that_loaded_nothing_says_so() -> None:
    before = JobRun("a", Path("runs/a"), NOW - timedelta(seconds=1))
    after = JobRun("b", Path("runs/b"), NOW + timedelta(seconds=1))
    assert "this run loaded 1 of them" in printed(REPORT, before)
    assert "this run had nothing to load" in printed(REPORT, after)


def test_each_warning_of_the_run_is_in_the_report_once_and_in_its_own_words() -> None:
    about = [f"{n} sales of [bold]PHONE {n}: add it to seeds/products.csv" for n in range(25)]
    nobodys = "belongs to no dataset, not loaded: s3://landing/x.csv"
    run = JobRun("a", Path("runs/a"), NOW)
    run.tasks = [
        TaskRun("load", "succeeded", Path("load.log"), warnings=[nobodys]),
        TaskRun("build", "succeeded", Path("build.log"), warnings=[*about, nobodys, about[0]]),
    ]
    lines = [line for line in printed(REPORT, run, 60).splitlines() if "warning " in line]
    shown = [nobodys, *about[:19], "and 6 more, in the tasks' output"]
    assert lines == [f"  warning {words}" for words in shown]
