"""Types of Parquet columns as Spark has them.

https://spark.apache.org/docs/latest/sql-data-sources-parquet.html
"""

from __future__ import annotations

import pyarrow as pa

from local_warehouse.read_files.errors import ReadFilesError

_OTHERS = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.decimal128(20, 0),
    pa.float16(): pa.float32(),
    pa.large_string(): pa.string(),
    pa.large_binary(): pa.binary(),
    pa.date64(): pa.date32(),
}


def spark_type(kind: pa.DataType) -> pa.DataType:
    """The type that Spark has for a type of Arrow.

    Raises ReadFilesError for one that Spark does not read: timestamps in nanoseconds that are not
    INT96, and times of a day.
    """
    if pa.types.is_dictionary(kind):
        return spark_type(kind.value_type)
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, spark_type(field.type)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(spark_type(kind.key_type), spark_type(kind.item_type))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return pa.list_(spark_type(kind.value_type))
    if pa.types.is_fixed_size_binary(kind):
        return pa.binary()
    if pa.types.is_timestamp(kind) and kind.unit != "ns":
        return pa.timestamp("us", "UTC" if kind.tz else None)
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        raise ReadFilesError(
            f"[PARQUET_TYPE_ILLEGAL] Illegal Parquet type: {kind}. Write microseconds, such as by "
            "pyarrow's coerce_timestamps='us'."
        )
    return _OTHERS.get(kind, kind)
