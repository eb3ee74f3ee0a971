"""Every shape of file in docs/loader.md, by its id there: what is put, and what must come of it."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

# Many shapes have the same content.
SOURCES = """
load: &load {duplicate_content: load}
sources:
  - name: bronze
    tables:
      - {name: plain, external: {<<: *load, location: "plain/**/*"}, columns: &columns [
          {name: id, meta: {required: true}}, {name: name, meta: {required: true}}, {name: note}]}
      - {name: wide, external: {<<: *load, location: "wide/**/*"}, columns: *columns}
      - {name: damaged, external: {<<: *load, location: "damaged/**/*"}, columns: *columns}
      - {name: large, external: {<<: *load, location: "large/**/*"}, columns: *columns}
      - {name: caret, external: {<<: *load, location: "caret/**/*", options: {delimiter: "^"}},
         columns: *columns}
      - {name: single, external: {<<: *load, location: "single/**/*", options: {quote: "'"}},
         columns: *columns}
      - {name: backslash, external: {<<: *load, location: "backslash/**/*", options: {
          escape: "\\\\"}}, columns: *columns}
      - {name: latin, external: {<<: *load, location: "latin/**/*", options: {encoding: latin-1}},
         columns: *columns}
      - {name: windows, external: {<<: *load, location: "windows/**/*", options: {
          encoding: windows-1252, quote: "\u00b4", null_value: "\u2014"}}, columns: *columns}
      - {name: double, external: {<<: *load, location: "double/**/*", options: {
          quote: '"', escape: '"'}}, columns: *columns}
      - {name: thai, external: {<<: *load, location: "thai/**/*", options: {encoding: tis-620}},
         columns: *columns}
      - {name: parts, external: {<<: *load, location: "parts/**/*", parts: [
          {location: "parts/**/old/*", options: {encoding: windows-1252}}]}, columns: *columns}
      - {name: aliased, external: {<<: *load, location: "aliased/**/*"}, columns: [{name: id},
          {name: name, meta: {required: true, aliases: [Label, full name]}}, {name: note}]}
      - {name: nulls, external: {<<: *load, location: "nulls/**/*", options: {null_value: "NULL"}},
         columns: *columns}
      - {name: preamble, external: {<<: *load, location: "preamble/**/*", options: {skip_rows: 3}},
         columns: *columns}
      - {name: lines, external: {<<: *load, location: "lines/**/*", options: {multi_line: false}},
         columns: *columns}
