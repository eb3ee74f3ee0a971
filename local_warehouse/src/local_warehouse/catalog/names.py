"""Full names of relations and schemas, and how a short one is completed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from local_warehouse import errors


def quoted(*parts: str) -> str:
    """A dotted name with each part in backticks, as Databricks prints names in messages."""
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)


@dataclass(frozen=True, order=True)
class Name:
    """The full name of a relation or function, in lower case, as Unity Catalog compares names."""

    catalog: str
    schema: str
    table: str

    def __str__(self) -> str:
        return quoted(self.catalog, self.schema, self.table)


def schema_name(parts: list[str], catalog: str) -> tuple[str, str]:
    """The catalog and the name of a schema from one or two parts; `catalog` completes one.

    Raises SqlError (PARSE_SYNTAX_ERROR) for more parts.
    """
    if not 1 <= len(parts) <= 2:
        raise errors.syntax_error(f"A schema's name has one or two parts: {'.'.join(parts)}.")
    return parts[0] if len(parts) == 2 else catalog, parts[-1]


_LONGEST = 255
_FORBIDDEN = re.compile(r"[./ \x00-\x1f\x7f]")


def full_name(parts: list[str], namespace: tuple[str, str]) -> Name:
    """A relation's full name from one, two or three parts; the rest comes from the namespace.

    Raises SqlError (PARSE_SYNTAX_ERROR) for more parts.
    """
    lowered = [part.lower() for part in parts]
    if not 1 <= len(lowered) <= 3:
        raise errors.syntax_error(f"A name has one to three parts: {'.'.join(parts)}.")
    return Name(*[*namespace][: 3 - len(lowered)], *lowered)


def check_new(name: str) -> None:
    """Raise SqlError for the name of a new schema, relation or function that Unity Catalog does not
    take.

    https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-names
    """
    if len(name) > _LONGEST or _FORBIDDEN.search(name):
        raise errors.SqlError(
            "INVALID_SCHEMA_OR_RELATION_NAME",
            f"{quoted(name)} is not a valid name: it has up to {_LONGEST} characters, and no"
            " period, space, slash or control character.",
        )
