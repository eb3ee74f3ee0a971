"""The other contestants, each a script, on the same S3 or on local files."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import fsspec
import pyarrow.dataset as pads
from datasets import Dataset
from deltalake import DeltaTable
from local_services import Services
from measure import Cost, run

SCRIPTS = Path(__file__).parent / "contestants"
# Contestants that cannot use S3 with packages from the package index alone.
LOCAL_ONLY = ("spark_parquet",)


class Peer:
    """A script of `contestants`, which reads a folder and writes a table.

    Folder and table are URLs or paths, as `storage` says; with S3, the server's processor time and
    memory count too. The script runs in a working directory for the table.
    """

    def __init__(self, name: str, work: Path, services: Services, storage: str) -> None:
        self.name = name
        self.storage = "local" if name in LOCAL_ONLY else storage
        self._work = work / name
        self._services = services

    def load(self, dataset: Dataset, table: str) -> Cost:
        """Load a data set into a table; the script decides what becomes of rows already in it."""
        in_s3 = self.storage == "s3"
        folder = self._services.landing_url(dataset) if in_s3 else str(dataset.folder)
        here = self._work / table
        here.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable,
            str(SCRIPTS / f"{self.name}.py"),
            folder,
            self._place(table),
            self._last_argument(dataset),
        ]
        log = self._work / f"{table}_{dataset.name}.log"
        return run(
            command,
            log,
            dict(os.environ),
            services=[self._services.s3_server] if in_s3 else [],
            folder=here,
        )

    def _last_argument(self, dataset: Dataset) -> str:
        return "careful" if dataset.careful else "plain"

    def rows(self, table: str) -> pads.Dataset | None:
        """The rows of the table; None for a script that writes none."""
        files, place = fsspec.url_to_fs(self._place(table), use_listings_cache=False)
        parts = (path.partition("/_delta_log/") for path in sorted(files.find(place)))
        tables = {table for table, log, _ in parts if log}
        if not tables:
            return pads.dataset(place, format="parquet")
        mine = next(one for one in sorted(tables) if "/_dlt" not in one)
        return DeltaTable(files.unstrip_protocol(mine)).to_pyarrow_dataset()

    def clear(self, table: str) -> None:
        """Delete the table's files, also those that a failed contestant left."""
        files, place = fsspec.url_to_fs(self._place(table), use_listings_cache=False)
        if files.exists(place):
            files.rm(place, recursive=True)
        shutil.rmtree(self._work / table)

    def _place(self, table: str) -> str:
        if self.storage == "s3":
            return f"{self._services.env['LAKEHOUSE_URL']}/{self.name}/{table}"
        return str(self._work / table / "table")


class RawBytes(Peer):
    """The bytes of a load without its rows; it is run behind our loader, whose result it copies in
    size."""

    def _last_argument(self, dataset: Dataset) -> str:
        return str(self._services.result_bytes)

    def rows(self, table: str) -> None:
        """It has none."""