"""

HEADER = b"id,name,note\n"
PLAIN = HEADER + b"1,a,b\n2,c,d\n"
Row = tuple[str | None, ...]
ROWS: tuple[Row, ...] = (("1", "a", "b", None), ("2", "c", "d", None))
LARGE = 10_000_000


@dataclass(frozen=True)
class Shape:
    """One case: files of one content, and what the loader must make of each.

    `outcome` is the word in the manual's table. `rows` are the values of `columns`; without any,
    those of PLAIN. Values longer than LARGE are compared by their length.
    """

    id: str
    content: bytes = PLAIN
    outcome: str = "loaded"
    rows: Sequence[Row] = ROWS
    reason: str = ""
    names: Sequence[str] = ("data.csv",)
    dataset: str = "plain"
    columns: Sequence[str] = field(default=("id", "name", "note", "_corrupt_record"))


def one(*values: str | None, corrupt: str | None = None) -> list[Row]:
    return [(*values, corrupt)]


def refused(name: str, content: bytes, reason: str, **more: object) -> Shape:
    return Shape(name, content, "refused", (), reason, **more)  # type: ignore[arg-type]


def _zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("data.csv", PLAIN)
    return packed.getvalue()


def _parquet() -> bytes:
    packed = io.BytesIO()
    pq.write_table(pa.table({"id": [1]}), packed)
    return packed.getvalue()


def _incompressible_gzip() -> bytes:
    import random

    rows = random.Random(1).randbytes(100_000).hex().encode()  # noqa: S311
    return gzip.compress(HEADER + b"1,a," + rows + b"\n")


def _damaged_gzip() -> bytes:
    content = bytearray(_incompressible_gzip())
    content[90_000:90_100] = bytes(100)
    return bytes(content)


FILLING = b"0,x,y\n" * 20_000  # more than the loader looks at
FILLED = [("0", "x", "y", None)] * 20_000

CONTROLS: tuple[Row, ...] = (
    ("1", "a\0b", "c", "1,a\0b,c"),
    ("2", "d", "\x07", "2,d,\x07"),
    ("3", "e", "\x7f", "3,e,\x7f"),
    ("4", "\tf", "g", None),
)

COLUMNS = [
    Shape("reordered", b"note,id,name\nb,1,a\nd,2,c\n"),
    Shape(
        "added",
        b"id,tier,name,note\n1,gold,a,b\n",
        rows=[("1", "a", "b", "gold", None)],
        columns=("id", "name", "note", "tier", "_corrupt_record"),
    ),
    Shape("missing-optional", b"id,name\n1,a\n", rows=one("1", "a", None)),
    refused("missing-required", b"id,note\n1,b\n", "required column missing: name"),
    refused("renamed-required", b"id,Naem,note\n1,a,b\n", "did you mean `name` by `naem`?"),
    Shape(
        "renamed-optional",
        b"id,name,notes\n1,a,b\n",
        rows=[("1", "a", None, "b", None)],
        columns=("id", "name", "note", "notes", "_corrupt_record"),
    ),
    refused(
        "renamed-prefix", b"id,Name of all,note\n1,a,b\n", "did you mean `name` by `name_of_all`?"
    ),
    Shape("alias", PLAIN.replace(b"name", b"Label"), dataset="aliased"),
    Shape(
        "duplicate-names",
        b"id,name,note,NOTE,note \n1,a,b,x,y\n",
        rows=[("1", "a", "b", "x", "y", None)],
        columns=("id", "name", "note", "note_2", "note_3", "_corrupt_record"),
    ),
    refused("required-twice", b"id,name,note,ID\n1,a,b,2\n", "required column id 2 times"),
    refused(
        "alias-twice",
        b"id,label,Full Name\n1,a,b\n",
        "required column name 2 times",
        dataset="aliased",
    ),
    Shape(
        "combining-marks",
        "id,name,สี,สู,हिन्दी,हन्द,ខ្មែរ,ລາວ,မြန်မာ\n1,a,1,2,3,4,5,6,7\n".encode(),
        rows=[("1", "a", *"1234567", None)],
        columns=("id", "name", "สี", "สู", "हिन्दी", "हन्द", "ខ្មែរ", "ລາວ", "မြန်မာ", "_corrupt_record"),
    ),
    Shape(
        "blank-names",
        b'id,name,note,,"  "\n1,a,b,x,y\n',
        rows=[("1", "a", "b", "x", "y", None)],
        columns=("id", "name", "note", "column_4", "column_5", "_corrupt_record"),
    ),
    Shape(
        "odd-names",
        'id, NAME ,note,a b.c,`d`,"e""f",g\'h,größe,年齢,"i;\nj"\n1,a,b,1,2,3,4,5,6,7\n'.encode(),
        rows=[("1", "a", "b", *"1234567", None)],
        columns=("id", "name", "note", "a_b_c", "d", "e_f", "g_h", "größe", "年齢", "i_j",
                 "_corrupt_record"),
    ),
    Shape(
        "metadata-names",
        b"id,name,note,_source_file,_Corrupt_Record,_batch_id\n1,a,b,x,y,z\n",
        rows=[("1", "a", "b", "x", "y", "z", None)],
        columns=("id", "name", "note", "source_file", "corrupt_record", "batch_id",
                 "_corrupt_record"),
    ),
    Shape(
        "thousand-columns",
        b"id,name," + b",".join(b"c%d" % n for n in range(998)) + b"\n1,a" + b",x" * 998 + b"\n",
        rows=[("1", "a", "x", "x", None)],
        dataset="wide",
        columns=("id", "name", "c0", "c997", "_corrupt_record"),
    ),
    refused("too-many-columns", b"id,name" + b",c" * 5_000 + b"\n", "5002 columns"),
    refused("long-name", b"id,name," + b"x" * 256 + b"\n", "256 characters"),
    refused("endless-header", b'id,name,"note\n' + b"1,a,b\n" * 2_900_000, "quote left open"),
]  # fmt: skip

DIALECTS = [
    Shape("comma"),
    Shape("semicolon", PLAIN.replace(b",", b";")),
    Shape("tab", PLAIN.replace(b",", b"\t")),
    Shape("pipe", PLAIN.replace(b",", b"|")),
    Shape("delimiter-declared", PLAIN.replace(b",", b"^"), dataset="caret"),
    Shape("quoted", b'"id","name","note"\n"1","a","b"\n"2","c","d"\n'),
    Shape("quoted-delimiter", HEADER + b'1,"a, b","c;d"\n', rows=one("1", "a, b", "c;d")),
    Shape(
        "delimiters-in-a-name",
        b'id,name,note,";a;b;c;d"\n1,a,"b\r\n",c\n',
        rows=[("1", "a", "b\r\n", "c", None)],
        columns=("id", "name", "note", "a_b_c_d", "_corrupt_record"),
    ),
    Shape("quoted-line-break", HEADER + b'1,"a\n\nb",c\n', rows=one("1", "a\n\nb", "c")),
    Shape("doubled-quote", HEADER + b'1,"a ""b""",c\n', rows=one("1", 'a "b"', "c")),
    Shape(
        "backslash-escape",
        HEADER + b'1,"a \\"b\\" c","d\\\\"\n',
        rows=one("1", 'a "b" c', "d\\"),
    ),
    Shape(
        "escape-declared",
        HEADER + b'1,"a \\"b\\"","c"\n',
        rows=one("1", 'a "b"', "c"),
        dataset="backslash",
    ),
    Shape(
        "escape-late",
        HEADER + FILLING + b'1,"a \\"b\\" c","d"\n2,"e \\"f, g\\"","h"\n',
        "quarantined",
        rows=[
            *FILLED,
            ("1", '"a \\"b\\" c"', "d", None),
            ("2", '"e \\"f', ' g\\""', '2,"e \\"f, g\\"","h"'),
        ],
    ),
    Shape(
        "single-quotes",
        b"'id','name','note'\n'1','a, ''b''','c\nd'\n",
        rows=one("1", "a, 'b'", "c\nd"),
    ),
    Shape(
        "quote-declared",
        HEADER + b"1,'a, b','c \"d\" ''e'''\n",
        rows=one("1", "a, b", "c \"d\" 'e'"),
        dataset="single",
    ),
    Shape(
        "blank-behind-delimiter",
        b'id, name, note\n1, "a, b", c\n2, d,  e\n',
        rows=[("1", "a, b", "c", None), ("2", "d", "e", None)],
    ),
    Shape("blank-before-quote", HEADER + b'1, "a, b" ,c\n', rows=one("1", "a, b", "c")),
    Shape(
        "other-quotes",
        b"'id','name','note'\n'1','a, b','c\nd'\n",
        rows=one("1", "a, b", "c\nd"),
        reason="values stand in ', where \" is declared",
        dataset="double",
    ),
    Shape(
        "other-quotes-in-values",
        HEADER + b"'1','a, b','c'\n'2','d',`e`\n",
        rows=[("1", "a, b", "c", None), ("2", "d", "`e`", None)],
        reason="values stand in ', where \" is declared",
        dataset="double",
    ),
    Shape(
        "other-quotes-in-some-values",
        HEADER + b"1, 'a, x', b\n2, 'c', d\n3, e's, 'f'\n",
        rows=[("1", "a, x", "b", None), ("2", "c", "d", None), ("3", "e's", "f", None)],
    ),
    Shape(
        "apostrophes",
        HEADER + b"1,'90s radio,b\n2,c,rock 'n' roll\n3,'tis,d,e'\n",
        "quarantined",
        rows=[
            ("1", "'90s radio", "b", None),
            ("2", "c", "rock 'n' roll", None),
            ("3", "'tis", "d", "3,'tis,d,e'"),
        ],
    ),
    refused(
        "typographic-quotes",
        "“id”,“name”,“note”\n“1”,“a, b”,“c”\n“2”,“d”,“e”\n".encode(),
        "values stand in “…”",
    ),
    refused("formula-quotes", HEADER + b'="007",a,b\n="008",c,d\n', 'values stand in ="…"'),
    Shape("stray-quote", HEADER + b'1,5" wide,a"b"c\n', rows=one("1", '5" wide', 'a"b"c')),
]

