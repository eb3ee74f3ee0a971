"""Many `read_files` calls that differ in their path alone, as one relation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa

from local_warehouse.read_files.csv.relation import CsvRelation, csv_options, open_files
from local_warehouse.read_files.file_storage import FileStorage
from local_warehouse.read_files.option_values import OptionValue
from local_warehouse.read_files.scan import Scan, reporting_damage, scratch_folder

THREADS = 8


def read_many(
    paths: Sequence[str],
    options: Mapping[str, OptionValue],
    constants: Mapping[str, Sequence[str | int]],
    casts: Mapping[str, str],
    *,
    storage: FileStorage,
    scratch: Path,
) -> Scan:
    """Read the rows of all paths, each with the constants of its path in columns of those names.

    `constants` has a value a path. `casts` are the SQL types that constants are cast to. The
    options must have a schema. The engine has one scan for the records of all files that it parses
    itself, and one for all others. Raises as `read_files` does.
    """
    settings = csv_options(options)
    columns = {name: pa.array(values, _type(values)) for name, values in constants.items()}
    with (
        scratch_folder(scratch) as folder,
        CsvRelation(folder, settings, numbered=bool(columns)) as relation,
    ):

        def read(number: int) -> None:
            with reporting_damage(paths[number]):
                for _, opened in open_files(paths[number], settings, storage):
                    relation.add(opened, number, share=len(paths))

        with ThreadPoolExecutor(THREADS, "read_files") as pool:
            for _ in pool.map(read, range(len(paths))):
                pass
        return relation.scan(pa.table(columns) if columns else None, casts)


def _type(values: Sequence[str | int]) -> pa.DataType:
    """The type that SQL gives to literals of these values."""
    if isinstance(values[0], str):
        return pa.string()
    return pa.int32() if all(int(value) < 2**31 for value in values) else pa.int64()
