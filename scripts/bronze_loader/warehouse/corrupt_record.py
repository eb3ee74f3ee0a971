"""The SQL that marks records as malformed which the reader misread without saying so.

`read_files` fills `_corrupt_record` where a record has too few or too many values. It lets four
more pass: bytes that it cannot decode, which become U+FFFD; control characters, such as a zero
byte, wherever they stand; a quote that is never closed; and a
line that ends in CRLF where the file's first lines end in LF, so that its last value ends in CR.
Their rows get a `_corrupt_record` too: the values as they were read, with the delimiter between.
"""

from __future__ import annotations

from bronze_loader.sniffing.header import Header
from bronze_loader.sniffing.unclosed_quote import Tail
from bronze_loader.warehouse.literals import identifier, string

# U+FFFD, and control characters: all but tab and line breaks.
_DAMAGED = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F\uFFFD]"
CORRUPT = "_corrupt_record"


def corrupt_record(header: Header) -> str:
    """The expression for `_corrupt_record` over the columns that `read_files` gives."""
    columns = [identifier(name) for name in header.columns]
    values = ", ".join(f"coalesce({column}, '')" for column in columns)
    wrong = [f"concat({values}) RLIKE {string(_DAMAGED)}"]
    wrong += _swallowed(columns[-1], header)
    if header.line_end == "\n":
        wrong.append(f"endswith({columns[-1]}, {string(chr(13))})")
    return (
        f"CASE WHEN {identifier(CORRUPT)} IS NOT NULL THEN {identifier(CORRUPT)} "
        f"WHEN {' OR '.join(wrong)} THEN concat_ws({string(header.delimiter)}, {values}) END"
    )


def _swallowed(last: str, header: Header) -> list[str]:
    """Conditions under which the end of the file has cut off the last value; see
    `sniffing.unclosed_quote`."""
    tail = header.tail
    if tail is None:
        return []
    if tail == Tail():
        # The end is not known: a value that ends a line and has a record's worth of delimiters.
        between = f"length({last}) - length(replace({last}, {string(header.delimiter)}, ''))"
        return [f"(endswith({last}, {string(chr(10))}) AND {between} >= {len(header.columns) - 1})"]
    conditions = []
    if tail.value is not None:
        conditions.append(f"{last} = {string(tail.value)}")
    if tail.end is not None:
        conditions.append(f"endswith({last}, {string(tail.end)})")
    return conditions
