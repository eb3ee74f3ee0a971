"""The encodings that files may be declared in, and how each is read.

Spark 4 reads three encodings with ASCII's line breaks: UTF-8, US-ASCII and ISO-8859-1
(https://github.com/apache/spark/pull/47280). A file in another encoding of one byte a character is
read as ISO-8859-1, which loses nothing, and then its characters are replaced.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from itertools import pairwise

_READ_BY_SPARK = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "ascii": "US-ASCII"}
_LATIN_1 = "ISO-8859-1"
# The usual names of some of Python's codecs; any other has Python's name.
_USUAL = (
    (r"iso8859-(\d+)", r"ISO-8859-\1"),
    (r"cp(874|125\d)", r"windows-\1"),
    (r"cp(\d+)", r"IBM\1"),
    (r"koi8-([rtu])", r"KOI8-\1"),
    (r"tis-620", "TIS-620"),
)
# What others call them, without anything but letters and digits, and what Python does.
_OTHER_NAMES = (
    (r"x?(?:windows|win|ms|cp|codepage|ibm|oem|dos)0*(\d+)", r"cp\1"),
    (r"(?:x?iso|csiso)?8859(\d+)", r"iso8859-\1"),
    (r"utf8(?:with|and)?(?:bom|sig)", "utf-8-sig"),
    (r"(?:x?mac|macintosh)", "mac-roman"),
    (r"x?mac(\w+)", r"mac-\1"),
)
# Which undeclared encodings are thought of, each for another script.
_LIKELY = ("windows-1252", "windows-874", "windows-1251")

_WITHIN_WORDS = "-\u2019\u2010\u2011\u2013\u00b7"  # an apostrophe, hyphens, a middle dot


def charset(name: str) -> str:
    """The usual name of an encoding: `latin-1` is `ISO-8859-1`, `cp1252` is `windows-1252`.

    Raises LookupError, saying why, for an encoding that cannot be used.
    """
    codec = codec_of(name)
    if codec in _READ_BY_SPARK:
        return _READ_BY_SPARK[codec]
    if _has_one_byte_a_character(codec):
        for pattern, usual in _USUAL:
            found = re.fullmatch(pattern, codec)
            if found and codec_of(found.expand(usual)) == codec:
                return found.expand(usual)
        return codec
    why = "together with line breaks in values" if codec.startswith("utf-") else "at all"
    raise LookupError(f"read_files does not read {name} {why}; have the files written in UTF-8")


def likely_encodings(data: bytes) -> list[str]:
    """The likely ones of the encodings in which bytes that are not UTF-8 read as words."""
    found = []
    for encoding in _LIKELY:
        try:
            text = data.decode(codec_of(encoding))
        except UnicodeDecodeError:
            continue
        if all(map(_is_word, re.findall(r"\S*[^\x00-\x7f]\S*", text))):
            found.append(encoding)
    return found


def _is_word(text: str) -> bool:
    """Whether the letters of a text are those of words as people write them: of one script, no
    capital behind a small letter, no vowel sign without its letter, no symbol between two."""
    for run in re.findall(r"[^\s\x00-@\[-`{-\x7f]+", text):
        kinds = [unicodedata.category(char)[0] for char in run]
        if "L" not in kinds and "M" not in kinds:
            continue
        first = next(at for at, kind in enumerate(kinds) if kind in "LM")
        last = len(kinds) - next(at for at, kind in enumerate(reversed(kinds)) if kind in "LM")
        word, inner = run[first:last], kinds[first:last]
        scripts = {
            unicodedata.name(c, "?").split()[0]
            for c, k in zip(word, inner, strict=True)
            if k in "LM"
        }
        if len(scripts) > 1 or inner[0] == "M":
            return False
        if any(
            kind not in "LM" and char not in _WITHIN_WORDS
            for char, kind in zip(word, inner, strict=True)
        ):
            return False
        if any(a.islower() and b.isupper() for a, b in pairwise(word)):
            return False
        # Bytes of another script look like a word of nothing but accented letters.
        if len(word) > 2 and scripts == {"LATIN"} and not re.search("[A-Za-z]", word):
            return False
    return True


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
            upper.decode(_LATIN_1), upper.decode(codec_of(encoding), "replace"), strict=True
        )
        if read != meant
    ]
    return "".join(read for read, _ in pairs), "".join(meant for _, meant in pairs)


def as_read(text: str, encoding: str) -> str:
    """A text in `encoding`, such as a quote that is not ASCII, as it comes out of `read_as`."""
    return (
        text if read_as(encoding) == encoding else text.encode(codec_of(encoding)).decode(_LATIN_1)
    )


def codec_of(name: str) -> str:
    """Python's name of a codec, by any of the names that are in use for it. Raises LookupError."""
    try:
        return codecs.lookup(name).name
    except LookupError:
        squeezed = re.sub(r"[^a-z0-9]", "", name.lower())
        for pattern, known in _OTHER_NAMES:
            found = re.fullmatch(pattern, squeezed)
            if found:
                return codecs.lookup(found.expand(known)).name
        raise


# What codecs of several bytes a character, and those that are no encodings, read otherwise.
_SHIFTS = (b"\x1b$B!!\x1b(B", b"\\x41\\u0041", b"~{!!~}", b"+AEE-")


def _has_one_byte_a_character(codec: str) -> bool:
    """Whether the first 128 bytes are ASCII, and each other one is a character of its own or
    means nothing."""
    ascii_bytes = b"".join((bytes(range(128)), *_SHIFTS))
    try:
        return ascii_bytes.decode(codec) == ascii_bytes.decode("ascii") and all(
            len(bytes([one, *more]).decode(codec, "replace")) == 1 + len(more)
            for one in range(0x80, 0x100)
            for more in (b"A", bytes([one]))
        )
    except (UnicodeError, LookupError, TypeError, ValueError):
        return False
