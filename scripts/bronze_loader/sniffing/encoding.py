"""From bytes to text: a file's encoding, and why bytes are not in it."""

from __future__ import annotations

import codecs

from bronze_loader.datasets.charsets import codec_of, likely_encodings
from bronze_loader.errors import Refused

_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)

_LOOKED_AT = 64 * 1024  # bytes by which the likely encoding is found
_SHOWN = 10  # bytes around an undecodable one that the reason shows


def decode(data: bytes, whole: bool, declared: str | None) -> tuple[str, str, str]:
    """The text, the name of its encoding, and a warning where the declared one looks wrong. A byte
    order mark overrules what is declared.

    `whole` says that the data ends where the file does, not within a character. Raises Refused for
    UTF-16 and UTF-32, and for bytes that mean nothing in the encoding.
    """
    encoding = declared or "UTF-8"
    if data.startswith(_WIDE_MARKS):
        raise Refused(
            "the file is UTF-16 or UTF-32, which read_files does not read together with line "
            "breaks in values; save it as UTF-8"
        )
    if data.startswith(codecs.BOM_UTF8):
        data, encoding = data[len(codecs.BOM_UTF8) :], "UTF-8"
    try:
        text = _decoded(data, whole, codec_of(encoding))
    except UnicodeDecodeError as error:
        raise Refused(_undecodable(data, whole, encoding, error)) from error
    return text, encoding, _warning(data, whole, encoding)


def check_no_zero_byte(text: str) -> None:
    """Raises Refused for a text without a header that can be read, when a zero byte says why."""
    if "\0" in text:
        raise Refused(
            f"the file holds a zero byte at {text.index(chr(0))}: binary content, or UTF-16 "
            "without a byte order mark; save it as UTF-8"
        )


def _decoded(data: bytes, whole: bool, codec: str) -> str:
    return codecs.getincrementaldecoder(codec)(errors="strict").decode(data, final=whole)


def _undecodable(data: bytes, whole: bool, encoding: str, error: UnicodeDecodeError) -> str:
    """The reason to refuse a file that is not in the encoding, with the one it is likely in."""
    around = data[max(0, error.start - _SHOWN) : error.start + _SHOWN]
    likely = likely_encodings(data[:_LOOKED_AT])
    if len(likely) == 1:
        name = likely[0]
        shown = around.decode(codec_of(name), "replace")
        hint = f"the bytes read as words in {name} only: `encoding: {name}`, in which these read"
    else:
        shown = around.decode("cp1252", "replace")
        hint = "for example `encoding: windows-1252`, in which these bytes read"
    return (
        f"the file is not {encoding} (byte 0x{data[error.start]:02X} at {error.start}); "
        f"declare its encoding in the source YAML, {hint} {shown!r}"
    )


def _warning(data: bytes, whole: bool, encoding: str) -> str:
    if encoding == "UTF-8" or data.isascii():
        return ""
    try:
        text = _decoded(data, whole, "utf-8")
    except UnicodeDecodeError:
        return ""
    at = next(at for at, char in enumerate(text) if not char.isascii())
    return (
        f"it is declared as {encoding}, but all its first bytes are valid UTF-8, in which they "
        f"read {text[max(0, at - _SHOWN) : at + _SHOWN]!r}; if that is right, declare UTF-8 for it"
    )
