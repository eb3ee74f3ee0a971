"""The table function `read_files`: files to relations that the engine can read.

`read_files` and `read_many` return a `Scan`; `with_inferred_types` types one that has no schema.
Here is what all formats need: errors, options' values, globs, finding and decoding files, the scan.
`csv/` reads CSV, of which large files go to the engine as they are; `rows/` reads JSON, Parquet,
text and binary files row by row. Nothing here knows the SQL server.
"""

from collections.abc import Mapping
from pathlib import Path

from local_warehouse.read_files.csv.many_files import read_many
from local_warehouse.read_files.csv.relation import read_csv_files
from local_warehouse.read_files.csv.type_inference import with_inferred_types
from local_warehouse.read_files.errors import (
    InvalidOption,
    MalformedRecord,
    PathNotFound,
    ReadFilesError,
    UnsupportedOption,
)
from local_warehouse.read_files.file_storage import FileStorage
from local_warehouse.read_files.option_values import OptionValue
from local_warehouse.read_files.rows.row_files import read_row_files
from local_warehouse.read_files.rows.row_options import FORMATS
from local_warehouse.read_files.scan import Scan

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
    "with_inferred_types",
]


def read_files(
    path: str,
    options: Mapping[str, OptionValue],
    *,
    storage: FileStorage,
    scratch: Path,
    with_metadata: bool = False,
) -> Scan:
    """Read the files of a path as the table function of the same name does.

    `path` is an object's URL, a folder's or a Hadoop glob; `options` are the named arguments.
    The parsed rows go to a new folder under `scratch`. With `with_metadata` the last column is
    the struct `_metadata`. Raises ReadFilesError, and what `storage` raises.
    https://docs.databricks.com/aws/en/sql/language-manual/functions/read_files
    """
    file_format = str(options.get("format") or "csv").lower()
    read = read_row_files if file_format in FORMATS else read_csv_files
    return read(path, options, storage=storage, scratch=scratch, with_metadata=with_metadata)
