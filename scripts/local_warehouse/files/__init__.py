"""The table function `read_files` for the local warehouse: files to relations for the engine.

Knows nothing of the SQL server. See `read_files` for the entry point and `Scan` for its result.
"""

from .errors import (
    InvalidOption,
    MalformedRecord,
    PathNotFound,
    ReadFilesError,
    UnsupportedOption,
)
from .many import read_many
from .options import OptionValue
from .read import read_files
from .scan import Scan
from .storage import Storage

__all__ = [
    "InvalidOption",
    "MalformedRecord",
    "OptionValue",
    "PathNotFound",
    "ReadFilesError",
    "Scan",
    "Storage",
    "UnsupportedOption",
    "read_files",
    "read_many",
]
