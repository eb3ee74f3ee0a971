"""Compressed objects from their first byte to their last, a little in memory at a time."""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Callable
from typing import IO, Any

import zstandard

from bronze_loader.errors import ChangedWhileLoading, RequestRefused
from bronze_loader.globs import CSV_SUFFIX
from bronze_loader.landing import Landing, LandingFile

# So much of the worst that bzip2 can hold becomes less than 100 MB.
CHUNK = 4096
DECOMPRESSORS: dict[str, Callable[[], Any]] = {
    ".gz": lambda: zlib.decompressobj(wbits=31),
    ".bz2": bz2.BZ2Decompressor,
    ".zst": lambda: zstandard.ZstdDecompressor().decompressobj(),
}


def damage(landing: Landing, file: LandingFile) -> str | None:
    """Why the object cannot be decompressed to its end; None when it can, or is not compressed."""
    suffix = CSV_SUFFIX.search(file.key)
    compression = suffix.group(1) if suffix else None
    if not compression:
        return None
    try:
        with landing.stream(file) as body:
            ended = _decompress(body, DECOMPRESSORS[compression])
    except (ChangedWhileLoading, RequestRefused):
        return None
    except (OSError, ValueError, zlib.error, zstandard.ZstdError) as error:
        return f"the {compression} content is damaged: {error}"
    return None if ended else f"the {compression} content ends too early; was the upload cut off?"


def _decompress(body: IO[bytes], new: Callable[[], Any]) -> bool:
    """Whether the last of the members or frames in a row ends."""
    member = new()
    while chunk := body.read(CHUNK):
        while chunk:
            if member.eof:
                member = new()
            member.decompress(chunk)
            chunk = member.unused_data
    return bool(member.eof)
