"""The report of a run, as tables for a person or JSON lines for a program."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from bronze_loader.landing.bucket import LandingFile
from bronze_loader.planning.outcome import Outcome, Result, RunReport, counted
from bronze_loader.planning.plan import Action
from bronze_loader.reporting.console import SHOWN, out, printable


def print_json(report: RunReport) -> None:
    """Print one JSON object a line: each file, then the summary. A run with nothing new prints only
    the files that are not in bronze."""
    for outcome in report.outcomes:
        print(json.dumps(file_record(outcome), ensure_ascii=False))
    for file in report.unmatched:
        said = {"type": "file", "dataset": None, **_file(file), "result": "unmatched"}
        print(json.dumps(said, ensure_ascii=False))
    print(json.dumps(summary_record(report), ensure_ascii=False))


def file_record(outcome: Outcome) -> dict[str, Any]:
    """The JSON object of one file. Size in bytes, time in ISO 8601."""
    file = outcome.planned.file
    return {
        "type": "file",
        "dataset": outcome.planned.dataset.name,
        **_file(file),
        "action": outcome.planned.action.value,
        "result": outcome.result.value,
        "row_count": outcome.row_count,
        "corrupt_row_count": outcome.corrupt_row_count,
        "columns_added": list(outcome.columns_added),
        "reason": outcome.reason,
        "batch_id": outcome.batch_id,
    }


def _file(file: LandingFile) -> dict[str, Any]:
    return {
        "source_file": file.url,
        "source_etag": file.etag,
        "source_size": file.size,
        "source_modified_at": file.modified_at.isoformat(),
    }


def summary_record(report: RunReport) -> dict[str, Any]:
    """The JSON object of the whole run: counts of all files, and of each dataset's."""
    return {
        "type": "summary",
        "dry_run": report.dry_run,
        "seconds": round(report.seconds, 3),
        "error": report.error,
        "unmatched": len(report.unmatched),
        "verified": report.verified,
        "nothing_new_since": report.nothing_new_since and report.nothing_new_since.isoformat(),
        "bronze": report.bronze,
        "build": report.build,
        "is_built": report.is_built,
        "datasets": {name: _counts(report, name) for name in report.datasets},
        **_counts(report, None),
    }


def _counts(report: RunReport, dataset: str | None) -> dict[str, int]:
    """Files by result, loaded ones by what was planned (one loaded after a refusal counts as new),
    and rows; `dataset` None means all datasets."""
    mine = [o for o in report.outcomes if dataset in (None, o.planned.dataset.name)]
    done = [o for o in mine if o.result in (Result.LOADED, Result.PLANNED)]
    changed = sum(1 for o in done if o.planned.action in (Action.CHANGED, Action.FORCED))
    results = Counter(o.result for o in mine)
    results[Result.UNCHANGED] += sum(
        count for name, count in report.as_they_were.items() if dataset in (None, name)
    )
    return {
        "new": len(done) - changed,
        "changed": changed,
        **{
            str(result): results[result]
            for result in Result
            if result not in (Result.LOADED, Result.PLANNED)
        },
        "rows": sum(o.row_count for o in done),
        "corrupt_rows": sum(o.corrupt_row_count for o in done),
    }


