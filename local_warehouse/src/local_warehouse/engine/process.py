"""Sail in a process of its own, so that a query which Sail does not stop ends with its process.

The process ends when its standard input is closed, so it never outlives the warehouse. A line on
its standard input asks for its processor time, which it prints.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from local_warehouse.errors import EngineEnded

_IDLE_SECONDS = 365 * 86400  # until Sail ends the one session; its default is 15 minutes
# A query keeps as many of its threads as there are processors; those beside them answer the others.
_THREADS = 6 + (os.cpu_count() or 2)
_SETTINGS = {
    "SAIL_SPARK__SESSION_TIMEOUT_SECS": str(_IDLE_SECONDS),
    "TOKIO_WORKER_THREADS": str(_THREADS),
}
_NOT_FOR_IT = "MIMALLOC_PURGE_DELAY"  # is for the warehouse's heap, and Sail's is of the same kind


class EngineProcess:
    """A running Spark Connect server of Sail, on a loopback port of its own choice."""

    def __init__(self) -> None:
        """Start it, and wait until it listens. Raises RuntimeError if it ends before."""
        environment = {"RUST_LOG": "warn"} | os.environ | _SETTINGS
        environment.pop(_NOT_FOR_IT, None)
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._lock = threading.Lock()
        port = self._read()
        self.url = f"sc://127.0.0.1:{port}"

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            raise RuntimeError(f"the engine ended with exit code {self._process.wait()}")
        return line

    @property
    def is_running(self) -> bool:
        """Whether the process has not exited."""
        return self._process.poll() is None

    def processor_seconds(self) -> float:
        """Seconds that its threads have computed, in total. Raises EngineEnded where it has
        exited."""
        with self._lock:
            assert self._process.stdin is not None
            try:
                print(file=self._process.stdin, flush=True)
                return float(self._read())
            except (OSError, ValueError, RuntimeError) as error:
                raise EngineEnded from error

    def memory(self) -> int:
        """Resident bytes without the files that it shares; 0 where the system does not say, which
        is outside Linux."""
        try:
            _, resident, shared, *_ = Path(f"/proc/{self._process.pid}/statm").read_text().split()
        except (OSError, ValueError):
            return 0
        return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")

    def kill(self) -> None:
        """Kill the process, and return when it has exited. Several threads may call it."""
        self._process.kill()
        self._process.wait()
        with self._lock:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with suppress(OSError):  # closing flushes what could not be sent
                        pipe.close()


def main() -> None:
    """Serve until standard input is closed; what the process runs."""
    from pysail.spark import SparkConnectServer

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the warehouse ends it
    server = SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    address = server.listening_address
    assert address is not None
    print(address[1], flush=True)
    for _ in sys.stdin:
        print(time.process_time(), flush=True)
    os._exit(0)  # at once, whatever Sail still computes


if __name__ == "__main__":
    main()
