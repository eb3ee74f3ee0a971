"""Values and names as SQL text, from which nothing can break out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime


def strings(values: Iterable[str]) -> str:
    """String literals with commas between them."""
    return ", ".join(string(value) for value in values)


def string(value: str) -> str:
    r"""A string literal: `it's` becomes `'it\'s'`, as Spark reads it.

    `${env:HOME}` becomes `$\{env:HOME}`, which is the same text: Spark puts variables in the place
    of `${…}` before it parses a statement, within literals too. The escapes are those of
    https://docs.databricks.com/aws/en/sql/language-manual/data-types/string-type
    """
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("${", "$\\{")
    return f"'{escaped}'"


def identifier(name: str) -> str:
    """A quoted name; a backtick in it is doubled."""
    return "`" + name.replace("`", "``") + "`"


def timestamp(moment: datetime) -> str:
    """A timestamp literal in UTC, whatever the session's time zone is."""
    return f"TIMESTAMP'{moment_text(moment)}'"


def moment_text(moment: datetime) -> str:
    """A moment as text that a cast reads in any session's time zone."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
