"""The prompt of `local-warehouse sql`: statements end in a semicolon, on one line or several."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.completion import Completer, Completion, ThreadedCompleter
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory

if TYPE_CHECKING:
    from databricks.sql.client import Connection
    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document

_ENDS = ("exit", "quit")
_GREETING = "A `;` ends a statement, Tab completes names, Ctrl-D leaves; `help` says more."
_HELP = """\
show schemas;  show tables in SCHEMA;  describe TABLE;      what there is
select …;                                                   on one line or several
Tab            completes keywords and the names of schemas, tables and columns
Up, Ctrl-R     earlier statements, of earlier days too
Ctrl-C         forgets what was typed, or interrupts a statement
Ctrl-D, exit   leave
"""
_MORE = "   -> "
# What statements begin with, and the words that follow.
_KEYWORDS = """
    alter analyze and as asc between by cast comment copy create cross delete desc describe distinct
    drop else end except exists explain extended from full grant group having history in inner
    insert intersect into is join lateral left like limit merge not null on optimize or order outer
    over overwrite partition pivot qualify refresh replace restore revoke right schema schemas
    select set show table tables tblproperties then truncate union update use using vacuum values
    version view views when where window with
"""


class Names(Completer):
    """Keywords, and the names of schemas, relations and columns of the session's catalog."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._words: list[tuple[str, str]] = []

    def read(self) -> None:
        """Ask the warehouse for the names again, as statements change them."""
        from databricks.sql.exc import Error

        names: set[tuple[str, str]] = set()
        try:
            with closing(self._connection.cursor()) as cursor:
                for row in cursor.columns().fetchall():
                    names |= {
                        (row[1], "schema"),
                        (row[2], "table"),
                        (f"{row[1]}.{row[2]}", "table"),
                    }
                    names.add((row[3], "column"))
        except Error:  # completion offers what it knew before
            return
        self._words = sorted(names) + [(word, "") for word in _KEYWORDS.split()]

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """The words that begin as the word before the cursor does, whatever its case."""
        begun = document.get_word_before_cursor(WORD=True).rpartition("(")[2].rpartition(",")[2]
        if not begun:
            return
        for word, kind in self._words:
            if word.startswith(begun.lower()):
                yield Completion(word, start_position=-len(begun), display_meta=kind)

    def near(self, message: str) -> list[str]:
        """The names that are most like one that an error of the warehouse cannot find."""
        missing = re.match(
            r"\[(?:TABLE_OR_VIEW|SCHEMA|UNRESOLVED)_?\w*[^`]*((?:`[^`]+`\.?)+)", message
        )
        if missing is None or "mean" in message:
            return []
        parts = [part.lower() for part in re.findall(r"`([^`]+)`", missing[1])]
        known = {word for word, kind in self._words if kind}
        schemas = {word for word, kind in self._words if kind == "schema"}
        if len(parts) > 1 and parts[-2] not in schemas:
            meant = difflib.get_close_matches(parts[-2], schemas, n=3, cutoff=0.75)
            if meant:
                return meant
        # With its schema, as most like it as a whole, or in another schema by its own name.
        whole = difflib.get_close_matches(".".join(parts[-2:]), known, n=3, cutoff=0.75)
        return whole or difflib.get_close_matches(parts[-1], known, n=3, cutoff=0.75)


def loop(connection: Connection, history: Path, run: Callable[[str], str | None]) -> None:
    """Read statements and run them until the end of the input, `exit` or `quit`.

    `run` executes the text of one or several; it returns the message of an error, already shown.
    """
    history.touch(mode=0o600)
    names = Names(connection)
    names.read()
    print(_GREETING)
    session: PromptSession[str] = PromptSession(
        "sql> ",
        history=FileHistory(str(history)),
        completer=ThreadedCompleter(names),
        complete_while_typing=False,
        multiline=Condition(lambda: not _is_whole(get_app().current_buffer.text)),
        prompt_continuation=_MORE,
    )
    while True:
        try:
            text = session.prompt().strip()
        except KeyboardInterrupt:  # forgets what was typed
            continue
        except EOFError:
            return
        if _is_end(text):
            return
        if _is_help(text):
            print(_HELP, end="")
        elif text:
            error = run(text)
            names.read()
            if error and (near := names.near(error)):
                print(f"Did you mean {' or '.join(near)}?")


def _is_whole(text: str) -> bool:
    """Whether Enter runs the text rather than begin another line of it."""
    return not text.strip() or text.rstrip().endswith(";") or _is_end(text) or _is_help(text)


def _is_help(text: str) -> bool:
    return text.strip().rstrip(";").lower() in ("help", "?")


def _is_end(text: str) -> bool:
    return text.strip().rstrip(";").lower() in _ENDS
