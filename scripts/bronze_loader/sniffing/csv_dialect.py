"""The dialect of a CSV file: delimiter, quote, escape, line ends; declared or seen in its head."""

from __future__ import annotations

import csv
import io
import logging
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from bronze_loader.datasets.csv_options import CsvOptions
from bronze_loader.errors import Refused

log = logging.getLogger(__name__)

DELIMITERS = (",", ";", "\t", "|")
QUOTES = ('"', "'", "`")  # those that are found
_LINE_END = re.compile(r"\r\n|\n|\r")
_NAMES = {"\n": "LF", "\r": "CR", "\r\n": "CRLF"}
_UNREADABLE_SHOWN = 255
csv.field_size_limit(sys.maxsize)  # for all of the process


@dataclass(frozen=True)
class Dialect:
    """The characters between values, around them, and before a quote within them; `trims` says
    that blanks before a value are no part of it."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    trims: bool = False


def candidates(text: str, options: CsvOptions) -> Iterator[Dialect]:
    """The dialects that the text may be in; what is declared is the same in all of them.

    Other quotes than the declared ones are quotes when the header's first name stands in them. The
    escape is a backslash when one stands before a quote that ends no value, which cannot be where
    quotes are doubled.
    """
    for delimiter in (options.delimiter,) if options.delimiter else DELIMITERS:
        quote = _quote(text, delimiter, options.quote or '"')
        yield with_quote(text, delimiter, quote, options)


def with_quote(text: str, delimiter: str, quote: str, options: CsvOptions) -> Dialect:
    """The dialect of a text whose values stand in such quotes.

    Blanks before values are no part of them when there is one behind each delimiter of the header,
    or one before a quote.
    """
    declared = options.escape if quote == (options.quote or quote) else None
    dialect = Dialect(delimiter, quote, declared or _escape(text, delimiter, quote))
    fields = first_record(text, dialect)[0]
    blanks = "[ \t]+" if delimiter != "\t" else " +"
    behind = len(fields) > 1 and all(re.match(blanks, field) for field in fields[1:])
    before = False
    # A single character is found far faster than two.
    if not behind and quote in text and (f" {quote}" in text or f"\t{quote}" in text):
        marks, cut = re.escape(quote), re.escape(delimiter)
        opening = rf"(?:\A|[{cut}\r\n]){blanks}{marks}(?!{marks}[^{cut}\r\n])"
        before = bool(re.search(opening, text))
    return replace(dialect, trims=True) if behind or before else dialect


def _quote(text: str, delimiter: str, declared: str) -> str:
    line = text.lstrip("\r\n\t ")
    cut = re.escape(delimiter)
    for quote in QUOTES:
        found = re.match(rf"{quote}[^{quote}\r\n]*{quote}\s*({cut}|[\r\n]|\Z)", line)
        if quote != declared and found:
            return quote
    return declared


def _escape(text: str, delimiter: str, quote: str) -> str:
    # the search below would look at each character
    if "\\" not in text or f"\\{quote}" not in text:
        return quote
    marks, ends = re.escape(quote), re.escape(delimiter)
    backslashed = re.search(rf"(?<!\\)\\{marks}(?![{marks}{ends}\r\n]|\Z)", text)
    return "\\" if backslashed else quote


def first_record(text: str, dialect: Dialect) -> tuple[list[str], bool]:
    """The fields of the first line that is not empty, and whether it ends within the text."""
    lines = io.StringIO(text, newline="")
    try:
        reader = csv.reader(lines, **reader_settings(dialect))
        fields = next((record for record in reader if record), [])
    except csv.Error as error:
        log.debug("no header by %s: %s", dialect, error)
        return [text[:_UNREADABLE_SHOWN]], False
    return fields, lines.tell() < len(text)


def quotes_fit(text: str, dialect: Dialect) -> bool:
    """Whether in the first line a delimiter or the line's end stands behind each closing quote."""
    settings = reader_settings(dialect) | {"strict": True, "doublequote": True}
    reader = csv.reader(io.StringIO(text, newline=""), **settings)
    try:
        return any(reader)
    except csv.Error:
        return False


def reader_settings(dialect: Dialect) -> dict[str, Any]:
    """The arguments by which `csv.reader` reads the dialect."""
    doubled = dialect.escape == dialect.quote
    return {
        "delimiter": dialect.delimiter,
        "quotechar": dialect.quote,
        "doublequote": doubled,
        "escapechar": None if doubled else dialect.escape,
        "skipinitialspace": dialect.trims,
    }


def first_line(text: str) -> str:
    """The text up to its first line break."""
    found = _LINE_END.search(text)
    return text[: found.start()] if found else text


def skip_lines(text: str, lines: int) -> str:
    """The text behind so many lines; blank lines count, as they do for Spark's `skipRows`."""
    position = 0
    for _ in range(lines):
        found = _LINE_END.search(text, position)
        if not found:
            return ""
        position = found.end()
    return text[position:]


def line_end(text: str, body: str, dialect: Dialect) -> tuple[str, bool]:
    r"""The line end of a file's records, and whether it must be declared to the reader.

    Spark takes the first line break of the file for all, even one within a quoted name. With CRLF
    before records that end in LF it would run these together: there LF is declared, which leaves a
    CR in the last name of the header only. `body` is the text from the header on.

    Raises Refused where the line ends differ in another way and Spark would misread values: with
    `\n` before lines that end in `\r\n` it leaves a `\r` in each last value, and with `\r` in a
    name it changes every `\r` in a value.
    """
    found = _LINE_END.search(text)
    first = found.group() if found else "\n"
    if "\r" not in text:
        return first, False
    both = text.count("\r\n")
    if sum((both > 0, text.count("\n") > both, text.count("\r") > both)) < 2:
        return first, False
    ends = [_LINE_END.search(line) for line in _last_lines(body, dialect)]
    used = [end.group() for end in ends if end]
    of_rows = set(used[1:])
    if first != "\r":
        of_rows.discard("\r")  # part of a value
    if used[:1] == ["\r\n"] == [first] and of_rows == {"\n"}:
        return "\n", True
    if used[:1] not in ([], [first]) or len(of_rows | {first}) > 1:
        shown = " and ".join(_NAMES[end] for end in dict.fromkeys((first, *used)))
        raise Refused(
            f"the line breaks are {shown}, the first of them {_NAMES[first]}, by which Spark "
            "would read all; write all line ends alike, those in the names of the header too"
        )
    return first, False


def _last_lines(text: str, dialect: Dialect) -> Iterator[str]:
    """The last line of each record that is not blank, with its line end."""
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines, **reader_settings(dialect))
    try:
        for fields in reader:
            if fields:
                yield lines[reader.line_num - 1]
    except csv.Error as error:
        log.debug("line ends are not looked at further: %s", error)
