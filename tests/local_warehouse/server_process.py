"""The processes of a lakehouse's warehouse, seen from outside: memory and open files (Linux)."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lakehouse import Lakehouse


@dataclass(frozen=True)
class Usage:
    """Of the server and the engines that it started; memory in resident bytes, files that are
    open."""

    server: int
    server_files: int
    engine: int
    engine_files: int
    engines: int  # processes

    @property
    def files(self) -> int:
        return self.server_files + self.engine_files


def engines(lakehouse: Lakehouse) -> list[int]:
    """The process ids of the engines that run."""
    started: list[int] = []
    for task in (_server(lakehouse) / "task").iterdir():
        with suppress(FileNotFoundError):  # a thread that has ended
            started += map(int, (task / "children").read_text().split())
    return started


def usage(lakehouse: Lakehouse) -> Usage:
    server = _server(lakehouse)
    started = [Path("/proc") / str(pid) for pid in engines(lakehouse)]
    return Usage(
        server=_memory(server),
        server_files=_files(server),
        engine=sum(map(_memory, started)),
        engine_files=sum(map(_files, started)),
        engines=len(started),
    )


def _server(lakehouse: Lakehouse) -> Path:
    state = json.loads((lakehouse.state / "state.json").read_text())
    return Path("/proc") / str(state["services"]["warehouse"]["pid"])


def _memory(process: Path) -> int:
    return int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _files(process: Path) -> int:
    return len(list((process / "fd").iterdir()))
