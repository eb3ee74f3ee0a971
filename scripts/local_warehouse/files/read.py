"""`read_files` for every format: the entry point of this package."""

from collections.abc import Mapping
from pathlib import Path

from .options import OptionValue
from .row_files import read_row_files
from .row_options import FORMATS
from .scan import Scan, read_csv_files
from .storage import Storage


def read_files(
    path: str,
    options: Mapping[str, OptionValue],
    *,
    storage: Storage,
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
