"""Records of a CSV text as Spark returns them: blank lines, comments, header, line ends, mode.

Two readers share the parser. With multiLine the whole text is one stream of records; without it
every line is one, whatever its quotes say (Spark splits lines before it parses them).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from local_warehouse.read_files.csv.csv_options import CsvOptions
from local_warehouse.read_files.csv.exact_parser import ExactParser, NeedMore
from local_warehouse.read_files.errors import InvalidOption

_LINE_END = re.compile(r"\r\n|\n|\r")
BLANKS = "".join(map(chr, range(33)))
# univocity looks for the first line end in its first buffer of characters.
DETECTION_CHARACTERS = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Record:
    """Tokens of one record and its raw text, without its line end.

    `tokens` is None where the parser found nothing in a line that is not blank.
    """

    tokens: list[str] | None
    raw: str


def detect_separator(text: str) -> str:
    """The line separator of a text: that of its first line, or a line feed."""
    found = _LINE_END.search(text, 0, DETECTION_CHARACTERS)
    return found.group() if found else "\n"


def strip_line_end(text: str) -> str:
    """A text without its line end: Scala's stripLineEnd, which takes a form feed for one too."""
    if text.endswith("\r\n"):
        return text[:-2]
    return text[:-1] if text.endswith(("\n", "\r", "\f")) else text


def read_records(
    chunks: Iterable[str], options: CsvOptions, separator: str | None = None
) -> Iterator[Record]:
    """All records of a text given in chunks of any size, the header included.

    `separator` is the line separator of the file, for multiLine; it is detected if it is None.
    """
    if options.multi_line:
        return _stream_records(chunks, options, separator or options.line_separator)
    return line_records(chunks, options)


def _stream_records(
    chunks: Iterable[str], options: CsvOptions, separator: str | None
) -> Iterator[Record]:
    source = iter(chunks)
    text, final = _head(source)
    parser = ExactParser(options, separator or detect_separator(text))
    wanted = 0
    parser.load(text, final=final)
    while True:
        try:
            found = parser.next_record()
        except NeedMore:
            # An unfinished record is parsed again from its start: ask for twice the text.
            text = text[parser.position :]
            wanted = max(2 * len(text), 1)
            parts = [text]
            size = len(text)
            while size < wanted and (more := next(source, None)) is not None:
                parts.append(more)
                size += len(more)
            final = size < wanted
            text = "".join(parts)
            parser.load(text, final=final)
            continue
        if found is None:
            return
        tokens, start, end = found
        yield Record(tokens, strip_line_end(text[start:end]))


def _head(source: Iterator[str]) -> tuple[str, bool]:
    """The first text, long enough to find the line separator in, and whether it is all."""
    parts: list[str] = []
    size = 0
    for chunk in source:
        parts.append(chunk)
        size += len(chunk)
        if size > DETECTION_CHARACTERS:
            return "".join(parts), False
    return "".join(parts), True


def split_lines(chunks: Iterable[str], options: CsvOptions) -> Iterator[str]:
    """Lines without their ends: at any of CR, LF and CRLF, or at the `lineSep` given."""
    separator = options.line_separator
    rest = ""
    for chunk in chunks:
        text = rest + chunk
        if separator is None:
            # A CR at the end of a chunk may be half a CRLF: leave it for the next one.
            hold = text.endswith("\r")
            lines = _LINE_END.split(text[:-1] if hold else text)
            rest = lines.pop() + ("\r" if hold else "")
        else:
            lines = text.split(separator)
            rest = lines.pop()
        yield from lines
    if separator is None and rest.endswith("\r"):
        rest = rest[:-1]
        yield rest
    elif rest:
        yield rest


def line_records(chunks: Iterable[str], options: CsvOptions) -> Iterator[Record]:
    """The records of a text without multiLine: one a line that is neither blank nor a comment."""
    parser = ExactParser(options)
    for line in split_lines(chunks, options):
        if not line.strip(BLANKS):
            continue
        if options.comment and line.startswith(options.comment):
            continue
        parser.load(line, final=True)
        found = parser.next_record()
        yield Record(found[0] if found else None, strip_line_end(line))


def check_header(tokens: list[str], options: CsvOptions, path: str) -> None:
    """Raise InvalidOption if enforceSchema is off and the header has not the schema's names."""
    columns = options.data_columns
    if columns is None or options.enforce_schema:
        return
    names = [column.name for column in columns]
    if [t.lower() for t in tokens] != [n.lower() for n in names]:
        raise InvalidOption(
            f"CSV header does not conform to the schema.\n Header: {', '.join(tokens)}\n"
            f" Schema: {', '.join(names)}\nCSV file: {path}"
        )
