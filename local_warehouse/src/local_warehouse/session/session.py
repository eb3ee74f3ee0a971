"""Sessions: what one client has set, named and left running."""

from __future__ import annotations

import re
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
    "ansi_mode": {"true", "false"},  # without it, only what the engine answers as it is meant
    "spark.sql.ansi.enabled": {"true"},
    "autocommit": {"true"},  # a rollback could not take back what has been committed
}
_TIMEOUT = "statement_timeout"
# The parameters that Databricks documents, and their values where nobody has set them:
# https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-parameters
_DEFAULTS = {
    "ansi_mode": "true",
    "enable_photon": "true",
    "legacy_time_parser_policy": "EXCEPTION",
    "max_file_partition_bytes": "128m",
    "read_only_external_metastore": "false",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timezone": "UTC",
    _TIMEOUT: "172800",  # seconds
    "timezone": "UTC",
    "use_cached_result": "true",
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

    @property
    def is_ansi(self) -> bool:
        """Whether statements are in ANSI mode, as the engine is."""
        return self.configuration.get("ansi_mode", "true").lower() == "true"

    @property
    def timeout(self) -> float | None:
        """After how many seconds its statements are canceled, where it has said so."""
        seconds = int(self.configuration.get(_TIMEOUT, "0"))
        return float(seconds) if seconds > 0 else None

    def configure(self, name: str, value: str) -> None:
        """Keep a setting. Raises SqlError where its value would change results, which the engine
        cannot do, and for a timeout that is no whole number."""
        if name.lower() == _TIMEOUT and not re.fullmatch(r"\d{1,9}", value.strip(), re.ASCII):
            message = f"STATEMENT_TIMEOUT is a whole number of seconds, and not {value!r}."
            raise errors.SqlError("INVALID_PARAMETER_VALUE", message)
        accepted = _RESULT_SETTINGS.get(name.lower())
        if accepted is not None and value.lower() not in accepted:
            raise errors.unsupported(f"{name} = {value}")
        self.configuration[_spelled(name)] = value

    def setting(self, name: str) -> str | None:
        """The value of a setting: that of this session, or the default of a parameter."""
        spelled = _spelled(name)
        return self.configuration.get(spelled, _DEFAULTS.get(spelled))

    def settings(self) -> dict[str, str]:
        """All settings of this session and all parameters."""
        return _DEFAULTS | self.configuration

    def reset(self, name: str) -> None:
        """Forget what this session has set."""
        self.configuration.pop(_spelled(name), None)


def _spelled(name: str) -> str:
    """A name as it is kept: case does not count in those of parameters."""
    return name.lower() if name.lower() in _DEFAULTS else name
