"""Shows a run of the job in the terminal: its tasks as they run, and a closing table."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

import local_session
from local_job import said_warnings
from local_job.job import Task
from local_job.runner import JobRun, JobWatcher, TaskRun, failure_in

_MARKS = {
    "succeeded": "[green]✓[/]",
    "failed": "[red]✗[/]",
    "timed out": "[red]✗[/]",
    "skipped": "[dim]-[/]",
}


class ConsoleWatcher(JobWatcher):
    """Prints the progress of each task: a spinner in a terminal, plain lines elsewhere."""

    def __init__(self, console: Console, verbose: bool) -> None:
        self._console, self._verbose = console, verbose

    @contextmanager
    def task(self, task: Task) -> Iterator[Callable[[str], None]]:
        """Show the task while it runs; the function given takes each line of its output."""
        if self._verbose or not self._console.is_terminal:
            self._console.print(f"{task.key} …")
            yield self._echo if self._verbose else (lambda line: None)
            return
        columns = (SpinnerColumn(), TextColumn(escape(task.key)), TimeElapsedColumn())
        said = TextColumn("[dim]{task.description}[/]", table_column=Column(no_wrap=True))
        with Bars(*columns, said, console=self._console, transient=True) as bars:
            bar = bars.add_task("", total=None)
            yield lambda line: bars.update(bar, description=escape(line.strip()))

    def _echo(self, line: str) -> None:
        self._console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)

    def on_end(self, run: TaskRun) -> None:
        """Print the task's result, its seconds and its last line."""
        if run.attempts or run.said:
            line = (
                f"{_MARKS[run.result]} {run.key}  {run.seconds:.1f} s  [dim]{escape(run.said)}[/]"
            )
            self._console.print(line, no_wrap=True, overflow="ellipsis")


def print_summary(run: JobRun, console: Console) -> None:
    """Print the closing table and the warnings.

    After a failure also the end of the output, and what to do next.
    """
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("", "task", "result"):
        table.add_column(column)
    retried = any(task.attempts > 1 for task in run.tasks)
    if retried:
        table.add_column("attempts", justify="right")
    table.add_column("seconds", justify="right")
    for task in run.tasks:
        seconds = "" if task.result == "skipped" else f"{task.seconds:.1f}"
        attempts = [str(task.attempts or "")] if retried else []
        table.add_row(_MARKS[task.result], task.key, task.result, *attempts, seconds)
    table.add_section()
    whole = "failed" if run.failed_task else "succeeded"
    table.add_row("", "all", whole, *([""] if retried else []), f"{run.seconds:.1f}")
    console.print(table)
    for line in said_warnings.lines(run.warnings):
        console.print(f"[yellow]warning[/] {escape(line)}", soft_wrap=True)
    if failed := run.failed_task:
        console.print(f"From {failed.key}'s output (exit {failed.exit_code}):")
        for line in failure_in(failed.log):
            console.print(f"  {line}", markup=False, soft_wrap=True)
        console.print(f"To go on from there: run-job --from {failed.key}", markup=False)
    console.print(f"Output of each task: {local_session.display_path(run.folder)}", soft_wrap=True)
