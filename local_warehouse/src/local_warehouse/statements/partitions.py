"""PARTITIONED BY: which columns a table can be partitioned by.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-partition
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from local_warehouse import errors

_NESTED = ("array", "binary", "map", "struct", "variant")


def check(names: Sequence[str], columns: Mapping[str, str]) -> None:
    """Raise SqlError where a table of columns of these types cannot be partitioned by these."""
    types = {name.lower(): data_type.lower() for name, data_type in columns.items()}
    asked = [name.lower() for name in names]
    for name in asked:
        if name not in types:
            raise errors.column_not_found(name, "the table's columns")
        if asked.count(name) > 1:
            raise errors.SqlError(
                "DELTA_DUPLICATE_COLUMNS_FOUND", f"PARTITIONED BY names {name} twice."
            )
        if types[name].startswith(_NESTED):
            raise errors.SqlError(
                "DELTA_INVALID_PARTITION_COLUMN_TYPE",
                f"Using the column {name} of the type {types[name].upper()} as a partition column"
                " is not supported.",
            )
    if asked and len(asked) == len(types):
        raise errors.SqlError(
            "DELTA_CANNOT_USE_ALL_COLUMNS_FOR_PARTITION_COLUMNS",
            "Cannot use all columns for partition columns: one is left for the files at least.",
        )
