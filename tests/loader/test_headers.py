"""The first bytes of a file give its header, or the reason why the file is refused."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from bronze_loader.datasets.csv_options import CsvOptions
from bronze_loader.datasets.declaration import Dataset, DeclaredColumn
from bronze_loader.errors import Refused
from bronze_loader.sniffing.header import HEAD_SIZES, Header, renamed, sniff
from bronze_loader.sniffing.unclosed_quote import Tail

REQUIRED = (
    DeclaredColumn("id", required=True),
    DeclaredColumn("name", required=True),
    DeclaredColumn("note"),
)


def look_at(content: bytes, key: str = "d.csv", **options: object) -> Header:
    dataset = Dataset("people", "*", REQUIRED, CsvOptions(**options))  # type: ignore[arg-type]
    return sniff(key, len(content), dataset, lambda start, n: content[start : start + n])


@pytest.mark.parametrize(
    ("content", "header"),
    [
        (b"id,name\n1,a\n", Header(("id", "name"))),
        (b"Name,ID,Extra Field", Header(("name", "id", "extra_field"))),
        (b"id;name;note\n", Header(("id", "name", "note"), ";")),
        (b"id\tname\n", Header(("id", "name"), "\t")),
        (b"id|name\r1|a\r", Header(("id", "name"), "|", line_end="\r")),
        (
            b'"id","full ""legal"", name","name"\r\n',
            Header(("id", "full_legal_name", "name"), line_end="\r\n"),
        ),
        (b'id,"name\n(full)",name\n', Header(("id", "name_full", "name"))),
        (b'id;"name";"a,b,c,d"\n', Header(("id", "name", "a_b_c_d"), ";")),
        (b"\n\r\nid,name\n", Header(("id", "name"))),
        (b"\xef\xbb\xbfid,name\n", Header(("id", "name"))),
        (b"id,name,\n", Header(("id", "name", "column_3"))),
        (b"PK,id,name\n", Header(("pk", "id", "name"))),
        (b"PAR1,id,name\n", Header(("par1", "id", "name"))),
        ("id,name,größe\n".encode(), Header(("id", "name", "größe"))),
    ],
    ids=[
        "plain",
        "case-and-no-rows",
        "semicolon",
        "tab",
        "pipe-and-cr",
        "quotes-in-a-name",
        "line-break-in-a-name",
        "delimiters-in-a-name",
        "blank-lines-before",
        "byte-order-mark",
        "blank-name",
        "begins-like-zip",
        "begins-like-parquet",
        "letters-of-any-script",
    ],
)
def test_the_header_is_read(content: bytes, header: Header) -> None:
    assert look_at(content) == header


def test_a_declared_dialect_is_used() -> None:
    header = look_at("'id'^'n\\'ame'^'name'^ö\n".encode("cp1252"), delimiter="^", quote="'",
                     escape="\\", encoding="windows-1252")  # fmt: skip
    assert header == Header(("id", "n_ame", "name", "ö"), "^", "windows-1252", "'", "\\")


def test_a_byte_order_mark_goes_before_the_declared_encoding() -> None:
    content = "\ufeffid,name,ö\n".encode()
    assert look_at(content, encoding="windows-1252") == Header(("id", "name", "ö"), ",", "UTF-8")


@pytest.mark.parametrize(
    ("content", "quote", "escape"),
    [
        (b"id,name\n1,a\n", '"', '"'),
        (b"'id','name'\n'1','a, b'\n", "'", "'"),
        (b"'id';'name'\n'1';'it\\'s'\n", "'", "\\"),
        (b'id,name\n1,"a \\"b\\" c"\n', '"', "\\"),
        (b'id,name\n1,"c:\\dir\\"\n2,"c:\\",3\n', '"', '"'),
        (b'id,name\n1,"he said \\""hi\\"""\n', '"', '"'),
        (b"id,name\n1,it's\n", '"', '"'),
    ],
    ids=[
        "none",
        "single-quotes",
        "single-quotes-and-backslash",
        "backslash",
        "backslash-before-a-closing-quote",
        "backslash-and-doubled-quotes",
        "apostrophe",
    ],
)
def test_quote_and_escape_are_found_out(content: bytes, quote: str, escape: str) -> None:
    header = look_at(content)
    assert (header.columns, header.quote, header.escape) == (("id", "name"), quote, escape)


