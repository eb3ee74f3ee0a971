"""Writes the measurements as a page of Markdown."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from check import Verdict
from measure import Cost

TITLES = {
    "A": "one clean CSV file",
    "B": "one file with 20 % quoted line ends, 1 % ragged lines, 0.1 % stray quotes",
    "C": "500 files with five different headers",
    "D": "A, gzipped",
    "E": "C is loaded, and one more file comes",
}
PACKAGES = ("duckdb", "deltalake", "polars", "pyarrow", "dlt", "floe-python", "pyspark")


@dataclass
class Measurements:
    """A contestant on a data set: cost of each round, verdict of the first, error if one failed."""

    storage: str
    costs: list[Cost] = field(default_factory=list)
    verdict: Verdict | None = None
    error: str | None = None

    def middle(self, what: str) -> float:
        """The median of a field of the costs, such as `wall`."""
        return float(median(getattr(cost, what) for cost in self.costs))


Results = Mapping[str, Mapping[str, Measurements]]
"""Measurements by data set and contestant."""


def write(
    path: Path, results: Results, sizes: Mapping[str, int], rounds: int, command: str
) -> None:
    """Write the page. The sections below the mark are written by hand and stay."""
    mark = "<!-- measured above, written below -->"
    kept = path.read_text().partition(mark)[2] if path.exists() else "\n"
    path.write_text("\n".join(_page(results, sizes, rounds, command)) + f"\n{mark}{kept}")


def _page(results: Results, sizes: Mapping[str, int], rounds: int, command: str) -> Sequence[str]:
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    lines = [
        "# Benchmarks",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `{command}`: {os.cpu_count()} cores, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}; "
        f"{versions}.",
        "",
        f"Rounds: {rounds}; each has every contestant in turn, so that other load on the machine "
        "meets all alike; the slowest contestants are in the first round only. The figures are "
        "medians. All contestants on S3 use the same server, whose processor time and memory count "
        "as theirs; (local) marks those that read and write local files, which is in their favour. "
        "Memory is the peak of the resident sets of the whole process tree; ours includes the "
        "local warehouse, which stays up as the S3 server does. All columns are text. A ratio "
        "above 1 means slower, or more, than ours. raw_bytes reads the files and writes as many "
        "bytes as our result has, and nothing else: no load can take less.",
    ]
    for name, by_contestant in results.items():
        lines += ["", f"## {name}: {TITLES[name]} ({sizes[name] / 1e6:,.0f} MB)", ""]
        lines += [
            "| contestant | s | ratio | MB/s | CPU s | peak MB | ratio | rows lost | rows too many "
            "| cells wrong |",
            "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
        ]
        ours = by_contestant.get("ours")
        for contestant, measured in by_contestant.items():
            lines.append(_row(contestant, measured, ours, sizes[name]))
    return lines


def _row(name: str, measured: Measurements, ours: Measurements | None, size: int) -> str:
    if measured.storage == "local":
        name += " (local)"
    if measured.error or not measured.costs:
        reason = re.sub(r"/\S+/", "…/", measured.error or "not run").replace("|", "/")
        return f"| {name} | failed: {reason} " + "| " * 9 + "|"
    wall, memory = measured.middle("wall"), measured.middle("memory")
    base = ours if ours and ours.costs else measured
    cells = [
        name,
        f"{wall:.1f}",
        f"{wall / base.middle('wall'):.2f}",
        f"{size / 1e6 / wall:,.0f}",
        f"{measured.middle('cpu'):.1f}",
        f"{memory / 1e6:,.0f}",
        f"{memory / base.middle('memory'):.2f}",
    ]
    verdict = measured.verdict
    if verdict:
        too_many = verdict.rows - (verdict.truth - verdict.lost)
        cells += [f"{verdict.lost:,}", f"{too_many:,}", f"{verdict.wrong:,}"]
    return "| " + " | ".join(cells) + " |"
