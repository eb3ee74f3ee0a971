"""NEW local_warehouse/src/local_warehouse/protocol/sessions.py"""

from __future__ import annotations

import threading
import time

from local_warehouse import errors
from local_warehouse.session.session import Session

IDLE_SECONDS = 8 * 3600  # after which a session ends, as on a SQL warehouse


class Sessions:
    """The open sessions, by id. One that nobody has used for long is closed when it or another
    one is asked for."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._sessions: dict[bytes, Session] = {}
        self._lock = threading.Lock()

    def remove_idle(self) -> list[bytes]:
        """The ids of sessions that have ended by this."""
        since = time.monotonic() - self._idle_seconds
        with self._lock:
            idle = [guid for guid, s in self._sessions.items() if s.last_used < since]
            for guid in idle:
                del self._sessions[guid]
        return idle

    def touch(self, guid: bytes) -> None:
        session = self._sessions.get(guid)
        if session is not None:
            session.last_used = time.monotonic()

    def add(self, session: Session) -> None:
        with self._lock:
            self._sessions[session.id.bytes] = session

    def get(self, guid: bytes) -> Session:
        self.touch(guid)
        try:
            return self._sessions[guid]
        except KeyError:
            message = f"Invalid SessionHandle: SessionHandle [{guid.hex()}]"
            raise errors.SqlError("INVALID_HANDLE.SESSION_NOT_FOUND", message) from None

    def remove(self, guid: bytes) -> Session | None:
        with self._lock:
            return self._sessions.pop(guid, None)
