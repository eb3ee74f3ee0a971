"""NEW local_warehouse/src/local_warehouse/read_files/scan.py"""

from __future__ import annotations

import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import zstandard

from local_warehouse.read_files.errors import DamagedFile
from local_warehouse.read_files.source import FoundFile


@dataclass(frozen=True)
class Scan:
    """What a `read_files` call becomes in a query.

    `schema` has the columns as they are in the scratch files, before any cast. `sql` is a relation
    in Spark SQL, fit to stand after FROM; `setup` must be run before it and `teardown` after it,
    both are usually empty. `cleanup` removes the scratch files.
    """

    schema: pa.Schema
    sql: str
    setup: list[str] = field(default_factory=list)
    teardown: list[str] = field(default_factory=list)
    cleanup: Callable[[], None] = lambda: None


@contextmanager
def scratch_folder(scratch: Path) -> Iterator[Path]:
    """A new folder, which goes again if an error is raised."""
    scratch.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="read_files_", dir=scratch))
    try:
        yield folder
    except BaseException:
        remove(folder)
        raise


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fetched(path: str) -> Iterator[None]:
    """Say which path it was that is cut off, damaged or out of reach."""
    try:
        yield
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise DamagedFile(path, error) from error


METADATA_TYPE = pa.struct(
    [
        ("file_path", pa.string()),
        ("file_name", pa.string()),
        ("file_size", pa.int64()),
        ("file_block_start", pa.int64()),
        ("file_block_length", pa.int64()),
        ("file_modification_time", pa.timestamp("us", "UTC")),
    ]
)


def metadata_of(file: FoundFile) -> dict[str, object]:
    """The value of `_metadata` for a file whose size and time are known."""
    values = (file.url, file.name, file.size, 0, file.size, file.modified_at)
    return dict(zip([field.name for field in METADATA_TYPE], values, strict=True))


def _parquet(path: Path) -> str:
    return f"parquet.{quoted(str(path))}"


def literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
