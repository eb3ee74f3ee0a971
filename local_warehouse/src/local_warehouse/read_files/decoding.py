"""Decompression by file name, and decoding by byte-order mark and character set."""

from __future__ import annotations

import bz2
import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import zstandard
from zlib_ng import zlib_ng

# The marks that may open a text of a declared encoding, and the encoding that each stands for.
_MARKS = {
    "utf-8": ((codecs.BOM_UTF8, "utf-8"),),
    "utf-16": ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")),
    "utf-16-le": ((codecs.BOM_UTF16_LE, "utf-16-le"),),
    "utf-16-be": ((codecs.BOM_UTF16_BE, "utf-16-be"),),
    "utf-32": ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")),
}
# Java's UTF-16 and UTF-32 are big-endian where no mark says otherwise.
_UNMARKED = {"utf-16": "utf-16-be", "utf-32": "utf-32-be"}
_PACKED_BYTES = 128 * 1024  # that are decompressed at once
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}".encode()


def decompress(path: str, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes of a file, decompressed if its name ends in `.gz`, `.bz2` or `.zst`, as in Spark.

    Members or frames that follow one another are read as one stream. Raises EOFError where the
    stream is cut short, and what the decompressors raise. zlib-ng takes less than half of zlib's
    time, and says what zlib says.
    """
    suffix = path.rsplit(".", 1)[-1]
    if suffix == "gz":
        return _members(blocks, lambda: zlib_ng.decompressobj(31))
    if suffix == "bz2":
        return _members(blocks, bz2.BZ2Decompressor)
    if suffix == "zst":
        return _members(blocks, lambda: zstandard.ZstdDecompressor().decompressobj())
    return iter(blocks)


def _members(blocks: Iterable[bytes], new: Callable[[], Any]) -> Iterator[bytes]:
    member: Any = None
    for data in (part for block in blocks for part in _parts(block)):
        while data:
            if member is None:
                member = new()
            text = member.decompress(data)
            if text:
                yield text
            if not member.eof:
                break
            data = member.unused_data
            member = None
    if member is not None:
        raise EOFError("the compressed stream ends before its end marker")


def _parts(block: bytes) -> Iterator[bytes]:
    """A block in parts from which blocks of some hundred kilobytes come."""
    for start in range(0, len(block), _PACKED_BYTES):
        yield block[start : start + _PACKED_BYTES]


def utf8_blocks(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The text of the blocks as valid UTF-8, without a byte-order mark.

    Undecodable bytes become U+FFFD, as in Spark. No block ends inside a character.
    """
    source = iter(blocks)
    head, encoding = _read_mark(source, encoding)
    if encoding == "utf-8":
        yield from _clean_utf8(head, source)
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(head).encode("utf-8", "replace")
    for block in source:
        yield decoder.decode(block).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _clean_utf8(head: bytes, source: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for part in ((head,), source):
        for block in part:
            if not rest and block.isascii():
                yield block
                continue
            data = rest + block
            end = _last_whole_character(data)
            rest = data[end:]
            yield _valid(data[:end])
    yield _valid(rest)


def _valid(data: bytes) -> bytes:
    try:
        data.decode()
    except UnicodeDecodeError:
        # Java replaces an encoded surrogate by one U+FFFD, Python by three.
        data = _SURROGATE.sub(_REPLACEMENT, data)
        return data.decode("utf-8", "replace").encode()
    return data


def _last_whole_character(data: bytes) -> int:
    """The length of the bytes without a last character that is not whole."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            break
        if byte >= 0xC0:
            wanted = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if back < wanted else len(data)
    return len(data)


def _read_mark(source: Iterator[bytes], encoding: str) -> tuple[bytes, str]:
    """Take the first bytes; return those behind a byte-order mark, and the encoding it names."""
    head = b""
    while len(head) < 4 and (block := next(source, None)) is not None:
        head += block
    for mark, name in _MARKS.get(encoding, ()):
        if head.startswith(mark):
            return head[len(mark) :], name
    return head, _UNMARKED.get(encoding, encoding)
