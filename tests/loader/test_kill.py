"""`kill -9` at any moment of a run: the next run leaves every row in bronze exactly once.

By default 50 loaders are killed; LOADER_KILLS=500 kills more.
"""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from forked_loader import Forker
from landing_place import Place

KILLS = int(os.environ.get("LOADER_KILLS", "50"))
ATTEMPTS = 3  # so many for each kill at most: a run may end just before its kill
LANES = 3  # so many at the same time, each with a landing place and a schema of its own
FILES = 6
OPTIONS = ("--max-statement-files", "1", "--lease-seconds", "1")


class Lane:
    """A landing place whose files change, a loader that is killed, and one that finishes."""

    def __init__(self, place: Place, seed: int, output: Path) -> None:
        self.place = place
        self.random = random.Random(seed)  # noqa: S311
        self.files: dict[str, list[tuple[str, ...]]] = {}
        self.errors: list[BaseException] = []
        self.killed = 0
        self.columns = 0
        self.idle = self.whole = 0.0  # seconds of a run with nothing to do, and of one that loads
        settings = {
            "LANDING_URL": f"s3://landing/{place.prefix}",
            "BRONZE_SCHEMA": place.schema,
        }
        self.loader = Forker(place.lakehouse.env | settings, output)

    def change(self, round_number: int) -> None:
        """New files, files replaced by longer, shorter and empty ones, files gone, new columns."""
        again = self.random.sample(range(FILES), k=2)
        for number in self.random.sample([*again, FILES + round_number], k=3):
            name = f"customer_infomation_{number}.csv"
            if name in self.files and self.random.random() < 0.1:
                self.place.delete(name)
                continue  # its rows stay
            rows = [
                (f"{round_number}-{number}-{row % 7}", "same", "F", str(row % 3))
                for row in range(self.random.choice([0, 1, 5, 40]))
            ]
            extra = ""
            if self.random.random() < 0.3:
                self.columns += 1
                extra = f",extra_{self.columns}"
            header = f"id,customername,gender,age{extra}\n"
            # A row that no two uploads share, so that no file is a duplicate of another.
            rows.append((f"{round_number}.{number}", "last", "M", "9"))
            lines = [",".join(row) + (",x" if extra else "") + "\n" for row in rows]
            self.place.put(name, (header + "".join(lines)).encode())
            self.files[name] = [(*row, extra and f"{extra}=x") for row in rows]

    def moment(self) -> float:
        """When to kill: a quarter while a run starts, the others from there to its end."""
        if self.random.random() < 0.25:
            return self.random.uniform(0, self.idle)
        return self.random.uniform(0.8 * self.idle, self.whole)

    def run(self, kills: int) -> None:
        try:
            self.change(0)
            self.loader.run(OPTIONS)
            self.idle = self.loader.run(OPTIONS).seconds
            self.change(1)
            self.whole = self.loader.run(OPTIONS).seconds
            for number in range(2, 2 + ATTEMPTS * kills):
                if self.killed == kills:
                    break
                self.change(number)
                ended = self.loader.run(OPTIONS, kill_after=self.moment())
                if ended.code != -9:
                    assert ended.code == 0, ended.output
                    self.compare()
                    self.whole = ended.seconds
                    continue
                self.killed += 1
                if waits := self.random.random() < 0.3:
                    ended = self.loader.run((*OPTIONS, "--wait"))
                else:
                    # Someone knows that it is dead: the next one starts while the warehouse may
                    # still be at work on the dead one's last statement.
                    self.place.end_lease()
                    ended = self.loader.run(OPTIONS)
                assert ended.code == 0, ended.output
                self.compare()
                if not waits:
                    self.whole = 0.7 * self.whole + 0.3 * ended.seconds  # as busy as it is now
        except BaseException as error:
            self.errors.append(error)
        finally:
            self.loader.close()

    def compare(self) -> None:
        """Every row of bronze against the files, and the log against both."""
        rows = self.place.sql("select * from bronze.customers")
        start = len(f"s3://landing/{self.place.prefix}/")
        found = Counter(
            (
                row["_source_file"][start:],
                *(row[name] for name in ("id", "customername", "gender", "age")),
                "".join(f",{k}={v}" for k, v in row.items() if k.startswith("extra_") and v),
            )
            for row in rows
        )
        wanted = Counter((name, *row) for name, rows in self.files.items() for row in rows)
        assert found == wanted
        held = Counter((row["_source_file"], row["_source_etag"]) for row in rows)
        logged: dict[str, Any] = {}
        for entry in self.place.log():
            logged[entry["source_file"]] = entry
        assert held == {
            (url, entry["source_etag"]): entry["row_count"] for url, entry in logged.items()
        }


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_rows_are_there_exactly_once_after_a_kill_at_any_moment(
    lakehouse: Any, tmp_path: Path
) -> None:
    lanes = [
        Lane(Place(lakehouse, f"kill_{n}", f"kill_{n}"), seed=n, output=tmp_path / f"{n}.log")
        for n in range(LANES)
    ]
    share = [KILLS // LANES + (n < KILLS % LANES) for n in range(LANES)]
    threads = [
        threading.Thread(target=lane.run, args=(kills,))
        for lane, kills in zip(lanes, share, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for lane in lanes:
        if lane.errors:
            raise lane.errors[0]
    assert sum(lane.killed for lane in lanes) == KILLS
