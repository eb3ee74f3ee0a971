"""The parser that reads one CSV record at a time exactly as Apache Spark's (univocity 2.9.1).

The behaviour is that of univocity's CsvParser with Spark's settings (unescaped quotes stop at the
delimiter), compared with Spark 4.0.1. The fast paths are held to it, and it reads the records that
they cannot. A record that goes on behind the text raises NeedMore, unless the text ends the input.
"""

from __future__ import annotations

import re

from local_warehouse.read_files.csv.csv_options import CsvOptions

_NO_CHAR = "\0"


class NeedMore(Exception):
    """The text ends inside a record and more input is to come."""


class _EndOfInput(Exception):
    pass


class ExactParser:
    """A parser of records of a text; see `load` and `next_record`.

    `separator` is the line separator found in the input ("\\n", "\\r\\n" or "\\r"), which the
    parser reads as one line feed, inside quotes too.
    """

    def __init__(self, options: CsvOptions, separator: str = "\n") -> None:
        self._delimiter = options.delimiter
        self._quote = options.quote or _NO_CHAR
        self._escape = options.escape or _NO_CHAR
        self._escape_of_escape = options.escape_of_escape or (
            _NO_CHAR if self._quote == self._escape else self._escape
        )
        self._comment = options.comment
        self._null = options.null_value
        self._empty = options.empty_value
        self._skip_leading = options.ignore_leading_space
        self._trim_trailing = options.ignore_trailing_space
        # With an explicit lineSep and multiLine, Spark keeps line ends inside quotes as they are.
        self._normalize_quoted = not (options.line_separator and options.multi_line)
        self._sep1, self._sep2 = separator[0], separator[1:]
        quotes = self._quote + self._escape + self._escape_of_escape
        self._plain_stops = self._delimiter + "\n"
        self._plain_pattern = _any_of(self._plain_stops + self._sep1)
        self._quoted_stops = quotes
        self._quoted_pattern = _any_of(quotes + self._sep1)
        self._line_pattern = re.compile(re.escape(separator))
        self.load("", final=True)

    def load(self, text: str, *, final: bool, position: int = 0) -> None:
        """Start on a text at a position; `final` says that the input ends with it."""
        self._text = text
        self._size = len(text)
        self._final = final
        self._ended = False
        self._normalize = True
        self._ch = _NO_CHAR
        self._prev = _NO_CHAR
        self._reset(position)

    def _reset(self, position: int) -> None:
        self.position = position
        self._tokens: list[str] = []
        self._value: list[str] = []
        self._trim = False
        self._unescaped = False

    def next_record(self) -> tuple[list[str], int, int] | None:
        """The next record's tokens, and where its text begins and ends; None at the end.

        When NeedMore is raised, the position is back at the start of the unfinished record.
        """
        while not self._ended:
            start = self.position
            try:
                self._ch = self._next()
                if self._comment and self._ch == self._comment:
                    self._skip_comment(start)
                    continue
                self._parse_record()
            except NeedMore:
                self._normalize = True
                self._reset(start)
                raise
            except _EndOfInput:
                self._ended = True
                self._finish(start)
            if self._tokens:
                tokens = self._tokens
                self._reset(self.position)
                return tokens, start, self.position
        return None

    # -- characters ---------------------------------------------------------------------------

    def _next(self) -> str:
        position = self.position
        if position >= self._size:
            raise _EndOfInput if self._final else NeedMore
        char = self._text[position]
        self.position = position + 1
        if char == self._sep1:
            if not self._sep2:
                return "\n" if self._normalize else char
            if position + 1 >= self._size and not self._final:
                raise NeedMore
            if self._text[position + 1 : position + 2] == self._sep2 and self._normalize:
                self.position = position + 2
                return "\n"
        return char

    def _append_until(self, pattern: re.Pattern[str], stops: str) -> str:
        """Take characters, from the current one on, up to one of `stops`, and return that one."""
        char = self._ch
        while char not in stops:
            self._value.append(char)
            found = pattern.search(self._text, self.position)
            end = found.start() if found else self._size
            if end > self.position:
                self._value.append(self._text[self.position : end])
                self.position = end
            char = self._next()
        return char

    def _skip_comment(self, start: int) -> None:
        if self._text.startswith(self._sep1 + self._sep2, start):
            return
        found = self._line_pattern.search(self._text, self.position)
        if found:
            self.position = found.end()
        elif self._final:
            self.position = self._size
        else:
            raise NeedMore

    # -- values -------------------------------------------------------------------------------

    def _emit(self) -> None:
        text = "".join(self._value)
        if self._trim:
            text = text.rstrip(_SPACES)
        self._tokens.append(text or self._empty)
        self._value = []

    def _finish(self, start: int) -> None:
        """Take the value that the end of the input cuts off, as univocity does."""
        if start >= self._size:
            return
        if self._ch == self._quote and self._prev == self._quote:
            complete = True
        else:
            if self._ch == self._quote and not self._unescaped:
                self._value.append(self._quote)
            complete = self._prev != _NO_CHAR and self._ch not in (self._delimiter, "\n")
            self._ch = self._prev = _NO_CHAR
        self._normalize = True
        if complete or any(self._value):
            self._emit()
        else:
            self._tokens.append(self._null)

    def _parse_record(self) -> None:
        delimiter = self._delimiter
        if self._skip_leading:
            self._skip_spaces()
        while self._ch != "\n":
            if self._skip_leading:
                self._skip_spaces()
            if self._ch == delimiter or self._ch == "\n":
                self._tokens.append(self._null)
            else:
                self._unescaped = False
                self._prev = _NO_CHAR
                if self._ch == self._quote:
                    self._normalize = self._normalize_quoted
                    if self._take_simple_quoted():
                        self._normalize = True
                        try:
                            self._ch = self._next()
                            if self._ch == delimiter:
                                try:
                                    self._ch = self._next()
                                except _EndOfInput:
                                    self._tokens.append(self._null)
                                    return
                                if self._ch == "\n":
                                    self._tokens.append(self._null)
                        except _EndOfInput:
                            return
                        continue
                    self._trim = False
                    self._parse_quoted()
                    self._normalize = True
                    self._emit()
                elif not self._take_simple():
                    self._trim = self._trim_trailing
                    self._ch = self._append_until(self._plain_pattern, self._plain_stops)
                    self._emit()
            if self._ch != "\n":
                self._ch = self._next()
                if self._ch == "\n":
                    self._tokens.append(self._null)

    def _skip_spaces(self) -> None:
        while self._ch <= " " and self._ch not in (self._delimiter, "\n", self._quote):
            self._ch = self._next()

    def _take_simple(self) -> bool:
        """Take an unquoted value, if it ends at a delimiter or line separator; whether it does."""
        start = self.position - 1
        text = self._text
        end = text.find(self._delimiter, start)
        if self._sep2:
            line_end = text.find(self._sep1 + self._sep2, start, end if end >= 0 else self._size)
        else:
            line_end = text.find(self._sep1, start, end if end >= 0 else self._size)
        if line_end >= 0:
            # univocity looks one character past a line end.
            end = line_end if line_end + 1 < self._size else -1
        if end < 0:
            if self._final:
                return False
            raise NeedMore
        value = text[start:end]
        if self._trim_trailing:
            value = value.rstrip(_SPACES)
        self._tokens.append(value or self._null)
        self.position = end
        self._ch = self._next()
        return True

    def _take_simple_quoted(self) -> bool:
        """Take a quoted value without escapes, if it ends at a delimiter or a line feed."""
        text, quote = self._text, self._quote
        start = self.position
        end = text.find(quote, start)
        if end + 1 >= self._size or end < 0:
            if self._final:
                return False
            raise NeedMore
        if text[end - 1] == self._escape or text[end + 1] not in self._plain_stops:
            return False
        value = text[start:end]
        if self._escape != quote and self._escape + self._escape_of_escape in value:
            return False
        if self._normalize and (self._sep1 + self._sep2) in value:
            return False
        self._tokens.append(value or self._empty)
        self.position = end + 1
        return True

    def _parse_quoted(self) -> None:
        """Take a quoted value with escapes, stray quotes or no end (parseQuotedValue)."""
        if self._prev != _NO_CHAR:
            self._take_to_delimiter()
            return
        quote, escape, value = self._quote, self._escape, self._value
        self._ch = self._next()
        while True:
            ends = self._ch <= " " or self._ch == self._delimiter
            if self._prev == quote and ends:
                break
            if self._ch not in (quote, escape):
                if self._prev == quote:
                    self._unescaped = True
                    value.append(quote)
                    value.append(self._ch)
                    self._prev = self._ch
                    self._parse_quoted()
                    return
                if self._prev == escape and escape != _NO_CHAR:
                    value.append(escape)
                self._ch = self._append_until(self._quoted_pattern, self._quoted_stops)
                self._prev = self._ch
                self._ch = self._next()
            else:
                self._process_escape()
                self._prev = self._ch
                self._ch = self._next()
                if self._unescaped and self._ch in self._plain_stops:
                    return
        if self._ch in self._plain_stops:
            return
        spaces = []
        while self._ch <= " ":
            spaces.append(self._ch)
            self._ch = self._next()
            if self._ch == "\n":
                return
        if self._ch != self._delimiter:
            value.append(quote)
            value.extend(spaces)
            value.append(self._ch)
            self._prev = self._ch
            self._parse_quoted()

    def _take_to_delimiter(self) -> None:
        """Take the rest up to the delimiter behind a stray quote as text, its quotes included."""
        self._value.insert(0, self._quote)
        self._ch = self._next()
        self._trim = self._trim_trailing
        self._ch = self._append_until(self._plain_pattern, self._plain_stops)

    def _process_escape(self) -> None:
        quote, escape = self._quote, self._escape
        escape2 = self._escape_of_escape
        if self._ch == escape and self._prev == escape2 and escape2 != _NO_CHAR:
            self._value.append(escape)
            self._ch = _NO_CHAR
        elif self._prev == escape:
            if self._ch == quote:
                self._value.append(quote)
                self._ch = _NO_CHAR
            else:
                self._value.append(self._prev)
        elif self._ch == quote and self._prev == quote:
            self._value.append(quote)
        elif self._prev == quote:
            self._value.append(quote)
            self._prev = self._ch
            self._take_unquoted_with_escapes()

    def _take_unquoted_with_escapes(self) -> None:
        while self._ch not in self._plain_stops:
            if self._ch not in (self._quote, self._escape):
                if self._prev == self._quote:
                    self._value.append(self._quote)
                    self._prev = self._ch
                    self._take_unquoted_with_escapes()
                    return
                self._value.append(self._ch)
            else:
                self._process_escape()
            self._prev = self._ch
            self._ch = self._next()


_SPACES = "".join(map(chr, range(33)))


def _any_of(characters: str) -> re.Pattern[str]:
    return re.compile("[" + re.escape(characters) + "]")
