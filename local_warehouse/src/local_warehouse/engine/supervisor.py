"""The life of the engine's processes: a fresh one takes over from one that grew or does not stop.

Sail keeps some memory of every statement, and cannot stop each of them. So a process is replaced,
and nobody notices: the next one starts beside it, then new statements go to that one, and the old
one ends when nobody uses it any more, or only readers who do not read: their clients may be gone.
"""

from __future__ import annotations

import logging
import os
import threading
import time

from local_warehouse.engine.connection import Connection

# Above this memory of its own a process is replaced. It starts with some 70 MiB.
_MEMORY = int(os.environ.get("LOCAL_WAREHOUSE_ENGINE_MIB", "384")) * 2**20
_RENEWAL_SECONDS = 20  # from one such replacement to the next, at the least
# For those who have rows to read from a process that was replaced, and do not ask for them.
_UNREAD_SECONDS = float(os.environ.get("LOCAL_WAREHOUSE_UNREAD_SECONDS", "600"))
_GRACE_SECONDS = 30  # for those who use a process that does not stop a statement
_POLL_SECONDS = 0.1
_log = logging.getLogger(__name__)


class Generations:
    """The connection that new statements use, and those before it that are still used."""

    def __init__(self, url: str | None) -> None:
        """Of a server at a URL there is one for ever."""
        self._url = url
        self._current = Connection(url)
        self._retired: list[Connection] = []
        self._lock = threading.Lock()  # around these two, and the beginning of a statement
        self._replacing = threading.Lock()
        self._next_renewal = 0.0

    def current(self) -> Connection:
        connection = self._current
        if not connection.is_running:
            _log.warning("the engine has ended; starting another")
            self.replace(connection)
        return self._current

    def replace(self, connection: Connection) -> None:
        """Have another process in place of one that does not answer. When this returns, the old
        one has ended: it commits nothing any more."""
        self._replace(connection)
        self._end(connection, 0)
        connection.end()  # also if another thread is about to

    def begin(self, tag: str) -> Connection:
        """Begin a statement on the current connection; finish it there."""
        connection = self.current()
        if connection.memory() > _MEMORY and time.monotonic() > self._next_renewal:
            self._next_renewal = time.monotonic() + _RENEWAL_SECONDS
            threading.Thread(target=self._renew, args=(connection,), daemon=True).start()
        with self._lock:
            self._current.begin(tag)
            return self._current

    def cancel(self, tag: str) -> None:
        """End what runs with a tag, wherever it does. A process that does not stop it is replaced
        and ended."""
        with self._lock:
            connections = [self._current, *self._retired]
        for connection in connections:
            connection.cancel(tag)
            threading.Thread(target=self._stop, args=(connection, tag), daemon=True).start()

    def _stop(self, connection: Connection, tag: str) -> None:
        if not connection.stop(tag):
            _log.warning("the engine does not stop a canceled statement; replacing it")
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
        """End a process that was replaced as soon as nobody uses it, or at the deadline."""
        while old.is_used and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        with self._lock:
            if old not in self._retired:
                return
            self._retired.remove(old)
        old.end()
