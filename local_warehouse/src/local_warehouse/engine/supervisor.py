"""The life of the engine's processes: one that grew, or does not stop a statement, is replaced.

Sail keeps some memory of every statement, and cannot stop all of them. When a process is replaced,
the next one starts beside it and gets all new statements. The old one ends when its statements have
finished and their results are read, or are left unread for long: their clients may be gone.
"""

from __future__ import annotations

import logging
import os
import threading
import time

from local_warehouse.engine.connection import Connection

# Bytes of its own above which a process is replaced. It starts with some 70 MiB.
_MEMORY = int(os.environ.get("LOCAL_WAREHOUSE_ENGINE_MIB", "384")) * 2**20
_RENEWAL_SECONDS = 5  # the least time from one such replacement to the next
# How long a process that was replaced waits for readers that do not ask for their rows.
_UNREAD_SECONDS = float(os.environ.get("LOCAL_WAREHOUSE_UNREAD_SECONDS", "600"))
_GRACE_SECONDS = 30  # for the other statements of a process that does not stop one
_POLL_SECONDS = 0.1
_log = logging.getLogger(__name__)


class Generations:
    """The connection that new statements use, and earlier ones that are still in use."""

    def __init__(self, url: str | None) -> None:
        """With a URL there is one connection, for ever."""
        self._url = url
        self._current = Connection(url)
        self._retired: list[Connection] = []
        self._lock = threading.Lock()  # around these two, and the beginning of a statement
        self._stopping: set[threading.Event] = set()  # set where the engine has answered or failed
        self._replacing = threading.Lock()
        self._next_renewal = 0.0

    def current(self) -> Connection:
        """The connection for new statements, to a process that runs: one that has ended is
        replaced."""
        connection = self._current
        if not connection.is_running:
            _log.warning("the engine has ended; starting another")
            self.replace(connection)
        return self._current

    def replace(self, connection: Connection) -> None:
        """Start another process in place of one that does not answer. On return the old one has
        exited, so it commits nothing any more."""
        self._replace(connection)
        self._end(connection, 0)
        connection.end()  # also where another thread is about to, so that it has exited now

    def begin(self, tag: str) -> Connection:
        """Begin a statement on the current connection, and return that: it is finished there. A
        process that was asked to stop another one answers first, or is replaced. A process above
        its memory limit is replaced meanwhile, in a thread."""
        for is_known in list(self._stopping):
            is_known.wait()
        connection = self.current()
        if connection.memory() > _MEMORY and time.monotonic() > self._next_renewal:
            self._next_renewal = time.monotonic() + _RENEWAL_SECONDS
            threading.Thread(target=self._renew, args=(connection,), daemon=True).start()
        with self._lock:
            self._current.begin(tag)
            return self._current

    def cancel(self, tag: str) -> None:
        """Cancel the statement with a tag, on whichever connection it runs. A process that does not
        stop it is replaced, and ended after 30 seconds of grace for its other statements."""
        with self._lock:
            connections = [self._current, *self._retired]
        for connection in connections:
            connection.cancel(tag)
            self._stopping.add(is_known := threading.Event())
            arguments = (connection, tag, is_known)
            threading.Thread(target=self._stop, args=arguments, daemon=True).start()

    def _stop(self, connection: Connection, tag: str, is_known: threading.Event) -> None:
        try:
            stops = connection.ask_to_stop(tag)
            if not stops:
                self._replace(connection)
        finally:
            self._stopping.discard(is_known)
            is_known.set()
        if not stops or connection.computes_for_nobody():
            _log.warning("the engine does not stop a canceled statement; it is replaced")
            self._replace(connection)
            self._end(connection, time.monotonic() + _GRACE_SECONDS)

    def _renew(self, connection: Connection) -> None:
        _log.info("the engine has %d MiB of memory; replacing it", connection.memory() // 2**20)
        self._replace(connection)
        awaited = time.monotonic()
        while connection.is_used and time.monotonic() - awaited < _UNREAD_SECONDS:
            time.sleep(_POLL_SECONDS)
            is_awaited = connection.is_awaited
            awaited = time.monotonic() if is_awaited else max(awaited, connection.last_read)
        if connection.is_used:
            _log.warning("nobody reads the rows that are left in a replaced engine; ending it")
        self._end(connection, 0)

    def _replace(self, old: Connection) -> None:
        with self._replacing:
            if self._current is not old:
                return
            fresh = Connection(self._url)
            with self._lock:
                self._current = fresh
                self._retired.append(old)

    def _end(self, old: Connection, deadline: float) -> None:
        """End a process that was replaced, when nothing uses it or at a deadline in monotonic
        seconds."""
        while old.is_used and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        with self._lock:
            if old not in self._retired:
                return
            self._retired.remove(old)
        old.end()
