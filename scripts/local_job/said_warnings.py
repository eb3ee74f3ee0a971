"""The warnings of a run, as its tasks have said them."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

SHOWN = 20
# dbt's hook print_warnings, the loader's log, and its line about a file that is nobody's.
_WARNING = re.compile(
    r"^(?:Warning: |WARNING[: ]\s*|load-bronze: warning: )(.+)|^(belongs to no dataset.+)"
)


def warning_in(line: str) -> str | None:
    """What a line of a task's output, without colours and time, warns of; None when of nothing."""
    found = _WARNING.match(line)
    return (found.group(1) or found.group(2)).strip() if found else None


def last_warnings(runs: Path) -> list[str]:
    """The warnings of the newest run that built something; they stand until the next."""
    for record in sorted(runs.glob("*/run.json"), reverse=True):
        try:
            tasks = json.loads(record.read_text("utf-8"))["tasks"]
        except (OSError, ValueError, KeyError):
            continue
        if all(task["result"] != "skipped" for task in tasks) or any(
            task.get("warnings") for task in tasks
        ):
            return unique(warning for task in tasks for warning in task.get("warnings", []))
    return []


def unique(warnings: Iterable[str]) -> list[str]:
    """Each warning once, in order: two tasks can say the same."""
    return list(dict.fromkeys(warnings))


def lines(warnings: list[str]) -> list[str]:
    """The warnings to print; behind the first twenty, how many there are more."""
    more = len(warnings) - SHOWN
    return warnings[:SHOWN] + ([f"and {more} more, in the tasks' output"] if more > 0 else [])
