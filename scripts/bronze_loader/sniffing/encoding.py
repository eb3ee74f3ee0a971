"""From bytes to text: a file's encoding, and why bytes are not in it."""

from __future__ import annotations

import codecs

from bronze_loader.errors import Refused

_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)

_SHOWN = 10  # bytes around an undecodable one that the reason shows


def decode(data: bytes, whole: bool, declared: str | None) -> tuple[str, str]:
    """The text and the name of its encoding. A byte order mark overrules what is declared.

    `whole` says that the data ends where the file does, not within a character. Raises Refused for
    UTF-16 and UTF-32, for zero bytes, and for bytes that mean nothing in the encoding.
    """
    encoding = declared or "UTF-8"
    if data.startswith(_WIDE_MARKS):
        raise Refused(
            "the file is UTF-16 or UTF-32, which read_files does not read together with line "
            "breaks in values; save it as UTF-8"
        )
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
        around = data[max(0, error.start - _SHOWN) : error.start + _SHOWN]
        raise Refused(
            f"the file is not {encoding} (byte 0x{data[error.start]:02X} at {error.start}); "
            "declare its encoding in the source YAML, for example `encoding: windows-1252`, "
            f"in which these bytes read {around.decode('cp1252', 'replace')!r}"
        ) from error
