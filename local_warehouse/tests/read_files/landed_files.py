"""CSV files of every kind, and their way into the landing."""

from __future__ import annotations

import bz2
import gzip
import uuid
from typing import Any
from urllib.parse import urlsplit

import zstandard

ABC = "schema => 'a STRING, b STRING, c STRING, _corrupt_record STRING'"
CAB = "schema => 'c STRING, a STRING, b STRING, _corrupt_record STRING'"
AB = "schema => 'a STRING, b STRING, _corrupt_record STRING'"
PADDING = b"-" * 200  # so that a large file has few rows
LARGE = b"".join(b'%d,"x, ""%d""\n%s",z\n' % (i, i, PADDING) for i in range(9_000))
LINES = b"".join(b"%d,%s,z\r\n" % (i, PADDING) for i in range(9_000))

FILES: list[tuple[str, bytes, str]] = [
    ("plain.csv", b"a,b,c\n1,2,3\n4,5,6\n", ABC),
    ("crlf.csv", b"a,b,c\r\n1,2,3\r\n4,\"5\r\n\",6\r\n", ABC),
    ("cr.csv", b"a,b,c\r1,2,3\r4,5,6\r", ABC),
    ("quoted.csv", b'a,b,c\n"1, 1","2 ""2""","3\n3"\n', ABC),
    ("ragged.csv", b"a,b,c\n1,2\n1,2,3\n1,2,3,4\n", ABC),
    ("unclosed.csv", b'a,b,c\n1,2,3\n4,"5,6\n7,8,9\n', ABC),
    ("stray.csv", b'a,b,c\n1,x"y,3\n2,"p"q,4\n', ABC),
    ("header only.csv", b"a,b,c\n", ABC),
    ("no end.csv", b"a,b,c\n1,2,3", ABC),
    ("blank lines.csv", b"\n\na,b,c\n\n1,2,3\n\n", ABC),
    ("mark.csv", b"\xef\xbb\xbfa,b,c\n1,2,3\n", ABC),
    ("reordered.csv", b"c,a,b\n3,1,2\n", CAB),
    ("reordered too.csv", b"c,a,b\n6,4,5\n7\n", CAB),
    ("narrow.csv", b"a,b\n1,2\n", AB),
    ("narrow too.csv", b"a,b\n3,4\n5,6,7\n", AB),
    ("packed.csv.gz", gzip.compress(b"a,b,c\n1,2,3\n"), ABC),
    ("packed.csv.bz2", bz2.compress(b"a,b,c\n1,2,3\n4\n"), ABC),
    ("packed.csv.zst", zstandard.compress(b"a,b,c\n1,2,3\n"), ABC),
    ("large.csv", b"a,b,c\n" + LARGE + b"1,2\n", ABC),
    ("large lines.csv", b"a,b,c\r\n" + LINES, ABC),
    ("large odd.csv", b"a,b,c\r\n" + LINES + b"1,2\r\n\r\n" + LINES + b'3,"4\r\n5"', ABC),
    ("it's `odd` \\ ünï.csv", "a,b,c\nä,ü,\N{SNOWMAN}\n".encode(), ABC),
    ("null.csv", b"a,b,c\nNULL,\\N,\n,\"\",x\n", ABC),
]  # fmt: skip


def put(warehouse: Any, files: list[tuple[str, bytes, str]]) -> list[str]:
    """Lands files under a new prefix; returns their URLs."""
    landing = urlsplit(warehouse.env["LANDING_URL"])
    prefix = f"{landing.path.lstrip('/')}{uuid.uuid4().hex}"
    for name, body, _ in files:
        warehouse.s3.put_object(Bucket=landing.netloc, Key=f"{prefix}/{name}", Body=body)
    return [f"s3://{landing.netloc}/{prefix}/{name}" for name, _, _ in files]


def text(value: str) -> str:
    """A string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
