"""JSON files: one object a line, or documents of one object or a list of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from json import JSONDecodeError, JSONDecoder
from typing import Any

import pyarrow as pa

from local_warehouse.read_files.errors import MalformedRecord, ReadFilesError, UnsupportedOption
from local_warehouse.read_files.file_storage import FoundFile
from local_warehouse.read_files.option_values import Mode
from local_warehouse.read_files.rows.json_types import NUMBER, column_type, common_type, type_of
from local_warehouse.read_files.rows.json_values import RecordConverter
from local_warehouse.read_files.rows.row_source import RowSource, batches

_SINGLE_QUOTED = re.compile(r"[{,\[:]\s*'")
_WHITESPACE = re.compile(r"\s*")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_LONG = 100  # digits of an integer that is no number of any type but DOUBLE
_DECODER = JSONDecoder(
    parse_float=NUMBER, parse_int=lambda text: int(text) if len(text) < _LONG else NUMBER(text)
)


class JsonSource(RowSource):
    """Files of `format => 'json'`."""

    def schema(self, files: list[FoundFile]) -> pa.Schema:
        """The given schema, else the one that all objects of all files fit."""
        if self._options.schema is not None:
            return self._options.schema
        found = pa.struct([])
        is_corrupt = False
        for batch in batches(chain.from_iterable(map(self._records, files))):
            records = [record for record, _ in batch if record is not None]
            found = common_type([found, *map(type_of, records)])
            is_corrupt |= len(records) < len(batch)
        fields = [pa.field(f.name, column_type(f.type)) for f in found if column_type(f.type)]
        if not self._options.infer_types:
            fields = [field.with_type(pa.string()) for field in fields]
        if is_corrupt and self._options.mode is Mode.PERMISSIVE:
            fields.append(pa.field(self._options.corrupt_column, pa.string()))
        if not fields:
            raise ReadFilesError(
                "[CF_EMPTY_DIR_FOR_SCHEMA_INFERENCE] read_files: no file holds a JSON object to "
                "infer a schema from. Give the option schema."
            )
        names = {
            name for name, count in Counter(f.name.lower() for f in fields).items() if count > 1
        }
        if names:
            raise ReadFilesError(
                f"[COLUMN_ALREADY_EXISTS] The column `{min(names)}` already exists: names that "
                "differ only in upper and lower case need a schema with one of them."
            )
        return self._with_rescued(fields)

    def tables(self, file: FoundFile, schema: pa.Schema) -> Iterator[pa.Table]:
        """A row for each object. Raises MalformedRecord in mode FAILFAST."""
        for rows in batches(self._rows(file, schema)):
            columns = zip(*rows, strict=True)
            arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
            yield pa.table(arrays, schema=schema)

    def _rows(self, file: FoundFile, schema: pa.Schema) -> Iterator[list[Any]]:
        position = schema.get_field_index(self._options.corrupt_column)
        converter = RecordConverter(schema if position < 0 else schema.remove(position))
        mode = self._options.mode
        for record, text in self._records(file):
            row = converter.convert(record or {})
            is_bad = record is None or converter.is_partial
            if is_bad and mode is Mode.FAILFAST:
                raise MalformedRecord(file.url, text)
            if is_bad and mode is Mode.DROPMALFORMED:
                continue
            if position >= 0:
                row.insert(position, text if is_bad else None)
            yield row

    def _records(self, file: FoundFile) -> Iterator[tuple[dict[str, Any] | None, str]]:
        """Each object with its text; None where a text holds no object."""
        for text in self._texts(file, self._options.multi_line):
            start = _WHITESPACE.match(text).end()  # type: ignore[union-attr]
            if start == len(text):
                continue
            try:
                value, _ = _DECODER.raw_decode(text, start)
            except (JSONDecodeError, RecursionError):
                if _SINGLE_QUOTED.search(text):
                    raise UnsupportedOption(
                        "allowSingleQuotes", f"{file.url} has names in single quotes"
                    ) from None
                value = None
            if _SURROGATE.search(text):
                value = _of_characters(value)
            for record in value if isinstance(value, list) else [value]:
                yield (record if isinstance(record, dict) else None), text


def _of_characters(value: Any) -> Any:
    """A JSON value with `?` in place of halves of characters, such as `\\ud800`, as in Java."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return list(map(_of_characters, value))
    if isinstance(value, dict):
        return {_of_characters(name): _of_characters(child) for name, child in value.items()}
    return value