LINES = [
    Shape("lf"),
    Shape("crlf", PLAIN.replace(b"\n", b"\r\n")),
    Shape("cr", PLAIN.replace(b"\n", b"\r")),
    Shape(
        "crlf-in-quotes",
        HEADER.replace(b"\n", b"\r\n") + b'1,"a\r\nb",c\r\n',
        rows=one("1", "a\nb", "c"),
    ),
    refused("mixed-line-ends", HEADER + b"1,a,b\r\n2,c,d\r\n", "LF and CRLF, the first of them LF"),
    Shape("crlf-header", HEADER.replace(b"\n", b"\r\n") + PLAIN[len(HEADER) :]),
    refused(
        "mixed-line-ends-in-rows",
        HEADER.replace(b"\n", b"\r\n") + b"1,a,b\r\n2,c,d\n",
        "CRLF and LF, the first of them CRLF",
    ),
    Shape("no-final-line-end", PLAIN.rstrip()),
    Shape("blank-lines", b"\n\n" + PLAIN.replace(b"\n", b"\n\n")),
    Shape(
        "short-line",
        PLAIN + b"3,e\n",
        "quarantined",
        [*ROWS, ("3", "e", None, "3,e")],
    ),
    Shape(
        "long-line",
        PLAIN + b'3,e,f,"g, h"\n',
        "quarantined",
        [*ROWS, ("3", "e", "f", '3,e,f,"g, h"')],
    ),
    Shape(
        "unclosed-quote",
        HEADER + b'1,"a,b\n2,c,d\n3,"e",f\n4,g,h\n',
        rows=[("1", '"a,b\n2,c,d\n3,"e"', "f", None), ("4", "g", "h", None)],
    ),
    Shape(
        "unclosed-quote-short",
        HEADER + b'1,"a,b\n2,c,d\n',
        "quarantined",
        [("1", "a,b\n2,c,d\n", None, '1,"a,b\n2,c,d')],
    ),
    Shape(
        "unclosed-quote-at-end",
        PLAIN + b'3,e,"f\n4,g,h\n',
        "quarantined",
        [*ROWS, ("3", "e", "f\n4,g,h\n", "3,e,f\n4,g,h\n")],
    ),
    Shape(
        "one-line-records",
        HEADER + b'1,"a\n2,c,"d"\n',
        "quarantined",
        [("1", "a", None, '1,"a'), ("2", "c", "d", None)],
        dataset="lines",
    ),
]

