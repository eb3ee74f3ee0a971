"""Measures whole runs of the job, side by side with a DuckDB script that rebuilds everything.

    python benchmarks/pipeline.py                  # 3,000,000 sales, three rounds
    python benchmarks/pipeline.py --growth         # +30,000 sales at 1 and at 10 million
    python benchmarks/pipeline.py --sales 20000    # the sample

Lands the sample in those sizes, and measures in turns: the first run; then, each round, a run with
nothing new, with one more file of 1 % of the sales, and with a customer file of 1 % of the
customers, whose every line changes. Beside each, `contestants/duckdb_pipeline.py` reads all files,
checks, joins and aggregates them, without S3, Delta or a log. Prints the medians of wall seconds
and of processor seconds, those of the job and of the services that run its statements, with their
ratios; processor seconds hold when something else runs on the machine.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from run import enter_environment

if TYPE_CHECKING:
    from measure import Cost
    from project_runs import Pipeline

HERE = Path(__file__).resolve().parent
GROWTH = (1_000_000, 10_000_000)
ADDED = 30_000


def measure_runs(pipeline: Pipeline, sales: int, rounds: int) -> dict[str, list[tuple[Cost, Cost]]]:
    """By situation: the cost of the job and of DuckDB, a pair a round."""
    from project_runs import customer_lines, sale_lines

    chance = random.Random(1)  # noqa: S311 - the same files each time
    taken: dict[str, list[tuple[Cost, Cost]]] = defaultdict(list)

    def both(situation: str) -> None:
        taken[situation].append((pipeline.run_job(), pipeline.run_duckdb()))
        _say(situation, taken[situation][-1])

    def land_customers() -> None:
        pipeline.land("crm/customer_infomation_more.csv", customer_lines(sales // 1000, chance))

    pipeline.land_sample(sales)
    land_customers()
    both("first run")
    for number in range(rounds):
        both("nothing new")
        pipeline.land(
            f"shop/data_sales_more_{number}.csv", sale_lines(sales // 100, sales // 10, chance)
        )
        both("one more file, 1 %")
        land_customers()
        both("changed customer file, 1 %")
    return taken


def measure_growth(work: Path, rounds: int) -> dict[str, list[tuple[Cost, Cost]]]:
    """The same of a file of ADDED sales, in a project of each of the sizes GROWTH."""
    from project_runs import Pipeline, sale_lines

    taken: dict[str, list[tuple[Cost, Cost]]] = defaultdict(list)
    for sales in GROWTH:
        chance = random.Random(1)  # noqa: S311 - the same files each time
        pipeline = Pipeline(work)
        try:
            pipeline.land_sample(sales)
            _say(f"first run of {sales:,}", (pipeline.run_job(), pipeline.run_duckdb()))
            for number in range(rounds):
                pipeline.land(
                    f"shop/data_sales_more_{number}.csv", sale_lines(ADDED, sales // 10, chance)
                )
                situation = f"{ADDED:,} more to {sales:,}"
                taken[situation].append((pipeline.run_job(), pipeline.run_duckdb()))
                _say(situation, taken[situation][-1])
        finally:
            pipeline.stop()
    return taken


def _say(situation: str, pair: tuple[Cost, Cost]) -> None:
    job, duckdb = pair
    print(
        f"{situation}: job {job.wall:.1f} s, {job.cpu:.1f} CPU s, {job.memory >> 20:,} MB; "
        f"DuckDB {duckdb.wall:.1f} s, {duckdb.cpu:.1f} CPU s; load {os.getloadavg()[0]:.1f}",
        file=sys.stderr, flush=True,
    )  # fmt: skip


def print_table(taken: dict[str, list[tuple[Cost, Cost]]]) -> None:
    """Print the medians."""
    print(
        "| run | job, s | DuckDB, s | ratio | job, CPU s | its services | DuckDB, CPU s | ratio "
        "| job, peak MB |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    )
    for situation, pairs in taken.items():
        sides = list(zip(*pairs, strict=True))
        wall = [statistics.median(cost.wall for cost in side) for side in sides]
        cpu = [statistics.median(cost.cpu for cost in side) for side in sides]
        services = statistics.median(job.services for job, _ in pairs)
        memory = max(job.memory for job, _ in pairs) >> 20
        print(
            f"| {situation} | {wall[0]:.1f} | {wall[1]:.1f} | {wall[0] / wall[1]:.2f} "
            f"| {cpu[0]:.1f} | {services:.1f} | {cpu[1]:.1f} | {cpu[0] / cpu[1]:.2f} "
            f"| {memory:,} |"
        )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sales", type=int, default=3_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--growth", action="store_true", help="measure growth, in place of --sales")
    parser.add_argument("--work", type=Path, default=HERE / ".work" / "pipeline")
    options = parser.parse_args()
    enter_environment()
    from project_runs import Pipeline

    if options.growth:
        taken = measure_growth(options.work, options.rounds)
    else:
        pipeline = Pipeline(options.work)
        try:
            taken = measure_runs(pipeline, options.sales, options.rounds)
        finally:
            pipeline.stop()
    sizes = "growth" if options.growth else f"{options.sales:,} sales"
    print(f"{sizes}, load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores\n")
    print_table(taken)


if __name__ == "__main__":
    main()
