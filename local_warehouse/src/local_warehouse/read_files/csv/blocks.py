"""The splitting of CSV bytes into runs of well-formed records and the odd records between them.

A well-formed record has the schema's number of fields and quotes only as RFC 4180 has them, so
that every CSV reader agrees on it: the engine's own fast reader may have these bytes. All others
go through `ExactParser`. The checks are a few numpy passes over the block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from local_warehouse.read_files.csv.csv_options import CsvOptions
from local_warehouse.read_files.csv.exact_parser import ExactParser, NeedMore
from local_warehouse.read_files.csv.records import Record, line_records, strip_line_end

_LF, _CR = 10, 13
_BLANK = 32  # and every character below it
_Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """The records in the first `consumed` bytes of a block.

    `good` are byte ranges of well-formed records (blank lines may lie among them), in order; `odd`
    are the other records. `quoted_line_end`: a well-formed one has a line end in quotes.
    """

    consumed: int
    good: list[tuple[int, int]]
    odd: list[Record]
    quoted_line_end: bool = False


def can_split(options: CsvOptions, width: int, separator: str) -> bool:
    """Whether BlockSplitter covers these options; if not, ExactParser must read everything."""
    return (
        width > 1
        and separator in ("\n", "\r\n")
        and options.delimiter.isascii()
        and options.delimiter not in "\r\n"
        and options.quote.isascii()
        and options.quote != ""
        and options.quote not in "\r\n"
        and options.escape.isascii()
        and options.escape != ""
        and (options.escape_of_escape is None or _is_own_escape(options))
        and options.line_separator is None
        and not options.comment
        and not options.ignore_leading_space
        and not options.ignore_trailing_space
        and options.null_value == ""
        and options.empty_value == ""
    )


def _is_own_escape(options: CsvOptions) -> bool:
    """Whether the quote escapes itself and its escape."""
    return options.escape_of_escape == options.escape == options.quote


class BlockSplitter:
    """Splits blocks of one file. `width` is the number of fields, `separator` its line end."""

    def __init__(self, options: CsvOptions, width: int, separator: str) -> None:
        self._options = options
        self._delimiter = ord(options.delimiter)
        self._quote = ord(options.quote)
        self._escape = ord(options.escape)
        self._multi_line = options.multi_line
        self._crlf = options.multi_line and separator == "\r\n"
        self._delimiters = width - 1
        # Without multiLine, a line of delimiters and blanks is blank if the delimiter is one.
        self._blank_delimiter = not options.multi_line and options.delimiter <= " "
        self._parser = ExactParser(options, separator)

    def split(self, data: bytes, *, final: bool) -> Block:
        """Split bytes that begin at a record; those behind `consumed` belong to the next call.

        `final` says that the input ends with these bytes.
        """
        if not data:
            return Block(0, [], [])
        if not self._multi_line and b"\r" in data:
            end = len(data) if final else data.rfind(b"\n") + 1
            if data.count(b"\r", 0, end) != data.count(b"\r\n", 0, end):
                return self._all_odd(data[:end])
        values = np.frombuffer(data, np.uint8)
        line_ends: _Positions = np.flatnonzero(values == _LF)
        has_quotes = self._options.quote.encode() in data
        if not has_quotes and self._line_ends_agree(data, values, line_ends):
            delimiters = values == self._delimiter
            return self._assemble(data, delimiters, line_ends, [], [], final)
        return self._split_quoted(data, values, line_ends, final)

    def end_of_lines(self, data: bytes, *, final: bool) -> int:
        """The length of the whole lines in front, if they have no quote and end as the file's lines
        do, and 0 otherwise. A reader that refuses lines of another width finds the odd ones."""
        if self._blank_delimiter or self._options.quote.encode() in data:
            return 0
        end = len(data) if final else data.rfind(b"\n") + 1
        returns = data.count(b"\r", 0, end) if b"\r" in data else 0
        if self._multi_line and not self._crlf:
            return end if returns == 0 else 0
        agreeing = data.count(b"\r\n", 0, end) if returns else 0
        if returns != agreeing or (self._crlf and returns != data.count(b"\n", 0, end)):
            return 0
        return end

    def runs(self, data: bytes, block: Block) -> Iterator[bytes | memoryview]:
        """The bytes of a block's well-formed runs, which any reader of plain CSV reads alike."""
        view = memoryview(data)
        for start, end in block.good:
            if self._crlf and block.quoted_line_end:
                # univocity reads the file's line end as a line feed, in quotes too.
                yield data[start:end].replace(b"\r\n", b"\n")
            else:
                yield view[start:end]

    # -- blocks without quotes ----------------------------------------------------------------

    def _line_ends_agree(self, data: bytes, values: Any, line_ends: _Positions) -> bool:
        """Whether every line end is the file's, outside of quotes."""
        if not self._multi_line:
            return True
        returns = int(np.count_nonzero(values == _CR))
        if not self._crlf:
            return returns == 0
        return returns == line_ends.size and bool((values[line_ends - 1] == _CR).all())

    def _all_odd(self, data: bytes) -> Block:
        """Read all lines one by one: only the exact reader splits at a bare CR as Spark does."""
        return Block(len(data), [], list(line_records([data.decode()], self._options)))

    # -- blocks with quotes -------------------------------------------------------------------

    def _split_quoted(self, data: bytes, values: Any, line_ends: _Positions, final: bool) -> Block:
        quotes: _Positions = np.flatnonzero(values == self._quote)
        violations = self._violations(data, values, quotes, line_ends)
        ranges: list[tuple[int, int]] = []
        records: list[list[Record]] = []
        position, first = 0, 0
        limit: int | None = None
        while True:
            found = violations[first % 2]
            index = int(np.searchsorted(found, position))
            if index < found.size:
                violation = int(found[index])
            elif final and (quotes.size - first) % 2:
                violation = int(quotes[-1])  # opens a value that nothing closes
            else:
                break
            if self._multi_line and not ranges:
                # One character a byte, so that positions agree; the syntax is ASCII.
                self._parser.load(data.decode("latin-1"), final=final)
            start = self._record_start(position, violation, first, quotes, line_ends)
            parsed, end = self._parse_odd(data, start, violation, line_ends, final)
            if end < 0:
                limit = start
                break
            ranges.append((start, end))
            records.append(parsed)
            position = end
            first = int(np.searchsorted(quotes, position))
        return self._between(data, values, quotes, line_ends, ranges, records, limit, final)

    def _violations(
        self, data: bytes, values: Any, quotes: _Positions, line_ends: _Positions
    ) -> tuple[_Positions, _Positions]:
        """Positions of what is not well-formed, if quotes of even (odd) index open a value."""
        size = values.size
        before = values[quotes - 1]
        after = values[np.minimum(quotes + 1, size - 1)]
        opens = (before == self._delimiter) | (before == _LF)
        closes = (after == self._delimiter) | (after == _LF)
        if self._crlf or not self._multi_line:
            second = values[np.minimum(quotes + 2, size - 1)]
            closes |= (after == _CR) & (second == _LF)
        if quotes.size:
            opens[0] |= quotes[0] == 0
            # A quote that ends the block either ends the input or is looked at again.
            closes[-1] |= quotes[-1] == size - 1
        if self._escape == self._quote and quotes.size > 1:
            doubled = np.diff(quotes) == 1
            opens[1:] |= doubled
            closes[:-1] |= doubled
        even = np.arange(quotes.size) % 2 == 0
        wrong = [quotes[~np.where(even, opens, closes)], quotes[~np.where(even, closes, opens)]]
        # Line ends of the wrong kind may stand only inside quotes, an escape only outside; and
        # without multiLine a line end always ends the record.
        outside, inside = self._strays(data, values, line_ends)
        out: list[_Positions] = []
        for parity in (0, 1):
            parts = [wrong[parity]]
            for strays, bad in ((outside, 0), (inside, 1)):
                if strays.size:
                    within = (np.searchsorted(quotes, strays) + parity) % 2
                    parts.append(strays[within == bad])
            out.append(np.sort(np.concatenate(parts)) if len(parts) > 1 else parts[0])
        return out[0], out[1]

    def _strays(
        self, data: bytes, values: Any, line_ends: _Positions
    ) -> tuple[_Positions, _Positions]:
        """Positions that must not be outside quotes, and those that must not be inside."""
        none = np.empty(0, np.int64)
        outside, inside = none, none
        # univocity has NUL for the escape of an escape that needs none, and may lose it.
        escape = b"\0" if self._escape == self._quote else self._options.escape.encode()
        if not _is_own_escape(self._options) and escape in data:
            inside = np.flatnonzero(values == ord(escape))
        if not self._multi_line:
            inside = np.union1d(inside, line_ends)
        elif self._crlf:
            returns = np.flatnonzero(values == _CR)
            bare_cr = returns[values[np.minimum(returns + 1, values.size - 1)] != _LF]
            bare_lf = line_ends[(line_ends == 0) | (values[line_ends - 1] != _CR)]
            outside = np.union1d(bare_cr, bare_lf)
        elif b"\r" in data:
            outside = np.flatnonzero(values == _CR)
        return outside, inside

    def _record_start(
        self,
        position: int,
        violation: int,
        first: int,
        quotes: _Positions,
        line_ends: _Positions,
    ) -> int:
        """Where the record with a violation starts; records are sound from `position` to it."""
        index = int(np.searchsorted(line_ends, violation)) - 1
        while index >= 0 and line_ends[index] >= position:
            before = int(np.searchsorted(quotes, line_ends[index]))
            if (before - first) % 2 == 0 or not self._multi_line:
                return int(line_ends[index]) + 1
            index = int(np.searchsorted(line_ends, quotes[before - 1])) - 1
        return position

    def _parse_odd(
        self, data: bytes, start: int, violation: int, line_ends: _Positions, final: bool
    ) -> tuple[list[Record], int]:
        """Read the records from `start` past the violation; the end is -1 if more is needed."""
        if not self._multi_line:
            index = int(np.searchsorted(line_ends, violation))
            if index == line_ends.size:
                if not final:
                    return [], -1
                end = len(data)
            else:
                end = int(line_ends[index]) + 1
            return list(line_records([data[start:end].decode()], self._options)), end
        records: list[Record] = []
        self._parser.position = start
        while self._parser.position <= violation:
            try:
                found = self._parser.next_record()
            except NeedMore:
                return [], -1
            if found is None:
                return records, len(data)
            tokens, begin, end = found
            raw = strip_line_end(data[begin:end].decode())
            records.append(Record([_utf8(token) for token in tokens], raw))
        return records, self._parser.position

    def _between(
        self,
        data: bytes,
        values: Any,
        quotes: _Positions,
        line_ends: _Positions,
        ranges: list[tuple[int, int]],
        records: list[list[Record]],
        limit: int | None,
        final: bool,
    ) -> Block:
        """Find the records outside the odd ranges, in which all quotes are sound."""
        if limit is not None:
            quotes = quotes[quotes < limit]
            line_ends = line_ends[line_ends < limit]
        if ranges:
            quotes = quotes[_range_ends(quotes, ranges) < 0]
            range_ends = _range_ends(line_ends, ranges)
            line_ends = line_ends[(range_ends < 0) | (line_ends == range_ends - 1)]
        delimiters = values == self._delimiter
        inner = 0
        if quotes.size:
            lengths = np.diff(quotes, prepend=0, append=values.size)
            quoted = np.repeat(np.arange(lengths.size) % 2 == 1, lengths)
            np.greater(delimiters, quoted, out=delimiters)  # and not quoted
            outside = ~quoted[line_ends]
            inner = line_ends.size - int(np.count_nonzero(outside))
            line_ends = line_ends[outside]
        return self._assemble(
            data, delimiters, line_ends, ranges, records, final and limit is None, inner > 0
        )

    # -- from line ends to runs ---------------------------------------------------------------

    def _assemble(
        self,
        data: bytes,
        delimiters: Any,
        line_ends: _Positions,
        ranges: list[tuple[int, int]],
        records: list[list[Record]],
        final: bool,
        quoted_line_end: bool = False,
    ) -> Block:
        """Check the number of fields of each record, and take the runs between odd ones."""
        if final and (line_ends.size == 0 or line_ends[-1] != len(data) - 1):
            line_ends = np.append(line_ends, len(data) - 1)
        if line_ends.size == 0:
            return Block(0, [], [])
        consumed = int(line_ends[-1]) + 1
        starts = np.empty(line_ends.size, np.int64)
        starts[0] = 0
        starts[1:] = line_ends[:-1] + 1
        lengths = line_ends - starts
        # A sum of bytes is enough for records so short that it cannot overflow.
        count_type = np.uint8 if int(lengths.max()) < 256 else np.uint32
        counts = np.add.reduceat(delimiters[:consumed].view(np.uint8), starts, dtype=count_type)
        wrong = counts != self._delimiters
        if self._blank_delimiter:
            shows = np.frombuffer(data, np.uint8, consumed) > _BLANK
            wrong |= ~np.logical_or.reduceat(shows, starts)
        known = {start: parsed for (start, _), parsed in zip(ranges, records, strict=True)}
        if known:
            wrong[np.searchsorted(starts, np.fromiter(known, np.int64, len(known)))] = True
        odd: list[Record] = []
        good: list[tuple[int, int]] = []
        position = 0
        for index in np.flatnonzero(wrong).tolist():
            start, end = int(starts[index]), int(line_ends[index]) + 1
            if start in known:
                odd.extend(known[start])
            else:
                parsed = self._ragged(data[start:end])
                if parsed is None:
                    continue
                odd.extend(parsed)
            if position < start:
                good.append((position, start))
            position = end
        if position < consumed:
            good.append((position, consumed))
        return Block(consumed, good, odd, quoted_line_end)

    def _ragged(self, line: bytes) -> list[Record] | None:
        """The records of a line whose quotes are sound; None for a blank line.

        Without multiLine a line of spaces has no record.
        """
        text = line.decode()
        body = text.removesuffix("\n")
        if self._crlf or not self._multi_line:
            body = body.removesuffix("\r")
        if not body:
            return None
        if not self._multi_line:
            return list(line_records([body], self._options))
        if self._options.quote in body:
            self._parser.load(text, final=True)
            found = self._parser.next_record()
            tokens = found[0] if found else None
        else:
            tokens = body.split(self._options.delimiter)
        return [Record(tokens, strip_line_end(text))]


def _utf8(token: str) -> str:
    return token if token.isascii() else token.encode("latin-1").decode()


def _range_ends(positions: _Positions, ranges: list[tuple[int, int]]) -> _Positions:
    """For each position the end of the range that it lies in, or -1; ranges are in order."""
    bounds = np.array(ranges, np.int64)
    index = np.searchsorted(bounds[:, 0], positions, side="right") - 1
    ends = np.where(index >= 0, bounds[index, 1], -1)
    return np.where(positions < ends, ends, -1)
