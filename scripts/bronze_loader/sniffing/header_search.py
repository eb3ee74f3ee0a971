"""Which line of a file is its header: the first that has the required columns.

What stands before it, such as a title or the date of a report, is skipped and counted. Rows of a
table are not skipped, whatever comes behind them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bronze_loader.datasets.column_names import normalise, plain_name
from bronze_loader.datasets.declaration import Dataset
from bronze_loader.errors import Refused
from bronze_loader.sniffing.csv_dialect import (
    Dialect,
    candidates,
    first_line,
    first_record,
    quotes_fit,
    skip_lines,
)

LINES = 50  # among which the header is looked for
SEARCHED = 64 * 1024  # characters in which it is looked for behind the first line


@dataclass(frozen=True)
class HeaderLine:
    """A line of names: its columns, its dialect, and how many lines stand before it.

    `is_whole` says that it ends within the text; `fits` that it has all required columns.
    """

    columns: tuple[str, ...]
    dialect: Dialect
    lines_before: int
    is_whole: bool
    fits: bool


def find_header(text: str, dataset: Dataset) -> HeaderLine:
    """The header in a text from a file's beginning: the first line with all required columns, or
    the first one that is not blank where none has them. A line of blanks and delimiters has none.

    The declared `skip_rows` are passed over. Raises Refused where the lines before the header look
    like rows, and where a text holds nothing but blank lines.
    """
    skipped = dataset.options.skip_rows
    first = _header_line(skip_lines(text, skipped), skipped, dataset)
    if first.fits:
        return first
    start = text[:SEARCHED]
    for lines in range(skipped + 1, skipped + LINES):
        body = skip_lines(start, lines)
        if not body:
            break
        if not body.startswith(("\r", "\n")):
            line = _header_line(body, lines, dataset)
            if line.fits:
                _check_skipped(start, line, dataset)
                return line
    return first


def named(fields: Sequence[str], dataset: Dataset) -> tuple[str, ...]:
    """The columns of a header's fields: normalised, and those with an alias by their own name.

    A column that has its own name in the header is not looked for under another.
    """
    names = normalise(fields)
    aliases = {a: name for a, name in dataset.aliases.items() if name not in names}
    taken: set[str] = set()
    for place, name in enumerate(names):
        column = aliases.get(name)
        if column and column not in taken:
            names[place] = column
            taken.add(column)
    return tuple(names)


def check_required_once(fields: Sequence[str], dataset: Dataset) -> None:
    """Raises Refused for a header that has a required column twice: which one is meant cannot be
    known."""
    plain = Counter(map(plain_name, fields))
    for name in dataset.required_names:
        others = [alias for alias, column in dataset.aliases.items() if column == name]
        places = plain[name] or sum(plain[alias] for alias in others)
        if places > 1:
            raise Refused(
                f"the header has the required column {name} {places} times; which of them is "
                "meant cannot be known: rename or remove the others"
            )


def fields_of(text: str, line: HeaderLine) -> list[str]:
    """The names of the header as they are in the text."""
    return first_record(skip_lines(text, line.lines_before), line.dialect)[0]


def _header_line(body: str, lines: int, dataset: Dataset) -> HeaderLine:
    """The line in the dialect that its quotes fit, then with most declared columns, then with
    most columns."""
    required = set(dataset.required_names)
    best = (False, -1, 0)
    all_end = True
    found = HeaderLine((), Dialect(), lines, False, False)
    for dialect in candidates(body, dataset.options):
        fields, ended = first_record(body, dialect)
        all_end = all_end and ended
        columns = named(fields, dataset)
        declared = set(columns) & set(dataset.column_names)
        rank = (quotes_fit(body, dialect), len(declared), len(columns))
        if rank > best:
            best = rank
            fits = any(map(plain_name, fields)) and required <= set(columns)
            found = HeaderLine(columns, dialect, lines, ended, fits)
    return found if found.fits else replace(found, is_whole=all_end)


def _check_skipped(text: str, line: HeaderLine, dataset: Dataset) -> None:
    """Raises Refused where the lines before the header look like rows, of this table or another:
    one has as many values as there are required columns (a title and its value are none), or two
    in a row have three or more and as many as each other."""
    before = 0
    enough = max(2, len(dataset.required_names), min(3, len(line.columns)))
    for number in range(dataset.options.skip_rows, line.lines_before):
        fields, _ = first_record(first_line(skip_lines(text, number)), line.dialect)
        values = sum(1 for field in fields if field.strip())
        if values >= enough or (values > 2 and values == before):
            raise Refused(
                f"line {line.lines_before + 1} has the columns, but line {number + 1} looks like "
                f"a row of a table, with {values} values; put one table into a file, its header "
                f"first, or declare `skip_rows: {line.lines_before}` to skip what stands before"
            )
        before = values
