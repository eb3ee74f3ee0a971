"""Runs the benchmark and writes docs/benchmarks.md: `python benchmarks/run.py --scale 0.25`.

This script and the contestants run in an environment of their own under benchmarks/.venv, which
the first call makes; our loader runs in the project's.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE / ".venv"
PEERS = (
    "raw_bytes", "duckdb_delta", "polars_delta", "pyarrow_delta", "dlt_delta", "floe_delta",
    "spark_parquet",
)  # fmt: skip


def main() -> int:
    """Run the benchmark; returns its exit code."""
    options = _options()
    enter_environment()
    measure(options)
    return 0


def enter_environment() -> None:
    """Start this script again in the environment of the peers, which is made if it is not there, or
    was not made to its end."""
    python = ENVIRONMENT / "bin" / "python"
    is_made = ENVIRONMENT / "is_made"
    if Path(sys.prefix).resolve() == ENVIRONMENT.resolve():
        return
    if not is_made.exists():
        venv.create(ENVIRONMENT, with_pip=True)
        install = [str(python), "-m", "pip", "install", "-q", "-r"]
        subprocess.run([*install, str(HERE / "requirements.txt")], check=True)
        is_made.touch()
    os.execv(python, [str(python), *sys.argv])  # noqa: S606


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="gigabytes a data set")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--storage",
        choices=("s3", "local"),
        default="s3",
        help="where the peers read and write; ours always uses S3",
    )
    parser.add_argument("--datasets", default="ABCDE")
    parser.add_argument("--contestants", default=",".join(("ours", *PEERS)))
    parser.add_argument(
        "--once", default="dlt_delta,spark_parquet", help="contestants for the first round only"
    )
    parser.add_argument("--work", type=Path, default=HERE / ".work", help="for data and tables")
    parser.add_argument("--report", type=Path, default=HERE.parent / "docs" / "benchmarks.md")
    return parser.parse_args()


def measure(options: argparse.Namespace) -> None:
    """Run all rounds, and write the page after each data set; the first also checks the rows."""
    import report
    from check import check
    from datasets import make
    from local_services import PLACES, Services
    from ours import Ours
    from peers import Peer, RawBytes

    work: Path = options.work.resolve()
    made = make(work / f"data_{options.scale}", options.scale)
    services = Services(work)
    contestants: list[Ours | Peer] = []
    for name in options.contestants.split(","):
        kind = RawBytes if name == "raw_bytes" else Peer
        ours = name == "ours"
        contestants.append(
            Ours(work, services) if ours else kind(name, work, services, options.storage)
        )
    chosen = [name for name in made if name in options.datasets]
    results = {
        name: {one.name: report.Measurements(one.storage) for one in contestants} for name in chosen
    }
    for name in {PLACES.get(name, name) for name in chosen}:
        services.put_files(made[name])
    sizes = {name: made[name].size for name in chosen}
    command = (
        f"python benchmarks/run.py --scale {options.scale} --rounds {options.rounds} "
        f"--storage {options.storage}"
    )
    for number in range(options.rounds):
        for name in chosen:
            if name in PLACES:
                services.put_files(made[name])
            for one in contestants:
                measured = results[name][one.name]
                if measured.error or (number and one.name in options.once.split(",")):
                    continue
                table = f"bench_{'c' if name == 'E' else name.lower()}_{number}"
                cost = one.load(made[name], table)
                measured.error = cost.error
                if cost.error is None:
                    measured.costs.append(cost)
                    if number == 0 and (rows := one.rows(table)) is not None:
                        measured.verdict = check(rows, made[name].truth)
                shown = cost.error or f"{cost.wall:.1f} s"
                print(f"round {number + 1} {name} {one.name}: {shown}", flush=True)
                if name == "E" or (name == "C" and "E" not in chosen) or name in "ABD":
                    one.clear(table)
            services.remove_new_file(made[name])
            report.write(options.report, results, sizes, options.rounds, command)
    services.stop()


if __name__ == "__main__":
    raise SystemExit(main())
