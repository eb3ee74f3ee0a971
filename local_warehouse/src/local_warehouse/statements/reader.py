"""A cursor over the tokens of one statement, for the statements that are not queries."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from sqlglot import Token, TokenType, exp
from sqlglot.errors import ParseError

from local_warehouse.errors import syntax_error, unsupported
from local_warehouse.sql.dialect import WarehouseDialect
from local_warehouse.sql.foreign_forms import check_type
from local_warehouse.sql.parse_cache import reading

_KINDS = {TokenType.STRING: "string", TokenType.IDENTIFIER: "name", TokenType.NUMBER: "number"}


@dataclass(frozen=True)
class Word:
    """A word, name, literal or sign of a statement."""

    text: str
    kind: str  # word, name (in backticks), string, number or sign
    start: int  # where it stands in the statement
    end: int  # one past its last character


def _words(token: Token) -> list[Word]:
    """The words of one token: keywords that sqlglot reads as one token are several words here."""
    start, end = token.start, token.end + 1
    if token.token_type in _KINDS:
        return [Word(token.text, _KINDS[token.token_type], start, end)]
    return [
        Word(part, "word" if part[0].isalnum() or part[0] == "_" else "sign", start, end)
        for part in token.text.split()
    ]


class StatementReader:
    """Reads a statement word by word. Keywords are given in upper case, and match any case.

    Methods that read raise SqlError (PARSE_SYNTAX_ERROR) when something else comes next.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._reading = reading(text)
        self._words: list[Word] = []  # those of the tokens that were looked at
        self._left = iter(self._reading.tokens)
        self._at = 0

    # looking

    def peek(self, ahead: int = 0) -> Word:
        """The next word, or one further `ahead`, which stays unread; kind `end` behind the last."""
        return self._word(self._at + ahead)

    def _word(self, index: int) -> Word:
        while index >= len(self._words) and (token := next(self._left, None)) is not None:
            self._words += _words(token)
        end = len(self.text)
        return self._words[index] if index < len(self._words) else Word("", "end", end, end)

    def at_end(self) -> bool:
        """Whether all words have been read."""
        return self.peek().kind == "end"

    def sees(self, *words: str) -> bool:
        """Whether these keywords or signs come next."""
        return all(
            self.peek(i).kind in ("word", "sign") and self.peek(i).text.upper() == word
            for i, word in enumerate(words)
        )

    # reading

    def take(self) -> Word:
        """Read the next word, whatever it is."""
        word = self.peek()
        self._at += 1
        return word

    def accept(self, *words: str) -> bool:
        """Read these keywords or signs if they come next; returns whether they did."""
        if self.sees(*words):
            self._at += len(words)
            return True
        return False

    def accept_any(self, *words: str) -> str | None:
        """Read one of these keywords if it comes next, and return it."""
        return next((word for word in words if self.accept(word)), None)

    def expect(self, *words: str) -> None:
        """Read these keywords or signs."""
        if not self.accept(*words):
            raise self.error(f"expected {' '.join(words)}")

    def end(self) -> None:
        """Check that all words have been read."""
        if not self.at_end():
            raise self.error("expected the end of the statement")

    def identifier(self) -> str:
        """Read one name, in backticks or bare."""
        word = self.take()
        if word.kind not in ("word", "name"):
            raise self.error("expected a name", word)
        return word.text

    def name(self) -> list[str]:
        """Read a dotted name, and return its parts."""
        parts = [self.identifier()]
        while self.accept("."):
            parts.append(self.identifier())
        return parts

    def string(self) -> str:
        """Read a string literal, and return its value."""
        word = self.take()
        if word.kind != "string":
            raise self.error("expected a string", word)
        return word.text

    def whole_number(self) -> int:
        """Read a number without sign and fraction."""
        word = self.take()
        if not word.text.isdecimal():
            raise self.error("expected a whole number", word)
        return int(word.text)

    def names_in_parentheses(self) -> list[str]:
        """Read (name, …)."""
        self.expect("(")
        names = [self.identifier()]
        while self.accept(","):
            names.append(self.identifier())
        self.expect(")")
        return names

    def parenthesised(self) -> str:
        """Read from a parenthesis to the one that closes it, and return the source text between."""
        self.expect("(")
        start = self.peek().start
        depth = 1
        while not self.at_end():
            word = self.take()
            if word.kind == "sign":
                depth += (word.text == "(") - (word.text == ")")
            if depth == 0:
                return self.text[start : word.start]
        raise self.error("expected )")

    def data_type(self, *stops: str) -> str:
        """Read a data type up to one of these words, in which the signs < and > are parentheses
        too; returns its text. Raises SqlError for one that Databricks has not."""
        text = self.until(*stops, types=True)
        with suppress(ParseError):  # whose error comes where the type is used
            check_type(exp.DataType.build(text, dialect=WarehouseDialect))
        return text

    def until(self, *stops: str, types: bool = False) -> str:
        """Read up to one of these words outside any parentheses, or the end; returns the text."""
        opening, closing = ("([<", ")]>") if types else ("([", ")]")
        start = self.peek().start
        end = start
        depth = 0
        while not self.at_end():
            word = self.peek()
            is_stop = word.kind in ("word", "sign") and word.text.upper() in stops
            if depth == 0 and is_stop:
                break
            if word.kind == "sign":
                depth += sum((c in opening) - (c in closing) for c in word.text)
            if depth < 0:
                break
            end = self.take().end
        return self.text[start:end]

    def query(self) -> exp.Expr:
        """The syntax tree of the query that comes next, which stays unread."""
        if self.at_end():
            raise self.error("expected a query")
        return self._reading.tree(self.peek().start)

    def rest(self) -> str:
        """Read all that is left, and return its source text."""
        if self.at_end():
            raise self.error("expected a query")
        start, end = self.peek().start, self._reading.tokens[-1].end + 1
        self._at, self._left = len(self._words), iter(())
        return self.text[start:end]

    def pairs(self) -> dict[str, str]:
        """Read ('key' = 'value', …), as in TBLPROPERTIES, OPTIONS and SET TAGS."""
        self.expect("(")
        found: dict[str, str] = {}
        while not self.accept(")"):
            key = self._key()
            bare = not self.accept("=") and (self.sees(",") or self.sees(")"))
            found[key] = "" if bare else self._value()
            if not self.sees(")"):
                self.expect(",")
        return found

    def _key(self) -> str:
        word = self.take()
        if word.kind == "string":
            return word.text
        parts = [word.text]
        while self.accept("."):
            parts.append(self.take().text)
        return ".".join(parts)

    def _value(self) -> str:
        sign = "-" if self.accept("-") else ""
        return sign + self.take().text

    # errors

    def error(self, message: str, word: Word | None = None) -> Exception:
        """A syntax error near a word, by default the next one."""
        found = word or self.peek()
        near = f"near '{found.text}'" if found.text else "at the end"
        return syntax_error(f"Syntax error {near}: {message}.")

    def unsupported(self) -> Exception:
        """The error of a statement that is not supported, which names its leading words."""
        words: list[str] = []
        for word in map(self._word, range(4)):
            if word.kind != "word":
                break
            words.append(word.text.upper())
        return unsupported(f"the statement {' '.join(words) or self.text[:40]!r}")
