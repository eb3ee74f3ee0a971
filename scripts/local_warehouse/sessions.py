"""Sessions: what one client has set, named and left running."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field

from local_warehouse import errors
from local_warehouse.catalog.model import Column, Function, Name

IDLE_SECONDS = 8 * 3600  # after which a session ends, as on a SQL warehouse
# Settings that would change results, and the values for which they do not; the others are kept
# and shown, and change nothing.
_RESULT_SETTINGS = {
    "timezone": {"utc", "etc/utc", "z"},
    "spark.sql.session.timezone": {"utc", "etc/utc", "z"},
    "ansi_mode": {"true"},
    "spark.sql.ansi.enabled": {"true"},
}


@dataclass
class TemporaryView:
    text: str
    namespace: tuple[str, str]
    columns: list[Column]
    names: list[str]  # that the view gives them; none where they are its query's own


@dataclass
class Session:
    catalog: str
    schema: str = "default"
    configuration: dict[str, str] = field(default_factory=dict)
    temporary_views: dict[str, TemporaryView] = field(default_factory=dict)
    temporary_functions: dict[str, Function] = field(default_factory=dict)
    user: str = "local"
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    last_used: float = field(default_factory=time.monotonic)

    @property
    def namespace(self) -> tuple[str, str]:
        return self.catalog, self.schema

    def configure(self, name: str, value: str) -> None:
        accepted = _RESULT_SETTINGS.get(name.lower())
        if accepted is not None and value.lower() not in accepted:
            raise errors.unsupported(f"{name} = {value}")
        self.configuration[name] = value


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
            raise errors.SqlError("INVALID_HANDLE.SESSION_NOT_FOUND", message, "HY000") from None

    def remove(self, guid: bytes) -> Session | None:
        with self._lock:
            return self._sessions.pop(guid, None)


def schema_name(parts: list[str], catalog: str) -> tuple[str, str]:
    """The catalog and the name of a schema from one or two parts."""
    if not 1 <= len(parts) <= 2:
        raise errors.syntax_error(f"A schema's name has one or two parts: {'.'.join(parts)}.")
    return parts[0] if len(parts) == 2 else catalog, parts[-1]


def full_name(parts: list[str], namespace: tuple[str, str]) -> Name:
    """A relation's full name from one, two or three parts; the rest comes from the namespace."""
    lowered = [part.lower() for part in parts]
    if not 1 <= len(lowered) <= 3:
        raise errors.syntax_error(f"A name has one to three parts: {'.'.join(parts)}.")
    return Name(*[*namespace][: 3 - len(lowered)], *lowered)
