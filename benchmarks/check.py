"""Holds a landed table against the truth: rows that are not there, and cells that are wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.dataset as pads
from datasets import COLUMNS


@dataclass(frozen=True)
class Verdict:
    """`rows` of `truth` rows landed; `lost` and `wrong` are rows and cells that should differ."""

    truth: int
    rows: int
    lost: int
    wrong: int


def check(landed: pads.Dataset, truth: Path) -> Verdict:
    """An empty cell and NULL are the same here, as CSV has one spelling for both."""
    connection = duckdb.connect()
    connection.register("landed", landed)
    names = {name.lower(): name for name in landed.schema.names}
    wrong = " + ".join(
        f"(coalesce(t.{name}, '') <> coalesce(l.\"{names[name]}\"::varchar, ''))::int"
        if name in names
        else f"(coalesce(t.{name}, '') <> '')::int"
        for name in COLUMNS
    )
    found = connection.execute(
        f'select count(*), count(l."{names["id"]}"), sum(case when l."{names["id"]}" is null'  # noqa: S608
        f" then 0 else {wrong} end) from '{truth}' as t left join landed as l"
        f' on t.id = l."{names["id"]}"::varchar'
    ).fetchone()
    rows = connection.execute("select count(*) from landed").fetchone()
    assert found is not None and rows is not None  # noqa: S101
    total, matched, cells = found
    return Verdict(int(total), int(rows[0]), int(total - matched), int(cells or 0))
