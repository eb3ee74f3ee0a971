"""The records of a CSV file without those of one person; all others stay, to the byte."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import re
from collections.abc import Iterator

import zstandard

from bronze_loader.datasets.charsets import codec_of
from bronze_loader.sniffing.compression import compression_of
from bronze_loader.sniffing.header import Header

BLANKS = " \t\r\n\u00a0\ufeff"  # what silver trims around an id
LONGEST_VALUE = 2**31 - 1


def without_person(
    content: bytes, key: str, header: Header, multi_line: bool, column: str, person: str
) -> tuple[bytes, int]:
    """The file without the records whose `column` is the person's id, and how many those were.

    The content comes and goes compressed as the key's suffix says. Raises csv.Error, OSError or
    ZstdError for a file that cannot be read to its end.
    """
    csv.field_size_limit(LONGEST_VALUE)
    plain = _decompressed(content, key)
    codec = codec_of(header.encoding)
    text = plain.decode(codec, "surrogateescape")
    if column not in header.columns:
        return content, 0
    place = header.columns.index(column)
    kept: list[str] = []
    removed = 0
    header_seen = False
    for number, (raw, values) in enumerate(_records(text, header, multi_line)):
        if number < header.skip_rows or not header_seen:
            header_seen = header_seen or (number >= header.skip_rows and bool(values))
            kept.append(raw)
        elif len(values) > place and values[place].strip(BLANKS) == person:
            removed += 1
        else:
            kept.append(raw)
    if not removed:
        return content, 0
    return _compressed("".join(kept).encode(codec, "surrogateescape"), key), removed


def _records(text: str, header: Header, multi_line: bool) -> Iterator[tuple[str, list[str]]]:
    """Each record as it is in the file, with its values; of a line before the header, none."""
    end = "\r" if header.line_end == "\r" else "\n"
    lines = iter(re.findall(f"[^{end}]*{end}|[^{end}]+\\Z", text))
    taken: list[str] = []

    def feed() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line.rstrip("\r\n").replace("\r", " ") + "\n"
            if not multi_line:
                return

    for _ in range(header.skip_rows):
        yield next(lines, ""), []
    doubled = header.escape == header.quote
    while True:
        reader = csv.reader(
            feed(),
            delimiter=header.delimiter,
            quotechar=header.quote,
            doublequote=doubled,
            escapechar=None if doubled else header.escape,
            skipinitialspace=header.trims,
        )
        ended = True
        for values in reader:
            ended = False
            yield "".join(taken), values
            taken.clear()
        if ended:
            return


def _decompressed(content: bytes, key: str) -> bytes:
    match compression_of(key):
        case ".gz":
            return gzip.decompress(content)
        case ".bz2":
            return bz2.decompress(content)
        case ".zst":
            reader = zstandard.ZstdDecompressor().stream_reader(
                io.BytesIO(content), read_across_frames=True
            )
            return reader.read()
    return content


def _compressed(content: bytes, key: str) -> bytes:
    match compression_of(key):
        case ".gz":
            return gzip.compress(content)
        case ".bz2":
            return bz2.compress(content)
        case ".zst":
            return zstandard.compress(content)
    return content
