"""The project's commands, each run in a process that is forked from one with its imports done.

`dbt` spends four seconds on imports before it reads its first argument, and a test run starts it
some thirty times. Here a parent per program imports the program once and listens on a socket; for
each request it forks a child, which gets the caller's arguments, environment, working folder and
standard streams and then calls the program's console script. Two things differ from a start of its
own: the imports are done, and with them whatever a module reads while it is imported; and what the
program keeps for its next use is there: dbt has compiled the project's macros, the loader has read
what describes S3.

What a command starts in its turn is started as ever: `run-job` holds a dbt of its own. A command
that hangs is ended after LIMIT, and its stacks are in what it wrote.

As a script, `forked_command.py PROGRAM DESCRIPTOR` is such a parent.
"""

from __future__ import annotations

import faulthandler
import fcntl
import gc
import importlib
import io
import json
import os
import select
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
from typing import Any

BIN = Path(sys.executable).parent
# The programs that are forked, each with modules that it imports only on its way.
PROGRAMS = {
    "dbt": ("dbt.adapters.databricks", "dbt.task.build", "dbt.task.docs.generate"),
    "landing-sample": ("boto3",),
    "load-bronze": ("boto3", "databricks.sql.client", "databricks.sdk.core"),
    "preview-dashboard": ("vl_convert",),
    "run-job": (),
}
ROOT = Path(__file__).resolve().parent.parent
# Seconds after which a command hangs. The longest takes one minute, here under load five.
LIMIT = 600.0
HANGS = "it hangs\n"  # what a caller says after its request, if anything
# A profile that names no warehouse: to parse the project takes none.
PROFILE = {
    "sales_lakehouse": {
        "target": "local",
        "outputs": {
            "local": {
                "type": "databricks", "catalog": "main", "schema": "s", "host": "localhost",
                "http_path": "p", "token": "t",
            }
        },
    }
}  # fmt: skip


class ParentEnded(AssertionError):
    """A program's parent ended, and what it said is on the tests' standard error."""


class ForkedCommands:
    """Runs programs as forks. A program's parent is started at the program's first use.

    `env` is the environment in which the programs are imported. The parents end with `close`, or
    with this process. With the `folder` of another process's, this one shares that one's parents.
    """

    def __init__(self, env: Mapping[str, str], folder: str | None = None) -> None:
        self._env = dict(env)
        # Not in pytest's folder, whose path is longer than a socket's may be.
        self.folder = folder or tempfile.mkdtemp(prefix="forked-")
        self._pipe = Path(self.folder, "open")  # by its one writer, as long as parents may run
        self._writer = -1
        if folder is None:
            os.mkfifo(self._pipe)
            self._writer = os.open(self._pipe, os.O_RDWR)
        self._started: list[subprocess.Popen[bytes]] = []

    def run(
        self, command: Sequence[str | Path], env: Mapping[str, str], cwd: Path
    ) -> subprocess.CompletedProcess[str]:
        """Run a command line whose first word is one of PROGRAMS; returns code and output.

        Raises ParentEnded when the program cannot be imported.
        """
        program, *arguments = map(str, command)
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
        """End the parents that are not another process's; children that run are not waited for."""
        if self._writer >= 0:
            os.close(self._writer)
            for parent in self._started:
                parent.wait()
            shutil.rmtree(self.folder)

    def _socket(self, program: str) -> str:
        return f"{self.folder}/{program}.socket"

    def _start(self, program: str) -> None:
        """Start the program's parent unless someone has."""
        with Path(self.folder, "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            path = self._socket(program)
            if Path(path).exists():
                return
            with socket.socket(socket.AF_UNIX) as listener, _reading(self._pipe) as pipe:
                listener.bind(path)
                listener.listen(64)  # callers wait in this queue while the program is imported
                command = [sys.executable, __file__, program, str(listener.fileno())]
                self._started.append(
                    subprocess.Popen(
                        command, env=self._env, pass_fds=[listener.fileno()], stdin=pipe,
                        start_new_session=True,
                    )
                )  # fmt: skip


def _reading(pipe: Path) -> io.FileIO:
    """The end of a named pipe that is read from; does not wait for a writer."""
    return io.FileIO(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))


