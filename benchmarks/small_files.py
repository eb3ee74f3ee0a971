"""Measures our loader on many small files, then again: `python benchmarks/small_files.py`.

The second run has nothing to do. The script runs in the environment that run.py makes, and prints
the cost of each run.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from run import HERE, enter_environment

HEADER = "id,createtime,customer,product,quan,shop,platform,comment\n"
ROWS = 10


def main() -> int:
    """Run the benchmark; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--work", type=Path, default=HERE / ".work", help="for data and tables")
    options = parser.parse_args()
    enter_environment()
    measure(options.files, options.work.resolve())
    return 0


def measure(files: int, work: Path) -> None:
    """Load so many files of ten rows, twice, and print the costs; `work` is for data and tables."""
    from datasets import Dataset
    from local_services import Services
    from ours import Ours

    folder = work / f"small_{files}"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(files):
        (folder / f"data_sales_{number:05}.csv").write_text(_content(number))
    dataset = Dataset("S", folder, folder)
    services = Services(work)
    ours = Ours(work, services)
    try:
        services.put_files(dataset)
        for what in ("all new", "nothing to do"):
            cost = ours.load(dataset, "small")
            print(
                f"{files:,} files, {what}: {cost.error or f'{cost.wall:.1f} s'}, "
                f"{files / cost.wall:,.0f} files/s, {cost.cpu:.1f} CPU s, "
                f"{cost.memory / 1e6:,.0f} MB at the most",
                flush=True,
            )
    finally:
        services.stop()


def _content(number: int) -> str:
    ids = range(number * ROWS, number * ROWS + ROWS)
    lines = (f"{one},2025-01-01,{number},product a1,{one % 9},shop 1,web,gift\n" for one in ids)
    return HEADER + "".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
