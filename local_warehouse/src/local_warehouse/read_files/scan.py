"""The result of `read_files`, its scratch files, and the SQL that names them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import zstandard
from zlib_ng import zlib_ng

from local_warehouse.read_files.errors import DamagedFile
from local_warehouse.read_files.file_storage import FoundFile

_GZIP_ERROR: type[Exception] = zlib_ng.error  # type: ignore[assignment]  # by its stub an instance


@dataclass(frozen=True)
class Scan:
    """A relation that stands for a `read_files` call in a query.

    `schema` has the columns as they are in the scratch files, before any cast. `sql` is Spark SQL
    that can stand after FROM. The statements of `setup` must be run before it and those of
    `teardown` after it; both are usually empty. `cleanup` removes the scratch files.
    """

    schema: pa.Schema
    sql: str
    setup: list[str] = field(default_factory=list)
    teardown: list[str] = field(default_factory=list)
    cleanup: Callable[[], None] = lambda: None


@contextmanager
def scratch_folder(scratch: Path) -> Iterator[Path]:
    """Make a new folder below `scratch`, and remove it if an error is raised inside."""
    scratch.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="read_files_", dir=scratch))
    try:
        yield folder
    except BaseException:
        remove(folder)
        raise


def remove(folder: Path) -> None:
    """Delete a folder with all that is in it; what cannot be deleted stays."""
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def reporting_damage(path: str) -> Iterator[None]:
    """Turn errors of reading and decompressing inside into DamagedFile, which names the path."""
    try:
        yield
    except (OSError, EOFError, _GZIP_ERROR, zstandard.ZstdError) as error:
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


def parquet_relation(path: Path) -> str:
    """A Parquet file as a relation of Spark SQL."""
    return f"parquet.{quoted(str(path))}"


def literal(text: str) -> str:
    """A text as a literal of Spark SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quoted(name: str) -> str:
    """A name as an identifier of Spark SQL, in backticks."""
    return "`" + name.replace("`", "``") + "`"
