"""A scratch file of rows in Parquet, for the engine to read."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

_ROW_GROUP_BYTES = 16 * 1024 * 1024


class ParquetRows:
    """A Parquet file of tables of one schema, which several threads may write.

    Small tables are written together, as a row group each would cost more than its rows.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._schema = schema
        self._writer: Any = None
        self._tables: list[pa.Table] = []
        self._bytes = 0
        self._lock = Lock()

    def write(self, table: pa.Table) -> None:
        """Add a table of the file's schema."""
        with self._lock:
            self._tables.append(table)
            self._bytes += table.nbytes
            if self._bytes > _ROW_GROUP_BYTES:
                self._flush()

    def _flush(self) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(  # whose bounds would know nothing of NaN
                self._path,
                self._schema,
                compression="none",
                use_dictionary=False,
                write_statistics=False,
            )
        if self._tables:
            self._writer.write_table(pa.concat_tables(self._tables))
            self._tables, self._bytes = [], 0

    def finish(self) -> Path:
        """Close the file and return its path; it exists even if it has no row."""
        self._flush()
        self.close()
        return self._path

    def finish_if_any(self) -> Path | None:
        """Do as `finish`, or return None and make no file where nothing was written."""
        return self.finish() if self._writer is not None or self._tables else None

    def close(self) -> None:
        """Close what was written, which is not whole without `finish`."""
        if self._writer is not None:
            self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
