"""Our loader as a contestant: from S3 to S3 by the local warehouse, with all its guarantees."""

from __future__ import annotations

from pathlib import Path

import fsspec
import pyarrow.dataset as pads
from datasets import COLUMNS, Dataset
from deltalake import DeltaTable
from local_services import BIN, Services
from measure import Cost, run


class Ours:
    """`load-bronze`, with the cost of the local warehouse and of S3 counted as its own."""

    name = "ours"
    storage = "s3"

    def __init__(self, work: Path, services: Services) -> None:
        self._work = work / self.name
        self._work.mkdir(parents=True, exist_ok=True)
        self._sources = self._work / "sources.yml"
        self._sources.write_text(_sources())
        self._services = services

    def load(self, dataset: Dataset, table: str) -> Cost:
        """Load a data set; into a table that is there, only the files that it does not have."""
        services = self._services
        env = services.env | {"LANDING_URL": services.landing_url(dataset)}
        command = [str(BIN / "load-bronze"), "--sources", str(self._sources), "--schema", table]
        log = self._work / f"{table}_{dataset.name}.log"
        cost = run(command, log, env, services=[services.s3_server, services.warehouse])
        files, place = fsspec.url_to_fs(self._place(table), use_listings_cache=False)
        services.result_bytes = files.du(place)
        return cost

    def rows(self, table: str) -> pads.Dataset:
        """The rows of the table."""
        return DeltaTable(f"{self._place(table)}/sales").to_pyarrow_dataset()

    def clear(self, table: str) -> None:
        """Delete the table's files."""
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
