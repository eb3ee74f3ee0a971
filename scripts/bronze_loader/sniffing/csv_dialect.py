"""The dialect of a CSV file: delimiter, quote, escape, line ends; declared or seen in its head."""

from __future__ import annotations

import csv
import io
import logging
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bronze_loader.datasets.declaration import CsvOptions
from bronze_loader.errors import Refused

log = logging.getLogger(__name__)

DELIMITERS = (",", ";", "\t", "|")
_LINE_END = re.compile(r"\r\n|\n|\r")
_NAMES = {"\n": "LF", "\r": "CR", "\r\n": "CRLF"}
_UNREADABLE_SHOWN = 255
csv.field_size_limit(sys.maxsize)  # for all of the process


@dataclass(frozen=True)
class Dialect:
    """The characters between values, around them, and before a quote within them."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'


def candidates(text: str, options: CsvOptions) -> Iterator[Dialect]:
    """The dialects that the text may be in; what is declared is the same in all of them.

    Single quotes are quotes when the header's first name stands in them. The escape is a backslash
    when one stands before a quote that ends no value, which cannot be where quotes are doubled.
    """
    for delimiter in (options.delimiter,) if options.delimiter else DELIMITERS:
        quote = options.quote or _quote(text, delimiter)
        yield Dialect(delimiter, quote, options.escape or _escape(text, delimiter, quote))


def _quote(text: str, delimiter: str) -> str:
    line = text.lstrip("\r\n")
    cut = re.escape(delimiter)
    return "'" if re.match(rf"'[^'\r\n]*'\s*({cut}|[\r\n]|\Z)", line) else '"'


def _escape(text: str, delimiter: str, quote: str) -> str:
    marks, ends = re.escape(quote), re.escape(delimiter)
    backslashed = re.search(rf"(?<!\\)\\{marks}(?![{marks}{ends}\r\n]|\Z)", text)
    return "\\" if backslashed else quote


def first_record(text: str, dialect: Dialect) -> tuple[list[str], bool]:
    """The fields of the first line that is not empty, and whether it ends within the text."""
    lines = io.StringIO(text, newline="")
    try:
        reader = csv.reader(lines, **_settings(dialect))
        fields = next((record for record in reader if record), [])
    except csv.Error as error:
        log.debug("no header by %s: %s", dialect, error)
        return [text[:_UNREADABLE_SHOWN]], False
    return fields, lines.tell() < len(text)


def quotes_fit(text: str, dialect: Dialect) -> bool:
    """Whether in the first line a delimiter or the line's end stands behind each closing quote."""
    settings = _settings(dialect) | {"strict": True, "doublequote": True}
    reader = csv.reader(io.StringIO(text, newline=""), **settings)
    try:
        return any(reader)
    except csv.Error:
        return False


def _settings(dialect: Dialect) -> dict[str, Any]:
    doubled = dialect.escape == dialect.quote
    return {
        "delimiter": dialect.delimiter,
        "quotechar": dialect.quote,
        "doublequote": doubled,
        "escapechar": None if doubled else dialect.escape,
    }


def skip_lines(text: str, lines: int) -> str:
    """The text behind so many lines; blank lines count, as they do for Spark's `skipRows`."""
    position = 0
    for _ in range(lines):
        found = _LINE_END.search(text, position)
        if not found:
            return ""
        position = found.end()
    return text[position:]


def line_end(text: str, dialect: Dialect) -> str:
    r"""The line end of the file. Spark takes the first one in it, even one within a quoted name.

    Raises Refused where other lines end in another way and Spark would misread values: with `\n`
    before lines that end in `\r\n` it leaves a `\r` in each last value, and with `\r` in a name
    it changes every `\r` in a value.
    """
    found = _LINE_END.search(text)
    first = found.group() if found else "\n"
    if len(set(_LINE_END.findall(text))) < 2:
        return first
    ends = [_LINE_END.search(line) for line in _last_lines(text, dialect)]
    used = [end.group() for end in ends if end]
    if used[:1] not in ([], [first]) or (first == "\n" and "\r\n" in used):
        shown = " and ".join(_NAMES[end] for end in dict.fromkeys((first, *used)))
        raise Refused(
            f"the line breaks are {shown}, the first of them {_NAMES[first]}, by which Spark "
            "would read all; write all line ends alike, those in the names of the header too"
        )
    return first


def _last_lines(text: str, dialect: Dialect) -> Iterator[str]:
    """The last line of each record that is not blank, with its line end."""
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines, **_settings(dialect))
    try:
        for fields in reader:
            if fields:
                yield lines[reader.line_num - 1]
    except csv.Error as error:
        log.debug("line ends are not looked at further: %s", error)
