"""CSV lines: their text as written, and the values that a reader takes from it."""

from collections.abc import Sequence
from typing import NamedTuple


class Line(NamedTuple):
    """A record of a file.

    `text` is written as it is, without its closing newline. `values` are those that Spark's reader
    takes from it, one for each column of the file, "" for a field that is missing. `corrupt` says
    that the number of fields is not the header's: the reader then keeps the raw text as well.
    """

    text: str
    values: Sequence[str]
    corrupt: bool = False


def quote(cell: str) -> str:
    """The cell in quotes, with its own quotes doubled (RFC 4180)."""
    return '"' + cell.replace('"', '""') + '"'


def encode(cells: Sequence[str], quote_all: bool = False) -> str:
    """The cells as CSV text, quoted where needed or everywhere."""
    if quote_all:
        return ",".join(map(quote, cells))
    text = ",".join(cells)
    if '"' not in text and "\n" not in text and text.count(",") == len(cells) - 1:
        return text
    return ",".join(quote(c) if "," in c or '"' in c or "\n" in c else c for c in cells)


def whole_line(cells: Sequence[str], quote_all: bool = False) -> Line:
    """A well-formed line."""
    return Line(encode(cells, quote_all), cells)


def short_line(cells: Sequence[str], kept: int, quote_all: bool = False) -> Line:
    """A line that breaks off after `kept` fields."""
    return Line(encode(cells[:kept], quote_all), [*cells[:kept], *[""] * (len(cells) - kept)], True)


def long_line(cells: Sequence[str], extra: str, quote_all: bool = False) -> Line:
    """A line with one field too many at its end."""
    return Line(encode([*cells, extra], quote_all), cells, True)


def shifted_line(cells: Sequence[str], at: int, tail: str) -> Line:
    """A line with an unquoted comma in field `at`.

    The fields after it move one to the right, and the last one has no column.
    """
    moved = [*cells[: at + 1], tail, *cells[at + 1 :]]
    return Line(encode(moved), moved[: len(cells)], True)


def unclosed_quote(cells: Sequence[str], swallowed: Sequence[str], at: int) -> Line:
    """Two lines, the first of which never closes the quote of field `at`.

    The reader runs on to the next quote, which stands inside field `at` of the second line, and
    takes everything up to the comma after it, quotes included, as one value.
    """
    value = '"' + ",".join(cells[at:]) + "\n" + ",".join([*swallowed[:at], f'{swallowed[at]}"s'])
    values = [*cells[:at], value, *swallowed[at + 1 :]]
    return Line(",".join(values), values)
