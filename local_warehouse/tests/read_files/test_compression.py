"""Compressed files, and reading ahead of what is decompressed."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable, Iterator

import pytest
import zstandard
from csv_reader import RFC, CsvReader

from local_warehouse.read_files.errors import DamagedFile
from local_warehouse.read_files.read_ahead import read_ahead

TEXT = b"c,d,e\n" + b"".join(b"%d,x,y\n" % i for i in range(20_000))


@pytest.mark.parametrize(
    ("name", "compress"),
    [("f.csv.gz", gzip.compress), ("f.csv.bz2", bz2.compress)],
    ids=["gzip", "bzip2"],
)
def test_compressed_members_are_one_stream(
    name: str, compress: Callable[[bytes], bytes], reader: CsvReader
) -> None:
    data = compress(TEXT[:1000]) + compress(TEXT[1000:])
    rows = reader.rows(reader.write(data, name), **RFC)[1]
    assert [row[0] for row in rows] == [str(i) for i in range(20_000)]
    half = len(data) // 2
    for damaged in (data[:-20], data[:half] + bytes(20) + data[half + 20 :], data + bytes(20)):
        with pytest.raises(DamagedFile):
            reader.rows(reader.write(damaged, name), **RFC)


def test_zstandard_frames_are_one_stream(reader: CsvReader) -> None:
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
