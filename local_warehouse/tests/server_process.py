"""The server and its engines as the system sees them: process ids, memory, open files (Linux)."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from warehouse_under_test import WarehouseUnderTest


@dataclass(frozen=True)
class Usage:
    """The resident bytes and the open files of the server, and of its engines together."""

    server: int  # bytes
    server_files: int
    engine: int  # bytes
    engine_files: int
    engines: int  # processes

    @property
    def files(self) -> int:
        """The open files of all."""
        return self.server_files + self.engine_files


def engines(warehouse: WarehouseUnderTest) -> list[int]:
    """The process ids of the engines that run."""
    started: list[int] = []
    for task in (_server(warehouse) / "task").iterdir():
        with suppress(FileNotFoundError):  # a thread that has ended
            started += map(int, (task / "children").read_text().split())
    return started


def usage(warehouse: WarehouseUnderTest) -> Usage:
    """What the server and its engines use now."""
    server = _server(warehouse)
    started = [Path("/proc") / str(pid) for pid in engines(warehouse)]
    return Usage(
        server=_memory(server),
        server_files=_files(server),
        engine=sum(map(_memory, started)),
        engine_files=sum(map(_files, started)),
        engines=len(started),
    )


def _server(warehouse: WarehouseUnderTest) -> Path:
    return Path("/proc") / str(warehouse.pids()["warehouse"])


def _memory(process: Path) -> int:
    return int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _files(process: Path) -> int:
    return len(list((process / "fd").iterdir()))
