"""read_files reads CSV as Apache Spark does, on its fast paths and its exact one alike."""

import base64
import bz2
import gzip
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from local_warehouse.read_files import (
    FileStorage,
    InvalidOption,
    MalformedRecord,
    PathNotFound,
    ReadFilesError,
    UnsupportedOption,
    read_files,
)
from local_warehouse.read_files.csv import csv_file
from local_warehouse.read_files.csv.blocks import BlockSplitter, can_split
from local_warehouse.read_files.csv.csv_options import parse_options
from local_warehouse.read_files.csv.records import detect_separator, read_records
from local_warehouse.read_files.csv.schema import parse_schema
from local_warehouse.read_files.errors import DamagedFile
from local_warehouse.read_files.globs import compile_glob, unescape
from local_warehouse.read_files.read_ahead import read_ahead

MEASURED = Path(__file__).parent / "spark_csv"
SCHEMA = "c string, d string, e string, _cr string"
RFC = {"multiLine": True, "escape": '"', "header": True}
Row = tuple[str | None, ...]


def ordered(rows: Any) -> list[Row]:
    return sorted((tuple(row) for row in rows), key=repr)


class Reader:
    """Calls read_files on local bytes and gives the rows, without an engine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scratch = folder / "scratch"
        self.storage = FileStorage(allow_local=True)

    def write(self, data: bytes, name: str = "f.csv") -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return str(path)

    def rows(self, path: str, **options: Any) -> tuple[list[str], list[Row]]:
        named = {"format": "csv", "schema": SCHEMA, "columnNameOfCorruptRecord": "_cr", **options}
        if named["schema"] == "":
            del named["schema"]
        scan = read_files(path, named, storage=self.storage, scratch=self.scratch)
        try:
            assert not scan.setup, "parsed here, so nothing is declared to the engine"
            names = scan.schema.names
            found: list[Row] = []
            for part in sorted(self.scratch.rglob("rows.parquet")):
                table = pq.read_table(part)
                assert table.schema.equals(scan.schema)
                found += [tuple(row.values()) for row in table.to_pylist()]
            return names, found
        finally:
            scan.cleanup()
            assert list(self.scratch.iterdir()) == []


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


def measured_files() -> list[Any]:
    cases = json.loads((MEASURED / "files.json").read_text())
    return [pytest.param(case, id=case["name"]) for case in cases]


@pytest.mark.parametrize("case", measured_files())
def test_files_are_read_as_spark_reads_them(case: dict[str, Any], reader: Reader) -> None:
    path = reader.write(base64.b64decode(case["data"]), case["file"])
    if case.get("error"):
        with pytest.raises(ReadFilesError):
            reader.rows(path, **case["options"])
        return
    names, rows = reader.rows(path, **case["options"])
    assert names == case["columns"]
    assert ordered(rows) == ordered(case["rows"])


def measured_texts() -> list[Any]:
    groups = json.loads((MEASURED / "random.json").read_text())
    return [pytest.param(group, id=json.dumps(group["options"])) for group in groups]


@pytest.mark.parametrize("group", measured_texts())
def test_random_texts_are_read_as_spark_reads_them(group: dict[str, Any], reader: Reader) -> None:
    for text, rows in group["cases"]:
        options = {"schema": SCHEMA, **group["options"]}
        if "," not in options["schema"]:
            options["schema"] += ", _cr string"
        path = reader.write(text.encode())
        assert ordered(reader.rows(path, **options)[1]) == ordered(rows), repr(text)


# -- the fast paths against the exact one ------------------------------------------------------

SPLITTABLE = (
    {"multiLine": True, "escape": '"'},
    {"multiLine": True},
    {"multiLine": False, "escape": '"'},
    {"multiLine": False},
    {"multiLine": True, "quote": "'", "escape": "'", "sep": ";"},
    {"multiLine": False, "escape": '"', "sep": "\t"},
)


@st.composite
def csv_texts(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    """CSV that is mostly well-formed, with every kind of fault in it."""
    options = draw(st.sampled_from(SPLITTABLE))
    quote, delimiter = options.get("quote", '"'), options.get("sep", ",")
    line_end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    plain = st.text(st.sampled_from("aé1 😀"), max_size=4)
    inner = st.lists(st.sampled_from(["a", delimiter, line_end, quote * 2, "é"]), max_size=4)
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


# -- large files, through the engine -----------------------------------------------------------


@pytest.fixture(scope="module")
def engine() -> Iterator[Callable[[str], list[Row]]]:
    from pysail.spark import SparkConnectServer
    from pyspark.sql.connect.session import SparkSession

    server = SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    port = server.listening_address[1]
    spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
    yield lambda sql: [tuple(row.values()) for row in spark.sql(sql).toArrow().to_pylist()]
    spark.stop()
    server.stop()


@pytest.mark.parametrize("options", [RFC, {**RFC, "multiLine": False}, {**RFC, "sep": "|"}])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_large_files_reach_the_engine_as_plain_csv(
    options: dict[str, Any],
    line_end: str,
    reader: Reader,
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


def test_the_hidden_metadata_column_describes_the_file(
    reader: Reader, engine: Callable[[str], list[Row]]
) -> None:
    path = reader.write(b"c,d,e\n1,2,3\n", "it's `a`\\file.csv")
    pattern = path.replace("\\", "\\\\")
    scan = read_files(
        pattern,
        {"format": "csv", "schema": SCHEMA, "header": True},
        storage=reader.storage,
        scratch=reader.scratch,
        with_metadata=True,
    )
    found = engine(f"select c, _metadata.file_path, _metadata.file_size from {scan.sql}")
    scan.cleanup()
    assert found == [("1", path, 12)]


# -- paths ------------------------------------------------------------------------------------


def test_globs_and_folders_take_every_file_in_order(reader: Reader) -> None:
    for name in ("a/1.csv", "a/2.csv", "b/1.csv", "b/_hidden.csv", "b/.hidden.csv", "c{1}.csv"):
        reader.write(f"c,d,e\n{name},,\n".encode(), f"in/{name}")
    root = f"{reader.folder}/in"
    for path, names in {
        f"{root}/*/1.csv": ["a/1.csv", "b/1.csv"],
        f"{root}/{{a,b}}/*": ["a/1.csv", "a/2.csv", "b/1.csv"],
        f"{root}/a/[13-9].csv": ["a/1.csv"],
        f"{root}/a/[^1].csv": ["a/2.csv"],
        f"{root}/a/?.csv": ["a/1.csv", "a/2.csv"],
        f"{root}/a": ["a/1.csv", "a/2.csv"],
        f"{root}/a/": ["a/1.csv", "a/2.csv"],
        f"{root}/c\\{{1\\}}.csv": ["c{1}.csv"],
    }.items():
        assert [row[0] for row in reader.rows(path, **RFC)[1]] == names, path
    assert [r[0] for r in reader.rows(f"{root}/a/", pathGlobFilter="2*", **RFC)[1]] == ["a/2.csv"]
    for path in (f"{root}/none.csv", f"{root}/*.txt"):
        with pytest.raises(PathNotFound):
            reader.rows(path, **RFC)


@given(st.text(st.sampled_from("a*?[]{},\\b/ "), min_size=1))
def test_an_escaped_path_means_just_itself(path: str) -> None:
    escaped = "".join("\\" + char if char in "*?[]{}\\," else char for char in path)
    assert compile_glob(escaped).fullmatch(path)
    assert unescape(escaped) in (path, None)


def test_only_s3_is_read_unless_local_files_are_allowed(tmp_path: Path) -> None:
    with pytest.raises(ReadFilesError, match="only s3://"):
        read_files("/etc/passwd", {"format": "csv"}, storage=FileStorage(), scratch=tmp_path)


# -- compression --------------------------------------------------------------------------------

TEXT = b"c,d,e\n" + b"".join(b"%d,x,y\n" % i for i in range(20_000))


@pytest.mark.parametrize(
    ("name", "compress"),
    [("f.csv.gz", gzip.compress), ("f.csv.bz2", bz2.compress)],
)
def test_compressed_members_are_one_stream(
    name: str, compress: Callable[[bytes], bytes], reader: Reader
) -> None:
    data = compress(TEXT[:1000]) + compress(TEXT[1000:])
    rows = reader.rows(reader.write(data, name), **RFC)[1]
    assert [row[0] for row in rows] == [str(i) for i in range(20_000)]
    with pytest.raises(DamagedFile):
        reader.rows(reader.write(data[:-20], name), **RFC)


def test_zstandard_frames_are_one_stream(reader: Reader) -> None:
    compress = zstandard.ZstdCompressor().compress
    data = compress(TEXT[:1000]) + compress(TEXT[1000:])
    rows = reader.rows(reader.write(data, "f.csv.zst"), **RFC)[1]
    assert len(rows) == 20_000


def test_reading_ahead_keeps_order_and_raises_what_reading_raised() -> None:
    def blocks() -> Iterator[bytes]:
        yield from (b"%d" % i for i in range(100))
        raise OSError("lost")

    taken = []
    with pytest.raises(OSError, match="lost"):
        taken.extend(read_ahead(blocks()))
    stream = read_ahead(b"%d" % i for i in range(10_000))
    assert [next(stream) for _ in range(50)] == [b"%d" % i for i in range(50)]
    stream.close()


# -- options and schema -------------------------------------------------------------------------


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
)
def test_what_is_not_supported_is_named(
    options: dict[str, Any], error: type[ReadFilesError], words: str, reader: Reader
) -> None:
    path = reader.write(b"a,b\n")
    with pytest.raises(error, match=words):
        reader.rows(path, **options)


def test_fail_fast_names_the_file_and_the_record(reader: Reader) -> None:
    path = reader.write(b"c,d,e\n1,2\n")
    with pytest.raises(MalformedRecord, match="1,2"):
        reader.rows(path, mode="failfast", **RFC)


def test_skipped_rows_come_before_the_header(reader: Reader) -> None:
    path = reader.write(b"made by x\n\nc,d,e\n1,2,3\n")
    assert reader.rows(path, skipRows=2, **RFC)[1] == [("1", "2", "3", None)]
