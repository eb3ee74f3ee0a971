"""Text files, whose rows are lines or whole files, and binary files, each of which is one row."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from local_warehouse.read_files.file_storage import FoundFile
from local_warehouse.read_files.rows.row_source import RowSource, batches

_BINARY = pa.schema(
    [
        ("path", pa.string()),
        ("modificationTime", pa.timestamp("us", "UTC")),
        ("length", pa.int64()),
        ("content", pa.binary()),
    ]
)


class TextSource(RowSource):
    """Files of `format => 'text'`."""

    def schema(self, files: list[FoundFile]) -> pa.Schema:
        """One column, `value`."""
        return pa.schema([("value", pa.string())])

    def tables(self, file: FoundFile, schema: pa.Schema) -> Iterator[pa.Table]:
        """A row for each line, or one for the file with `wholeText`."""
        for batch in batches(self._texts(file, self._options.whole_text)):
            yield pa.table([pa.array(batch, pa.string())], schema=schema)


class BinarySource(RowSource):
    """Files of `format => 'binaryFile'`."""

    def schema(self, files: list[FoundFile]) -> pa.Schema:
        """The columns of the format, which are always the same."""
        return _BINARY

    def tables(self, file: FoundFile, schema: pa.Schema) -> Iterator[pa.Table]:
        """One row, whose content is held in memory."""
        content = b"".join(self._storage.read(file))
        row = [[file.url], [file.modified_at], [file.size], [content]]
        yield pa.table(
            [pa.array(v, f.type) for v, f in zip(row, schema, strict=True)], schema=schema
        )
