"""The project's commands, each run in a process that is forked from one with its imports done.

`dbt` spends four seconds on imports before it reads its first argument, and a test run starts it
some thirty times. Here a parent per program imports the program once and listens on a socket; for
each request it forks a child, which gets the caller's arguments, environment, working folder and
standard streams and then calls the program's console script. Two things differ from a start of its
own: the imports are done, and with them whatever a module reads while it is imported.

As a script, `forked_command.py PROGRAM DESCRIPTOR FOLDER` is such a parent.
"""

from __future__ import annotations

import gc
import importlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TextIO

BIN = Path(sys.executable).parent
# The programs that are forked, each with modules that it imports only on its way.
PROGRAMS = {
    "dbt": ("dbt.adapters.databricks", "dbt.task.build", "dbt.task.docs.generate"),
    "landing-sample": ("boto3",),
    "load-bronze": ("boto3", "databricks.sql.client", "databricks.sdk.core"),
    "preview-dashboard": ("vl_convert",),
    "run-job": (),
}
# What a program starts in its turn: `run-job` runs these, from its own Python's folder.
STARTED_BY = {"run-job": ("dbt", "preview-dashboard")}
_SHIM = """\
#!{python} -IS
import sys
sys.path.append({tests!r})
from forked_command import call_from_shim
call_from_shim({path!r})
"""


class ParentEnded(AssertionError):
    """A program's parent ended, and what it said is on the tests' standard error."""


class ForkedCommands:
    """Runs programs as forks. A program's parent is started at the program's first use.

    `env` is the environment in which the programs are imported; `close` ends the parents.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = dict(env)
        # Not in pytest's folder, whose path is longer than a socket's may be.
        self._folder = Path(tempfile.mkdtemp(prefix="forked-"))
        self._parents: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()

    def run(
        self, command: Sequence[str | Path], env: Mapping[str, str], cwd: Path
    ) -> subprocess.CompletedProcess[str]:
        """Run a command line whose first word is one of PROGRAMS; returns code and output.

        Raises ParentEnded when the program cannot be imported.
        """
        program, *arguments = map(str, command)
        with self._lock:
            self._start(program)
        with (
            Path(os.devnull).open("rb") as nothing,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as error,
        ):
            streams = (nothing.fileno(), out.fileno(), error.fileno())
            code = _call(self._socket(program), arguments, env, str(cwd), streams)
            for file in (out, error):
                file.seek(0)
            return subprocess.CompletedProcess(
                [program, *arguments], code, out.read().decode(), error.read().decode()
            )

    def close(self) -> None:
        """End every parent; children that still run are not waited for."""
        for parent in self._parents.values():
            parent.terminate()
            parent.wait()
        shutil.rmtree(self._folder)

    def _socket(self, program: str) -> str:
        return str(self._folder / f"{program}.socket")

    def _start(self, program: str) -> None:
        """Start the program's parent, and those of the programs that it starts, unless they run."""
        if program in self._parents:
            return
        for other in STARTED_BY.get(program, ()):
            self._start(other)
        installed = self._folder / program
        installed.mkdir()
        for name in STARTED_BY.get(program, ()):
            shim = installed / name
            shim.write_text(
                _SHIM.format(
                    python=sys.executable,
                    tests=str(Path(__file__).parent),
                    path=self._socket(name),
                )
            )
            shim.chmod(0o755)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self._socket(program))
            listener.listen(64)  # callers wait in this queue while the program is imported
            command = [sys.executable, __file__, program, str(listener.fileno()), str(installed)]
            self._parents[program] = subprocess.Popen(
                command, env=self._env, pass_fds=[listener.fileno()], stdin=subprocess.DEVNULL
            )


def call_from_shim(path: str) -> NoReturn:
    """Stand in for a program in another program's PATH: its arguments, environment and streams."""
    ended = 128 + signal.SIGTERM

    def pass_on(pid: int) -> None:
        def forward(number: int, _frame: object) -> None:
            os.kill(pid, number)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, forward)

    code = _call(path, sys.argv[1:], os.environ, str(Path.cwd()), (0, 1, 2), pass_on)
    sys.exit(code if code >= 0 else ended)


def _call(
    path: str,
    arguments: Sequence[str],
    env: Mapping[str, str],
    cwd: str,
    streams: tuple[int, int, int],
    begun: Callable[[int], None] = lambda pid: None,
) -> int:
    """Have a command run; returns its exit code, negative for a signal. `begun` gets its pid."""
    request = {"arguments": list(arguments), "env": dict(env), "cwd": cwd}
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
            socket.send_fds(connection, [b"."], streams)
        except ConnectionError as error:
            raise ParentEnded(f"No process is behind {path}: {error}") from error
        with suppress(ConnectionError), connection.makefile("rw", encoding="utf-8") as file:
            file.write(json.dumps(request) + "\n")
            file.flush()
            for answer in iter(file.readline, ""):
                said = json.loads(answer)
                if "code" in said:
                    return int(said["code"])
                begun(said["pid"])
    raise ParentEnded(f"The process behind {path} ended before it answered.")


def _serve(program: str, descriptor: int, installed: Path) -> None:
    """Import the program, then fork a child for each request; returns in the children alone."""
    main = _imported(program, installed)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the attendants
    gc.collect()
    gc.freeze()  # so that a child's collections do not copy what it shares
    with socket.socket(fileno=descriptor) as listener:
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                break
            connection.close()
    _attend(connection, program, main)


def _imported(program: str, installed: Path) -> Callable[[], Any]:
    """The function behind the console script, with all that it needs imported."""
    from importlib.metadata import entry_points

    [script] = entry_points(group="console_scripts", name=program)
    main: Callable[[], Any] = script.load()
    for module in PROGRAMS[program]:
        importlib.import_module(module)
    if program in STARTED_BY:
        import local_session

        local_session.bin_dir = lambda: installed
    return main


def _attend(connection: socket.socket, program: str, main: Callable[[], Any]) -> None:
    """Fork the command, tell its pid and then its exit code; returns in the command alone.

    A caller that goes away ends the command: there is nobody left who would.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    file = connection.makefile("rw", encoding="utf-8")
    request = json.loads(file.readline())
    child = os.fork()
    if child:
        for stream in streams:
            os.close(stream)
        threading.Thread(target=_end_without, args=(connection, child), daemon=True).start()
        with suppress(ConnectionError):
            _tell(file, pid=child)
        _, status = os.waitpid(child, 0)
        with suppress(ConnectionError):
            _tell(file, code=os.waitstatus_to_exitcode(status))
        os._exit(0)
    file.close()
    connection.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    os.chdir(request["cwd"])
    sys.argv = [str(BIN / program), *request["arguments"]]
    live = bool(os.environ.get("PYTHONUNBUFFERED"))
    sys.stdout = _text_stream(1, live, "strict")
    sys.stderr = _text_stream(2, True, "backslashreplace")
    sys.exit(main())


def _tell(file: TextIO, **said: int) -> None:
    file.write(json.dumps(said) + "\n")
    file.flush()


def _end_without(connection: socket.socket, child: int) -> None:
    """Terminate the command when the caller's end of the connection is closed."""
    while connection.recv(1):
        """A caller says nothing after its request."""
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGTERM)


def _text_stream(descriptor: int, live: bool, errors: str) -> io.TextIOWrapper:
    """A stream as Python makes it when it starts; a live one keeps nothing back."""
    raw = open(descriptor, "wb", buffering=0 if live else -1, closefd=False)  # noqa: SIM115
    return io.TextIOWrapper(raw, encoding="utf-8", errors=errors, write_through=live)


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
