"""A copy of the dbt project for tests that write to it."""

from __future__ import annotations

import shutil
from pathlib import Path

from lakehouse import ROOT

PARTS = ("models", "macros", "seeds", "data-tests", "dbt_project.yml", "selectors.yml")
LINTERS = ("dbt-bouncer.yml", ".sqlfluff")
SOURCES = "models/bronze/_bronze__sources.yml"


def copy_project(to: Path) -> Path:
    """The folder `to`, with what dbt and the linters read of the project."""
    to.mkdir(parents=True)
    for part in (*PARTS, *LINTERS):
        path = ROOT / part
        (shutil.copytree if path.is_dir() else shutil.copy)(path, to / part)
    return to


def all_files(project: Path) -> dict[str, str]:
    """The text of each file below the folder, by its path in it."""
    return {
        str(path.relative_to(project)): path.read_text("utf-8")
        for path in sorted(project.rglob("*"))
        if path.is_file()
    }
