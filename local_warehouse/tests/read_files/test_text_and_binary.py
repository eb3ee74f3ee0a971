"""read_files of texts and binary files, over the connector, on objects in S3."""

from __future__ import annotations

import gzip
from typing import Any

from sql_reader import read


def test_lines_and_whole_texts(warehouse: Any) -> None:
    url = warehouse.land(
        ("a.txt", "é one\r\ntwo\n\nthree\rfour".encode()),
        ("sub/b.txt", b"five;six"),
        ("c.txt.gz", gzip.compress(b"\xef\xbb\xbfseven\n")),
    )
    lines = read(warehouse, url, "format => 'text', pathGlobFilter => '*.txt'")
    assert [r["value"] for r in lines] == ["é one", "two", "", "three", "four", "five;six"]
    split = read(warehouse, url + "sub/", "format => 'text', lineSep => ';'")
    assert [r["value"] for r in split] == ["five", "six"]
    assert read(warehouse, url + "c.txt.gz", "format => 'text'") == [{"value": "seven"}]
    assert read(warehouse, url + "a.txt", "format => 'text', wholeText => true") == [
        {"value": "é one\r\ntwo\n\nthree\rfour"}
    ]


def test_binary_files(warehouse: Any) -> None:
    url = warehouse.land(("a.bin", bytes(range(256))), ("b.gz", b"\x1f\x8b not unpacked"))
    rows = read(warehouse, url + "*", "format => 'binaryFile'")
    assert [(r["path"], r["length"], r["content"][:2]) for r in rows] == [
        (url + "a.bin", 256, b"\x00\x01"),
        (url + "b.gz", 15, b"\x1f\x8b"),
    ]
    assert rows[0]["modificationTime"].tzinfo is not None