ENCODINGS = [
    Shape("utf-8", HEADER + "1,é,😀\n".encode(), rows=one("1", "é", "😀")),
    Shape("byte-order-mark", b"\xef\xbb\xbf" + PLAIN),
    refused("utf-16", PLAIN.decode().encode("utf-16"), "UTF-16"),
    refused("utf-16-unmarked", PLAIN.decode().encode("utf-16-le"), "zero byte"),
    Shape(
        "latin-1",
        HEADER + "1,é,ÿ\n".encode("latin-1"),
        rows=one("1", "é", "ÿ"),
        dataset="latin",
    ),
    Shape(
        "windows-1252",
        HEADER + "1,\u00b45 €, “so”\u00b4,—\n".encode("cp1252"),
        rows=one("1", "5 €, “so”", None),
        dataset="windows",
    ),
    refused(
        "undeclared-encoding",
        HEADER + "1,Müller,b\n".encode("cp1252"),
        "not UTF-8 (byte 0xFC at 16); declare its encoding in the source YAML, the bytes read as "
        "words in windows-1252 only: `encoding: windows-1252`, in which these read "
        "'e,note\\n1,Müller,b\\n'",
    ),
    refused(
        "undeclared-thai",
        HEADER + "1,สมชาย ใจดี,b\n".encode("cp874"),
        "windows-874 only: `encoding: windows-874`, in which these read",
    ),
    refused(
        "undeclared-unknown", HEADER + b"1,\x93so\x94,b\n", "for example `encoding: windows-1252`"
    ),
    Shape(
        "thai", HEADER + "1,สมชาย,ดี\n".encode("cp874"), rows=one("1", "สมชาย", "ดี"), dataset="thai"
    ),
    Shape(
        "encoding-of-a-part",
        HEADER + "1,é,€\n".encode("cp1252"),
        rows=one("1", "é", "€"),
        names=["old/data.csv"],
        dataset="parts",
    ),
    Shape(
        "declared-but-utf-8",
        HEADER + "1,é,b\n".encode(),
        rows=one("1", "Ã©", "b"),
        reason="all its first bytes are valid UTF-8, in which they read 'me,note\\n1,é,b\\n'",
        dataset="windows",
    ),
    Shape(
        "undecodable-late",
        HEADER + FILLING + "1,Müller,b\n".encode("cp1252"),
        "quarantined",
        [*FILLED, ("1", "M\ufffdller", "b", "1,M\ufffdller,b")],
    ),
    Shape(
        "replacement-character",
        HEADER + "1,M\ufffdller,b\n2,c,d\n".encode(),
        "quarantined",
        [("1", "M\ufffdller", "b", "1,M\ufffdller,b"), ROWS[1]],
    ),
]

