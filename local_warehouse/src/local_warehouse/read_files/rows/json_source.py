"""JSON files: one object a line, or documents of one object or a list of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pyarrow as pa

from local_warehouse.read_files.errors import MalformedRecord, ReadFilesError
from local_warehouse.read_files.file_storage import FoundFile
from local_warehouse.read_files.option_values import Mode
from local_warehouse.read_files.rows.json_types import column_type, common_type, type_of
from local_warehouse.read_files.rows.row_source import RowSource, batches
from local_warehouse.types.json_documents import BLANKS, Fraction, decoded, written
from local_warehouse.types.json_values import Reading, converter


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

    def _rows(self, file: FoundFile, schema: pa.Schema) -> Iterator[tuple[Any, ...]]:
        position = schema.get_field_index(self._options.corrupt_column)
        wanted = schema if position < 0 else schema.remove(position)
        reading = Reading(
            date_format=self._options.date_format,
            timestamp_format=self._options.timestamp_format,
            timestamp_ntz_format=self._options.timestamp_ntz_format,
            as_text=text_of,
            not_finite="allowNonNumericNumbers" in self._options.allowed,
        )
        convert = converter(pa.struct(list(wanted)), reading)
        mode = self._options.mode
        for record, text in self._records(file):
            marks: list[str] = []
            row = convert(record or {}, marks)
            is_bad = record is None or bool(marks)
            if is_bad and mode is Mode.FAILFAST:
                raise MalformedRecord(file.url, text)
            if is_bad and mode is Mode.DROPMALFORMED:
                continue
            if position >= 0:
                row = (*row[:position], text if is_bad else None, *row[position:])
            yield row

    def _records(self, file: FoundFile) -> Iterator[tuple[dict[str, Any] | None, str]]:
        """Each object with its text; None where a text holds no object."""
        for text in self._texts(file, self._options.multi_line):
            if not text.strip(BLANKS):
                continue
            try:
                value = decoded(text, self._options.allowed)
            except ValueError:
                value = None
            for record in value if isinstance(value, list) else [value]:
                yield (record if isinstance(record, dict) else None), text


def text_of(value: Any) -> str:
    """A value as STRING: a number as it is in the file, all else as JSON without blanks."""
    return value.text if isinstance(value, Fraction) else written(value)