def test_a_preamble_is_skipped_when_declared_and_pointed_out_when_not() -> None:
    content = b"Report, of today\n\nid,name\n1,a\n"
    assert look_at(content, skip_rows=2).columns == ("id", "name")
    with pytest.raises(Refused, match=r"line 3 has the columns.*skip_rows: 2"):
        look_at(content)
    assert look_at(content, skip_rows=1).columns == ("id", "name")  # blank lines are none


@pytest.mark.parametrize(
    ("content", "quarantined"),
    [
        (b"id,name\n1,a\n", None),
        (b'id,name\n1,"a"\n', None),
        (b'id,name\n1,"a"\n2,b\n', None),
        (b'id,name\n1,""\n', Tail(end='"\n')),
        (b'id,name\n1,"a,"\n', Tail("\n")),
        (b'id,name\n1,"a\n2,b\n', Tail("a\n2,b\n")),
        (b'id,name\n1,"a ""b"" c\n2,b\n', Tail(end='" c\n2,b\n')),
        (b'id,name\n1,"a \\"b\\" c\n2,b\n', Tail(end='" c\n2,b\n')),
        (b'id,name\r\n1,"a\r\n2,b\r\n', Tail("a\n2,b\n")),
        (b'id,name\n1,"a"', None),
        (b'id,name\n1,"' + b"x\n" * 9000, Tail(end="x\n" * 100)),
        (b'id,name\n1,"' + b"x\n" * 90_000, Tail(end="x\n" * 100)),
        (b"id,name\n" + b"1,x\n" * 90_000, Tail(end="1,x\n" * 50)),
        (b"id,name\n1," + b"x" * 90_000, None),
    ],
    ids=[
        "no-quote",
        "closed-quote",
        "closed-before-the-last-line",
        "empty-quotes",
        "delimiter-before-the-quote",
        "open",
        "open-after-doubled-quotes",
        "open-after-backslashes",
        "open-crlf",
        "closed-without-line-end",
        "open-over-18-KB",
        "open-over-180-KB",
        "large-without-quotes",
        "one-large-line",
    ],
)
def test_how_a_file_ends_is_kept(content: bytes, quarantined: Tail | None) -> None:
    assert look_at(content).tail == quarantined


def test_the_end_of_a_large_compressed_file_is_not_known() -> None:
    import random

    rows = random.Random(1).randbytes(3 * HEAD_SIZES[0]).hex().encode()  # noqa: S311
    assert look_at(gzip.compress(b"id,name\n" + rows), "d.csv.gz").tail == Tail()


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        (b"id,full_name,Naem\n", "`name` by `naem`"),
        (b"id,n_a_m_e\n", "`name` by `n_a_m_e`"),
        (b"idd,names\n", "`id` by `idd` and `name` by `names`"),
    ],
    ids=["letters-swapped", "underscores", "two-names"],
)
def test_a_new_name_that_resembles_a_missing_one_is_pointed_out(header: bytes, meant: str) -> None:
    with pytest.raises(Refused) as caught:
        look_at(header)
    assert f"did you mean {meant}?" in str(caught.value)


def test_a_renamed_optional_column_is_pointed_out_too() -> None:
    dataset = Dataset("people", "*", REQUIRED)
    assert renamed(look_at(b"id,name,notes\n"), dataset) == (
        "; did you mean `note` by `notes`? If so declare it in the source YAML, as in "
        "`meta: {aliases: [notes]}` on the column note"
    )
    assert renamed(look_at(b"id,name,note,notes\n"), dataset) == ""
    assert renamed(look_at(b"id,name,age\n"), dataset) == ""


@pytest.mark.parametrize(
    ("content", "mixed"),
    [
        (b"id,name\n1,a\r\n", True),
        (b'id,"name\nx",name\r\n1,a,b\r\n', True),
        (b'id,"name\rx",name\n1,a,b\n', True),
        (b'id,"name\r\nx",name\r\n1,a,b\r\n', False),
        (b'id,name\n1,"a\r\nb"\n', False),
        (b"id,name\r\n1,a\n", False),
        (b"id,name\r\n1,a\r\n", False),
    ],
    ids=[
        "lf-then-crlf",
        "lf-in-a-name",
        "cr-in-a-name",
        "crlf-in-a-name",
        "crlf-in-a-value",
        "crlf-then-lf",
        "crlf",
    ],
)
def test_line_ends_that_spark_would_misread_are_refused(content: bytes, mixed: bool) -> None:
    if not mixed:
        assert look_at(content)
        return
    with pytest.raises(Refused, match="write all line ends alike"):
        look_at(content)


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".zst", lambda content: zstandard.ZstdCompressor().compress(content)),
        (".gz", lambda content: gzip.compress(b"") + gzip.compress(content)),
    ],
    ids=["gzip", "bzip2", "zstandard", "gzip-members"],
)
def test_a_compressed_file_is_looked_into(suffix: str, compress: Callable[[bytes], bytes]) -> None:
    content = compress(b"id,name\n" + b"1,a\n" * 100_000)
    assert look_at(content, f"d.csv{suffix}") == Header(("id", "name"))


