"""A process that forks itself for the job's commands, with what they have in common done before.

dbt and its adapter take three to four seconds to import, at each start, and as long to parse a
project for the first time. This process imports the job's programs, and parses the project, while
the loader is at work. A fork is a process like any other: it has its own arguments, environment,
folder and output, gets signals, and its exit code is the command's.

As a module it serves the socket whose descriptor it is given, for the commands given in JSON:
python -m local_job.held_process 7 '[[["…/dbt", "build"], "/project"]]'
"""

import gc
import importlib
import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from local_job.job import Command, Job

PROGRAMS = {
    "dbt": ("dbt.cli.main", "cli", ("dbt.adapters.databricks",)),
    "preview-dashboard": ("dashboard_preview.cli", "main", ("dashboard_preview.page",)),
}
"""The programs that are held, beside this Python: module, function, and what it imports later."""

_DECIDE_THE_PARSE = ("project_dir", "profiles_dir", "profile", "target", "vars")


class HeldProcess:
    """A command that runs as a fork, to be used as a `subprocess.Popen` is."""

    def __init__(self, holder: "Holder", output: IO[str]) -> None:
        self._holder = holder
        self._pid: int | None = None
        self._code: int | None = None
        self._asking = threading.Lock()
        self.stdout: IO[str] | None = output

    def wait(self) -> int:
        """Wait for its end; returns its exit code, negative for a signal that ended it."""
        if self._code is None:
            self._ask_pid(wait=True)
            self._code = self._holder.answer("code", otherwise=-signal.SIGTERM)
        return self._code

    def terminate(self) -> None:
        """Send it SIGTERM, unless it has ended; before it runs, to the process that is to fork."""
        if self._code is None:
            self._ask_pid(wait=False)
            with suppress(ProcessLookupError):
                os.kill(self._pid or self._holder.pid, signal.SIGTERM)

    def _ask_pid(self, wait: bool) -> None:
        with self._asking:
            if self._pid is None and (wait or self._holder.has_answered()):
                self._pid = self._holder.answer("pid", otherwise=self._holder.pid)


class Holder:
    """The process that holds the programs, seen from the run of the job."""

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self.pid = pid
        self._connection = connection
        self._answers = connection.makefile("r", encoding="utf-8")

    def start(self, command: Command, environment: Mapping[str, str]) -> HeldProcess | None:
        """Run a command line; None when its program is not held, or when the holder has ended."""
        if not _is_held(command):
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
        except OSError:
            os.close(reading)
            return None
        finally:
            os.close(writing)
        output = open(reading, encoding="utf-8", errors="replace")  # noqa: PTH123, SIM115 - the caller's
        return HeldProcess(self, output)

    def has_answered(self) -> bool:
        """Whether `answer` would not wait."""
        return bool(select.select([self._connection], [], [], 0)[0])

    def answer(self, name: str, otherwise: int) -> int:
        """The next answer, which is called `name`; `otherwise` when the holder has ended."""
        line = ""
        with suppress(ConnectionError):
            line = self._answers.readline()
        return int(json.loads(line)[name]) if line else otherwise


def _is_held(command: Command) -> bool:
    path = Path(command.arguments[0])
    return path.name in PROGRAMS and path.parent == Path(sys.executable).parent


@contextmanager
def holder_of(job: Job, environment: Mapping[str, str]) -> Iterator[Holder | None]:
    """A holder for the job's commands, which ends with the block; None where there is nothing to
    hold, or where processes cannot fork."""
    commands = [c for task in job.tasks for c in task.commands if _is_held(c)]
    if not hasattr(os, "fork") or not commands:
        yield None
        return
    told = json.dumps([[command.arguments, str(command.folder)] for command in commands])
    here, there = socket.socketpair()
    with here, there:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "local_job.held_process", str(there.fileno()), told],
            env=dict(environment),
            pass_fds=[there.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        there.close()
        try:
            yield Holder(here, process.pid)
        finally:
            process.kill()  # it may still import or parse; a command of it has ended
            process.wait()


def serve(descriptor: int, commands: Sequence[tuple[Sequence[str], str]]) -> None:
    """Import the commands' programs and parse their project, then fork for each request; returns
    in the commands alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command and the run
    mains = {name: _imported(name) for name in {Path(words[0]).name for words, _ in commands}}
    manifests = _parsed(commands)
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
    program, *arguments = request["arguments"]
    name = Path(program).name
    if name != "dbt":
        sys.exit(mains[name]())
    manifest = manifests.get(_parse_of(arguments, request["folder"]))
    sys.exit(mains[name](prog_name=name, obj={"manifest": manifest} if manifest else None))


def _imported(name: str) -> Callable[..., Any]:
    module, function, later = PROGRAMS[name]
    main: Callable[..., Any] = getattr(importlib.import_module(module), function)
    for each in later:
        with suppress(ImportError):  # the command that needs it says so
            importlib.import_module(each)
    return main


def _parsed(commands: Sequence[tuple[Sequence[str], str]]) -> dict[str, Any]:
    """The manifest of the first dbt command, by what decides it, as dbt's own programmatic use
    hands one from command to command. Nothing when it cannot be parsed: the command says why.

    https://docs.getdbt.com/reference/programmatic-invocations#reusing-objects
    """
    for (program, *arguments), folder in commands:
        if Path(program).name == "dbt" and (parse := _parse_of(arguments, folder)):
            from dbt.cli.main import dbtRunner

            here = Path.cwd()
            os.chdir(folder)
            options = json.loads(parse)[1]
            # dbt's static parser reads in threads, which a fork would wait for and does not have.
            options["static_parser"] = False
            result = dbtRunner().invoke(["--log-level-file", "none", "parse"], **options)
            os.chdir(here)
            return {parse: result.result} if result.success else {}
    return {}


def _parse_of(arguments: Sequence[str], folder: str) -> str:
    """What decides the manifest of a dbt command: its folder and options, in JSON; empty when dbt
    does not understand it."""
    import click
    from dbt.cli.main import cli

    try:
        command = cli.commands[arguments[0]]
        given = command.make_context(arguments[0], [*arguments[1:]], resilient_parsing=True).params
    except (KeyError, IndexError, click.ClickException):
        return ""
    options = {name: given[name] for name in _DECIDE_THE_PARSE if given.get(name)}
    return json.dumps([folder, options], default=str)


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


def _become(request: Mapping[str, Any], output: int) -> None:
    """Make of this fork the process that the command would be."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.close(output)
    os.environ.clear()
    os.environ.update(request["environment"])
    # dbt's static parser waits for threads that a fork has not; what it finds, Jinja finds too.
    os.environ.setdefault("DBT_STATIC_PARSER", "false")
    time.tzset()
    os.chdir(request["folder"])
    sys.argv = list(request["arguments"])
    sys.stdout = _text_stream(1, "strict")
    sys.stderr = _text_stream(2, "backslashreplace")


def _text_stream(descriptor: int, errors: str) -> io.TextIOWrapper:
    """A stream that keeps nothing back, as PYTHONUNBUFFERED makes it."""
    raw = open(descriptor, "wb", buffering=0, closefd=False)  # noqa: SIM115
    return io.TextIOWrapper(raw, encoding="utf-8", errors=errors, write_through=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]), json.loads(sys.argv[2]))
