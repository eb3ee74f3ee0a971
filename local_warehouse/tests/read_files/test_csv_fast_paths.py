"""The fast paths of CSV give the rows of the exact one."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pyarrow.csv as pacsv
import pytest
from csv_reader import RFC, SCHEMA, CsvReader, Row, ordered
from hypothesis import example, given, settings
from hypothesis import strategies as st

from local_warehouse.read_files import (
    read_files,
)
from local_warehouse.read_files.csv import csv_file
from local_warehouse.read_files.csv.blocks import BlockSplitter, can_split
from local_warehouse.read_files.csv.csv_options import parse_options
from local_warehouse.read_files.csv.records import detect_separator, read_records

SPLITTABLE = (
    {"multiLine": True, "escape": '"'},
    {"multiLine": True},
    {"multiLine": False, "escape": '"'},
    {"multiLine": False},
    {"multiLine": True, "quote": "'", "escape": "'", "sep": ";"},
    {"multiLine": False, "escape": '"', "sep": "\t"},
    {"multiLine": True, "escape": '"', "charToEscapeQuoteEscaping": '"'},
    {"multiLine": False, "escape": '"', "charToEscapeQuoteEscaping": '"'},
)


@st.composite
def csv_texts(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    """CSV that is mostly well-formed, with every kind of fault in it."""
    options = draw(st.sampled_from(SPLITTABLE))
    quote, delimiter = options.get("quote", '"'), options.get("sep", ",")
    line_end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    plain = st.text(st.sampled_from("aé1 😀"), max_size=4)
    inner = st.lists(st.sampled_from(["a", delimiter, line_end, quote * 2, "é", "\0"]), max_size=4)
    quoted = inner.map(lambda parts: quote + "".join(parts) + quote)
    faults = [quote, delimiter, line_end, "\\", "\r", "\n", "\0", "a", " "]
    faulty = st.text(st.sampled_from("".join(faults)), max_size=5)
    value = st.one_of(plain, plain, quoted, faulty)
    sound = st.lists(st.one_of(plain, quoted), min_size=3, max_size=3)
    record = st.one_of(sound, sound, st.lists(value, max_size=5)).map(delimiter.join)
    text = line_end.join(draw(st.lists(record, max_size=8)))
    return options, text + draw(st.sampled_from(["", line_end]))


@settings(max_examples=400, deadline=None)
@given(csv_texts(), st.integers(1, 40))
@example(({"multiLine": True, "escape": '"'}, 'a,b,"c\nd,e,f\n'), 5)
@example(({"multiLine": False, "escape": '"', "sep": "\t"}, "a\tb\tc\n\t\t\n"), 100)
@example(({"multiLine": False, "escape": '"', "sep": "\t"}, "\t\t  \n"), 1)
def test_well_formed_runs_and_odd_records_make_up_the_exact_result(
    case: tuple[dict[str, Any], str], block: int
) -> None:
    named, text = case
    options = parse_options({"format": "csv", "schema": SCHEMA, **named})
    separator = detect_separator(text) if options.multi_line else "\n"
    if not can_split(options, 3, separator):
        return

    def padded(tokens: list[str] | None) -> Row:
        return tuple((tokens or [])[:3] + [""] * (3 - len(tokens or [])))

    exact = []
    for record in read_records([text], options):
        raw = None if record.tokens is not None and len(record.tokens) == 3 else record.raw
        exact.append((*padded(record.tokens), raw))

    splitter = BlockSplitter(options, 3, separator)
    data, found = text.encode(), []
    rest, position, size = b"", 0, block
    final = False
    while not final:
        final = position + size >= len(data)
        buffer = rest + data[position : position + size]
        position += size
        split = splitter.split(buffer, final=final)
        rest = buffer[split.consumed :]
        size = max(block, len(rest))
        plain = b"".join(splitter.runs(buffer, split))
        found += [(*row, None) for row in plain_rows(plain, options.delimiter, options.quote)]
        for record in split.odd:
            raw = None if record.tokens is not None and len(record.tokens) == 3 else record.raw
            found.append((*padded(record.tokens), raw))
    assert rest == b""
    assert ordered(found) == ordered(exact)


def plain_rows(data: bytes, delimiter: str, quote: str) -> list[Row]:
    """The rows that PyArrow reads of well-formed CSV with three columns."""
    if not data.strip(b"\r\n"):
        return []
    table = pacsv.read_csv(
        io.BytesIO(data),
        read_options=pacsv.ReadOptions(column_names=["c", "d", "e"], block_size=len(data) + 1),
        parse_options=pacsv.ParseOptions(
            delimiter=delimiter, quote_char=quote, newlines_in_values=True
        ),
        convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys("cde", "string")),
    )
    return [tuple(row.values()) for row in table.to_pylist()]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(RFC, id="multiLine"),
        pytest.param({**RFC, "multiLine": False}, id="lines"),
        pytest.param({**RFC, "sep": "|"}, id="sep"),
    ],
)
@pytest.mark.parametrize("line_end", [pytest.param("\n", id="LF"), pytest.param("\r\n", id="CRLF")])
def test_large_files_reach_the_engine_as_plain_csv(
    options: dict[str, Any],
    line_end: str,
    reader: CsvReader,
    engine: Callable[[str], list[Row]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(csv_file, "SMALL_BYTES", -1)
    sep = options.get("sep", ",")
    lines = [["c", "d", "e"]]
    for i in range(3000):
        lines.append([str(i), f'"x{sep}{i}"' if i % 3 else "é", "" if i % 5 else '"q""q"'])
        if i % 100 == 0:
            lines.append(["short", str(i)])
        if i % 150 == 0:
            lines += [[str(i), '"a"b"', "stray"], [str(i), f'"line{line_end}{line_end}end"', '""']]
    text = line_end.join(sep.join(line) for line in lines)
    path = reader.write(text.encode())
    named = {"format": "csv", "schema": SCHEMA, "columnNameOfCorruptRecord": "_cr", **options}
    scan = read_files(path, named, storage=reader.storage, scratch=reader.scratch)
    assert scan.setup
    for statement in scan.setup:
        engine(statement)
    found = engine(f"select * from {scan.sql}")
    for statement in scan.teardown:
        engine(statement)
    scan.cleanup()

    records = read_records([text], parse_options(named))
    next(records)
    expected = []
    for record in records:
        tokens = [token or None for token in record.tokens or []][:3]
        raw = None if record.tokens and len(record.tokens) == 3 else record.raw
        expected.append((*tokens, *[None] * (3 - len(tokens)), raw))
    assert ordered(found) == ordered(expected)
    assert len(expected) > 3000
