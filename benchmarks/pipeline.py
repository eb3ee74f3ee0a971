"""Measures whole runs of the job, side by side with a DuckDB script that rebuilds everything.

    python benchmarks/pipeline.py --sales 3000000

Lands the sample in those sizes, and measures in turn: the first run, runs with nothing new, with
one more file of 1 % of the sales, and with a changed customer file of 1 %. After each of them
`contestants/duckdb_pipeline.py` reads all files, checks, joins and aggregates them, without S3,
Delta or a log. Prints seconds, medians of `--rounds`, and their ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

from botocore.session import Session

HERE = Path(__file__).parent
BIN = HERE.parent / ".venv" / "bin"
BUCKET = "landing"
PRODUCTS = ("APPLE", "OPPO", "VIVO", "NOKIA")
PLATFORMS = ("shopee", "lazada", "tiktok")


class Pipeline:
    """The project on local services of its own, with a copy of its landing in a folder."""

    def __init__(self, work: Path) -> None:
        self._state, self._files = work / "state", work / "files"
        for folder in (self._state, self._files):
            shutil.rmtree(folder, ignore_errors=True)
        printed = self._command("local-warehouse", "exec", "--", "python", "-c",
                                "import json, os; print(json.dumps(dict(os.environ)))")  # fmt: skip
        self._env: dict[str, str] = json.loads(printed.splitlines()[-1])
        os.environ.update({k: v for k, v in self._env.items() if k.startswith("AWS_")})
        self._s3 = Session().create_client("s3")

    def _command(self, *command: str) -> str:
        env = getattr(self, "_env", os.environ) | {"LAKEHOUSE_STATE": str(self._state)}
        done = subprocess.run(
            [str(BIN / command[0]), *command[1:]], env=env, cwd=HERE.parent,
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    def land_sample(self, sales: int) -> None:
        """The sample, with a tenth as many customers as sales."""
        sizes = ("--sales", str(sales), "--customers", str(sales // 10))
        self._command("landing-sample", *sizes)
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for entry in page.get("Contents", []):
                body = self._s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read()
                self._keep(entry["Key"], body)

    def land(self, key: str, lines: list[str]) -> None:
        """A file of these lines."""
        body = "\n".join([*lines, ""]).encode()
        self._s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        self._keep(key, body)

    def _keep(self, key: str, body: bytes) -> None:
        path = self._files / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    def run_job(self) -> float:
        """The seconds of a run of the job."""
        return _seconds(lambda: self._command("run-job"))

    def run_duckdb(self) -> float:
        """The seconds of a rebuild by DuckDB."""
        script = HERE / "contestants" / "duckdb_pipeline.py"
        command = [sys.executable, str(script), str(self._files)]
        return _seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))

    def stop(self) -> None:
        """Stop the services; their data stays."""
        self._command("local-warehouse", "down")


def _seconds(act: object) -> float:
    started = time.monotonic()
    act()  # type: ignore[operator]
    return time.monotonic() - started


def _sales(count: int, chance: random.Random) -> list[str]:
    """Lines of one month."""
    return ["createtime,id,product,quan,shop,platform"] + [
        f"2026-06-{chance.randint(1, 28):02},{chance.randint(1, 9 * count)},"
        f"{chance.choice(PRODUCTS)},{chance.randint(1, 9)},Main,{chance.choice(PLATFORMS)}"
        for _ in range(count)
    ]


def _customers(count: int, chance: random.Random) -> list[str]:
    return ["id,customername,gender,age"] + [
        f"{number},Ann {chance.randint(1, 999)},female,{chance.randint(18, 80)}"
        for number in range(count)
    ]


def measure(pipeline: Pipeline, sales: int, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """By situation: the seconds of the job and of DuckDB, a pair a round."""
    chance = random.Random(1)  # noqa: S311 - the same files each time
    taken: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def both(situation: str) -> None:
        taken[situation].append((pipeline.run_job(), pipeline.run_duckdb()))

    pipeline.land_sample(sales)
    both("first run")
    for number in range(rounds):
        both("nothing new")
        pipeline.land(f"shop/data_sales_more_{number}.csv", _sales(sales // 100, chance))
        both("one more file, 1 %")
        pipeline.land("crm/customer_infomation_more.csv", _customers(sales // 1000, chance))
        both("customer file, 1 %")
    return taken


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sales", type=int, default=3_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=HERE / ".work" / "pipeline")
    options = parser.parse_args()
    pipeline = Pipeline(options.work)
    try:
        taken = measure(pipeline, options.sales, options.rounds)
    finally:
        pipeline.stop()
    print(
        f"{options.sales:,} sales, load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores\n"
    )
    print("| run | job, s | DuckDB's rebuild, s | ratio |\n|---|--:|--:|--:|")
    for situation, pairs in taken.items():
        job, duckdb = (statistics.median(side) for side in zip(*pairs, strict=True))
        print(f"| {situation} | {job:.1f} | {duckdb:.1f} | {job / duckdb:.2f} |")


if __name__ == "__main__":
    main()