def _call(
    path: str,
    arguments: Sequence[str],
    env: Mapping[str, str],
    cwd: str,
    streams: tuple[int, int, int],
) -> int:
    """Have a command run; returns its exit code, negative for a signal.

    A command that still runs after LIMIT writes the stacks of its threads and ends by SIGABRT.
    """
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
            if not select.select([connection], [], [], LIMIT)[0]:
                file.write(HANGS)
                file.flush()
            if answer := file.readline():
                return int(answer)
    raise ParentEnded(f"The process behind {path} ended before it answered.")


def _serve(program: str, descriptor: int) -> None:
    """Import the program, then fork a child for each request; returns in the children alone."""
    main = _imported(program)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the attendants
    gc.collect()
    gc.freeze()  # so that a child's collections do not copy what it shares
    with socket.socket(fileno=descriptor) as listener:
        while True:
            if sys.stdin in select.select([listener, sys.stdin], [], [])[0]:
                sys.exit()  # the process that all began with has ended, by whatever means
            connection, _ = listener.accept()
            if os.fork() == 0:
                break
            connection.close()
    _attend(connection, program, main)


def _imported(program: str) -> Callable[[], Any]:
    """The function behind the console script, with all that it needs imported."""
    from importlib.metadata import entry_points

    [script] = entry_points(group="console_scripts", name=program)
    main: Callable[[], Any] = script.load()
    for module in PROGRAMS[program]:
        importlib.import_module(module)
    if program == "dbt":
        _compile_macros()
    if program == "load-bronze":
        _describe_s3()
    return main


def _compile_macros() -> None:
    """Parse the project, and compile every macro that it can call: dbt keeps them by their text.

    The static parser is not for this process: it is of threads, which a fork does not have.
    When the project does not parse, the commands do without: each says so for itself.
    """
    from dbt.cli.main import dbtRunner
    from dbt_common.clients.jinja import template_cache

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "profiles.yml").write_text(json.dumps(PROFILE))
        command = ["--log-level", "none", "--log-level-file", "none", "parse", "--no-static-parser"]
        command += ["--project-dir", str(ROOT), "--profiles-dir", folder, "--target-path", folder]
        parsed = dbtRunner().invoke([*command, "--log-path", folder])
    if not parsed.success:
        print(f"forked_command.py: the project does not parse: {parsed.exception}", file=sys.stderr)
        return
    for macro in parsed.result.macros.values():
        template_cache.get_node_template(macro)


def _describe_s3() -> None:
    """Make a client and forget it; the next one needs not read what describes S3."""
    from bronze_loader.landing.bucket import s3_client

    s3_client()


def _attend(connection: socket.socket, program: str, main: Callable[[], Any]) -> None:
    """Fork the command and tell its exit code; returns in the command alone.

    A caller that goes away, because it was interrupted, say, ends the command; one that says that
    it hangs gets its stacks.
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
        _, status = os.waitpid(child, 0)
        with suppress(ConnectionError):
            file.write(f"{os.waitstatus_to_exitcode(status)}\n")
            file.flush()
        os._exit(0)
    file.close()
    connection.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    faulthandler.enable(2)  # SIGABRT prints the stacks
    os.environ.clear()
    os.environ.update(request["env"])
    # The static parser waits for threads that a fork does not have; what it finds, Jinja finds too.
    os.environ.setdefault("DBT_STATIC_PARSER", "false")
    time.tzset()
    os.chdir(request["cwd"])
    sys.argv = [str(BIN / program), *request["arguments"]]
    live = bool(os.environ.get("PYTHONUNBUFFERED"))
    sys.stdout = _text_stream(1, live, "strict")
    sys.stderr = _text_stream(2, True, "backslashreplace")
    sys.exit(main())


def _end_without(connection: socket.socket, child: int) -> None:
    """End the command when the caller closes its end of the connection, or says that it hangs."""
    said = connection.recv(1)
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGABRT if said else signal.SIGTERM)


def _text_stream(descriptor: int, live: bool, errors: str) -> io.TextIOWrapper:
    """A stream as Python makes it when it starts; a live one keeps nothing back."""
    raw = open(descriptor, "wb", buffering=0 if live else -1, closefd=False)  # noqa: SIM115
    return io.TextIOWrapper(raw, encoding="utf-8", errors=errors, write_through=live)


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]))
