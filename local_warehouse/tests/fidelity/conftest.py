"""Fixtures for the whole adapter suite, and what came out of it, by category."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Any

from adapter_classes import category
from adapter_exceptions import NOT_FOR_DATABRICKS
from adapter_fixtures import *  # noqa: F403

_WORST_FIRST = ("failed", "error", "xfailed", "skipped", "passed")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A line for each category: how many of its classes passed, failed, or fail as listed."""
    outcomes: dict[str, set[str]] = defaultdict(set)
    for outcome in _WORST_FIRST:
        for report in terminalreporter.stats.get(outcome, ()):
            found = re.search(r"::(\w+)::", report.nodeid)
            if found and (outcome != "passed" or report.when == "call"):
                outcomes[found[1]].add("failed" if outcome == "error" else outcome)
    classes: dict[str, Counter[str]] = defaultdict(Counter)
    for name, of_tests in outcomes.items():
        worst = next(outcome for outcome in _WORST_FIRST if outcome in of_tests)
        classes[category(name)][worst] += 1
    write = terminalreporter.write_line
    terminalreporter.section("classes of the adapter suite")
    write(f"{'category':<32}{'passed':>8}{'failed':>8}{'listed':>8}")
    for name, counts in [*sorted(classes.items()), ("all", sum(classes.values(), Counter()))]:
        write(f"{name:<32}{counts['passed']:>8}{counts['failed']:>8}{counts['xfailed']:>8}")
    write(f"Not about dbt-databricks on a SQL warehouse, and not run: {len(NOT_FOR_DATABRICKS)}")
