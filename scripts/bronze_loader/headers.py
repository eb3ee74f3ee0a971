"""What a file's first bytes say: compression, encoding, delimiter and column names."""

from __future__ import annotations

import bz2
import codecs
import csv
import io
import logging
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import zstandard

from bronze_loader.datasets import CsvOptions, Dataset
from bronze_loader.errors import Refused
from bronze_loader.globs import CSV_SUFFIX, unreadable_key
from bronze_loader.names import normalise

log = logging.getLogger(__name__)

# A header fits the first; the later ones are for a thousand columns and for bzip2's large blocks.
HEAD_SIZES = (64 * 1024, 1024 * 1024, 16 * 1024 * 1024)
DELIMITERS = (",", ";", "\t", "|")
MAX_COLUMNS = 20_480  # Spark's limit, CSV option maxColumns
MAX_NAME_LENGTH = 255  # Unity Catalog's limit on a column name

_COMPRESSIONS = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\x28\xb5\x2f\xfd": ".zst"}
_NOT_CSV = {
    b"PK": "a zip archive (or an Excel workbook)",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF",
    b"\xfd7zXZ\x00": "an xz archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\xd0\xcf\x11\xe0": "an old Office document",
}


@dataclass(frozen=True)
class Header:
    """How to read one file: its columns, normalised and in the file's order, and its dialect."""

    columns: tuple[str, ...]
    delimiter: str = ","
    encoding: str = "UTF-8"


def sniff(key: str, size: int, dataset: Dataset, read: Callable[[int], bytes]) -> Header:
    """The header of the object of that key and size; `read(n)` gives its first n bytes.

    Raises Refused, with the reason, when the file cannot be loaded correctly into the dataset.
    """
    reason = unreadable_key(key)
    if reason:
        raise Refused(reason)
    if size == 0:
        raise Refused("the file is empty (0 bytes), it has no header")
    header = None
    for length in HEAD_SIZES:
        whole = length >= size
        header = read_head(read(min(length, size)), whole, key, dataset.options, dataset)
        if header or whole:
            break
    if header is None:
        raise Refused(
            f"the header line does not end within {HEAD_SIZES[-1] >> 20} MiB; "
            "is a quote left open in it?"
        )
    _check(header, dataset)
    return header


def read_head(
    head: bytes, whole: bool, key: str, options: CsvOptions, dataset: Dataset
) -> Header | None:
    """The header in a file's first bytes, or None when it goes on behind them.

    `whole` says that there is nothing behind them.
    """
    data, whole = _decompress(head, whole, key)
    text, encoding = _decode(data, whole, options)
    best: tuple[int, int] | None = None
    header = None
    for delimiter in (options.delimiter,) if options.delimiter else DELIMITERS:
        fields, ended = _first_record(text, delimiter, options)
        if not (ended or whole):
            return None
        if not fields:
            raise Refused("the file has no header line, it holds nothing but blank lines")
        columns = tuple(normalise(fields))
        rank = (len(set(columns) & set(dataset.column_names)), len(columns))
        if best is None or rank > best:
            best, header = rank, Header(columns, delimiter, encoding)
    return header


def _check(header: Header, dataset: Dataset) -> None:
    if len(header.columns) > MAX_COLUMNS:
        raise Refused(f"the header has {len(header.columns)} columns, Spark takes {MAX_COLUMNS}")
    too_long = [name for name in header.columns if len(name) > MAX_NAME_LENGTH]
    if too_long:
        raise Refused(
            f"the column name {too_long[0][:40]}… has {len(too_long[0])} characters, "
            f"a table takes {MAX_NAME_LENGTH}"
        )
    missing = [name for name in dataset.required_names if name not in header.columns]
    if missing:
        shown = ", ".join(header.columns[:20]) + (", …" if len(header.columns) > 20 else "")
        raise Refused(
            f"required column{'s' if len(missing) > 1 else ''} missing: {', '.join(missing)}; "
            f"the header has {shown}"
        )


def _decompress(head: bytes, whole: bool, key: str) -> tuple[bytes, bool]:
    """The bytes behind a compression, and whether they are the whole content.

    Content and name must agree on the compression, because Spark goes by the name.
    """
    suffix = CSV_SUFFIX.search(key)
    named = (suffix.group(1) or "") if suffix else ""
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
    except (OSError, ValueError, zlib.error, zstandard.ZstdError) as error:
        raise Refused(f"the {found} content cannot be decompressed: {error}") from error
    if whole and not ended and len(data) < HEAD_SIZES[-1]:
        raise Refused(f"the {found} content ends too early; was the upload cut off?")
    return data, whole and ended


def _inflate(head: bytes, compression: str) -> tuple[bytes, bool]:
    """What the bytes hold, over the members or frames in a row, and whether the last one ends."""
    out = bytearray()
    ended = True
    while head and len(out) < HEAD_SIZES[-1]:
        if compression == ".gz":
            gzip = zlib.decompressobj(wbits=31)
            out += gzip.decompress(head, HEAD_SIZES[-1])
            head, ended = gzip.unused_data, gzip.eof
        elif compression == ".bz2":
            bzip = bz2.BZ2Decompressor()
            out += bzip.decompress(head, HEAD_SIZES[-1])
            head, ended = bzip.unused_data, bzip.eof
        else:
            zstd = zstandard.ZstdDecompressor().decompressobj()
            out += zstd.decompress(head)
            head, ended = zstd.unused_data, zstd.eof
    return bytes(out), ended and not head


def _decode(data: bytes, whole: bool, options: CsvOptions) -> tuple[str, str]:
    """The text and its encoding. A byte order mark goes before what is declared."""
    encoding = options.encoding or "UTF-8"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Refused("the file is UTF-16, which read_files does not read; save it as UTF-8")
    if data.startswith(codecs.BOM_UTF8):
        data, encoding = data[len(codecs.BOM_UTF8) :], "UTF-8"
    if b"\x00" in data:
        raise Refused(
            f"the file holds a zero byte at {data.index(0)}: binary content, or UTF-16 without "
            "a byte order mark; save it as UTF-8"
        )
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    try:
        return decoder.decode(data, final=whole), encoding
    except UnicodeDecodeError as error:
        raise Refused(
            f"the file is not {encoding} (byte 0x{data[error.start]:02X} at {error.start}); "
            "declare its encoding in the source YAML, for example `encoding: windows-1252`"
        ) from error


def _first_record(text: str, delimiter: str, options: CsvOptions) -> tuple[list[str], bool]:
    """The fields of the first line that is not empty, and whether it ends within the text."""
    lines = io.StringIO(text, newline="")
    doubled = options.escape == options.quote
    reader = csv.reader(
        lines,
        delimiter=delimiter,
        quotechar=options.quote,
        doublequote=doubled,
        escapechar=None if doubled else options.escape,
    )
    try:
        fields = next((record for record in reader if record), [])
    except csv.Error as error:
        log.debug("no header by delimiter %r: %s", delimiter, error)
        return [text[:MAX_NAME_LENGTH]], False
    return fields, lines.tell() < len(text)
