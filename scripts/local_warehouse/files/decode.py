"""From an object's bytes to text: decompression by file name, byte-order mark, charset."""

import bz2
import codecs
import zlib
from collections.abc import Iterable, Iterator
from typing import Protocol

import zstandard

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class _Decompressor(Protocol):
    eof: bool
    unused_data: bytes

    def decompress(self, data: bytes, /) -> bytes: ...


def decompress(path: str, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Decompresses `.gz`, `.bz2` and `.zst` by the name's ending, as Spark does; else passes on.

    Members or frames that follow one another are read as one stream. Raises `EOFError` where the
    stream is cut short.
    """
    suffix = path.rsplit(".", 1)[-1]
    if suffix == "gz":
        return _members(blocks, lambda: zlib.decompressobj(31))
    if suffix == "bz2":
        return _members(blocks, bz2.BZ2Decompressor)
    if suffix == "zst":
        return _members(blocks, lambda: zstandard.ZstdDecompressor().decompressobj())
    return iter(blocks)


def is_compressed(path: str) -> bool:
    """Whether the name says that the object must be decompressed."""
    return path.rsplit(".", 1)[-1] in ("gz", "bz2", "zst")


def _members(blocks: Iterable[bytes], new: "type[_Decompressor] | object") -> Iterator[bytes]:
    member: _Decompressor | None = None
    for block in blocks:
        data = block
        while data:
            if member is None:
                member = new()  # type: ignore[operator]
            text = member.decompress(data)
            if text:
                yield text
            if not member.eof:
                break
            # Zero bytes may pad a member; they begin no other.
            data = member.unused_data.lstrip(b"\0")
            member = None
    if member is not None:
        raise EOFError("the compressed stream ends before its end marker")


def decode_text(blocks: Iterable[bytes], encoding: str) -> Iterator[str]:
    """Decodes blocks of bytes to text; undecodable bytes become U+FFFD, as in Spark.

    A byte-order mark is dropped and decides the encoding.
    """
    source = iter(blocks)
    head, encoding = read_bom(source, encoding)
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(head)
    for block in source:
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def read_bom(source: Iterator[bytes], encoding: str) -> tuple[bytes, str]:
    """Takes the first bytes: what follows a byte-order mark, and the encoding that it names."""
    head = b""
    while len(head) < 4 and (block := next(source, None)) is not None:
        head += block
    for mark, name in _BOMS:
        if head.startswith(mark):
            return head[len(mark) :], name
    # Java's UTF-16 and UTF-32 are big-endian without a mark; Python's are the machine's.
    return head, {"utf-16": "utf-16-be", "utf-32": "utf-32-be"}.get(encoding, encoding)
