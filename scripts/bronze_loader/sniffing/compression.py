"""What an object's first bytes are, and the bytes behind their compression."""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Callable
from typing import Any

import zstandard

from bronze_loader.datasets.globs import CSV_SUFFIX
from bronze_loader.errors import Refused

MAX_HEAD = 16 * 1024 * 1024

_COMPRESSIONS = {
    b"\x1f\x8b": ".gz",
    b"BZh": ".bz2",
    b"\x28\xb5\x2f\xfd": ".zst",
    # Skippable frames, with which pzstd begins.
    **{bytes([0x50 + n]) + b"\x2a\x4d\x18": ".zst" for n in range(16)},
}
DECOMPRESSORS: dict[str, Callable[[], Any]] = {
    ".gz": lambda: zlib.decompressobj(wbits=31),
    ".bz2": bz2.BZ2Decompressor,
    ".zst": lambda: zstandard.ZstdDecompressor().decompressobj(),
}
DAMAGED = (OSError, ValueError, zlib.error, zstandard.ZstdError)  # what decompressors raise
_NOT_CSV = {
    **dict.fromkeys((b"PK\3\4", b"PK\5\6", b"PK\7\10"), "a zip archive (or an Excel workbook)"),
    b"PAR1\x15": "a Parquet file",
    b"%PDF-": "a PDF",
    b"\xfd7zXZ\x00": "an xz archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\xd0\xcf\x11\xe0": "an old Office document",
}

_SLICE = 128  # bytes at a time: the densest zstandard becomes 4 MiB of them


def decompress(head: bytes, whole: bool, key: str) -> tuple[bytes, bool]:
    """The decompressed bytes, and whether they are the whole content.

    `whole` says that `head` is the whole object. Content and name must agree on the compression,
    because Spark goes by the name. Raises Refused when they do not, when the content is not CSV or
    cannot be decompressed.
    """
    named = compression_of(key)
    found = next((name for magic, name in _COMPRESSIONS.items() if head.startswith(magic)), "")
    other = next((name for magic, name in _NOT_CSV.items() if head.startswith(magic)), None)
    if other:
        raise Refused(f"the content is {other}, not CSV")
    if named != found:
        content = f"compressed as {found}" if found else "not compressed"
        name = f"ends in {named}" if named else "has no compression suffix"
        raise Refused(f"the content is {content} but the name {name}; rename the file")
    if not found:
        return head, whole
    try:
        data, ended = _inflate(head, found)
    except DAMAGED as error:
        raise Refused(f"the {found} content cannot be decompressed: {error}") from error
    if whole and not ended and len(data) < MAX_HEAD:
        raise Refused(cut_off(found))
    return data, whole and ended


def compression_of(key: str) -> str:
    """The suffix of a key that names its compression, such as `.gz`; empty when there is none."""
    suffix = CSV_SUFFIX.search(key)
    return (suffix.group(1) or "") if suffix else ""


def check_follows(rest: bytes, compression: str) -> None:
    """Raises ValueError when what stands behind the end of a member or frame begins no other one,
    as a line break does; the decompressors would say that a header is wrong, or miss its end."""
    magics = (magic for magic, name in _COMPRESSIONS.items() if name == compression)
    if not any(rest[: len(magic)] == magic[: len(rest)] for magic in magics):
        raise ValueError(
            f"behind its end stands something that is not compressed ({rest[:4].hex(' ')}); "
            "compress the file anew"
        )


def cut_off(compression: str) -> str:
    """The reason to refuse a compressed file that ends too early."""
    return f"the {compression} content ends too early; was the upload cut off?"


def _inflate(head: bytes, compression: str) -> tuple[bytes, bool]:
    """The content of all members or frames in the bytes, and whether the last one ends.

    It stops at MAX_HEAD, or for .zst, whose decompressor has no limit, a slice behind it.
    """
    limit = () if compression == ".zst" else (MAX_HEAD,)
    out = bytearray()
    member = DECOMPRESSORS[compression]()
    rest = b""
    for start in range(0, len(head), _SLICE):
        rest = head[start : start + _SLICE]
        while rest and len(out) < MAX_HEAD:
            if member.eof:
                check_follows(rest, compression)
                member = DECOMPRESSORS[compression]()
            out += member.decompress(rest, *limit)
            rest = member.unused_data
    return bytes(out), member.eof and not rest
