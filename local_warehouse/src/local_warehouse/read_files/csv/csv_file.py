"""One CSV file: its header, its columns, and its records as plain CSV or rows.

The well-formed records of a large file are copied to plain CSV parts, which the engine parses
itself, faster than Python could. Its odd records, and all records of a small file or of options
that the block reader does not cover, become rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain

import pyarrow as pa

from local_warehouse.read_files.csv.blocks import BlockSplitter, can_split
from local_warehouse.read_files.csv.csv_options import CsvOptions
from local_warehouse.read_files.csv.exact_parser import ExactParser, NeedMore
from local_warehouse.read_files.csv.header import columns_from
from local_warehouse.read_files.csv.records import (
    BLANKS,
    DETECTION_CHARACTERS,
    check_header,
    detect_separator,
    read_records,
)
from local_warehouse.read_files.csv.writers import PlainSink, RowWriter

# Up to this size of all files together, parsing here costs less than declaring a CSV view to the
# engine.
SMALL_BYTES = 1024 * 1024
_LINE_END = re.compile(rb"\r\n|\n|\r")


class CsvFile:
    """A file whose header is read and whose columns are known.

    `blocks` are the file's bytes as UTF-8. Where the options have no schema, `options` has the
    one found in the header.
    """

    def __init__(self, url: str, blocks: Iterable[bytes], options: CsvOptions) -> None:
        self.url = url
        self._source = iter(blocks)
        self._head = b""
        self._final = False
        self._read_more(DETECTION_CHARACTERS)
        self._separator = options.line_separator or "\n"
        if options.multi_line and not options.line_separator:
            text = self._head[:DETECTION_CHARACTERS].decode("latin-1")
            self._separator = detect_separator(text)
        self._position = 0
        for _ in range(options.skip_rows):
            self._position = self._line_end(self._position)[1]
        tokens: list[str] = []
        if options.header or options.schema is None:
            tokens, end = self._first_record(options)
            self._position = end if options.header else self._position
        if options.schema is None:
            options = replace(options, schema=columns_from(tokens, options))
        elif options.header and tokens:
            check_header(tokens, options, url)
        self.options = options

    def _read_more(self, size: int) -> None:
        parts = [self._head]
        while size > 0 and not self._final:
            block = next(self._source, None)
            if block is None:
                self._final = True
            else:
                parts.append(block)
                size -= len(block)
        self._head = b"".join(parts)

    def _line_end(self, position: int) -> tuple[int, int]:
        """Where the line at a position ends, without and with its line end."""
        while True:
            found = _LINE_END.search(self._head, position)
            if found and (self._final or found.end() < len(self._head)):
                return found.span()
            if self._final:
                return len(self._head), len(self._head)
            self._read_more(len(self._head))

    def _first_record(self, options: CsvOptions) -> tuple[list[str], int]:
        """The tokens of the first record that is neither blank nor a comment, and its end."""
        parser = ExactParser(options, self._separator)
        position = self._position
        if options.multi_line:
            while True:
                parser.load(self._head.decode("latin-1"), final=self._final, position=position)
                try:
                    found = parser.next_record()
                except NeedMore:
                    self._read_more(len(self._head))
                    continue
                return (_utf8(found[0]), found[2]) if found else ([], len(self._head))
        while position < len(self._head):
            end, following = self._line_end(position)
            line = self._head[position:end].decode()
            position = following
            if line.strip(BLANKS) and not (options.comment and line.startswith(options.comment)):
                parser.load(line, final=True)
                found = parser.next_record()
                return found[0] if found else [], position
        return [], position

    def parse(
        self,
        sink: Callable[[pa.Table], object],
        plain: PlainSink,
        share: int = 1,
        lines: Callable[[memoryview, BlockSplitter], None] | None = None,
    ) -> None:
        """Parse the rest of the file, once: records go to `plain`, or as rows to `sink`.

        `plain` gets the data columns in the file's delimiter and quote, with doubled quotes and
        without header. `share` is the number of files of the relation. `lines`, if given, gets
        whole lines without quotes, which need not have the right width, and their splitter.
        """
        rows = RowWriter(sink, self.url, self.options)
        splitter = self._splitter()
        small = self._final and len(self._head) - self._position <= SMALL_BYTES // share
        if small or splitter is None:
            self._write_rows(rows)
        else:
            self._write_plain(plain, self._take_head(), splitter, rows, lines)
            rows.flush()

    def few_lines(self) -> tuple[bytes, BlockSplitter] | None:
        """The rest of a small file whose lines have no quote and are not blank, the last one with
        its line end, and their splitter; None where it is another file, which then is to be parsed.
        """
        data = self._head[self._position :]
        splitter = self._splitter() if self._final and len(data) <= SMALL_BYTES else None
        if splitter is None or not splitter.end_of_lines(data, final=True):
            return None
        data += b"" if data.endswith(b"\n") else b"\n"
        if data[:1] in b"\r\n" or b"\n\n" in data or b"\n\r" in data:
            return None
        return data, splitter

    def _splitter(self) -> BlockSplitter | None:
        """The reader of blocks, if it covers these options."""
        width = len(self.options.data_columns or ())
        if not can_split(self.options, width, self._separator):
            return None
        return BlockSplitter(self.options, width, self._separator)

    def _take_head(self) -> bytes:
        data, self._head = self._head[self._position :], b""
        return data

    def _write_rows(self, rows: RowWriter) -> None:
        """Parse all rows here: those of a small file, or of options for the exact reader."""
        splitter = self._splitter()
        data = self._take_head()
        if splitter is None:
            chunks = (block.decode() for block in chain([data], self._source))
            rows.write(read_records(chunks, self.options, self._separator))
        else:
            block = splitter.split(data, final=True)
            rows.write_plain(b"".join(splitter.runs(data, block)))
            rows.write(block.odd)
        rows.flush()

    def _write_plain(
        self,
        plain: PlainSink,
        data: bytes,
        splitter: BlockSplitter,
        rows: RowWriter,
        lines: Callable[[memoryview, BlockSplitter], None] | None,
    ) -> None:
        final = self._final
        with plain:
            while True:
                consumed = splitter.end_of_lines(data, final=final) if lines is not None else 0
                if consumed and lines is not None:
                    lines(memoryview(data)[:consumed], splitter)
                else:
                    block = splitter.split(data, final=final)
                    plain.write(splitter.runs(data, block))
                    rows.write(block.odd)
                    consumed = block.consumed
                if final:
                    return
                # What is left is looked at again: read at least as much again before that.
                parts = [data[consumed:]]
                wanted = max(len(parts[0]), 1)
                while wanted > 0 and not final:
                    more = next(self._source, None)
                    if more is None:
                        final = True
                    else:
                        parts.append(more)
                        wanted -= len(more)
                data = b"".join(parts)


def _utf8(tokens: list[str]) -> list[str]:
    return [token.encode("latin-1").decode() for token in tokens]
