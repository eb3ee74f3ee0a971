"""A cache of tokens and syntax trees by text: each `dbt build` sends the same statements again.

A tree is kept when it is asked for a second time, so that a text that comes once costs no copy. A
copy takes a fifth of the time of parsing.
"""

from __future__ import annotations

import threading

from cachetools import LRUCache, cached
from sqlglot import Token, TokenType, exp
from sqlglot.errors import TokenError

from local_warehouse.errors import syntax_error
from local_warehouse.sql.dialect import WarehouseDialect, parse

_CHARACTERS = 512 * 1024  # in all texts of the cache; tokens and trees take 100 bytes for each


class Reading:
    """The tokens and syntax trees of one text. Its tokens are shared and must not be changed."""

    def __init__(self, text: str) -> None:
        """Raises SqlError (PARSE_SYNTAX_ERROR) where the text cannot be cut into tokens."""
        self.text = text
        try:
            self.tokens: list[Token] = WarehouseDialect().tokenize(text)
        except TokenError as error:
            raise syntax_error(str(error)) from error
        while self.tokens and self.tokens[-1].token_type is TokenType.SEMICOLON:
            self.tokens.pop()
        self._trees: dict[int, exp.Expr | None] = {}  # None where it was asked for once

    def tree(self, start: int = 0) -> exp.Expr:
        """The syntax tree of the text from a character on; the caller may change it."""
        if start not in self._trees:
            self._trees[start] = None
            return self._parsed(start)
        kept = self._trees[start]
        if kept is None:
            kept = self._trees[start] = self._parsed(start)
        return kept.copy()

    def _parsed(self, start: int) -> exp.Expr:
        return parse(self.text, [token for token in self.tokens if token.start >= start])


@cached(LRUCache(_CHARACTERS, lambda kept: len(kept.text)), lock=threading.Lock())
def reading(text: str) -> Reading:
    """The reading of a text, from the cache where it is there."""
    return Reading(text)


def parse_again(text: str) -> exp.Expr:
    """The syntax tree of a text that comes often, such as a view's; the caller may change it."""
    return reading(text).tree()


def without_comment(text: str) -> str:
    """A statement with blanks in place of the comment at its beginning, so that places stay. dbt
    names the run there, and all that follows comes again in the next run."""
    start = len(text) - len(text.lstrip())
    end = text.find("*/", start + 2) + 2
    is_comment = text.startswith("/*", start) and end > start + 2
    if not is_comment or text.find("/*", start + 2, end) != -1:  # none that ends, or another in it
        return text
    return "\n".join(" " * len(line) for line in text[:end].split("\n")) + text[end:]
