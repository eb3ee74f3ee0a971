"""Which process this is, so that another one on the same machine can tell when it has died."""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")


def identity(pid: int) -> str:
    """Of a process that runs: a text that no other process ever has; "" when none runs.

    Machine boot, process namespace, number and start, so neither a number used again nor another
    container is taken for it. "" also where there is no Linux procfs; then nothing is known.
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
    """Whether the process of that identity is known to run no more."""
    match identity(os.getpid()).split(), str(process).split():
        case [boot, namespace, _, _], [boot_then, namespace_then, pid, _] if (boot, namespace) == (
            boot_then,
            namespace_then,
        ) and pid.isdecimal():
            return identity(int(pid)) != process
    return False
