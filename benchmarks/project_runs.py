"""The project as a contestant: its job on local services of its own, and DuckDB beside it."""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import psutil
from botocore.session import Session
from local_services import BIN, Services
from measure import Cost, run

HERE = Path(__file__).resolve().parent
BUCKET = "landing"
PRODUCTS = ("APPLE", "OPPO", "VIVO", "NOKIA")
PLATFORMS = ("shopee", "lazada", "tiktok")
TIMEOUT = 3600  # seconds


class Pipeline:
    """The project on local services of its own, with a copy of its landing in a folder."""

    def __init__(self, work: Path) -> None:
        self._work, self._files = work, work / "files"
        shutil.rmtree(self._files, ignore_errors=True)
        work.mkdir(parents=True, exist_ok=True)
        self._services = Services(work)
        self._env = self._services.env | {"LAKEHOUSE_STATE": str(work / "state")}
        self._s3 = Session().create_client("s3")

    def land_sample(self, sales: int) -> None:
        """Land the sample, with a tenth as many customers as sales."""
        sizes = ("--sales", str(sales), "--customers", str(sales // 10))
        self._run(str(BIN / "landing-sample"), *sizes)
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for entry in page.get("Contents", []):
                body = self._s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read()
                self._keep(entry["Key"], body)

    def land(self, key: str, lines: Iterable[str]) -> None:
        """Land a file of these lines."""
        body = "\n".join([*lines, ""]).encode()
        self._s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        self._keep(key, body)

    def _keep(self, key: str, body: bytes) -> None:
        path = self._files / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    def run_job(self) -> Cost:
        """The cost of a run of the job, with that of the services."""
        return self._run(str(BIN / "run-job"))

    def run_duckdb(self) -> Cost:
        """The cost of a rebuild by DuckDB."""
        script = HERE / "contestants" / "duckdb_pipeline.py"
        return self._run(sys.executable, str(script), str(self._files))

    def _run(self, *command: str) -> Cost:
        services = [] if command[0] == sys.executable else self._processes()
        log = self._work / "last_command.log"
        cost = run(command, log, self._env, services, HERE.parent, TIMEOUT)
        if cost.error:
            sys.exit(f"{command[0]} failed, see {log}: {cost.error}")
        return cost

    def _processes(self) -> list[psutil.Process]:
        return [self._services.s3_server, self._services.warehouse]

    def stop(self) -> None:
        """Stop the services; their data stays."""
        self._services.stop()


def sale_lines(count: int, customers: int, chance: random.Random) -> Iterable[str]:
    """A file of sales in one month, a tenth of them of customers whom the sample does not know."""
    yield "createtime,id,product,quan,shop,platform"
    for _ in range(count):
        yield (
            f"2026-06-{chance.randint(1, 28):02},{chance.randint(1, customers * 10 // 9):06},"
            f"{chance.choice(PRODUCTS)},{chance.randint(1, 9)},Main,{chance.choice(PLATFORMS)}"
        )


def customer_lines(count: int, chance: random.Random) -> Iterable[str]:
    """A file of the sample's first customers; another one each time."""
    yield "id,customername,gender,age"
    for number in range(1, count + 1):
        yield f"{number:06},Ann {chance.randint(1, 999)},female,{chance.randint(18, 80)}"
