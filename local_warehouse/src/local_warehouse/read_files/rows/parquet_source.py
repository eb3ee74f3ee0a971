"""Parquet files, of which each is copied, as it is not read from front to end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from local_warehouse.read_files.errors import DamagedFile, ReadFilesError
from local_warehouse.read_files.file_storage import FoundFile
from local_warehouse.read_files.rows.parquet_types import spark_type
from local_warehouse.read_files.rows.row_source import BATCH_ROWS, RowSource

_MOMENT = pa.timestamp("us", "UTC")


class ParquetSource(RowSource):
    """Files of `format => 'parquet'`, whose columns are found by name, whatever its case."""

    def schema(self, files: list[FoundFile]) -> pa.Schema:
        """The given schema, else the union of those of all files."""
        if self._options.schema is not None:
            return self._options.schema
        schemas = []
        for file in files:
            with _reporting_damage(file):
                schemas.append(self._columns(file))
        try:
            found = pa.unify_schemas(schemas, promote_options="permissive")
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise ReadFilesError(f"read_files: the files have no common schema: {error}") from error
        return self._with_rescued(found)

    def tables(self, file: FoundFile, schema: pa.Schema) -> Iterator[pa.Table]:
        """The rows of a file; columns that it does not have are NULL."""
        with _reporting_damage(file), self._open(file) as opened:
            for batch in opened.iter_batches(BATCH_ROWS):
                table = pa.Table.from_batches([batch])
                names = {name.lower(): name for name in table.column_names}
                columns = [
                    table[names[field.name.lower()]].cast(field.type)
                    if field.name.lower() in names
                    else pa.nulls(table.num_rows, field.type)
                    for field in schema
                ]
                yield pa.table(columns, schema=schema)

    def _open(self, file: FoundFile) -> pq.ParquetFile:
        return pq.ParquetFile(self._local(file), coerce_int96_timestamp_unit="us")

    def _columns(self, file: FoundFile) -> pa.Schema:
        with self._open(file) as opened:
            leaves = [opened.schema.column(i) for i in range(len(opened.schema.names))]
            moments = {leaf.path for leaf in leaves if leaf.physical_type == "INT96"}
            return pa.schema(
                pa.field(f.name, _MOMENT if f.name in moments else spark_type(f.type))
                for f in opened.schema_arrow
            )

    def _local(self, file: FoundFile) -> Path:
        """The path of a copy of the file in the scratch folder."""
        path = self._folder / f"{abs(hash(file.url))}.parquet"
        if not path.exists():
            with path.open("wb") as copy:
                for block in self._storage.read(file):
                    copy.write(block)
        return path


@contextmanager
def _reporting_damage(file: FoundFile) -> Iterator[None]:
    """Turn errors of Arrow inside into DamagedFile, which names the file."""
    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise DamagedFile(file.url, error) from error
