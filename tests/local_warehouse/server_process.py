"""The processes of a lakehouse's warehouse, seen from outside: memory and open files (Linux)."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from lakehouse import Lakehouse


@dataclass(frozen=True)
class Usage:
    """Of the server and the engine that it started."""

    memory: int  # resident bytes
    files: int  # open descriptors


def usage(lakehouse: Lakehouse) -> Usage:
    state = json.loads((lakehouse.state / "state.json").read_text())
    server = Path("/proc") / str(state["services"]["warehouse"]["pid"])
    started = [
        Path("/proc") / pid
        for task in (server / "task").iterdir()
        for pid in (task / "children").read_text().split()
    ]
    pages = [int((process / "statm").read_text().split()[1]) for process in (server, *started)]
    files = [len(list((process / "fd").iterdir())) for process in (server, *started)]
    return Usage(sum(pages) * os.sysconf("SC_PAGE_SIZE"), sum(files))
