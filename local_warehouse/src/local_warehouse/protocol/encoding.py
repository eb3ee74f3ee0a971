"""How the rows of a result are sent: as Arrow batches, plain or compressed, or as columns of
values.

Which of them a client can read, it says with each statement. What it does not take as an Arrow
value is sent as text, as Databricks does (TExecuteStatementReq of TCLIService): complex values as
JSON.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from databricks.sql.thrift_api.TCLIService import ttypes

from local_warehouse.types.conversion import to_thrift

_Test = Callable[[pa.DataType], bool]


@dataclass(frozen=True)
class Encoding:
    """What a client can read of a result."""

    arrow: bool = True
    compressed: bool = False  # LZ4 frames
    complex_types: bool = True  # as Arrow's lists, maps and structs
    decimals: bool = True
    timestamps: bool = True
    nulls: bool = True  # columns of NULL as Arrow's null

    @classmethod
    def of(cls, request: Any) -> Encoding:
        """The encoding that a TExecuteStatementReq asks for; what it leaves open is Arrow's, except
        columns of NULL, which are text."""
        if request.canReadArrowResult is False:
            return COLUMNS
        native = request.useArrowNativeTypes or ttypes.TSparkArrowTypes()
        return cls(
            compressed=bool(request.canDecompressLZ4Result),
            complex_types=native.complexTypesAsArrow is not False,
            decimals=native.decimalAsArrow is not False,
            timestamps=native.timestampAsArrow is not False,
            nulls=native.nullTypeAsArrow is True,
        )

    def _is_text(self, arrow_type: pa.DataType) -> bool:
        """Whether values of this type are sent as text, in place of what they are."""
        tests: list[tuple[bool, _Test]] = [
            (self.complex_types, pa.types.is_nested),
            (self.decimals, pa.types.is_decimal),
            (self.timestamps, pa.types.is_timestamp),
            (self.nulls, pa.types.is_null),
        ]
        return any(not native and test(arrow_type) for native, test in tests)

    def metadata(self, schema: pa.Schema) -> ttypes.TGetResultSetMetadataResp:
        """What the client is told of a result: its columns, and how their values are sent."""
        columns = [
            ttypes.TColumnDesc(columnName=field.name, typeDesc=to_thrift(field), position=i + 1)
            for i, field in enumerate(schema)
        ]
        kinds = ttypes.TSparkRowSetType
        return ttypes.TGetResultSetMetadataResp(
            status=ttypes.TStatus(statusCode=ttypes.TStatusCode.SUCCESS_STATUS),
            schema=ttypes.TTableSchema(columns=columns),
            resultFormat=kinds.ARROW_BASED_SET if self.arrow else kinds.COLUMN_BASED_SET,
            lz4Compressed=self.compressed,
            arrowSchema=self._sent(schema).serialize().to_pybytes() if self.arrow else None,
            isStagingOperation=False,
        )

    def _sent(self, schema: pa.Schema) -> pa.Schema:
        return pa.schema([
            field.with_type(pa.string()) if self._is_text(field.type) else field
            for field in schema
        ])  # fmt: skip

    def rows(self, schema: pa.Schema, batches: Sequence[pa.RecordBatch]) -> ttypes.TRowSet:
        """Some rows of a result."""
        if not self.arrow:
            table = pa.Table.from_batches(batches, schema)
            columns = [_column(column) for column in table.columns]
            return ttypes.TRowSet(startRowOffset=0, rows=[], columns=columns)
        sent = [
            ttypes.TSparkArrowBatch(batch=self._bytes(batch), rowCount=batch.num_rows)
            for batch in batches
        ]
        return ttypes.TRowSet(startRowOffset=0, rows=[], arrowBatches=sent)

    def _bytes(self, batch: pa.RecordBatch) -> bytes:
        if any(self._is_text(field.type) for field in batch.schema):
            arrays = [
                _as_text(column) if self._is_text(column.type) else column
                for column in batch.columns
            ]
            batch = pa.RecordBatch.from_arrays(arrays, schema=self._sent(batch.schema))
        serialized = batch.serialize()
        if self.compressed:
            compressed: bytes = pa.compress(serialized, codec="lz4", asbytes=True)
            return compressed
        return bytes(serialized.to_pybytes())


ARROW = Encoding()
COLUMNS = Encoding(arrow=False, complex_types=False, decimals=False, timestamps=False)

# by the test of an Arrow type: the field of TColumn and the class of its values
_COLUMNS: list[tuple[_Test, str, Any]] = [
    (pa.types.is_boolean, "boolVal", ttypes.TBoolColumn),
    (pa.types.is_int8, "byteVal", ttypes.TByteColumn),
    (pa.types.is_int16, "i16Val", ttypes.TI16Column),
    (pa.types.is_int32, "i32Val", ttypes.TI32Column),
    (pa.types.is_int64, "i64Val", ttypes.TI64Column),
    (pa.types.is_floating, "doubleVal", ttypes.TDoubleColumn),
    (pa.types.is_binary, "binaryVal", ttypes.TBinaryColumn),
]
_NONE = {"stringVal": "", "binaryVal": b"", "boolVal": False, "doubleVal": 0.0}


def _column(column: pa.ChunkedArray) -> ttypes.TColumn:
    """The values of a column, and a bit for each that is NULL."""
    found = next((entry for entry in _COLUMNS if entry[0](column.type)), None)
    _, name, kind = found or (None, "stringVal", ttypes.TStringColumn)
    values: list[Any] = column.to_pylist() if found else _texts(column)
    nulls = bytearray((len(values) + 7) // 8)
    for at, value in enumerate(values):
        if value is None:
            nulls[at // 8] |= 1 << at % 8
            values[at] = _NONE.get(name, 0)
    return ttypes.TColumn(**{name: kind(values=values, nulls=bytes(nulls))})


def _as_text(column: pa.Array) -> pa.Array:
    return pa.array(_texts(column), pa.string())


def _texts(column: pa.Array | pa.ChunkedArray) -> list[str | None]:
    """Values as text: complex ones as JSON, decimals in full, timestamps without their zone."""
    write = _json if pa.types.is_nested(column.type) else _plain
    return [None if value is None else write(value, column.type) for value in column.to_pylist()]


def _json(value: Any, kind: pa.DataType) -> str:
    """A value in JSON, where json.dumps would not have a decimal in full. Arrow has a map as a list
    of pairs."""
    if value is None or isinstance(value, (bool, int, float)):
        return json.dumps(value)
    if pa.types.is_map(kind):
        return _object(
            (_plain(key, kind.key_type), _json(entry, kind.item_type)) for key, entry in value
        )
    if pa.types.is_struct(kind):
        return _object((field.name, _json(value[field.name], field.type)) for field in kind)
    if pa.types.is_nested(kind):
        return f"[{','.join(_json(entry, kind.value_type) for entry in value)}]"
    text = _plain(value, kind)
    return text if pa.types.is_decimal(kind) else json.dumps(text, ensure_ascii=False)


def _object(entries: Iterable[tuple[str, str]]) -> str:
    named = (f"{json.dumps(name, ensure_ascii=False)}:{text}" for name, text in entries)
    return f"{{{','.join(named)}}}"


def _plain(value: Any, kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        text = str(value.replace(tzinfo=None))
        return text.rstrip("0") if "." in text else text
    if pa.types.is_decimal(kind):
        return f"{value:f}"
    if pa.types.is_binary(kind):
        return base64.b64encode(value).decode()
    return str(value)