def test_the_header_of_a_large_incompressible_file_is_found_in_its_first_bytes() -> None:
    import random

    rows = random.Random(1).randbytes(3 * HEAD_SIZES[0]).hex().encode()  # noqa: S311
    content = bz2.compress(b"id,name\n" + rows)
    asked: list[int] = []

    def read(start: int, length: int) -> bytes:
        asked.append(length)
        return content[start : start + length]

    dataset = Dataset("people", "*", REQUIRED)
    assert sniff("d.csv.bz2", len(content), dataset, read) == Header(("id", "name"))
    assert asked[0] == HEAD_SIZES[0]


def test_a_header_longer_than_the_first_look_is_read_to_its_end() -> None:
    names = [f"column {n:05} with a long name" for n in range(4_000)]
    content = ",".join(["id", "name", *names]).encode() + b"\n1,a\n"
    assert len(content) > HEAD_SIZES[0]
    assert len(look_at(content + b"x" * HEAD_SIZES[0]).columns) == 4_002


@pytest.mark.parametrize(
    ("content", "key", "part_of_reason"),
    [
        (b"", "d.csv", "empty"),
        (b"\n\n\n", "d.csv", "no header"),
        (b"\xef\xbb\xbf", "d.csv", "no header"),
        (gzip.compress(b"", mtime=0), "d.csv.gz", "no header"),
        (b"id,note\n1,x\n", "d.csv", "required column missing: name; the header has id, note"),
        (b"foo\n", "d.csv", "required columns missing: id, name"),
        (gzip.compress(b"id,name\n", mtime=0), "d.csv", "compressed as .gz"),
        (b"id,name\n", "d.csv.gz", "not compressed"),
        (bz2.compress(b"id,name\n"), "d.csv.gz", "compressed as .bz2 but the name ends in .gz"),
        (gzip.compress(b"id,name\n", mtime=0)[:12], "d.csv.gz", "ends too early"),
        (b"\x1f\x8b" + b"x" * 50, "d.csv.gz", "cannot be decompressed"),
        (b"PK\x03\x04rest", "d.csv", "zip"),
        (b"PAR1\x15rest", "d.csv", "Parquet"),
        ("\ufeffid,name\n".encode("utf-16-le"), "d.csv", "UTF-16"),
        ("id,name\n".encode("utf-16-le"), "d.csv", "zero byte"),
        (b"id,name\n1,caf\xe9\n", "d.csv", "not UTF-8 (byte 0xE9 at 13)"),
        (b"id,name," + b"x" * 300 + b"\n", "d.csv", "300 characters"),
        (b"id,name" + b",c" * 5_000 + b"\n", "d.csv", "5002 columns"),
        (b"id,name\n", "_d.csv", "hidden"),
    ],
    ids=[
        "empty",
        "blank-lines",
        "byte-order-mark-only",
        "gzip-of-nothing",
        "a-required-column-missing",
        "all-required-columns-missing",
        "gzip-not-named",
        "gzip-only-named",
        "bzip2-named-gzip",
        "gzip-cut-off",
        "gzip-damaged",
        "zip",
        "parquet",
        "utf-16",
        "utf-16-unmarked",
        "not-utf-8",
        "long-name",
        "too-many-columns",
        "hidden",
    ],
)
def test_a_file_that_cannot_be_loaded_right_is_refused(
    content: bytes, key: str, part_of_reason: str
) -> None:
    with pytest.raises(Refused) as caught:
        look_at(content, key)
    assert part_of_reason in str(caught.value)


BLANK = [
    "\u2028",
    "\u2029",
    "\x85",
    "\x0b",
    "\x1c",
    " ",
    "\t",
    "\u00a0",
    "\u200b",
    "\u3000",
    ",,",
    '""',
    "\x1a",
]


