"""The table function `read_files` for the local warehouse: files to relations for the engine.

Knows nothing of the SQL server. See `read_files` for the entry point and `Scan` for its result.
"""

from collections.abc import Mapping
from pathlib import Path

from local_warehouse.read_files.csv.many import read_many
from local_warehouse.read_files.csv.relation import read_csv_files
from local_warehouse.read_files.errors import (
    InvalidOption,
    MalformedRecord,
    PathNotFound,
    ReadFilesError,
    UnsupportedOption,
)
from local_warehouse.read_files.options import OptionValue
from local_warehouse.read_files.rows.formats import read_row_files
from local_warehouse.read_files.rows.options import FORMATS
from local_warehouse.read_files.scan import Scan
from local_warehouse.read_files.source import FileStorage

__all__ = [
    "FileStorage",
    "InvalidOption",
    "MalformedRecord",
    "OptionValue",
    "PathNotFound",
    "ReadFilesError",
    "Scan",
    "UnsupportedOption",
    "read_files",
    "read_many",
]


def read_files(
    path: str,
    options: Mapping[str, OptionValue],
    *,
    storage: FileStorage,
    scratch: Path,
    with_metadata: bool = False,
) -> Scan:
    """Reads the files of a path as the table function of the same name would.

    `path` is an object's URL, a folder's or a Hadoop glob; `options` are the named arguments.
    The parsed rows go to a new folder under `scratch`. With `with_metadata` the last column is
    the struct `_metadata`. Raises `ReadFilesError`, and what the storage raises.
    """
    file_format = str(options.get("format") or "csv").lower()
    read = read_row_files if file_format in FORMATS else read_csv_files
    return read(path, options, storage=storage, scratch=scratch, with_metadata=with_metadata)
