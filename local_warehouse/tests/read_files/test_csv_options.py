"""Options and schemas of CSV, and what is refused of them."""

from __future__ import annotations

from typing import Any

import pytest
from csv_reader import RFC, CsvReader

from local_warehouse.read_files import (
    InvalidOption,
    MalformedRecord,
    ReadFilesError,
    UnsupportedOption,
)
from local_warehouse.read_files.csv.schema import parse_schema


def test_schema_names_may_hold_anything() -> None:
    ddl = "`a, ``b`` c` STRING, d string COMMENT 'x, y', é STRING, `_corrupt_record` STRING"
    assert [c.name for c in parse_schema(ddl)] == ["a, `b` c", "d", "é", "_corrupt_record"]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"rescuedDataColumn": "_r"}, UnsupportedOption, "rescuedDataColumn"),
        ({"format": "avro"}, UnsupportedOption, "format"),
        ({"nonsense": "1"}, InvalidOption, "nonsense.*multiLine"),
        ({"schema": "a INT"}, UnsupportedOption, "`a` is INT"),
        ({"schema": "a STRING, A STRING"}, InvalidOption, "twice"),
        ({"schema": "a"}, InvalidOption, "column list"),
        ({"sep": "||"}, UnsupportedOption, "several characters"),
        ({"quote": "''"}, InvalidOption, "quote is one character"),
        ({"mode": "maybe"}, InvalidOption, "PERMISSIVE"),
        ({"header": "yes"}, InvalidOption, "true or false"),
        ({"encoding": "windows-1252"}, InvalidOption, "iso-8859-1"),
    ],
    ids=[
        "rescued data", "unknown format", "unknown option", "typed column", "column named twice",
        "column without a type", "long separator", "long quote", "mode", "header", "encoding",
    ],
)  # fmt: skip
def test_what_is_not_supported_is_named(
    options: dict[str, Any], error: type[ReadFilesError], words: str, reader: CsvReader
) -> None:
    path = reader.write(b"a,b\n")
    with pytest.raises(error, match=words):
        reader.rows(path, **options)


def test_fail_fast_names_the_file_and_the_record(reader: CsvReader) -> None:
    path = reader.write(b"c,d,e\n1,2\n")
    with pytest.raises(MalformedRecord, match="1,2"):
        reader.rows(path, mode="failfast", **RFC)


def test_skipped_rows_come_before_the_header(reader: CsvReader) -> None:
    path = reader.write(b"made by x\n\nc,d,e\n1,2,3\n")
    assert reader.rows(path, skipRows=2, **RFC)[1] == [("1", "2", "3", None)]


def test_only_the_first_character_of_a_file_is_a_byte_order_mark(reader: CsvReader) -> None:
    path = reader.write("\ufeffc,d,e\n\ufeff1,2,3\n\ufeff4,5,6\n".encode())
    assert reader.rows(path, **RFC)[1] == [
        ("\ufeff1", "2", "3", None), ("\ufeff4", "5", "6", None)
    ]  # fmt: skip
