"""Compressed files to their last byte, in little memory, and those that are damaged."""

from __future__ import annotations

import bz2
import gzip
import io
import random
import tracemalloc
from contextlib import nullcontext
from typing import Any
from unittest import mock

import zstandard
from landing_place import CUSTOMERS, Place

from bronze_loader.landing.bucket import LandingFile
from bronze_loader.planning.file_state import LONG_AGO
from bronze_loader.run.damaged_files import damage


def test_a_few_bytes_of_bzip2_that_hold_much_need_little_memory() -> None:
    packer = bz2.BZ2Compressor()
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(100)) + packer.flush()
    file = LandingFile("s3://b/a.csv.bz2", "a.csv.bz2", "a.csv.bz2", "e", len(packed), LONG_AGO)
    landing: Any = mock.Mock()
    landing.stream.side_effect = lambda _: nullcontext(io.BytesIO(packed))
    tracemalloc.start()
    try:
        assert damage(landing, file) is None
        assert tracemalloc.get_traced_memory()[1] < 64e6
    finally:
        tracemalloc.stop()
    packed = packed[:-4]
    assert damage(landing, file) == "the .bz2 content ends too early; was the upload cut off?"


def test_compressed_files_that_are_damaged_are_refused_and_keep_no_other_out(place: Place) -> None:
    rows = b"".join(b"%d,n,F,%d\n" % (n, random.randrange(10**9)) for n in range(30_000))  # noqa: S311
    gz, zst = gzip.compress(CUSTOMERS + rows), zstandard.compress(CUSTOMERS + rows)
    damaged = {
        "customer_infomation_1.csv.gz": gz[:100_000] + bytes(100) + gz[100_100:],
        "customer_infomation_2.csv.gz": gz[:-8],
        "customer_infomation_3.csv.gz": gz + b"not gzip",
        "customer_infomation_4.csv.zst": zst[:-100],
        "customer_infomation_5.csv.zst": zst + b"not zstandard",
    }
    one = CUSTOMERS.replace(b"Ann", b"Kim")
    good = {
        "customer_infomation_6.csv": CUSTOMERS,
        "customer_infomation_7.csv.gz": gzip.compress(CUSTOMERS) + gzip.compress(b"3,Eve,F,1\n"),
        # pzstd begins with a skippable frame
        "customer_infomation_8.csv.zst": b"\x50\x2a\x4d\x18\2\0\0\0xx" + zstandard.compress(one),
    }
    for name, content in (damaged | good).items():
        place.put(name, content)
    files, _ = place.load_json(exit_code=3)
    assert {name: file["result"] for name, file in files.items()} == {
        **dict.fromkeys(damaged, "refused"),
        **dict.fromkeys(good, "loaded"),
    }
    reasons = [files[name]["reason"] for name in damaged]
    assert all("content is damaged" in r or "content ends too early" in r for r in reasons)
    assert len(place.rows("customers", "id")) == 7
    entries = len(place.log())
    place.load(exit_code=3)
    assert len(place.log()) == entries == 8


def test_a_small_file_that_decompresses_to_gigabytes_needs_little_memory(place: Place) -> None:
    block = (128 << 10 << 3 | 2).to_bytes(3, "little") + b"x"  # of zstandard: x, 131,072 times
    frame = b"\x28\xb5\x2f\xfd\0\x38" + block * 4_000
    place.put("customer_infomation_1.csv.zst", frame)
    tracemalloc.start()
    try:
        printed = place.load(exit_code=3).stdout
        assert tracemalloc.get_traced_memory()[1] < 400e6
    finally:
        tracemalloc.stop()
    assert "the header line does not end within 16 MiB" in printed
