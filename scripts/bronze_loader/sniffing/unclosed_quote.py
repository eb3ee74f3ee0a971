"""The end of a file, to know a record by that a quote left open has swallowed up to there.

With multiLine, Spark takes everything behind an opening quote that is never closed for one value
and says nothing. When that is the last column, the number of values is right too. Such a value
ends as the file ends, which no value of a well-formed record does: the file's last line has a
delimiter, a quote or a line end behind the last value.
"""

from __future__ import annotations

from dataclasses import dataclass

from bronze_loader.sniffing.csv_dialect import Dialect

TAIL_SIZE = 4096
_LONGEST = 200


@dataclass(frozen=True)
class Tail:
    """A value that the end of the file has cut off is `value`, or it ends in `end`.

    Neither is known of a large compressed file.
    """

    value: str | None = None
    end: str | None = None


def tail_of(window: str, whole: bool, dialect: Dialect, line_end: str) -> Tail | None:
    """The tail, from the last characters of a file; None when no quote can be open there.

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
