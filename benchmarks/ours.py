"""Our loader: files in S3, rows in S3, through the local warehouse; all guarantees on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pyarrow.dataset as pads
from botocore.session import Session
from datasets import COLUMNS, Dataset
from deltalake import DeltaTable
from measure import Cost, run

ROOT = Path(__file__).parent.parent
BIN = ROOT / ".venv" / "bin"
# S3's own default; SeaweedFS gzips what has none, and would unzip it while the clock runs.
CONTENT_TYPE = "binary/octet-stream"
_PRINT_ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)))"


class Ours:
    """`load-bronze` against services of its own, which are up before the clock starts."""

    name = "ours"

    def __init__(self, work: Path) -> None:
        self._work = work / self.name
        self._work.mkdir(parents=True, exist_ok=True)
        self._state = self._work / "state"
        self._sources = self._work / "sources.yml"
        self._sources.write_text(_sources())
        self._command("down")
        shutil.rmtree(self._state, ignore_errors=True)
        printed = self._command("exec", "--", "python", "-c", _PRINT_ENVIRONMENT)
        self._env: dict[str, str] = json.loads(printed.splitlines()[-1])
        self._s3 = Session().create_client("s3", endpoint_url=self._env["AWS_ENDPOINT_URL"],
            aws_access_key_id=self._env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self._env["AWS_SECRET_ACCESS_KEY"],
            region_name=self._env["AWS_REGION"])  # fmt: skip
        services = json.loads((self._state / "state.json").read_text())["services"]
        self._services = [psutil.Process(one["pid"]) for one in services.values()]

    def _command(self, *arguments: str) -> str:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "DATABRICKS_"))}
        command = [str(BIN / "local-warehouse"), "--state", str(self._state), *arguments]
        done = subprocess.run(command, env=clean, capture_output=True, text=True, check=False)
        return done.stdout

    def prepare(self, dataset: Dataset) -> None:
        """Put the files into S3, which the clock does not count."""
        bucket = urlsplit(self._env["LANDING_URL"]).netloc
        for path in sorted(dataset.folder.iterdir()):
            with path.open("rb") as file:
                key = f"{dataset.name}/{path.name}"
                self._s3.put_object(Bucket=bucket, Key=key, Body=file, ContentType=CONTENT_TYPE)

    def load(self, dataset: Dataset, table: str) -> Cost:
        """Load a data set; into a table that is there, what has come since."""
        # What E has more than C is landed beside C, as the same files have the same URLs.
        places = {"E": "C"}
        if dataset.name in places:
            self._add_to(places[dataset.name], dataset)
        place = places.get(dataset.name, dataset.name)
        env = self._env | {"LANDING_URL": f"{self._env['LANDING_URL']}/{place}"}
        command = [str(BIN / "load-bronze"), "--sources", str(self._sources), "--schema", table]
        return run(command, self._work / f"{table}_{dataset.name}.log", env, self._services)

    def _add_to(self, place: str, dataset: Dataset) -> None:
        bucket = urlsplit(self._env["LANDING_URL"]).netloc
        newest = max(dataset.folder.iterdir())
        self._s3.put_object(
            Bucket=bucket,
            Key=f"{place}/{newest.name}",
            Body=newest.read_bytes(),
            ContentType=CONTENT_TYPE,
        )

    def landed(self, table: str) -> pads.Dataset:
        """The rows in the table."""
        options = {k: v for k, v in self._env.items() if k.startswith("AWS_")}
        place = f"{self._env['LAKEHOUSE_URL']}/{table}/sales"
        return DeltaTable(place, storage_options=options).to_pyarrow_dataset()

    def clear(self, table: str) -> None:
        """Remove the table's files, and from the landing place of C what E has added."""
        lakehouse = urlsplit(self._env["LAKEHOUSE_URL"])
        landing = urlsplit(self._env["LANDING_URL"])
        for bucket, prefix in (
            (lakehouse.netloc, f"{table}/"),
            (landing.netloc, "C/data_sales_0500"),
        ):
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            for page in pages:
                for entry in page.get("Contents", ()):
                    self._s3.delete_object(Bucket=bucket, Key=entry["Key"])

    def stop(self) -> None:
        self._command("down")


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
