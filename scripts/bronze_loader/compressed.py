"""Compressed objects from their first byte to their last, a little in memory at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, Any

from bronze_loader.content import DAMAGED, DECOMPRESSORS, compression_of, cut_off
from bronze_loader.errors import ChangedWhileLoading, RequestRefused
from bronze_loader.landing import Landing, LandingFile

# So much of the worst that bzip2 can hold becomes less than 100 MB.
CHUNK = 4096


def damage(landing: Landing, file: LandingFile) -> str | None:
    """Why the object cannot be decompressed to its end; None when it can, or is not compressed."""
    compression = compression_of(file.key)
    if not compression:
        return None
    try:
        with landing.stream(file) as body:
            ended = _decompress(body, DECOMPRESSORS[compression])
    except (ChangedWhileLoading, RequestRefused):
        return None
    except DAMAGED as error:
        return f"the {compression} content is damaged: {error}"
    return None if ended else cut_off(compression)


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
