"""Starts the S3 server and the local warehouse of the contestants, before the clock starts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from botocore.session import Session
from datasets import Dataset

BIN = Path(__file__).parent.parent / ".venv" / "bin"
# S3's own default; SeaweedFS gzips what has none, and would unzip it while the clock runs.
CONTENT_TYPE = "binary/octet-stream"
# Data sets whose files are put beside those of another: E is C with one more file.
PLACES = {"E": "C"}
_PRINT_ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)))"


class Services:
    """The local services: their environment, their processes, the files in their landing."""

    def __init__(self, work: Path) -> None:
        self.result_bytes = 0  # of the table that our loader wrote last
        self._state = work / "state"
        self._command("down")
        shutil.rmtree(self._state, ignore_errors=True)
        printed = self._command("exec", "--", "python", "-c", _PRINT_ENVIRONMENT)
        self.env: dict[str, str] = json.loads(printed.splitlines()[-1])
        self.s3_settings = {k: v for k, v in self.env.items() if k.startswith("AWS_")}
        os.environ.update(self.s3_settings)
        services = json.loads((self._state / "state.json").read_text())["services"]
        self.s3_server = psutil.Process(services["storage"]["pid"])
        self.warehouse = psutil.Process(services["warehouse"]["pid"])
        self._s3 = Session().create_client("s3")
        self._bucket = urlsplit(self.env["LANDING_URL"]).netloc

    def _command(self, *arguments: str) -> str:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "DATABRICKS_"))}
        command = [str(BIN / "local-warehouse"), "--state", str(self._state), *arguments]
        done = subprocess.run(command, env=clean, capture_output=True, text=True, check=False)
        return done.stdout

    def landing_url(self, dataset: Dataset) -> str:
        """The URL that a data set's files are under."""
        return f"{self.env['LANDING_URL']}/{PLACES.get(dataset.name, dataset.name)}"

    def put_files(self, dataset: Dataset) -> None:
        """Put a data set's files into the landing; only the new one of a data set in `PLACES`."""
        paths = sorted(dataset.folder.iterdir())
        for path in paths[-1:] if dataset.name in PLACES else paths:
            with path.open("rb") as body:
                self._s3.put_object(
                    Bucket=self._bucket, Key=self._key(dataset, path), Body=body,
                    ContentType=CONTENT_TYPE,
                )  # fmt: skip

    def remove_new_file(self, dataset: Dataset) -> None:
        """Remove the file that `put_files` put beside another data set."""
        if dataset.name in PLACES:
            newest = max(dataset.folder.iterdir())
            self._s3.delete_object(Bucket=self._bucket, Key=self._key(dataset, newest))

    def _key(self, dataset: Dataset, path: Path) -> str:
        return f"{PLACES.get(dataset.name, dataset.name)}/{path.name}"

    def stop(self) -> None:
        """Stop the services; their data stays."""
        self._command("down")
