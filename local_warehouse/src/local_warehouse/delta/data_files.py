"""Data files of a Delta table, written by Arrow and uploaded in parts while they are encoded."""

from __future__ import annotations

import io
import json
import math
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from obstore.exceptions import BaseError

from local_warehouse.delta import bounds
from local_warehouse.errors import SqlError
from local_warehouse.storage import objects

# It takes a tenth more time than snappy for half of its bytes, and a byte costs a store that hashes
# it, on its way to the disk, more than it costs here.
_COMPRESSION = "zstd"
_SAMPLE_ROWS = 10_000
_REPEATED = 0.5  # the share of different values up to which a column gets a dictionary
_INDEXED_COLUMNS = 32  # that have statistics, as Delta's writers have by default
_MILLISECOND = timedelta(milliseconds=1)


class DataFile:
    """One file while it is written; nobody reads it before a commit names it."""

    def __init__(self, location: str, first: pa.Table, constants: Mapping[str, Any]) -> None:
        """`first` is the first table that will be written; its columns say which of them repeat
        their values, and so get a dictionary. `constants` are columns that have one value in all
        rows of the file, which is their statistics."""
        self.name = f"part-00000-{uuid.uuid4()}-c000.{_COMPRESSION}.parquet"
        self.rows = 0
        self._url = f"{location}/{self.name}"
        self._nulls = dict.fromkeys(first.column_names[:_INDEXED_COLUMNS], 0)
        self._constants = constants
        self._output = _Counted(objects.open_for_writing(self._url))
        self._footers: list[Any] = []
        self._writer = pq.ParquetWriter(
            pa.PythonFile(self._output, mode="w"),
            first.schema,
            compression=_COMPRESSION,
            use_dictionary=[name for name in first.column_names if _repeats(first[name])],
            write_statistics=[
                field.name
                for field in first.schema
                if _has_bounds(field) and field.name not in constants
            ],
            store_schema=False,
            metadata_collector=self._footers,
        )

    @property
    def size(self) -> int:
        """The bytes written so far."""
        return self._output.size

    def write(self, table: pa.Table) -> None:
        """Add a table as one row group."""
        self._writer.write_table(table, row_group_size=max(table.num_rows, 1))
        self.rows += table.num_rows
        for name in self._nulls:
            self._nulls[name] += table[name].null_count

    def close(self) -> dict[str, Any]:
        """Complete the file, and return the action that adds it to the table."""
        self._writer.close()
        self._output.finish()
        return {
            "add": {
                "path": self.name,
                "partitionValues": {},
                "size": self.size,
                "modificationTime": int(time.time() * 1000),
                "dataChange": True,
                "stats": json.dumps(self._statistics()),
            }
        }

    def _statistics(self) -> dict[str, Any]:
        """The statistics of the file by those in its footer, its constants and numbers of NULLs.

        https://github.com/delta-io/delta/blob/master/PROTOCOL.md#per-file-statistics
        """
        footer = self._footers[0]
        groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
        lowest: dict[str, Any] = {}
        highest: dict[str, Any] = {}
        for place, name in enumerate(self._nulls):
            if name in self._constants:
                values = [value for value in (self._constants[name],) if value is not None]
            else:
                values = _extremes(groups, place)
            if values:
                lowest[name] = _bound(min(values))
                highest[name] = _bound(max(values), math.ceil)
        return {
            "numRecords": footer.num_rows,
            "minValues": lowest,
            "maxValues": highest,
            "nullCount": dict(self._nulls),
        }

    def abandon(self) -> None:
        """Give the file up and delete it; what cannot be deleted is left to VACUUM."""
        with suppress(OSError, BaseError, SqlError):  # one that is complete has no upload to end
            self._output.abandon()
        with suppress(OSError, BaseError, SqlError):
            objects.delete(self._url)


class _Counted(io.RawIOBase):
    """A binary output that counts its bytes, and that only `finish` completes."""

    def __init__(self, output: Any) -> None:
        self._output = output
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._output.write(data)
        self.size += len(data)
        return len(data)

    def finish(self) -> None:
        self._output.close()

    def abandon(self) -> None:
        self._output.__exit__(InterruptedError, InterruptedError("given up"), None)


def _repeats(column: Any) -> bool:
    sample = column.slice(0, _SAMPLE_ROWS)
    if pa.types.is_dictionary(column.type):
        return True
    return bool(pc.count_distinct(sample).as_py() <= len(sample) * _REPEATED)


def repeated(values: Sequence[object], counts: Sequence[int], kind: pa.DataType) -> pa.Array:
    """Values that each stand in so many rows, one after the other."""
    if len(values) == 1:
        return pa.repeat(pa.scalar(values[0], kind), counts[0])
    places = np.repeat(np.arange(len(values), dtype=np.int32), np.array(counts, np.int64))
    return pa.array(values, kind).take(pa.array(places))


def coded(values: Sequence[object], counts: Sequence[int], kind: pa.DataType) -> pa.Array:
    """The same with a dictionary."""
    places: dict[object, int] = {}
    for value in values:
        if value is not None:
            places.setdefault(value, len(places))
    numbers = np.array([places.get(value, -1) for value in values], np.int32)
    indices = np.repeat(numbers, np.array(counts, np.int64))
    missing = indices < 0 if None in values else None
    return pa.DictionaryArray.from_arrays(
        pa.array(indices, mask=missing), pa.array(list(places), kind)
    )


def _has_bounds(field: pa.Field) -> bool:
    """Whether a column gets the least and greatest of its values. They let readers pass over files
    by the text that a whole file has, and by numbers and moments. For texts in no order they would
    be a quarter of the time of writing, and let nothing be passed over; `bounds` has the others."""
    return bounds.are_of(str(field.type)) and not pa.types.is_string(field.type)


def _extremes(groups: Sequence[Any], place: int) -> list[Any]:
    """The least and greatest values of a column's row groups; none where they are not known."""
    found = [group.column(place).statistics for group in groups]
    bounded = [one for one in found if one is None or one.num_values]
    if not all(one is not None and one.has_min_max for one in bounded):
        return []
    return [value for one in bounded for value in (one.min, one.max)]


def _bound(value: Any, rounded: Any = math.floor) -> Any:
    """A bound in JSON; moments have milliseconds there."""
    if not isinstance(value, datetime):
        return value
    start = datetime(1970, 1, 1, tzinfo=UTC)
    moment = start + rounded((value - start) / _MILLISECOND) * _MILLISECOND
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
