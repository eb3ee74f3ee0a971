"""Sessions: what one client has set, named and left running."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field

from local_warehouse import errors
from local_warehouse.catalog.model import Column, Function

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
