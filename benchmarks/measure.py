"""Measures a command: wall time, processor time, and the memory of its whole process tree.

Memory is the sum of the resident sets of the command's processes and of the services given, read
every 50 ms; pages that two processes share count twice. Processor time is that which the kernel
charged to the command and the children it waited for, and in the meantime to the services.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

INTERVAL = 0.05  # seconds


@dataclass(frozen=True)
class Cost:
    """Wall and processor time in seconds, peak memory in bytes; last line of a failed command.

    `services` is the part of the processor time that the services took.
    """

    wall: float
    cpu: float
    memory: int
    error: str | None = None
    services: float = 0.0


def run(
    command: Sequence[str],
    log: Path,
    env: Mapping[str, str] | None = None,
    services: Sequence[psutil.Process] = (),
    folder: Path | None = None,
    timeout: float = 900,
) -> Cost:
    """Run a command in a folder, its output in `log`; it is killed after `timeout` seconds.

    Services are processes that work for it, and whose cost counts as its own.
    """
    before = _busy(services)
    with log.open("wb") as output:
        started = time.monotonic()
        process = subprocess.Popen(
            command, env=env, cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
        timer = threading.Timer(timeout, process.kill)
        timer.start()
        watch = _Watch([psutil.Process(process.pid), *services])
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        timer.cancel()
        peak = watch.stop()
    process.returncode = os.waitstatus_to_exitcode(status)
    served = _busy(services) - before
    cpu = usage.ru_utime + usage.ru_stime + served
    failed = process.returncode != 0
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return Cost(wall, cpu, peak, (lines or ["killed"])[-1][:200] if failed else None, served)


class _Watch(threading.Thread):
    def __init__(self, roots: Sequence[psutil.Process]) -> None:
        super().__init__(daemon=True)
        self._roots = roots
        self._done = threading.Event()
        self._peak = 0

    def run(self) -> None:
        while not self._done.wait(INTERVAL):
            self._peak = max(self._peak, sum(map(_resident, self._roots)))

    def stop(self) -> int:
        self._done.set()
        self.join()
        return self._peak


def _resident(root: psutil.Process) -> int:
    total = 0
    try:
        for process in [root, *root.children(recursive=True)]:
            try:
                total += process.memory_info().rss
            except psutil.Error:
                continue
    except psutil.Error:
        pass
    return total


def _busy(services: Sequence[psutil.Process]) -> float:
    """The processor time, in seconds, of the services' processes and of their ended children."""
    total = 0.0
    for service in services:
        for process in [service, *service.children(recursive=True)]:
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total
