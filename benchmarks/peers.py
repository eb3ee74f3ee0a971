"""The contestants besides ours: a script each, on local files."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pyarrow.dataset as pads
from datasets import Dataset
from deltalake import DeltaTable
from measure import Cost, run

SCRIPTS = Path(__file__).parent / "contestants"


class Peer:
    """A script of `contestants`; it reads a folder and writes a table, without any service."""

    def __init__(self, name: str, work: Path) -> None:
        self.name = name
        self._work = work / name
        self._work.mkdir(parents=True, exist_ok=True)

    def prepare(self, dataset: Dataset) -> None:
        """Nothing: it reads the files where they are."""

    def load(self, dataset: Dataset, table: str) -> Cost:
        """Load a data set; into a table that is there, what has come since."""
        command = [
            sys.executable,
            str(SCRIPTS / f"{self.name}.py"),
            str(dataset.folder),
            str(self._work / table),
            "careful" if dataset.careful else "plain",
        ]
        return run(command, self._work / f"{table}_{dataset.name}.log")

    def landed(self, table: str) -> pads.Dataset:
        """The rows in the table."""
        place = self._work / table
        logs = sorted(place.glob("**/_delta_log"))
        if not logs:
            return pads.dataset(place, format="parquet")
        mine = next(log.parent for log in logs if not log.parent.name.startswith("_dlt"))
        return DeltaTable(mine).to_pyarrow_dataset()

    def clear(self, table: str) -> None:
        for place in self._work.glob(f"{table}*"):
            if place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink()
