"""The header of a file, from its first bytes: its column names, and how it is written."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from bronze_loader.datasets.column_names import normalise
from bronze_loader.datasets.declaration import CsvOptions, Dataset
from bronze_loader.datasets.globs import CSV_SUFFIX, unreadable_key
from bronze_loader.errors import Refused
from bronze_loader.sniffing.compression import MAX_HEAD, decompress
from bronze_loader.sniffing.csv_dialect import (
    Dialect,
    candidates,
    first_record,
    line_end,
    quotes_fit,
    skip_lines,
)
from bronze_loader.sniffing.encoding import decode
from bronze_loader.sniffing.unclosed_quote import TAIL_SIZE, Tail, tail_of

log = logging.getLogger(__name__)

# Bytes. A header fits in the first; the others are for a thousand columns and for bzip2's blocks.
HEAD_SIZES = (64 * 1024, 1024 * 1024, MAX_HEAD)
MAX_COLUMNS = 5_000  # more make statements of minutes; Spark takes 20,480 (maxColumns)
MAX_NAME_LENGTH = 255  # Unity Catalog's limit on a column name
PREAMBLE_LINES = 20  # lines among which a header that is not the first is looked for

Read = Callable[[int, int], bytes]
"""`read(start, length)` gives that part of an object; less of it at its end."""


@dataclass(frozen=True)
class Header:
    """How to read one file: its columns, normalised and in the file's order, its dialect, encoding
    and line end; `tail` says how the file ends, where that is needed."""

    columns: tuple[str, ...]
    delimiter: str = ","
    encoding: str = "UTF-8"
    quote: str = '"'
    escape: str = '"'
    line_end: str = "\n"
    tail: Tail | None = field(default=None, compare=False)


@dataclass(frozen=True)
class _Head:
    """A header in a file's first bytes, with their text; `whole` says that they are all of it."""

    columns: tuple[str, ...]
    dialect: Dialect
    encoding: str
    text: str
    whole: bool


def sniff(key: str, size: int, dataset: Dataset, read: Read) -> Header:
    """The header of the object of that key and size.

    Raises Refused, with the reason, when the file cannot be loaded correctly into the dataset.
    """
    reason = unreadable_key(key)
    if reason:
        raise Refused(reason)
    if size == 0:
        raise Refused("the file is empty (0 bytes), it has no header")
    head = None
    for length in HEAD_SIZES:
        whole = length >= size
        head = _read_head(read(0, min(length, size)), whole, key, dataset)
        if head or whole:
            break
    if head is None:
        raise Refused(
            f"the header line does not end within {MAX_HEAD >> 20} MiB; is a quote left open in it?"
        )
    _check(head, dataset)
    found = head.dialect
    end = line_end(head.text, found)
    return Header(
        head.columns,
        found.delimiter,
        head.encoding,
        found.quote,
        found.escape,
        end,
        _tail(head, key, size, dataset.options, end, read),
    )


def _read_head(content: bytes, whole: bool, key: str, dataset: Dataset) -> _Head | None:
    """The header in a file's first bytes, or None when it goes on behind them.

    `whole` says that there is nothing behind them. Of the dialects, those go first that the quotes
    fit, then the one with most declared columns, then the one with most columns.
    """
    options = dataset.options
    data, whole = decompress(content, whole, key)
    text, encoding = decode(data, whole, options.encoding)
    body = skip_lines(text, options.skip_rows)
    best: tuple[bool, int, int] | None = None
    head = None
    for dialect in candidates(body, options):
        fields, ended = first_record(body, dialect)
        if not (ended or whole):
            return None
        if not fields:
            raise Refused("the file has no header line, it holds nothing but blank lines")
        columns = tuple(normalise(fields))
        declared = set(columns) & set(dataset.column_names)
        rank = (quotes_fit(body, dialect), len(declared), len(columns))
        if best is None or rank > best:
            best, head = rank, _Head(columns, dialect, encoding, text, whole)
    return head


def _check(head: _Head, dataset: Dataset) -> None:
    columns = head.columns
    missing = [name for name in dataset.required_names if name not in columns]
    if missing:
        preamble = _preamble(head, dataset)
        if preamble:
            raise Refused(
                f"line {preamble + 1} has the columns, the header is not the first line; "
                f"declare `skip_rows: {preamble}` in the source YAML"
            )
        new = [name for name in columns if name not in dataset.column_names]
        shown = ", ".join(columns[:20]) + (", …" if len(columns) > 20 else "")
        raise Refused(
            f"required column{'s' if len(missing) > 1 else ''} missing: {', '.join(missing)}; "
            f"the header has {shown}{_did_you_mean(missing, new)}"
        )
    if len(columns) > MAX_COLUMNS:
        raise Refused(f"the header has {len(columns)} columns, a file may have {MAX_COLUMNS}")
    too_long = [name for name in columns if len(name) > MAX_NAME_LENGTH]
    if too_long:
        raise Refused(
            f"the column name {too_long[0][:40]}… has {len(too_long[0])} characters, "
            f"a table takes {MAX_NAME_LENGTH}"
        )


def _preamble(head: _Head, dataset: Dataset) -> int:
    """The number of lines before one that has every required column; 0 when there is none."""
    for lines in range(1, PREAMBLE_LINES):
        body = skip_lines(head.text, dataset.options.skip_rows + lines)
        if not body:
            break
        if body.startswith(("\r", "\n")):
            continue
        for dialect in candidates(body, dataset.options):
            fields, _ = first_record(body, dialect)
            if set(dataset.required_names) <= set(normalise(fields)):
                return dataset.options.skip_rows + lines
    return 0


def renamed(header: Header, dataset: Dataset) -> str:
    """The hint for optional columns that a file lacks while it has new ones of a similar name;
    empty when there are none."""
    new = [name for name in header.columns if name not in dataset.column_names]
    return _did_you_mean([n for n in dataset.column_names if n not in header.columns], new)


def _did_you_mean(missing: Iterable[str], new: Sequence[str]) -> str:
    """`; did you mean …` for each missing name that a new one resembles, else nothing."""
    said = []
    for name in missing:
        squeezed = {other.replace("_", ""): other for other in new}
        close = difflib.get_close_matches(name.replace("_", ""), squeezed, n=1, cutoff=0.7)
        said += [f"`{name}` by `{squeezed[found]}`" for found in close]
    return f"; did you mean {' and '.join(said)}?" if said else ""


def _tail(
    head: _Head, key: str, size: int, options: CsvOptions, end: str, read: Read
) -> Tail | None:
    """The tail of the file, read if need be; None when no record can extend to the end."""
    if not options.multi_line:
        return None
    if head.whole:
        window = head.text[-TAIL_SIZE:]
        return tail_of(window, len(head.text) <= TAIL_SIZE, head.dialect, end)
    suffix = CSV_SUFFIX.search(key)
    if suffix and suffix.group(1):
        return Tail()
    window = read(size - TAIL_SIZE, TAIL_SIZE).decode(head.encoding, "replace")
    return tail_of(window, False, head.dialect, end)
