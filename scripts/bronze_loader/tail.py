"""The end of a file, to know a record by that a quote left open has swallowed up to there.

With multiLine, Spark takes everything behind an opening quote that is never closed for one value
and says nothing. When that is the last column, the number of values is right too. Such a value
ends as the file ends, which no value of a well-formed record does: the file's last line has a
delimiter, a quote or a line end behind the last value.
"""

from __future__ import annotations

from dataclasses import dataclass

TAIL_SIZE = 4096
_LONGEST = 200


@dataclass(frozen=True)
class Tail:
    """How a value ends that the end of the file has cut off.

    `text` is what the file has behind its last quote, or the end of that. With `to_quote` it is
    all of it. None for `text` means that the end is not known, as of a large compressed file.
    """

    text: str | None
    to_quote: bool = False


def tail_of(window: str, whole: bool, quote: str, line_end: str) -> Tail | None:
    """The tail, from the last characters of a file; None when no quote can be open there.

    `whole` says that the window is the whole file. Line ends are what the reader makes of them.
    """
    at = window.rfind(quote)
    if at < 0 and whole:
        return None
    text = window[at + 1 :].replace(line_end, "\n")
    if at >= 0 and len(text) <= _LONGEST:
        return Tail(text, to_quote=True) if text else None
    text = text[-_LONGEST:]
    return Tail(text) if "\n" in text else None
