"""`local-warehouse sql` without a statement, typed into a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator

import pytest

from warehouse_under_test import BIN, PATIENCE, WarehouseUnderTest, outer_environment

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")


class Terminal:
    """A process behind a terminal."""

    def __init__(self, *command: str) -> None:
        self._pid, self._file = pty.fork()
        if self._pid == 0:
            environment = outer_environment() | {"TERM": "xterm", "COLUMNS": "200"}
            os.execve(command[0], command, environment)  # noqa: S606 - the child becomes it
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        self.shown = ""
        self.greeting = ""

    def type(self, text: str) -> None:
        """Send keys, as a person would type them."""
        os.write(self._file, text.encode())

    def wait_for(self, text: str) -> str:
        """Everything shown since the last call, up to a text that has to appear."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.shown:
            assert time.monotonic() < deadline, f"no {text!r} in {self.shown!r}"
            assert self._read(), f"ended before {text!r}: {self.shown!r}"
        before, found, self.shown = self.shown.partition(text)
        return before + found

    def exit_code(self) -> int:
        """Wait for the end of the process, which must come; return its exit code."""
        deadline = time.monotonic() + PATIENCE
        while self._read():
            assert time.monotonic() < deadline, f"it has not ended: {self.shown!r}"
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def _read(self) -> bool:
        """Take what is shown within a moment; returns False at the end."""
        if not select.select([self._file], [], [], 0.2)[0]:
            return True
        try:
            read = os.read(self._file, 65536)
        except OSError:  # nobody has the terminal open
            return False
        if b"\x1b[6n" in read:  # prompt_toolkit asks where the cursor is
            os.write(self._file, b"\x1b[1;1R")
        self.shown += _CONTROL.sub("", read.decode(errors="replace"))
        return bool(read)

    def close(self) -> None:
        """Kill the process, if it runs still, and close the terminal."""
        try:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self._file)


@pytest.fixture
def open_prompt(warehouse: WarehouseUnderTest) -> Iterator[Callable[[], Terminal]]:
    """A function that opens a prompt; all of them are closed in the end."""
    opened: list[Terminal] = []

    def start() -> Terminal:
        command = (str(BIN / "local-warehouse"), "--state", str(warehouse.state), "sql")
        opened.append(Terminal(*command))
        opened[-1].greeting = opened[-1].wait_for("sql>")
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


def test_statements_are_typed_on_one_line_or_several(
    open_prompt: Callable[[], Terminal],
) -> None:
    terminal = open_prompt()
    terminal.type("select 40 + 2 as answer;\r")
    assert "answer" in terminal.wait_for(" 42 ")
    terminal.wait_for("sql>")
    terminal.type("select 40\r")
    terminal.wait_for("->")
    terminal.type("+ 3 as more;\r")
    terminal.wait_for(" 43 ")
    terminal.wait_for("sql>")
    terminal.type("select * from nowhere;\r")
    terminal.wait_for("[TABLE_OR_VIEW_NOT_FOUND]")
    terminal.wait_for("sql>")
    terminal.type("exit\r")
    assert terminal.exit_code() == 0


def test_names_are_completed_and_statements_remembered(
    warehouse: WarehouseUnderTest, open_prompt: Callable[[], Terminal]
) -> None:
    warehouse.sql("create schema if not exists prompted")
    warehouse.sql("create or replace table prompted.a_table_of_nine as select 9 as only_column")
    first = open_prompt()
    first.type("select only_c\t")
    first.wait_for("olumn")  # what was typed is not always shown again
    first.type(" from prompted.a_t\t")
    first.wait_for("able_of_nine")
    first.type(";\r")
    first.wait_for(" 9 ")
    first.wait_for("sql>")
    first.type("\x04")
    assert first.exit_code() == 0
    second = open_prompt()
    second.type("\x1b[A")
    second.wait_for("able_of_nine;")
    second.type("\r")
    second.wait_for(" 9 ")
    second.wait_for("sql>")
    assert (warehouse.state / "sql-history").stat().st_mode & 0o077 == 0


def test_prompt_greets_helps_and_suggests_names(
    warehouse: WarehouseUnderTest, open_prompt: Callable[[], Terminal]
) -> None:
    warehouse.sql("create schema if not exists helped")
    warehouse.sql("create or replace table helped.platforms as select 9 as n")
    terminal = open_prompt()
    assert "Ctrl-D leaves" in terminal.greeting
    terminal.type("help\r")
    terminal.wait_for("Ctrl-D, exit   leave")
    terminal.wait_for("sql>")
    for mistaken, meant in [
        ("helped.platfroms", "helped.platforms"), ("hepled.platforms", "mean helped?"),
        ("platform", "platforms"),
    ]:  # fmt: skip
        terminal.type(f"select * from {mistaken};\r")
        assert meant in terminal.wait_for("?\n")[-80:]
        terminal.wait_for("sql>")
    terminal.type("select * from nothing_like_it;\r")
    terminal.wait_for("[TABLE_OR_VIEW_NOT_FOUND]")  # the prompt is shown again when Enter is typed
    assert "Did you mean" not in terminal.wait_for("sql>")
    terminal.type("\x04")  # would be lost while a statement runs
    assert terminal.exit_code() == 0


def test_a_pipe_is_read_like_a_file(warehouse: WarehouseUnderTest) -> None:
    done = warehouse.run(
        "sh", "-c", "printf 'select 1 as a;\\nselect 2 as b' | local-warehouse sql --csv"
    )
    assert done.stdout == "a\n1\nb\n2\n"
