"""Prints the report: files, rows in and out, why rows were rejected, and four small charts."""

import os

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

import local_session
from local_job import said_warnings
from local_job.lakehouse_report import Equation, LakehouseReport
from local_job.runner import JobRun

_BAR = 18  # characters of the longest bar
_REFUSED_SHOWN = 10


def print_report(report: LakehouseReport, run: JobRun | None, console: Console) -> None:
    """Print the whole report; after a run, also how many files that run loaded."""
    _heading(console, "Files")
    console.print(_files_line(report, run))
    _print_refused(report, console)
    _print_warnings(run, console)

    _heading(console, "Rows in, rows out")
    for equation in report.equations():
        console.print(_equation_line(equation))
    if not report.balanced:
        console.print("[red]A sum does not hold: rows were lost or made up.[/]")
    console.print(f"{report.distinct_customers:,} customers, the newest record of each")

    _heading(console, "Rejected rows by reason (a row can have several)")
    console.print(_side_by_side([_bars(name, reasons) for name, reasons in report.reasons.items()]))

    _heading(console, "Matched sales")
    charts = [_bars(name.replace("_", " "), values) for name, values in report.charts.items()]
    console.print(_side_by_side(charts))

    page = local_session.state_dir() / "dashboard" / "sales.html"
    if page.is_file():
        _heading(console, "Dashboard")
        console.print(
            f"{escape(local_session.display_path(page))}, to open in a browser",
            soft_wrap=True,
        )

    _heading(console, "What next")
    for command, purpose in _next_steps():
        console.print(f"  [bold]{escape(command)}[/]  [dim]# {purpose}[/]", soft_wrap=True)


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold"))


def _files_line(report: LakehouseReport, run: JobRun | None) -> str:
    loaded = [file for file in report.files if file.status == "loaded"]
    line = f"{len(loaded)} loaded, {len(report.refused_files)} refused"
    if run is None:
        return line
    new = len(report.loaded_since(run.started_at))
    if new:
        return f"{line}; this run loaded {new} of them"
    return f"{line}; this run had nothing to load"


def _print_refused(report: LakehouseReport, console: Console) -> None:
    refused = report.refused_files
    for file in refused[:_REFUSED_SHOWN]:
        reason = escape(file.reason or "no reason given")
        console.print(f"  [yellow]refused[/] {escape(file.name)}: {reason}", soft_wrap=True)
    if len(refused) > _REFUSED_SHOWN:
        console.print(f"  and {len(refused) - _REFUSED_SHOWN} more, in bronze.load_log")


def _print_warnings(run: JobRun | None, console: Console) -> None:
    """Print the warnings of the run, or of the last one that built something."""
    runs = local_session.state_dir() / "runs"
    warnings = run.warnings if run else said_warnings.last_warnings(runs)
    if not warnings:
        return
    _heading(console, "Warnings")
    for line in said_warnings.lines(warnings):
        console.print(f"  [yellow]warning[/] {escape(line)}", soft_wrap=True)


def _equation_line(equation: Equation) -> str:
    mark = "[green]✓[/]" if equation.holds else "[red]✗[/]"
    parts = " + ".join(f"{count:,} {what}" for what, count in equation.parts)
    sign = "=" if equation.holds else "≠"
    return f"{mark} {equation.whole:,} {equation.what} {sign} {parts}"


def _side_by_side(tables: list[RenderableType]) -> RenderableType:
    """As many tables beside each other as fit the width."""
    return Columns(tables, padding=(0, 4))


def _bars(title: str, values: dict[str, int]) -> RenderableType:
    """A chart with a bar for each value, in proportion to the largest."""
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(min_width=_BAR)
    most = max(values.values(), default=0)
    for label, value in values.items():
        length = round(_BAR * value / most) if most > 0 else 0
        table.add_row(escape(label), f"{value:,}", Text("█" * max(length, value > 0), style="cyan"))
    body: RenderableType = table if values else Text("none", style="dim")
    return Group(Text(title, style="underline"), body, Text(""))


def _next_steps() -> list[tuple[str, str]]:
    prefix = (
        ""
        if os.environ.get("VIRTUAL_ENV")
        else f"{local_session.display_path(local_session.bin_dir())}/"
    )
    return [
        (f'{prefix}local-warehouse sql "select * from gold.daily_sales limit 10"', "ask gold"),  # noqa: S608
        (f"{prefix}landing-sample --wave 2 && {prefix}run-job --report", "new and changed files"),
        (f"{prefix}landing-sample upload DIR && {prefix}run-job --report", "your own CSV files"),
        (f"{prefix}dbt docs generate && {prefix}dbt docs serve", "lineage, and every table"),
    ]
