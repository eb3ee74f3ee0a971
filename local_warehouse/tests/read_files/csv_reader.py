"""read_files of CSV on local bytes, without an engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from local_warehouse.read_files import FileStorage, read_files

SCHEMA = "c string, d string, e string, _cr string"
RFC = {"multiLine": True, "escape": '"', "header": True}
Row = tuple[str | None, ...]


def ordered(rows: Any) -> list[Row]:
    """Rows as tuples in one order, for comparisons that any order satisfies."""
    return sorted((tuple(row) for row in rows), key=repr)


class CsvReader:
    """Calls read_files on files that it writes into a folder, and gives their rows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scratch = folder / "scratch"
        self.storage = FileStorage(allow_local=True)

    def write(self, data: bytes, name: str = "f.csv") -> str:
        """Write a file and return its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return str(path)

    def rows(self, path: str, **options: Any) -> tuple[list[str], list[Row]]:
        """The names of the columns, and the rows, of what a path means under some options."""
        named = {"format": "csv", "schema": SCHEMA, "columnNameOfCorruptRecord": "_cr", **options}
        if named["schema"] == "":
            del named["schema"]
        scan = read_files(path, named, storage=self.storage, scratch=self.scratch)
        try:
            assert not scan.setup, "parsed here, so nothing is declared to the engine"
            names = scan.schema.names
            found: list[Row] = []
            for part in sorted(self.scratch.rglob("rows.parquet")):
                table = pq.read_table(part)
                assert table.schema.equals(scan.schema)
                found += [tuple(row.values()) for row in table.to_pylist()]
            return names, found
        finally:
            scan.cleanup()
            assert list(self.scratch.iterdir()) == []
