"""Our loader: files in S3, rows in S3, through the local warehouse; all guarantees on."""

from __future__ import annotations

from pathlib import Path

import fsspec
import pyarrow.dataset as pads
from datasets import COLUMNS, Dataset
from deltalake import DeltaTable
from local_services import BIN, Services
from measure import Cost, run


class Ours:
    """`load-bronze` through a warehouse whose processes count as its own."""

    name = "ours"
    storage = "s3"

    def __init__(self, work: Path, services: Services) -> None:
        self._work = work / self.name
        self._work.mkdir(parents=True, exist_ok=True)
        self._sources = self._work / "sources.yml"
        self._sources.write_text(_sources())
        self._services = services

    def load(self, dataset: Dataset, table: str) -> Cost:
        """Load a data set; into a table that is there, what has come since."""
        services = self._services
        env = services.env | {"LANDING_URL": services.landed_at(dataset)}
        command = [str(BIN / "load-bronze"), "--sources", str(self._sources), "--schema", table]
        log = self._work / f"{table}_{dataset.name}.log"
        return run(command, log, env, services=[services.s3_server, services.warehouse])

    def landed(self, table: str) -> pads.Dataset:
        """The rows in the table."""
        return DeltaTable(f"{self._place(table)}/sales").to_pyarrow_dataset()

    def clear(self, table: str) -> None:
        """Remove the table's files."""
        files, place = fsspec.url_to_fs(self._place(table), use_listings_cache=False)
        if files.exists(place):
            files.rm(place, recursive=True)

    def _place(self, table: str) -> str:
        return f"{self._services.env['LAKEHOUSE_URL']}/{table}"


def _sources() -> str:
    columns = "\n".join(f"          - {{name: {name}, data_type: string}}" for name in COLUMNS)
    return f"""sources:
  - name: bronze
    tables:
      - name: sales
        external: {{location: "**/data_sales_*", file_format: csv, options: {{multi_line: true}}}}
        columns:
{columns}
"""
