"""The open sessions of all clients."""

from __future__ import annotations

import threading
import time

from local_warehouse import errors
from local_warehouse.session.session import Session

IDLE_SECONDS = 8 * 3600  # after which a session ends, as on a SQL warehouse


class Sessions:
    """The open sessions, by the 16 bytes of their ids.

    `idle_seconds` is how long a session may be unused; `remove_idle` ends those that were longer.
    """

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._sessions: dict[bytes, Session] = {}
        self._lock = threading.Lock()

    def remove_idle(self) -> list[bytes]:
        """End the sessions that were idle for too long, and return their ids."""
        since = time.monotonic() - self._idle_seconds
        with self._lock:
            idle = [guid for guid, s in self._sessions.items() if s.last_used < since]
            for guid in idle:
                del self._sessions[guid]
        return idle

    def touch(self, guid: bytes) -> None:
        """Note that a session is in use, if it is open."""
        session = self._sessions.get(guid)
        if session is not None:
            session.last_used = time.monotonic()

    def add(self, session: Session) -> None:
        """Open a session."""
        with self._lock:
            self._sessions[session.id.bytes] = session

    def get(self, guid: bytes) -> Session:
        """The open session of an id, which is in use now.

        Raises SqlError (INVALID_HANDLE.SESSION_NOT_FOUND).
        """
        self.touch(guid)
        try:
            return self._sessions[guid]
        except KeyError:
            message = f"Invalid SessionHandle: SessionHandle [{guid.hex()}]"
            raise errors.SqlError("INVALID_HANDLE.SESSION_NOT_FOUND", message) from None

    def remove(self, guid: bytes) -> Session | None:
        """Close a session, and return it if it was open."""
        with self._lock:
            return self._sessions.pop(guid, None)
