"""read_files over the connector, for the tests of its formats."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def read(warehouse: Any, url: str, options: str, columns: str = "*") -> list[dict[str, Any]]:
    """The rows that read_files gives of the files at a URL, in the order in which they come."""
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"select {columns} from read_files('{url}', {options})")
        return list(cursor.fetchall_arrow().to_pylist())


def parquet_file(**columns: Any) -> bytes:
    """The bytes of a Parquet file with these columns."""
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()
