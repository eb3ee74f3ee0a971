"""What the first records of a file show: other quotes than the declared ones, a row of units below
the header, a second table."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bronze_loader.datasets.column_names import plain_name
from bronze_loader.datasets.csv_options import CsvOptions
from bronze_loader.errors import Refused
from bronze_loader.sniffing.csv_dialect import (
    QUOTES,
    Dialect,
    first_record,
    quotes_fit,
    reader_settings,
    with_quote,
)

SAMPLE_SIZE = 64 * 1024  # characters
# What some programs take for a line break, and CSV does not: Spark would read one line.
_OTHER_BREAKS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
# Both alternatives begin with one character, for which the search can skip all others.
_BLANK_LINE = r"\n[{0} \t]*[\r\n]|\r(?!\n)[{0} \t]*[\r\n]"
_PAIRS = (
    ("'", "'"), ('"', '"'), ("`", "`"), ('="', '"'),
    ("\u201c", "\u201d"), ("\u201e", "\u201c"), ("\u201e", "\u201d"), ("\u201d", "\u201d"),
    ("\u2018", "\u2019"), ("\u2019", "\u2019"), ("\u201a", "\u2018"), ("\u201a", "\u2019"),
    ("\u00ab", "\u00bb"), ("\u00bb", "\u00ab"), ("\u00b4", "\u00b4"), ("\uff02", "\uff02"),
)  # fmt: skip
_UNIT = re.compile(
    r"\(.*\)|\[.*\]|\{.*\}|<.*>|\uff08.*\uff09|[%\u2030\u00b0\u20ac$\u00a3\u00a5\u20ab\u0e3f]"
    r"|[ymdhs]{1,4}([-/.: ][ymdhs]{1,4})+"
    r"|(var)?char(\(\d+\))?|string|text|(big|small)?int|integer|number|numeric|decimal|float|double"
    r"|date|datetime|time|timestamp|bool|boolean"
    r"|pcs?\.?|pieces?|units?|years?|yrs?|months?|days?|kg|g|cm|mm|km|usd|eur|thb|vnd|baht",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Sample:
    """The first records of a file from its header on, blank lines as empty ones, each with the
    number of lines up to its end."""

    records: tuple[tuple[str, ...], ...]
    ends: tuple[int, ...]

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The records behind the header that are not blank."""
        header = next((at for at, record in enumerate(self.records) if record), 0)
        return [record for record in self.records[header + 1 :] if record]

    @property
    def is_even(self) -> bool:
        """Whether all records that are not blank have as many values as the header."""
        return len({len(record) for record in self.records if record}) == 1


def sample_of(body: str, whole: bool, dialect: Dialect, most: int = 0) -> Sample:
    """The records in the first characters of a text from the header on, or the first `most` of them
    that are not blank; `whole` says that the file ends with it. One that is cut off is left out."""
    text = body[:SAMPLE_SIZE]
    reader = csv.reader(io.StringIO(text, newline=""), **reader_settings(dialect))
    records: list[tuple[str, ...]] = []
    ends: list[int] = []
    try:
        for record in reader:
            records.append(tuple(record))
            ends.append(reader.line_num)
            if most and sum(map(bool, records)) > most:
                break  # the last may be cut off
    except csv.Error:
        whole = True  # what is behind it is not looked at
    keep = len(records) if whole and len(text) == len(body) else max(1, len(records) - 1)
    return Sample(tuple(records[:keep]), tuple(ends[:keep]))


def with_the_files_quotes(body: str, whole: bool, dialect: Dialect, options: CsvOptions) -> Dialect:
    """The dialect with the quotes that the values stand in: all values of some column; or some
    values, where every record has the header's columns by them, and not by the declared quotes.

    Raises Refused for quotes that cannot be read, such as typographic ones, which open and close.
    """
    text = body[:SAMPLE_SIZE]
    cut = re.escape(dialect.delimiter)
    others = {opening[0] for opening, _ in _PAIRS if opening != dialect.quote}
    there = re.escape("".join(char for char in others if char in text))
    if not there or not re.search(rf"(?:\A|[{cut}\r\n])[^\S\r\n]*[{there}]", text):
        return dialect
    sample = sample_of(body, whole, dialect)
    found = _other_quotes(sample.rows, dialect)
    for quote in QUOTES:
        if quote not in there or (found and found[0] != quote) or (not found and sample.is_even):
            continue
        other = with_quote(body, dialect.delimiter, quote, options)
        other = replace(other, trims=other.trims or dialect.trims)
        by_other = sample_of(body, whole, other)
        if by_other.is_even and not _other_quotes(by_other.rows, other):
            return other
    if not found:
        return dialect
    opening, closing = found
    raise Refused(
        f"values stand in {opening}\u2026{closing}, which are not the quotes that the header and "
        f"the declaration say, {dialect.quote}; have the file written with those, or declare in "
        "the source YAML a `quote` of one character that opens and closes"
    )


