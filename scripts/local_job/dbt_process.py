"""A process that has imported dbt and forks itself for each of the job's dbt commands.

dbt and its adapter take three to four seconds to import, at each start. This process imports them
while the loader is at work. A fork is a dbt process like any other: it has its own arguments,
environment, folder and output, gets signals, and its exit code is the command's.

As a module it serves the socket whose descriptor it is given: python -m local_job.dbt_process 7
"""

import gc
import importlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from local_job.job import Command, Job

PROGRAM = Path(sys.executable).with_name("dbt")
MODULES = ("dbt.cli.main", "dbt.adapters.databricks")


class HeldProcess:
    """A dbt command that runs as a fork, to be used as a `subprocess.Popen` is."""

    def __init__(self, answers: IO[str], output: IO[str], pid: int) -> None:
        self._answers = answers
        self._pid = pid
        self._code: int | None = None
        self.stdout: IO[str] | None = output

    def wait(self) -> int:
        """Wait for its end; returns its exit code, negative for a signal that ended it."""
        if self._code is None:
            answer = self._answers.readline()
            self._code = int(json.loads(answer)["code"]) if answer else -signal.SIGKILL
        return self._code

    def terminate(self) -> None:
        """Send it SIGTERM, unless it has ended."""
        if self._code is None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGTERM)


class DbtHolder:
    """The process that holds dbt, seen from the run of the job."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._answers = connection.makefile("r", encoding="utf-8")

    def start(self, command: Command, environment: Mapping[str, str]) -> HeldProcess | None:
        """Run a command line of dbt; None when it is none, or when the holder has ended."""
        if command.arguments[0] != str(PROGRAM):
            return None
        request = {
            "arguments": command.arguments,
            "environment": dict(environment),
            "folder": str(command.folder),
        }
        reading, writing = os.pipe()
        try:
            socket.send_fds(self._connection, [b"."], [writing])
            self._connection.sendall((json.dumps(request) + "\n").encode())
            answer = self._answers.readline()
        except OSError:
            answer = ""
        finally:
            os.close(writing)
        if not answer:
            os.close(reading)
            return None
        output = open(reading, encoding="utf-8", errors="replace")  # noqa: PTH123, SIM115 - the caller's
        return HeldProcess(self._answers, output, json.loads(answer)["pid"])


@contextmanager
def dbt_holder(job: Job, environment: Mapping[str, str]) -> Iterator[DbtHolder | None]:
    """A holder for the job's dbt commands, which ends with the block; None where it has none, or
    where processes cannot fork."""
    commands = [command for task in job.tasks for command in task.commands]
    if not hasattr(os, "fork") or not any(c.arguments[0] == str(PROGRAM) for c in commands):
        yield None
        return
    here, there = socket.socketpair()
    with here, there:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "local_job.dbt_process", str(there.fileno())],
            env=dict(environment),
            pass_fds=[there.fileno()],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        there.close()
        try:
            yield DbtHolder(here)
        finally:
            process.kill()  # it may still import; a command of it has ended
            process.wait()


def serve(descriptor: int) -> None:
    """Import dbt, then fork a command for each request; returns in the commands alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command and the run
    for module in MODULES:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # so that a command's collections do not copy what it shares
    with socket.socket(fileno=descriptor) as connection:
        while True:
            _, descriptors, _, _ = socket.recv_fds(connection, 1, 1)
            if not descriptors:
                sys.exit()
            request = json.loads(_line(connection))
            child = os.fork()
            if not child:
                break
            os.close(descriptors[0])
            _tell(connection, pid=child)
            ended = threading.Event()
            watch = threading.Thread(target=_end_without, args=(connection, child, ended))
            watch.start()
            _, status = os.waitpid(child, 0)
            ended.set()
            watch.join()
            _tell(connection, code=os.waitstatus_to_exitcode(status))
    _become(request, descriptors[0])


def _line(connection: socket.socket) -> bytes:
    """The bytes up to a line's end; they are few, and what follows is not to be read."""
    line = bytearray()
    while not line.endswith(b"\n"):
        received = connection.recv(65536)
        if not received:
            sys.exit()
        line += received
    return bytes(line)


def _end_without(connection: socket.socket, child: int, ended: threading.Event) -> None:
    """Terminate the command when the run has gone away: it says nothing while one runs."""
    while not ended.wait(0.2):
        with suppress(BlockingIOError):
            if not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGTERM)
                return


def _tell(connection: socket.socket, **said: int) -> None:
    with suppress(OSError):
        connection.sendall((json.dumps(said) + "\n").encode())


def _become(request: dict[str, object], output: int) -> None:
    """Make of this fork the process that the command would be."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.close(output)
    os.environ.clear()
    os.environ.update(request["environment"])  # type: ignore[call-overload]
    time.tzset()
    os.chdir(str(request["folder"]))
    sys.argv = list(request["arguments"])  # type: ignore[call-overload]
    sys.stdout = _text_stream(1, "strict")
    sys.stderr = _text_stream(2, "backslashreplace")
    from dbt.cli.main import cli

    sys.exit(cli(prog_name=PROGRAM.name))


def _text_stream(descriptor: int, errors: str) -> io.TextIOWrapper:
    """A stream that keeps nothing back, as PYTHONUNBUFFERED makes it."""
    raw = open(descriptor, "wb", buffering=0, closefd=False)  # noqa: SIM115
    return io.TextIOWrapper(raw, encoding="utf-8", errors=errors, write_through=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