CONTENTS = [
    Shape("gzip", gzip.compress(PLAIN), names=["data.csv.gz"]),
    Shape("gzip-members", gzip.compress(HEADER) + gzip.compress(PLAIN[13:]), names=["d.csv.gz"]),
    Shape("bzip2", bz2.compress(PLAIN), names=["data.csv.bz2"]),
    Shape("zstandard", zstandard.ZstdCompressor().compress(PLAIN), names=["data.csv.zst"]),
    refused("compression-not-named", gzip.compress(PLAIN), "compressed as .gz but the name"),
    refused("compression-only-named", PLAIN, "not compressed but the name ends in .gz",
            names=["data.csv.gz"]),
    refused("compression-cut-off", gzip.compress(PLAIN)[:-9], "ends too early",
            names=["data.csv.gz"]),
    refused("compression-damaged", _damaged_gzip(), "content is damaged",
            names=["d.csv.gz"], dataset="damaged"),
    refused("gzip-padded", gzip.compress(PLAIN) + bytes(512), "cannot be decompressed",
            names=["data.csv.gz"]),
    refused("gzip-and-line-break", gzip.compress(PLAIN) + b"\n", "behind its end stands something",
            names=["data.csv.gz"]),
    refused("gzip-padded-large", _incompressible_gzip() + bytes(512), "content is damaged",
            names=["data.csv.gz"], dataset="damaged"),
    refused("zip", _zip(), "zip archive"),
    refused("parquet", _parquet(), "Parquet"),
    refused("pdf", b"%PDF-1.7\n", "PDF"),
    refused("binary", b"\x7fELF" + bytes(99), "zero byte"),
    refused("empty", b"", "0 bytes"),
    refused("only-blank-lines", b"\n\r\n\n", "nothing but blank lines"),
    refused("only-blanks", "\u2028 ,\u00a0\n".encode(), "the first that is not empty has no"),
    refused(
        "other-line-breaks", PLAIN.replace(b"\n", "\u2028".encode()), "seem to end in U+2028"
    ),
    Shape("header-only", HEADER, rows=()),
    Shape("preamble-declared", b'Report "x\n\nof today\n' + PLAIN, dataset="preamble"),
    Shape(
        "preamble-undeclared",
        b'"Report, ""x\n\nof,today\n\n' + PLAIN,
        reason="skipped 4 lines before the header",
    ),
    refused("rows-before-header", b"0,x,y\n" + PLAIN, "line 1 looks like a row of a table"),
    Shape(
        "units-below-header",
        HEADER + b"-, ,(pcs)\n1,a,b\n2,c,d\n",
        reason="skipped a second header row of units or types",
    ),
    refused(
        "two-tables",
        PLAIN + b"\ncode,label,value\n7,x,9\n",
        "a second table begins behind line 4",
    ),
    refused(
        "two-tables-in-a-sheet",
        PLAIN + b",,\ncode,label,value\n7,x,9\n",
        "a second table begins behind line 4",
    ),
    Shape(
        "two-tables-of-other-widths",
        PLAIN + b"\ncode,label\n7,x\n",
        "quarantined",
        [*ROWS, ("code", "label", None, "code,label"), ("7", "x", None, "7,x")],
    ),
    Shape(
        "control-characters",
        HEADER + b"1,a\0b,c\n2,d,\x07\n3,e,\x7f\n4,\tf,g\n",
        "quarantined",
        CONTROLS,
    ),
    Shape(
        "control-characters-quoted",  # in a last value, too
        HEADER.replace(b"\n", b"\r\n")
        + b'1,a,"b\0c"\r\n2,"\0d","e"\r\n3,f,"\0"\r\n4,g,"""\0"""\r\n',
        "quarantined",
        [
            ("1", "a", "b\0c", "1,a,b\0c"),
            ("2", "\0d", "e", "2,\0d,e"),
            ("3", "f", "\0", "3,f,\0"),
            ("4", "g", '"\0"', '4,g,"\0"'),
        ],
    ),
    Shape(
        "control-characters-late",
        HEADER + FILLING + b"1,a\0b,c\n2,d,\x07\n3,e,\x7f\n4,\tf,g\n",
        "quarantined",
        [*FILLED, *CONTROLS],
    ),
    Shape("leading-zeros", HEADER + b"007,1.10,+1e3\n", rows=one("007", "1.10", "+1e3")),
    Shape("null-text", HEADER + b"1,NULL,\\N\n", rows=one("1", "NULL", "\\N")),
    Shape("null-declared", HEADER + b'1,NULL,\\N\n', rows=one("1", None, "\\N"), dataset="nulls"),
    Shape("empty-values", HEADER + b'1,"",\n', rows=one("1", None, None)),
    Shape("blanks-around", HEADER + b'1,  a ,"\tb "\n', rows=one("1", "  a ", "\tb ")),
    Shape(
        "large-cell",
        HEADER + b"1,a," + b"x" * LARGE + b"\n2,c,d\n",
        rows=[("1", "a", "x" * LARGE, None), ROWS[1]],
        dataset="large",
    ),
    Shape(
        "large-line",
        HEADER + b"1," + b"x" * 5 * LARGE + b',"' + b"y" * 5 * LARGE + b'"\n2,c,d\n',
        rows=[("1", "x" * 5 * LARGE, "y" * 5 * LARGE, None), ROWS[1]],
        dataset="large",
    ),
]  # fmt: skip

KEYS = [
    Shape("nested", names=["data.csv", "a/data.csv", "a/b c/2024-01-01/data.csv"]),
    Shape("upper-case-suffix", names=["data.CSV", "data.Csv"]),
    Shape(
        "key-characters",
        names=[f"{name}.csv" for name in (
            "a b", "a,b", "it's", 'q"q', "100%", "100%25", "%2F", "#1", "a&b=c+d;e@f:g$h!",
            "(x)", "é年😀", "`x`", "a\tb", "$(id)", "${x}", "{{ x }}", "'); drop table x --",
        )],
    ),
    Shape("key-globs", names=["{x,y}.csv", "[1].csv", "*.csv", "x?.csv", "[!a].csv"]),
    refused("key-globs-colon", PLAIN, "a colon and one of", names=["[1]_10:30.csv", "a:b/x?.csv"]),
    refused("hidden", PLAIN, "hidden", names=["_data.csv", ".data.csv"]),
    refused("compression-upper-case", gzip.compress(PLAIN), "rename it to '.gz'",
            names=["data.csv.GZ"]),
]  # fmt: skip

SHAPES = {shape.id: shape for shape in (*COLUMNS, *DIALECTS, *LINES, *ENCODINGS, *CONTENTS, *KEYS)}