def print_report(report: RunReport) -> None:
    """Print the closing summary as tables, and before it the plan of a dry run."""
    console = out()
    if report.dry_run:
        _print_plan(console, report)
    _print_files(console, report, Result.LOADED, "loaded")
    _print_files(console, report, Result.REFUSED, "refused")
    _print_files(console, report, Result.DUPLICATE, "duplicate")
    _print_files(console, report, Result.GONE, "gone from the landing place")
    _print_files(console, report, Result.SKIPPED, "left for the next run")
    _print_files(console, report, Result.FAILED, "failed")
    for file in report.unmatched[:SHOWN]:
        console.print(
            Text(f"belongs to no dataset, not loaded: {printable(file.url)}"), soft_wrap=True
        )
    _print_rest(console, len(report.unmatched))
    total = _counts(report, None)
    heading = ["new", "changed", "unchanged", "refused"]
    rare = ("duplicate", "gone", "skipped", "failed", "later")
    heading += [name for name in rare if total[name]]
    heading += [] if report.dry_run else ["rows", "corrupt_rows"]
    table = Table("dataset", title_justify="left")
    for name in heading:
        table.add_column(name.replace("_", " "), justify="right")
    for dataset in report.datasets:
        counts = _counts(report, dataset)
        table.add_row(dataset, *(f"{counts[name]:,}" for name in heading))
    console.print(table)
    widening = [outcome for outcome in report.outcomes if outcome.columns_added]
    for outcome in widening[:SHOWN]:
        console.print(Text(_columns_added(outcome)))
    _print_rest(console, len(widening))
    if report.verified is not None and not report.error:
        console.print(f"Verified: {counted(report.verified, 'file')}; file, table and log agree")
    console.print(_closing_line(report, total))


def _closing_line(report: RunReport, total: dict[str, int]) -> str:
    files = counted(total["new"] + total["changed"], "file")
    seconds = f"{report.seconds:.1f} s"
    if report.dry_run:
        return f"Dry run, nothing was written; {files} would be loaded. {seconds}"
    if total["new"] + total["changed"]:
        return f"Loaded {files}, {counted(total['rows'], 'row')}, in {seconds}"
    if since := report.nothing_new_since:
        kept = counted(total["unchanged"], "loaded file")
        return f"Nothing new since {since:%Y-%m-%d %H:%M:%S} UTC: {kept} as they were. {seconds}"
    if not report.outcomes:
        return f"Nothing to do: no file in the landing place belongs to a dataset. {seconds}"
    if total["unchanged"] == len(report.outcomes):
        return f"Nothing to do: {counted(total['unchanged'], 'file')}, loaded already. {seconds}"
    return f"Nothing was loaded. {seconds}"


def _columns_added(outcome: Outcome) -> str:
    """A line that names the first of a file's new columns, which may be a thousand."""
    added = outcome.columns_added
    names = ", ".join(added[:SHOWN]) + ("" if len(added) <= SHOWN else ", …")
    title = f"{outcome.planned.dataset.name}: {counted(len(added), 'new column')}"
    return f"{title} from {_shown(outcome)}: {names}"


def _print_plan(console: Console, report: RunReport) -> None:
    planned = [o for o in report.outcomes if o.result is not Result.UNCHANGED]
    if not planned:
        return
    table = Table("dataset", "plan", "file", title="Plan", title_justify="left")
    table.add_column("size", justify="right")
    table.add_column("modified", no_wrap=True)
    for outcome in planned[:SHOWN]:
        file = outcome.planned.file
        action = outcome.planned.action if outcome.result is Result.PLANNED else outcome.result
        table.add_row(
            outcome.planned.dataset.name,
            action.value,
            Text(_shown(outcome), overflow="fold"),
            decimal(file.size),
            f"{file.modified_at:%Y-%m-%d %H:%M:%S}",
        )
    console.print(table)
    _print_rest(console, len(planned))


def _print_files(console: Console, report: RunReport, result: Result, title: str) -> None:
    chosen = [o for o in report.outcomes if o.result is result and o.reason]
    for outcome in chosen[:SHOWN]:
        still = outcome.planned.action.value == result.value and result is not Result.GONE
        console.print(
            Text(
                f"{'still ' if still else ''}{title}: {outcome.planned.dataset.name}: "
                f"{_shown(outcome)}: {printable(outcome.reason or '')}"
            )
        )
    _print_rest(console, len(chosen))


def _print_rest(console: Console, count: int) -> None:
    if count > SHOWN:
        console.print(f"… and {count - SHOWN:,} more; --json lists them all")


def _shown(outcome: Outcome) -> str:
    return printable(outcome.planned.file.url)