def _other_quotes(rows: Sequence[tuple[str, ...]], dialect: Dialect) -> tuple[str, str] | None:
    """The quotes in which all values of some column stand, two at least: of one row those of two
    columns."""
    for opening, closing in _PAIRS:
        if opening == dialect.quote:
            continue
        quoted = 0
        for column in range(max(map(len, rows), default=0)):
            values = [_visible(row[column]) for row in rows if len(row) > column]
            values = [value for value in values if value]
            length = len(opening) + len(closing)
            if values and all(
                len(v) >= length and v.startswith(opening) and v.endswith(closing) for v in values
            ):
                quoted += len(values)
        if quoted > 1:
            return opening, closing
    return None


def _visible(value: str) -> str:
    """A value without what nobody sees at its ends."""
    if value.isascii():
        return value.strip()
    text = value.strip()
    while text and unicodedata.category(text[0]) in ("Cf", "Zs"):
        text = text[1:].strip()
    while text and unicodedata.category(text[-1]) in ("Cf", "Zs"):
        text = text[:-1].strip()
    return text


def lines_to_units(body: str, whole: bool, dialect: Dialect) -> int:
    """The number of lines from the header to a row of units or types directly below it; 0 when
    there is none. The row behind it must be another kind of row. A dash says nothing."""
    sample = sample_of(body, whole, dialect, most=3)
    header = next((at for at, record in enumerate(sample.records) if record), 0)
    rows = sample.rows[:2]
    if len(rows) < 2 or len(rows[0]) != len(sample.records[header]) or not all(map(len, rows)):
        return 0
    units, row = (list(filter(None, map(_unit, some))) for some in rows)
    if not units or not all(map(_UNIT.fullmatch, units)) or all(map(_UNIT.fullmatch, row)):
        return 0
    return sample.ends[header]


def _unit(value: str) -> str:
    """What a cell of a row of units says; empty for a dash."""
    return _visible(value).strip("-\u2013\u2014")


def check_line_breaks(body: str, dialect: Dialect) -> None:
    """Raises Refused for a file of one line, the header, that is several by a line break that only
    some programs know, such as U+2028: at each of them there are as many values."""
    sample = sample_of(body, True, dialect, most=1)
    text = body[:SAMPLE_SIZE].strip("\r\n")
    used = next((char for char in _OTHER_BREAKS if char in text), "")
    if not used or sample.rows:
        return
    lines = text.split(used)[: -1 if len(body) > SAMPLE_SIZE else None]  # one that is cut off
    lines = [line for line in lines if line.strip()]
    widths = {len(first_record(line, dialect)[0]) for line in lines if quotes_fit(line, dialect)}
    if len(lines) > 1 and len(widths) == 1 and all(quotes_fit(line, dialect) for line in lines):
        raise Refused(
            f"the file is one line, the header: its lines seem to end in U+{ord(used):04X}, which "
            "CSV knows as no line break; write it with LF or CRLF"
        )


def _values(record: Sequence[str]) -> int:
    """How many values of a record are not blank."""
    return sum(map(bool, map(str.strip, record)))


def check_one_table(body: str, whole: bool, dialect: Dialect) -> None:
    """Raises Refused where a second table begins, with as many columns as the first: behind a blank
    line, be it of delimiters, or a line of one value stand names only, where all rows before have
    digits."""
    if not re.search(_BLANK_LINE.format(re.escape(dialect.delimiter)), body[:SAMPLE_SIZE]):
        return
    sample = sample_of(body, whole, dialect)
    header = next((at for at, record in enumerate(sample.records) if record), 0)
    names = [plain_name(field) for field in sample.records[header]]
    with_digits: set[int] | None = None
    for at in range(header + 1, len(sample.records)):
        record, before = sample.records[at], sample.records[at - 1]
        if len(record) != len(names) or len(names) < 2 or _values(record) < 2:
            continue
        digits = {n for n, value in enumerate(record) if any(map(str.isdigit, value))}
        apart = at > header + 1 and _values(before) < 2
        if apart and with_digits and not digits and at + 1 < len(sample.records):
            here = [plain_name(field) for field in record]
            if all(here) and len(set(here)) == len(here) and set(here) != set(names):
                raise Refused(
                    f"a second table begins behind line {sample.ends[at - 1]} of the file's table, "
                    f"with the header {', '.join(record)[:200]}; put one table into a file"
                )
        with_digits = digits if with_digits is None else with_digits & digits
