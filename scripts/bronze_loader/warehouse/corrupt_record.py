"""The SQL that marks records as malformed which the reader misread without saying so.

`read_files` fills `_corrupt_record` where a record has too few or too many values. It lets three
more pass: bytes that it cannot decode, which become U+FFFD; a quote that is never closed; and a
line that ends in CRLF where the file's first lines end in LF, so that its last value ends in CR.
Their rows get a `_corrupt_record` too: the values as they were read, with the delimiter between.
"""

from __future__ import annotations

from collections.abc import Sequence

from bronze_loader.sniffing.header import Header
from bronze_loader.sniffing.unclosed_quote import Tail
from bronze_loader.warehouse.literals import identifier, string

REPLACEMENT = "\ufffd"
CORRUPT = "_corrupt_record"


def corrupt_record(header: Header) -> str:
    """The expression for `_corrupt_record` over the columns that `read_files` gives."""
    columns = [identifier(name) for name in header.columns]
    values = ", ".join(f"coalesce({column}, '')" for column in columns)
    replaced = string(f"%{REPLACEMENT}%")
    wrong = [_any_of([f"{column} LIKE {replaced}" for column in columns])]
    wrong += _swallowed(columns[-1], header)
    if header.line_end == "\n":
        wrong.append(f"endswith({columns[-1]}, {string(chr(13))})")
    return (
        f"CASE WHEN {identifier(CORRUPT)} IS NOT NULL THEN {identifier(CORRUPT)} "
        f"WHEN {' OR '.join(wrong)} THEN concat_ws({string(header.delimiter)}, {values}) END"
    )


def _any_of(conditions: Sequence[str]) -> str:
    """The conditions joined by OR as a balanced tree; a thousand in a row would be parsed as a
    thousand levels."""
    if len(conditions) == 1:
        return conditions[0]
    middle = len(conditions) // 2
    return f"({_any_of(conditions[:middle])} OR {_any_of(conditions[middle:])})"


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
