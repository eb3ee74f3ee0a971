"""The end of a file, by which a value is known that an unclosed quote has extended up to there.

With multiLine, Spark reads everything behind an opening quote that is never closed as one value and
reports nothing. In the last column the number of values is right too. But such a value ends as the
file ends, and no value of a well-formed record does: behind it the file's last line has a
delimiter, a quote or a line end.
"""

from __future__ import annotations

from dataclasses import dataclass

from bronze_loader.sniffing.csv_dialect import Dialect

TAIL_SIZE = 4096  # bytes that are read of a file's end
_LONGEST = 200  # characters by which a value is known


@dataclass(frozen=True)
class Tail:
    """What a value looks like that the end of the file has cut off: it is `value`, or it ends in
    `end`. A large compressed file has neither, as its end is not read."""

    value: str | None = None
    end: str | None = None


def tail_of(window: str, whole: bool, dialect: Dialect, line_end: str) -> Tail | None:
    """The tail by the last characters of a file; None when no quote can be open there.

    `whole` says that the window is the whole file. An opening quote stands at the beginning of a
    value, so a last quote elsewhere has closed one, unless it is escaped. Line ends become what
    the reader makes of them.
    """
    at = window.rfind(dialect.quote)
    if at < 0 and whole:
        return None
    before = window[at - 1] if at > 0 else ""
    opening = at == 0 or before in (dialect.delimiter, "\n", "\r")
    escaped = before in ("", dialect.quote, dialect.escape)
    if at >= 0 and not (opening or escaped):
        return None
    text = window[at + 1 :].replace(line_end, "\n")
    if at < 0 or len(text) > _LONGEST:
        text = text[-_LONGEST:]
        return Tail(end=text) if "\n" in text else None
    if not text:
        return None
    return Tail(text if opening else None, dialect.quote + text if escaped else None)
