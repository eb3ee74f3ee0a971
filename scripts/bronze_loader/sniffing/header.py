"""The header of a file, from its first bytes: its column names, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bronze_loader.datasets.charsets import codec_of
from bronze_loader.datasets.column_names import plain_name
from bronze_loader.datasets.csv_options import CsvOptions
from bronze_loader.datasets.declaration import Dataset
from bronze_loader.datasets.globs import CSV_SUFFIX, unreadable_key
from bronze_loader.errors import Refused
from bronze_loader.sniffing.compression import MAX_HEAD, decompress
from bronze_loader.sniffing.csv_dialect import Dialect, first_record, line_end, skip_lines
from bronze_loader.sniffing.encoding import check_no_zero_byte, decode
from bronze_loader.sniffing.header_search import HeaderLine, check_required_once, find_header
from bronze_loader.sniffing.sample import (
    check_line_breaks,
    check_one_table,
    lines_to_units,
    with_the_files_quotes,
)
from bronze_loader.sniffing.similar_names import did_you_mean
from bronze_loader.sniffing.unclosed_quote import TAIL_SIZE, Tail, tail_of

# Bytes. A header fits in the first; the others are for a thousand columns and for bzip2's blocks.
HEAD_SIZES = (64 * 1024, 1024 * 1024, MAX_HEAD)
MAX_COLUMNS = 5_000  # more make statements of minutes; Spark takes 20,480 (maxColumns)
MAX_NAME_LENGTH = 255  # Unity Catalog's limit on a column name

Read = Callable[[int, int], bytes]
"""`read(start, length)` gives that part of an object; less of it at its end."""


@dataclass(frozen=True)
class Header:
    """How to read one file: its columns, normalised and in the file's order, its dialect, encoding
    and line end; `tail` says how the file ends, where that is needed.

    `skip_rows` lines stand before the header, `trims` says that blanks before values are no part of
    them, `says_line_end` that the reader is to be told the line end. `notes` are for the log: what
    was done to read the file that its owner should know. `warnings` may mean that it is read wrong.
    """

    columns: tuple[str, ...]
    delimiter: str = ","
    encoding: str = "UTF-8"
    quote: str = '"'
    escape: str = '"'
    line_end: str = "\n"
    tail: Tail | None = field(default=None, compare=False)
    skip_rows: int = 0
    trims: bool = False
    says_line_end: bool = False
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Head:
    """A header in a file's first bytes, with their text; `whole` says that they are all of it.

    `warning` is one about the encoding, or empty.
    """

    line: HeaderLine
    encoding: str
    text: str
    whole: bool
    warning: str

    @property
    def body(self) -> str:
        """The text from the header on."""
        return skip_lines(self.text, self.line.lines_before)


def sniff(key: str, size: int, dataset: Dataset, read: Read) -> Header:
    """The header of the object of that key and size; the dataset's options are those of this file.

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
            f"the header line does not end within {MAX_HEAD >> 20} MiB; is a quote left open in "
            "it, or do the file's lines end in something else than LF or CR?"
        )
    _check(head, dataset)
    return _header(head, key, size, dataset, read)


def _header(head: _Head, key: str, size: int, dataset: Dataset, read: Read) -> Header:
    """What is to be known to read the file, of which `head` is the beginning.

    Raises Refused for what the first records show.
    """
    body, line, options = head.body, head.line, dataset.options
    dialect = with_the_files_quotes(body, head.whole, line.dialect, options)
    check_one_table(body, head.whole, dialect)
    units = lines_to_units(body, head.whole, dialect)
    end, says_line_end = line_end(head.text, skip_lines(body, units), dialect)
    return Header(
        line.columns,
        dialect.delimiter,
        head.encoding,
        dialect.quote,
        dialect.escape,
        end,
        _tail(head, dialect, key, size, options, end, read),
        skip_rows=line.lines_before + units,
        trims=dialect.trims,
        says_line_end=says_line_end and options.multi_line,
        notes=tuple(_notes(line.lines_before - options.skip_rows, units, dialect, options)),
        warnings=(head.warning,) if head.warning else (),
    )


def _notes(skipped: int, units: int, dialect: Dialect, options: CsvOptions) -> Iterator[str]:
    if skipped:
        yield f"skipped {skipped} line{'' if skipped == 1 else 's'} before the header"
    if units:
        yield "skipped a second header row of units or types"
    if dialect.quote != (options.quote or dialect.quote):
        yield f"values stand in {dialect.quote}, where {options.quote} is declared"


def _read_head(content: bytes, whole: bool, key: str, dataset: Dataset) -> _Head | None:
    """The header in a file's first bytes, or None when it goes on behind them.

    `whole` says that there is nothing behind them.
    """
    data, whole = decompress(content, whole, key)
    text, encoding, warning = decode(data, whole, dataset.options.encoding)
    line = find_header(text, dataset)
    if not (line.is_whole or whole):
        return None
    return _Head(line, encoding, text, whole, warning)


def _check(head: _Head, dataset: Dataset) -> None:
    line, columns = head.line, head.line.columns
    fields = first_record(head.body, line.dialect)[0]
    if not line.fits or any("\0" in field for field in fields):
        check_no_zero_byte(head.text)
    if not columns:
        raise Refused("the file has no header line, it holds nothing but blank lines")
    if not any(map(plain_name, fields)):
        raise Refused(
            "the file has no header line: the first that is not empty has no names, only blanks, "
            "delimiters or other signs"
        )
    check_line_breaks(head.body, line.dialect)
    missing = [name for name in dataset.required_names if name not in columns]
    if missing:
        new = [name for name in columns if name not in dataset.column_names]
        shown = ", ".join(columns[:20]) + (", …" if len(columns) > 20 else "")
        raise Refused(
            f"required column{'s' if len(missing) > 1 else ''} missing: {', '.join(missing)}; "
            f"the header has {shown}{did_you_mean(missing, new, dataset)}"
        )
    check_required_once(fields, dataset)
    if len(columns) > MAX_COLUMNS:
        raise Refused(f"the header has {len(columns)} columns, a file may have {MAX_COLUMNS}")
    too_long = [name for name in columns if len(name) > MAX_NAME_LENGTH]
    if too_long:
        raise Refused(
            f"the column name {too_long[0][:40]}… has {len(too_long[0])} characters, "
            f"a table takes {MAX_NAME_LENGTH}"
        )


def renamed(header: Header, dataset: Dataset) -> str:
    """The hint for optional columns that a file lacks while it has new ones of a similar name;
    empty when there are none."""
    new = [name for name in header.columns if name not in dataset.column_names]
    return did_you_mean([n for n in dataset.column_names if n not in header.columns], new, dataset)


def _tail(
    head: _Head, dialect: Dialect, key: str, size: int, options: CsvOptions, end: str, read: Read
) -> Tail | None:
    """The tail of the file, read if need be; None when no record can extend to the end."""
    if not options.multi_line:
        return None
    if head.whole:
        window = head.text[-TAIL_SIZE:]
        return tail_of(window, len(head.text) <= TAIL_SIZE, dialect, end)
    suffix = CSV_SUFFIX.search(key)
    if suffix and suffix.group(1):
        return Tail()
    window = read(size - TAIL_SIZE, TAIL_SIZE).decode(codec_of(head.encoding), "replace")
    return tail_of(window, False, dialect, end)
