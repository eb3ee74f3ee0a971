"""The warehouse that these tests examine, with what they look at and users do not."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local_warehouse.services.processes import is_running
from local_warehouse.services.state import StateDirectory
from local_warehouse.testing import BIN, LocalWarehouse, outer_environment, run

__all__ = ["BIN", "PATIENCE", "ROOT", "WarehouseUnderTest", "eventually", "outer_environment"]
ROOT = Path(__file__).resolve().parents[1]
TMP = Path("/tmp")  # noqa: S108 - where SeaweedFS has its sockets
PATIENCE = 300  # seconds, after which something will not happen any more, on whatever machine


def eventually(
    holds: Callable[[], object], what: str = "the condition holds", every: float = 0.05
) -> None:
    """Return as soon as a condition holds; fail, saying what did not happen, after PATIENCE.

    `every` is the number of seconds from one look to the next.
    """
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}"
        time.sleep(every)


class WarehouseUnderTest(LocalWarehouse):
    """A local warehouse with its processes, its stored objects and its error conditions."""

    def run(
        self, *command: str, check: bool = True, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the clients' environment."""
        return run(command, self.env | env, check=check)

    def fails(self, statement: str, condition: str) -> str:
        """Return the message of a statement that must fail with this error condition."""
        from databricks.sql.exc import Error

        with pytest.raises(Error) as caught:
            self.sql(statement)
        assert f"[{condition}" in str(caught.value)
        return str(caught.value)

    def pids(self) -> dict[str, int]:
        """The process ids of the services that were started, by the services' names."""
        services = StateDirectory(self.state).read().services
        return {name: service.pid for name, service in services.items()}

    def command_lines(self) -> list[str]:
        """The command lines of the running services that name this state directory."""
        listed = subprocess.run(
            ["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True
        )
        return [
            line
            for line in listed.stdout.splitlines()
            if str(self.state) in line and (" mini -dir=" in line or "--certificate" in line)
        ]

    def left_in_tmp(self) -> list[Path]:
        """The sockets in /tmp of the S3 server that runs, or ran last."""
        ports = StateDirectory(self.state).read().ports["storage"]
        return [path for port in ports for path in TMP.glob(f"*-{port}.sock")]

    def kill(self, *names: str) -> None:
        """Kill the processes of services, and return when they have ended."""
        services = StateDirectory(self.state).read().services
        for killed in map(services.__getitem__, names):
            os.kill(killed.pid, signal.SIGKILL)
        for killed in map(services.__getitem__, names):
            eventually(lambda one=killed: not is_running(one.pid, one.identity), "it has ended")

    def processes(self, measure: str) -> list[str]:
        """One of ps's columns, such as `time` or `rss`, for the server and for its engines."""
        server = str(self.pids()["warehouse"])
        listed = subprocess.run(
            ["ps", "-A", "-o", f"pid=,ppid=,{measure}="], capture_output=True, text=True, check=True
        )
        lines = map(str.split, listed.stdout.splitlines())
        return [found for pid, parent, found in lines if server in (pid, parent)]

    def processor_times(self) -> dict[int, float]:
        """The seconds that the server and each of its engines have computed, by process id."""
        server = self.pids()["warehouse"]
        times: dict[int, float] = {}
        if not Path("/proc/self/stat").exists():
            listed = zip(self.processes("pid"), self.processes("time"), strict=False)
            return {int(pid): _seconds(computed) for pid, computed in listed}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # of a process that has ended
                pid, _, rest = stat.read_text().partition(" ")
                fields = rest.rpartition(") ")[2].split()  # man 5 proc_pid_stat, from the third on
                if server in (int(pid), int(fields[1])):
                    ticks = int(fields[11]) + int(fields[12])
                    times[int(pid)] = ticks / os.sysconf("SC_CLK_TCK")
        return times

    def computed_since(self, earlier: Mapping[int, float]) -> float:
        """The seconds that the server and its running engines have computed since earlier times."""
        now = self.processor_times()
        return sum(seconds - earlier.get(pid, 0) for pid, seconds in now.items())

    def computes(self) -> bool:
        """Whether the server and its engines compute for more than a tenth of the next second."""
        begun, before = time.monotonic(), self.processor_times()
        time.sleep(1)
        return self.computed_since(before) > 0.1 * (time.monotonic() - begun)

    def objects(self, url: str) -> list[str]:
        """The URLs of what is stored below a location, on S3 or on disk."""
        place = urlsplit(url)
        if place.scheme == "file":
            found = sorted(path for path in Path(place.path).rglob("*") if path.is_file())
            return [f"file://{path}" for path in found]
        prefix = f"{place.path.lstrip('/')}/"
        listed = self.s3.list_objects_v2(Bucket=place.netloc, Prefix=prefix)
        return [f"s3://{place.netloc}/{entry['Key']}" for entry in listed.get("Contents", [])]

    def read(self, url: str) -> bytes:
        """The content of an object or a file."""
        place = urlsplit(url)
        if place.scheme == "file":
            return Path(place.path).read_bytes()
        found = self.s3.get_object(Bucket=place.netloc, Key=place.path[1:])
        content: bytes = found["Body"].read()
        return content

    def write(self, url: str, body: bytes) -> None:
        """Put an object, or write a file with the folders above it."""
        place = urlsplit(url)
        if place.scheme == "file":
            Path(place.path).parent.mkdir(parents=True, exist_ok=True)
            Path(place.path).write_bytes(body)
        else:
            self.s3.put_object(Bucket=place.netloc, Key=place.path[1:], Body=body)

    def delete(self, url: str) -> None:
        """Delete an object or a file."""
        place = urlsplit(url)
        if place.scheme == "file":
            Path(place.path).unlink()
        else:
            self.s3.delete_object(Bucket=place.netloc, Key=place.path[1:])

    def land(self, *files: tuple[str, bytes]) -> str:
        """Put files under a prefix of their own; return its URL, with a slash at the end."""
        landing = urlsplit(self.env["LANDING_URL"])
        prefix = f"{landing.path.lstrip('/')}{uuid.uuid4().hex}/"
        for name, body in files:
            self.s3.put_object(Bucket=landing.netloc, Key=prefix + name, Body=body)
        return f"s3://{landing.netloc}/{prefix}"


def _seconds(text: str) -> float:
    """A time that ps prints: [hours:]minutes:seconds."""
    seconds = 0.0
    for part in text.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds
