"""read_files of Parquet files, over the connector, on objects in S3."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from databricks.sql.exc import Error
from sql_reader import parquet_file, read


def test_parquet_files_of_several_schemas(warehouse: Any) -> None:
    url = warehouse.land(
        ("p1.parquet", parquet_file(a=[1, 2], s=["x", None])),
        ("p2.parquet", parquet_file(a=pa.array([3], pa.int32()), n=[[1.5]])),
        ("other.txt", b"no parquet"),
    )
    unified = "format => 'parquet', schemaEvolutionMode => 'none'"
    assert read(warehouse, url + "p*.parquet", unified) == [
        {"a": 1, "s": "x", "n": None},
        {"a": 2, "s": None, "n": None},
        {"a": 3, "s": None, "n": [1.5]},
    ]
    given = "format => 'parquet', schema => 'S STRING, a DECIMAL(20,1), more DATE'"
    assert read(warehouse, url + "p{1,2}.parquet", given)[0] == {
        "S": "x",
        "a": Decimal("1.0"),
        "more": None,
    }
    with pytest.raises(Error, match=r"Cannot read s3://.*/other\.txt"):
        read(warehouse, url, unified)


def test_parquet_types_are_those_of_spark(warehouse: Any) -> None:
    moment = dt.datetime(2026, 2, 28, 10, 11, 12, 123456, dt.UTC)
    naive = pa.array([moment.replace(tzinfo=None)], pa.timestamp("us"))
    given: dict[str, tuple[pa.Array, str, Any]] = {
        "u8": (pa.array([255], pa.uint8()), "smallint", 255),
        "u64": (pa.array([2**64 - 1], pa.uint64()), "decimal(20,0)", Decimal(2**64 - 1)),
        "words": (pa.array(["x"]).dictionary_encode(), "string", "x"),
        "long": (pa.array([["x"]], pa.large_list(pa.large_string())), "array<string>", ["x"]),
        "fixed": (pa.array([b"ab"], pa.binary(2)), "binary", b"ab"),
        "int96": (naive, "timestamp", moment),
    }
    table = pa.table({name: array for name, (array, _, _) in given.items()})
    columns = ", ".join(f"{name}, typeof({name}) as {name}_type" for name in given)
    file = io.BytesIO()
    pq.write_table(table, file, use_deprecated_int96_timestamps=True)
    [row] = read(
        warehouse, warehouse.land(("a.parquet", file.getvalue())), "format => 'parquet'", columns
    )
    assert list(row.values()) == [
        part for _, kind, value in given.values() for part in (value, kind)
    ]
    file = io.BytesIO()
    pq.write_table(pa.table({"t": pa.array([1], pa.timestamp("ns"))}), file)
    with pytest.raises(Error, match="PARQUET_TYPE_ILLEGAL"):
        read(warehouse, warehouse.land(("a.parquet", file.getvalue())), "format => 'parquet'")
