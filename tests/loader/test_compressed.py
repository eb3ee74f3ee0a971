"""Compressed objects to their last byte, in little memory."""

from __future__ import annotations

import bz2
import io
import tracemalloc
from contextlib import nullcontext
from typing import Any
from unittest import mock

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
