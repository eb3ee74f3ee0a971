"""Makes the data sets of the benchmark, each with its truth.

Every row has an id of its own, so that a loaded table can be compared with the truth cell by cell.
The same scale gives the same bytes.
"""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

COLUMNS = ("id", "createtime", "customer", "product", "quan", "shop", "platform", "comment")
GB = 1_000_000_000
CHUNK_ROWS = 100_000
FILES = 500
PRODUCTS = [f"product {letter}{n}" for letter in "abcdefgh" for n in range(40)]
PLATFORMS = ["web", "store", "phone", "partner"]
COMMENTS = ["", "gift", "call before delivery", "second attempt", "paid in advance; fragile"]
# Kinds of rows in B by their share of all, cumulative: with a quoted line end, a field too few, a
# field too many, a stray quote.
TWO_LINES, SHORT, LONG, STRAY = 0.2, 0.205, 0.21, 0.211


@dataclass(frozen=True)
class Dataset:
    """A data set: its files are in `folder`, their true rows in the Parquet file `truth`."""

    name: str
    folder: Path
    truth: Path
    careful: bool = False  # whether readers must be told to expect broken records

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(path.stat().st_size for path in self.folder.iterdir())


def make(root: Path, scale: float) -> dict[str, Dataset]:
    """Data sets A to E by name, written under `root` if not there; `scale` is in gigabytes."""
    made = {}
    for name in "ABCDE":
        one = Dataset(name, root / name, root / f"{name}.parquet", careful=name == "B")
        if not one.truth.exists():
            shutil.rmtree(one.folder, ignore_errors=True)
            one.folder.mkdir(parents=True)
            _MAKERS[name](one, scale, made)
        made[name] = one
    return made


def _clean(one: Dataset, scale: float, made: dict[str, Dataset]) -> None:
    _write([(one.folder / "data_sales_1.csv", int(scale * GB), 0)], one.truth)


def _dirty(one: Dataset, scale: float, made: dict[str, Dataset]) -> None:
    _write([(one.folder / "data_sales_1.csv", int(scale * GB), 0)], one.truth, dirty=True)


def _many(one: Dataset, scale: float, made: dict[str, Dataset]) -> None:
    size = int(scale * GB / FILES)
    files = [(one.folder / f"data_sales_{n:04}.csv", size, n % 5) for n in range(FILES)]
    _write(files, one.truth)


def _packed(one: Dataset, scale: float, made: dict[str, Dataset]) -> None:
    (plain,) = made["A"].folder.iterdir()
    with plain.open("rb") as source, gzip.open(one.folder / f"{plain.name}.gz", "wb", 1) as packed:
        shutil.copyfileobj(source, packed, 1 << 20)
    one.truth.hardlink_to(made["A"].truth)


def _one_more(one: Dataset, scale: float, made: dict[str, Dataset]) -> None:
    """C, and one more file, which comes after C was loaded."""
    for path in made["C"].folder.iterdir():
        (one.folder / path.name).hardlink_to(path)
    more = one.truth.with_suffix(".more")
    path = one.folder / f"data_sales_{FILES:04}.csv"
    _write([(path, int(scale * GB / FILES), 0)], more, first_id=10**9)
    with pq.ParquetWriter(one.truth, _schema()) as writer:
        for truth in (made["C"].truth, more):
            for batch in pq.ParquetFile(truth).iter_batches():
                writer.write_batch(batch)
    more.unlink()


_MAKERS = {"A": _clean, "B": _dirty, "C": _many, "D": _packed, "E": _one_more}


def _schema() -> pa.Schema:
    return pa.schema([(name, pa.string()) for name in COLUMNS])


def _write(
    files: list[tuple[Path, int, int]], truth: Path, *, dirty: bool = False, first_id: int = 0
) -> None:
    """Write files, given as (path, bytes, header variant), and their truth."""
    with pq.ParquetWriter(truth, _schema()) as writer:
        for path, size, variant in files:
            with path.open("wb") as file:
                file.write(_header(variant))
                while (left := size - file.tell()) > 0:
                    rows = max(1, min(CHUNK_ROWS, left // 70))
                    table, kind = _rows(first_id, rows, dirty)
                    first_id += rows
                    file.write(_lines(table, kind, variant))
                    if variant == 4:
                        nothing = pa.nulls(rows, pa.string())
                        table = table.set_column(COLUMNS.index("platform"), "platform", nothing)
                    writer.write_table(table)


def _header(variant: int) -> bytes:
    names = list(_fields(variant))
    if variant == 2:
        names = [name.upper() for name in names]
    return (",".join(names) + "\n").encode()


def _fields(variant: int) -> Iterator[str]:
    """The columns of a variant: 0, 2 as declared, 1 reversed, 3 with one more, 4 with one less."""
    for name in reversed(COLUMNS) if variant == 1 else COLUMNS:
        if not (variant == 4 and name == "platform"):
            yield name
    if variant == 3:
        yield "coupon"


def _rows(first_id: int, rows: int, dirty: bool) -> tuple[pa.Table, np.ndarray]:
    """The true values of rows, and for each row a number from 0 to 1 that gives its kind."""
    random = np.random.default_rng([first_id, dirty])

    def text(values: np.ndarray) -> pa.Array:
        return pa.array(values).cast(pa.string())

    def chosen(values: list[str]) -> pa.Array:
        return pa.array(values).take(pa.array(random.integers(len(values), size=rows)))

    ids = np.arange(first_id, first_id + rows)
    days = pa.array(random.integers(20_000, 20_700, size=rows).astype("datetime64[D]"))
    kind = random.random(rows) if dirty else np.ones(rows)
    comment = chosen(COMMENTS)
    if dirty:
        comment = pc.if_else(kind < TWO_LINES, 'left at the door,\nsaid "thanks"', comment)
        comment = pc.if_else((kind >= LONG) & (kind < STRAY), '6" pipe', comment)
        comment = pc.if_else((kind >= TWO_LINES) & (kind < SHORT), pa.scalar(None, pa.string()),
                             comment)  # fmt: skip
    columns = [
        text(ids),
        days.cast(pa.string()),
        text(random.integers(1_000_000, size=rows)),
        chosen(PRODUCTS),
        text(random.integers(1, 100, size=rows)),
        pc.binary_join_element_wise("shop", text(random.integers(500, size=rows)), " "),
        chosen(PLATFORMS),
        comment,
    ]
    return pa.Table.from_arrays(columns, names=list(COLUMNS)), kind


def _lines(table: pa.Table, kind: np.ndarray, variant: int) -> bytes:
    written = {name: table[name].combine_chunks() for name in COLUMNS}
    end: pa.Array | str = "\n"
    if kind.min() < 1:
        quoted = pc.replace_substring(written["comment"], '"', '""')
        quoted = pc.binary_join_element_wise('"', quoted, '"', "")
        written["comment"] = pc.if_else(kind < TWO_LINES, quoted, written["comment"])
        end = pc.if_else((kind >= SHORT) & (kind < LONG), ",more\n", "\n")
    written["coupon"] = pa.array([""] * table.num_rows)
    fields = [written[name] for name in _fields(variant)]
    lines = pc.binary_join_element_wise(*fields, ",", null_handling="skip")
    return "".join(pc.binary_join_element_wise(lines, end, "").to_pylist()).encode()
