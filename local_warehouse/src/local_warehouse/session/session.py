"""Sessions: what one client has set, named and left running."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field

from local_warehouse import errors
from local_warehouse.catalog.model import Column, Function

# Settings that change results on Databricks, and the values that stand for how the engine computes.
# All other settings are kept and shown, and change nothing.
_UTC = {"utc", "etc/utc", "z", "gmt", "+00:00", "local"}
_RESULT_SETTINGS = {
    "timezone": _UTC,
    "spark.sql.session.timezone": _UTC,
    "ansi_mode": {"true"},
    "spark.sql.ansi.enabled": {"true"},
    "autocommit": {"true"},  # a rollback could not take back what has been committed
}


@dataclass
class TemporaryView:
    """A view that one session sees, and that ends with it."""

    text: str  # of its query
    namespace: tuple[str, str]  # catalog and schema of names in the text that have neither
    columns: list[Column]
    names: list[str]  # names that the view gives its columns; empty where they are its query's own


@dataclass
class Session:
    """One client's session: where names without namespace are looked up, and what it has set."""

    catalog: str
    schema: str = "default"
    configuration: dict[str, str] = field(default_factory=dict)
    temporary_views: dict[str, TemporaryView] = field(default_factory=dict)
    temporary_functions: dict[str, Function] = field(default_factory=dict)
    user: str = "local"
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    last_used: float = field(default_factory=time.monotonic)  # seconds of the monotonic clock

    @property
    def namespace(self) -> tuple[str, str]:
        """The current catalog and schema."""
        return self.catalog, self.schema

    def configure(self, name: str, value: str) -> None:
        """Keep a setting. Raises SqlError where its value would change results, which the engine
        cannot do."""
        accepted = _RESULT_SETTINGS.get(name.lower())
        if accepted is not None and value.lower() not in accepted:
            raise errors.unsupported(f"{name} = {value}")
        self.configuration[name] = value
