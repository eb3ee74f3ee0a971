"""Sessions: what one client has set, named and left running."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field

from local_warehouse import errors
from local_warehouse.catalog.model import Function, Name


@dataclass
class TemporaryView:
    text: str
    namespace: tuple[str, str]
    columns: list[str] = field(default_factory=list)


@dataclass
class Session:
    catalog: str
    schema: str = "default"
    configuration: dict[str, str] = field(default_factory=dict)
    temporary_views: dict[str, TemporaryView] = field(default_factory=dict)
    temporary_functions: dict[str, Function] = field(default_factory=dict)
    user: str = "local"
    id: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def namespace(self) -> tuple[str, str]:
        return self.catalog, self.schema


class Sessions:
    """The open sessions, by id."""

    def __init__(self) -> None:
        self._sessions: dict[bytes, Session] = {}
        self._lock = threading.Lock()

    def add(self, session: Session) -> None:
        with self._lock:
            self._sessions[session.id.bytes] = session

    def get(self, guid: bytes) -> Session:
        try:
            return self._sessions[guid]
        except KeyError:
            message = f"Invalid SessionHandle: SessionHandle [{guid.hex()}]"
            raise errors.SqlError("INVALID_HANDLE.SESSION_NOT_FOUND", message, "HY000") from None

    def remove(self, guid: bytes) -> Session | None:
        with self._lock:
            return self._sessions.pop(guid, None)


def full_name(parts: list[str], namespace: tuple[str, str]) -> Name:
    """A relation's full name from one, two or three parts; the rest comes from the namespace."""
    lowered = [part.lower() for part in parts]
    if not 1 <= len(lowered) <= 3:
        raise errors.syntax_error(f"A name has one to three parts: {'.'.join(parts)}.")
    return Name(*[*namespace][: 3 - len(lowered)], *lowered)
