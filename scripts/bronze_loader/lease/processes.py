"""The identity of a process, by which another one on the same machine can tell that it ended."""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")


def identity(pid: int) -> str:
    """A text that no other process ever has, for the running process of that number.

    It has the machine's boot, the process namespace, number and start, so neither a number used
    again nor another container is taken for it. Empty when no such process runs, and where there
    is no Linux procfs to ask.
    """
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = (_PROC / "self/ns/pid").readlink().name
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in "ZX" else f"{boot} {namespace} {pid} {fields[18]}"


def has_died(process: str) -> bool:
    """Whether the process of that identity is known to have ended; False when that cannot be
    known, as for a process of another machine."""
    match identity(os.getpid()).split(), str(process).split():
        case [boot, namespace, _, _], [boot_then, namespace_then, pid, _] if (boot, namespace) == (
            boot_then,
            namespace_then,
        ) and pid.isdecimal():
            return identity(int(pid)) != process
    return False
