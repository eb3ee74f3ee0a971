"""Detached processes, which are started, recognised and stopped, and the ports they listen on."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"
# Below the ports that systems hand to outgoing connections, so that none of those is in the way.
PORT_RANGE = range(20_000, 32_000)
_KILL_SECONDS = 5.0
# Started by a shell that ends at once, so that the service is no child of the process that `exec`
# turns into the user's command.
_IN_BACKGROUND = 'log=$1; shift; "$@" >"$log" 2>&1 </dev/null & echo $!'


def open_missing_streams() -> None:
    """Give a process that was started without its standard streams, as by a daemon, empty ones."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115


def start_detached(command: Sequence[str], environment: Mapping[str, str], log: Path) -> int:
    """Start a process that outlives this one, its output in `log`; return its pid.

    The log of the run before is kept beside it as `<name>.previous.log`.
    """
    if log.exists():
        log.replace(log.with_suffix(".previous.log"))
    started = subprocess.run(
        ["/bin/sh", "-c", _IN_BACKGROUND, "sh", str(log), *command],
        env=dict(environment),
        cwd=log.parent,
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,
    )
    return int(started.stdout)


def identify(pid: int) -> str | None:
    """A text that tells a process from a later one with the same pid; None when it does not run.

    On Linux the boot's id and the process's start time, elsewhere the start time by `ps`.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return None
        return _identify_by_ps(pid)
    except OSError:
        return None
    # Fields after the parenthesised name: state is the 1st, start time the 20th (man 5 proc).
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"


def is_running(pid: int, identity: str) -> bool:
    """Whether the process with this pid runs and is the one of this identity."""
    return identify(pid) == identity


def stop(pid: int, identity: str, patience_seconds: float = 10.0) -> None:
    """End a process that we started: ask, wait, then kill it with all it started."""
    if not is_running(pid, identity):
        return
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    if _wait_for_end(pid, identity, patience_seconds):
        return
    with suppress(ProcessLookupError):
        os.killpg(os.getpgid(pid), signal.SIGKILL)
    _wait_for_end(pid, identity, _KILL_SECONDS)


def mentioning(path: Path) -> dict[int, str]:
    """The processes of this user whose commands name a path or one below it: commands by pid."""
    user = str(os.getuid())
    listed = subprocess.run(
        ["ps", "-ww", "-U", user, "-o", "pid=,args="], capture_output=True, text=True, check=False
    )
    found = {}
    for line in listed.stdout.splitlines():
        pid, _, command = line.strip().partition(" ")
        if re.search(rf"[\s=]{re.escape(str(path))}(/|\s|$)", command):
            found[int(pid)] = command
    return found


def free_ports(count: int, earlier: Sequence[int] = ()) -> list[int]:
    """`count` ports nobody listens on: the earlier ones where they are free, else new ones."""
    if len(earlier) == count and all(is_free(port) for port in earlier):
        return list(earlier)
    candidates = random.sample(PORT_RANGE, len(PORT_RANGE))
    ports: list[int] = []
    for port in candidates:
        if len(ports) == count:
            break
        if is_free(port):
            ports.append(port)
    return ports


def accepts_connections(port: int) -> bool:
    """Whether somebody listens on a port of 127.0.0.1; waits for one second at most."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        # A port in TIME_WAIT is free for a server, as servers set this option too.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _wait_for_end(pid: int, identity: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_running(pid, identity):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _identify_by_ps(pid: int) -> str | None:
    found = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = found.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else started.strip()
