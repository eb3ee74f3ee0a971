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
    reader_settings,
    with_quote,
)

SAMPLE_SIZE = 64 * 1024  # characters
_FIRST_ROWS = 4 * 1024  # characters, for those directly below the header
_PAIRS = (
    ("'", "'"), ('"', '"'), ("`", "`"), ('="', '"'),
    ("\u201c", "\u201d"), ("\u201e", "\u201c"), ("\u201e", "\u201d"), ("\u201d", "\u201d"),
    ("\u2018", "\u2019"), ("\u2019", "\u2019"), ("\u201a", "\u2018"), ("\u201a", "\u2019"),
    ("\u00ab", "\u00bb"), ("\u00bb", "\u00ab"), ("\u00b4", "\u00b4"), ("\uff02", "\uff02"),
)  # fmt: skip
_UNIT = re.compile(
    r"\(.*\)|\[.*\]|\{.*\}|<.*>|%|[ymdhs]{1,4}([-/.: ][ymdhs]{1,4})+"
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


def sample_of(body: str, whole: bool, dialect: Dialect, size: int = SAMPLE_SIZE) -> Sample:
    """The records in the first characters of a text from the header on; `whole` says that the file
    ends with it. One that is cut off is left out."""
    text = body[:size]
    reader = csv.reader(io.StringIO(text, newline=""), **reader_settings(dialect))
    records: list[tuple[str, ...]] = []
    ends: list[int] = []
    try:
        for record in reader:
            records.append(tuple(record))
            ends.append(reader.line_num)
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
    there is none. The row behind it must be another kind of row."""
    sample = sample_of(body, whole, dialect, _FIRST_ROWS)
    header = next((at for at, record in enumerate(sample.records) if record), 0)
    rows = sample.rows[:2]
    if len(rows) < 2 or len(rows[0]) != len(sample.records[header]) or not all(map(len, rows)):
        return 0
    units, row = ([value.strip() for value in some if value.strip()] for some in rows)
    if not units or not all(map(_UNIT.fullmatch, units)) or all(map(_UNIT.fullmatch, row)):
        return 0
    return sample.ends[header]


def check_one_table(body: str, whole: bool, dialect: Dialect) -> None:
    """Raises Refused where a second table begins, with as many columns as the first: behind a blank
    line or a line of one value stand names only, where all rows before have digits."""
    if not any(blank in body[:SAMPLE_SIZE] for blank in ("\n\n", "\n\r\n", "\r\r")):
        return
    sample = sample_of(body, whole, dialect)
    header = next((at for at, record in enumerate(sample.records) if record), 0)
    names = [plain_name(field) for field in sample.records[header]]
    with_digits: set[int] | None = None
    for at in range(header + 1, len(sample.records)):
        record, before = sample.records[at], sample.records[at - 1]
        if len(record) != len(names) or len(names) < 2:
            continue
        digits = {n for n, value in enumerate(record) if any(map(str.isdigit, value))}
        apart = at > header + 1 and len(before) < 2
        if apart and with_digits and not digits and at + 1 < len(sample.records):
            here = [plain_name(field) for field in record]
            if all(here) and len(set(here)) == len(here) and set(here) != set(names):
                raise Refused(
                    f"a second table begins behind line {sample.ends[at - 1]} of the file's table, "
                    f"with the header {', '.join(record)[:200]}; put one table into a file"
                )
        with_digits = digits if with_digits is None else with_digits & digits
