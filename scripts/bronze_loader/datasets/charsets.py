"""The encodings that files may be declared in, and how each is read.

Of the encodings with ASCII's line breaks, Spark 4 reads UTF-8, US-ASCII and ISO-8859-1 only
(https://github.com/apache/spark/pull/47280). A file in another encoding of one byte a character is
read as ISO-8859-1, which loses nothing, and then its characters are replaced.
"""

from __future__ import annotations

import codecs
import re

_READ_BY_SPARK = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "ascii": "US-ASCII"}
_LATIN_1 = "ISO-8859-1"
# Those of one byte a character of which the first 128 are ASCII, by Python's name for them.
_SINGLE_BYTE = (
    (r"iso8859-(\d+)", r"ISO-8859-\1"),
    (r"cp(125\d)", r"windows-\1"),
    (r"cp(437|850|852|855|857|858|860|861|862|863|865|866)", r"IBM\1"),
    (r"koi8-([ru])", r"KOI8-\1"),
)


def charset(name: str) -> str:
    """The usual name of an encoding: `latin-1` is `ISO-8859-1`, `cp1252` is `windows-1252`.

    Raises LookupError, saying why, for an encoding that cannot be used.
    """
    codec = codecs.lookup(name).name
    if codec in _READ_BY_SPARK:
        return _READ_BY_SPARK[codec]
    for pattern, usual in _SINGLE_BYTE:
        found = re.fullmatch(pattern, codec)
        if found:
            return found.expand(usual)
    why = "together with line breaks in values" if codec.startswith("utf-") else "at all"
    raise LookupError(f"read_files does not read {name} {why}; have the files written in UTF-8")


def read_as(encoding: str) -> str:
    """The encoding that `read_files` is told for files in `encoding`, a name given by `charset`."""
    return encoding if encoding in _READ_BY_SPARK.values() else _LATIN_1


def replacements(encoding: str) -> tuple[str, str]:
    """The characters that come out wrong in the encoding of `read_as`, and the right ones in the
    same order; both empty when none does.

    A byte that means nothing in the encoding is replaced with U+FFFD.
    """
    if read_as(encoding) == encoding:
        return "", ""
    upper = bytes(range(0x80, 0x100))
    pairs = [
        (read, meant)
        for read, meant in zip(
            upper.decode(_LATIN_1), upper.decode(encoding, "replace"), strict=True
        )
        if read != meant
    ]
    return "".join(read for read, _ in pairs), "".join(meant for _, meant in pairs)


def as_read(text: str, encoding: str) -> str:
    """A text in `encoding`, such as a quote that is not ASCII, as it comes out of `read_as`."""
    return text if read_as(encoding) == encoding else text.encode(encoding).decode(_LATIN_1)
