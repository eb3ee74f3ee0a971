"""PARTITIONED BY, and what its columns and those of CLUSTER BY have in common.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-partition
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from local_warehouse import errors

_NESTED = ("array", "binary", "map", "struct", "variant")


def check(names: Sequence[str], columns: Mapping[str, str]) -> None:
    """Raise SqlError where a table of columns of these types cannot be partitioned by these."""
    check_keys("PARTITIONED BY", names, columns, _NESTED, "DELTA_INVALID_PARTITION_COLUMN_TYPE")
    if names and len(names) == len(columns):
        raise errors.SqlError(
            "DELTA_CANNOT_USE_ALL_COLUMNS_FOR_PARTITION_COLUMNS",
            "Cannot use all columns for partition columns: one is left for the files at least.",
        )


def check_keys(
    clause: str,
    names: Sequence[str],
    columns: Mapping[str, str],
    refused: tuple[str, ...],
    condition: str,
) -> None:
    """Raise SqlError where a clause names a column that is not there, or twice, and, by this
    condition, one whose type begins with a word that is refused."""
    types = {name.lower(): data_type.lower() for name, data_type in columns.items()}
    asked = [name.lower() for name in names]
    for name in asked:
        if name not in types:
            raise errors.column_not_found(name, "the table's columns")
        if asked.count(name) > 1:
            raise errors.SqlError("DELTA_DUPLICATE_COLUMNS_FOUND", f"{clause} names {name} twice.")
        if types[name].startswith(refused):
            raise errors.SqlError(
                condition,
                f"{clause} does not take the column {name} of the type {types[name].upper()}.",
            )
