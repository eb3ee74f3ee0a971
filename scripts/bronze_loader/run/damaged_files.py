"""What is wrong with a file that the warehouse could not read: compressed objects are decompressed
to their end, a little in memory at a time."""

from __future__ import annotations

from bz2 import BZ2Decompressor
from collections.abc import Callable
from typing import IO, Any

from bronze_loader.errors import ChangedWhileLoading, RequestRefused
from bronze_loader.landing.bucket import Landing, LandingFile
from bronze_loader.sniffing.compression import (
    DAMAGED,
    DECOMPRESSORS,
    check_follows,
    compression_of,
    cut_off,
)

# Bytes read at a time: the densest zstandard becomes 128 MiB of them. The densest bzip2 becomes
# gigabytes, but its decompressor gives a part at a time.
CHUNK = 4096
PART = 16 * 1024 * 1024


def damage(landing: Landing, file: LandingFile) -> str | None:
    """Why the object cannot be decompressed to its end; None when it can, or is not compressed."""
    compression = compression_of(file.key)
    if not compression:
        return None
    try:
        with landing.stream(file) as body:
            ended = _decompress(body, compression)
    except (ChangedWhileLoading, RequestRefused):
        return None
    except DAMAGED as error:
        return f"the {compression} content is damaged: {error}"
    return None if ended else cut_off(compression)


def _decompress(body: IO[bytes], compression: str) -> bool:
    """Whether the last of the members or frames in a row ends."""
    new: Callable[[], Any] = DECOMPRESSORS[compression]
    member = new()
    while chunk := body.read(CHUNK):
        while chunk:
            if member.eof:
                check_follows(chunk, compression)
                member = new()
            if isinstance(member, BZ2Decompressor):
                member.decompress(chunk, PART)
                while not (member.eof or member.needs_input):
                    member.decompress(b"", PART)
            else:
                member.decompress(chunk)
            chunk = member.unused_data
    return bool(member.eof)