@pytest.mark.parametrize("required", [True, False], ids=["required", "optional"])
def test_a_file_of_blanks_has_no_header_whatever_is_declared(required: bool) -> None:
    """The columns would be called by their places, and the file have no rows and no reason."""
    columns = (DeclaredColumn("id", required=required), DeclaredColumn("name"))
    dataset = Dataset("people", "*", columns)
    for text in [*BLANK, *(f"{blank}\n{blank}\n" for blank in BLANK)]:
        content = text.encode()
        with pytest.raises(Refused, match="no header line"):
            sniff("d.csv", len(content), dataset, lambda start, n, c=content: c[start : start + n])
    content = b" ,\n,id\n1,2\n"  # a name is a header
    found = sniff("d.csv", len(content), dataset, lambda start, n: content[start : start + n])
    assert (found.columns, found.skip_rows) == (("column_1", "id"), 1)


@pytest.mark.parametrize(
    "end", ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
)
def test_line_breaks_that_csv_does_not_know_are_named(end: str) -> None:
    """A header of all declared columns would be found, and the file have no rows."""
    for lines in (["id,name", "1,a", ""], ["id,name,note", *30_000 * ["1,a,b"]]):
        with pytest.raises(Refused, match=f"seem to end in U.{ord(end):04X}"):
            look_at(end.join(lines).encode())
    for content in (f'"id{end}of all",id,name\n', f"id,name\n1,a{end}b\n", f"id,name{end}\n1,a"):
        assert {"id", "name"} <= set(look_at(content.encode()).columns)


@pytest.mark.parametrize(
    "units", [",,(pcs)", "-,\u2013,[kg]", " ,\u00a0,\u20ac", ",,\uff08个\uff09", ",text,\u200b"]
)
def test_a_row_of_units_may_have_none_for_a_column(units: str) -> None:
    wide = "," * 3_000  # more than the first rows of most files
    for behind in ("", wide):
        text = f"id,name,note{behind}\n{units}{behind}\n1,a,b{behind}\n"
        assert look_at(text.encode()).skip_rows == 1, units
    for row in (",,", "-,-,-", "1,,(pcs)", ",a,(pcs)"):
        assert look_at(f"id,name,note\n{row}\n1,a,b\n".encode()).skip_rows == 0, row


@pytest.mark.parametrize("apart", ["", ",,", " ,\t,", ",,\nStock,,", "\nStock", ",,\n,,"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_second_table_is_seen_behind_any_blank_line(apart: str, end: str) -> None:
    first, second = "id,name,note\n1,a,b\n2,c,d\n", "code,label,value\n7,x,9\n"
    with pytest.raises(Refused, match="a second table begins"):
        look_at(f"{first}{apart}\n{second}".replace("\n", end).encode())
    for row in ("3,x,y", ",Ann,female", "4,,"):  # of the same table
        look_at(f"{first}{apart}\n{row}\n5,a,b\n".replace("\n", end).encode())


@pytest.mark.parametrize("behind", [b"\n", b"\r\n", b" ", b"x", b"\x1a", b"\n" * 600])
def test_what_stands_behind_the_end_of_a_compressed_file_is_said(behind: bytes) -> None:
    zstd = zstandard.ZstdCompressor().compress
    for suffix, compress in ((".gz", gzip.compress), (".bz2", bz2.compress), (".zst", zstd)):
        said = f"behind its end stands something that is not compressed .{behind[:4].hex(' ')}.;"
        with pytest.raises(Refused, match=said):
            look_at(compress(b"id,name\n1,a\n") + behind, f"d.csv{suffix}")
    skippable = b"\x5e\x2a\x4d\x18\x02\0\0\0ab"
    look_at(zstd(b"id,name\n1,a\n") + skippable + zstd(b"2,b\n"), "d.csv.zst")


def test_a_header_that_never_ends_is_refused() -> None:
    with pytest.raises(Refused, match="quote left open"):
        look_at(b'id,"name\n' + b"1,a\n" * (HEAD_SIZES[-1] // 4))


def test_bytes_that_a_character_is_cut_in_at_the_end_of_the_look_are_no_error() -> None:
    content = b"id,name\n" + b"x" * (HEAD_SIZES[0] - 9) + "é".encode() * 10
    assert look_at(content) == Header(("id", "name"))


@given(st.binary(max_size=200))
def test_hostile_bytes_give_a_header_or_a_reason(content: bytes) -> None:
    try:
        header = look_at(content)
    except Refused as refused:
        assert str(refused)
    else:
        assert {"id", "name"} <= set(header.columns)
