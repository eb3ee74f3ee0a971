"""Real loader processes, many of them: one process imports the loader once and forks each run.

The import is most of a loader's start (a second and more), and there are dozens of runs to kill.
A fork is a process of its own in every respect that matters here: it has its own connections, and
SIGKILL ends it between any two instructions.

As a script it reads requests, a JSON object a line, runs one loader for each and answers.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunEnd:
    """How a run ended: its exit code, -9 when it was killed, and what it printed."""

    code: int
    seconds: float
    output: str


class Forker:
    """Starts loaders with one environment; each is killed after a time unless it ends before."""

    def __init__(self, env: Mapping[str, str], output: Path) -> None:
        self._output = output
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(output)],
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, arguments: Sequence[str], kill_after: float | None = None) -> None:
        """Begin a run of `load-bronze`, to be killed so many seconds after its fork."""
        assert self._process.stdin
        request = {"arguments": list(arguments), "kill_after": kill_after}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()

    def end(self) -> RunEnd:
        """Wait for the end of the run that was begun."""
        assert self._process.stdout
        answer = json.loads(self._process.stdout.readline())
        return RunEnd(answer["code"], answer["seconds"], self._output.read_text())

    def run(self, arguments: Sequence[str], kill_after: float | None = None) -> RunEnd:
        self.start(arguments, kill_after)
        return self.end()

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()


def _serve(output: str) -> None:
    # What a loader imports on its way.
    import databricks.sdk.core
    import databricks.sql.client  # noqa: F401

    from bronze_loader.cli import main

    child_ends = {signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, child_ends)
    for line in sys.stdin:
        request = json.loads(line)
        while signal.sigtimedwait(child_ends, 0):
            """The end of an earlier child, which must not cut this one's wait short."""
        started = time.monotonic()
        child = os.fork()
        if child == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, child_ends)
            # O_APPEND: the kernel keeps what was written, also of a process that is killed.
            file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
            os.dup2(file, 1)
            os.dup2(file, 2)
            code = 1
            try:
                code = main(request["arguments"])
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        code = _wait(child, request["kill_after"])
        seconds = time.monotonic() - started
        sys.stdout.write(json.dumps({"code": code, "seconds": seconds}) + "\n")
        sys.stdout.flush()


def _wait(child: int, kill_after: float | None) -> int:
    """The exit code, after SIGKILL at that time; -9 if it was that which ended it."""
    if kill_after is not None:
        # SIGCHLD, which is blocked, cuts the wait short when the loader ends first.
        signal.sigtimedwait({signal.SIGCHLD}, kill_after)
        os.kill(child, signal.SIGKILL)  # not reaped yet, so the id is still the child's
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    _serve(sys.argv[1])
