"""Results of statements: an Arrow schema, record batches, and a number of changed rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from local_warehouse.types.conversion import to_arrow


@dataclass
class Result:
    """The result of one statement. Its batches can be read once, and may be computed meanwhile."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch] = field(default_factory=lambda: iter(()))
    modified_rows: int | None = None  # None for a statement that is no DML

    def table(self) -> pa.Table:
        """All batches that have not been read yet, as one table."""
        return pa.Table.from_batches(self.batches, self.schema)


def first_rows(result: Result, limit: int | None) -> Result:
    """The first rows of a result, whose others are not computed; all where there is no limit."""
    if not limit or limit < 0:
        return result
    return Result(result.schema, _first(result.batches, limit), result.modified_rows)


def _first(batches: Iterator[pa.RecordBatch], limit: int) -> Iterator[pa.RecordBatch]:
    try:
        while limit > 0 and (batch := next(batches, None)) is not None:
            yield batch.slice(0, limit)
            limit -= batch.num_rows
    finally:
        if (close := getattr(batches, "close", None)) is not None:
            close()


def nothing() -> Result:
    """The result of a statement without columns or rows, such as most DDL."""
    return Result(pa.schema([]))


def rows(columns: Sequence[tuple[str, str]], values: Iterable[Sequence[Any]]) -> Result:
    """A result of Python values, row by row; `columns` are pairs of name and DDL type."""
    table = arrow_table(columns, values)
    return Result(table.schema, iter(table.to_batches()))


def arrow_table(columns: Sequence[tuple[str, str]], values: Iterable[Sequence[Any]]) -> pa.Table:
    """An Arrow table of Python values, row by row; `columns` are pairs of name and DDL type."""
    materialised = [list(row) for row in values]
    arrays = [
        pa.array([row[index] for row in materialised], type=to_arrow(ddl_type))
        for index, (_, ddl_type) in enumerate(columns)
    ]
    schema = pa.schema([pa.field(name, to_arrow(ddl_type)) for name, ddl_type in columns])
    return pa.Table.from_arrays(arrays, schema=schema)


def counts(**numbers: int) -> Result:
    """The result of a DML statement: one row with these BIGINT columns. The first is also the
    number of changed rows."""
    result = rows([(name, "bigint") for name in numbers], [list(numbers.values())])
    result.modified_rows = next(iter(numbers.values()))
    return result
