"""What became of each assumption, as a table for a person and as a report to send in."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

HEADING = "## Not verified"


@dataclass(frozen=True)
class Finding:
    """An assumption, whether it held (None: not asked), and what was seen."""

    assumption: str
    held: bool | None
    seen: str


def listed_assumptions(page: Path) -> dict[str, str]:
    """The assumptions that the page lists as not verified, each with what to do if it fails.

    They are the rows of the tables under `## Not verified`. A page that is not there has none.
    """
    text = page.read_text() if page.is_file() else ""
    section = text.partition(f"{HEADING}\n")[2].split("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", section, flags=re.M)
    return {assumption: otherwise for assumption, otherwise in rows if otherwise != "otherwise"}


def all_of_them(found: Sequence[Finding], listed: Iterable[str]) -> list[Finding]:
    """The findings, and behind them the listed assumptions that a terminal cannot ask about."""
    asked = {finding.assumption for finding in found}
    others = [Finding(text, None, "no command in a terminal can ask") for text in listed]
    return [*found, *(other for other in others if other.assumption not in asked)]


def print_table(findings: Sequence[Finding], otherwise: Mapping[str, str]) -> None:
    """Print a row for each finding, and below the table what to do where one did not hold."""
    table = Table("assumption", "held", "seen", pad_edge=False)
    words = {True: "yes", False: "NO", None: "not asked"}
    for finding in findings:
        table.add_row(_plain(finding.assumption), words[finding.held], _plain(finding.seen))
    console = Console(highlight=False, markup=False)
    console.print(table)
    for finding in findings:
        if finding.held is False and (advice := otherwise.get(finding.assumption)):
            console.print(f"{_plain(finding.assumption)}: NO. {_plain(advice)}")
    counts = [sum(f.held is held for f in findings) for held in (True, False, None)]
    console.print("{} held, {} did not, {} were not asked.".format(*counts))


def report(findings: Sequence[Finding], about: Mapping[str, Any], hidden: Iterable[str]) -> str:
    """The findings as JSON. The texts in `hidden`, such as the bucket's name, are left out."""
    body = {
        **about,
        "findings": [
            {"assumption": f.assumption, "held": f.held, "seen": f.seen} for f in findings
        ],
    }
    text = json.dumps(body, indent=2, ensure_ascii=False)
    for each in sorted(filter(None, hidden), key=len, reverse=True):
        text = text.replace(each, "…")
    return text


def _plain(text: str) -> str:
    """Markdown as a terminal shows it: without code marks, links as their text."""
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text).replace("`", "")
