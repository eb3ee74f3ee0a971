"""Compares a loaded table with the truth: rows that are missing, and cells that are wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.dataset as pads
from datasets import COLUMNS


@dataclass(frozen=True)
class Verdict:
    """Numbers of rows: true ones, loaded ones, `lost` ones; `wrong` counts cells of loaded rows."""

    truth: int
    rows: int
    lost: int
    wrong: int


def check(loaded: pads.Dataset, truth: Path) -> Verdict:
    """Compare by id, cell by cell. An empty cell equals NULL, as CSV writes both the same way."""
    connection = duckdb.connect()
    connection.register("loaded", loaded)
    names = {name.lower(): name for name in loaded.schema.names}
    wrong = " + ".join(
        f"(coalesce(t.{name}, '') <> coalesce(l.\"{names[name]}\"::varchar, ''))::int"
        if name in names
        else f"(coalesce(t.{name}, '') <> '')::int"
        for name in COLUMNS
    )
    found = connection.execute(
        f'select count(*), count(l."{names["id"]}"), sum(case when l."{names["id"]}" is null'  # noqa: S608
        f" then 0 else {wrong} end) from '{truth}' as t left join loaded as l"
        f' on t.id = l."{names["id"]}"::varchar'
    ).fetchone()
    rows = connection.execute("select count(*) from loaded").fetchone()
    assert found is not None and rows is not None  # noqa: S101
    total, matched, cells = found
    return Verdict(int(total), int(rows[0]), int(total - matched), int(cells or 0))
