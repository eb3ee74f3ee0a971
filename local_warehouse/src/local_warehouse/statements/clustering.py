"""CLUSTER BY: the keys of liquid clustering, which are checked, kept and shown.

OPTIMIZE orders small tables by them. https://docs.databricks.com/aws/en/delta/clustering
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from local_warehouse import errors
from local_warehouse.catalog.model import Relation
from local_warehouse.statements.partitions import check_keys
from local_warehouse.statements.reader import StatementReader

_MOST_KEYS = 4
_WRONG_TYPE = "DELTA_CLUSTERING_COLUMNS_DATATYPE_NOT_SUPPORTED"
_WITHOUT_BOUNDS = ("array", "binary", "boolean", "map", "struct", "variant")


@dataclass(frozen=True)
class Clustering:
    """What CLUSTER BY asks for: some columns, AUTO, or neither of them, which is NONE."""

    keys: Sequence[str] = ()
    automatic: bool = False

    def check(
        self, columns: Mapping[str, str], partition_by: Sequence[str], is_managed: bool
    ) -> None:
        """Raise SqlError where a table of columns of these types, and of these partitions, cannot
        be clustered so."""
        if self.automatic and not is_managed:
            raise errors.SqlError(
                "CLUSTER_BY_AUTO_UNSUPPORTED_TABLE_TYPE_ERROR",
                "CLUSTER BY AUTO is only supported for Unity Catalog managed tables. Name the "
                "columns: CLUSTER BY (column, …).",
            )
        if partition_by and (self.keys or self.automatic):
            raise errors.SqlError(
                "SPECIFY_CLUSTER_BY_WITH_PARTITIONED_BY_IS_NOT_ALLOWED",
                "Cannot specify both CLUSTER BY and PARTITIONED BY.",
            )
        if len(self.keys) > _MOST_KEYS:
            raise errors.SqlError(
                "DELTA_CLUSTER_BY_INVALID_NUM_COLUMNS",
                f"CLUSTER BY for Liquid clustering supports up to {_MOST_KEYS} clustering columns, "
                f"but the table has {len(self.keys)} clustering columns. Please remove the extra "
                "clustering columns.",
            )
        check_keys("CLUSTER BY", self.keys, columns, _WITHOUT_BOUNDS, _WRONG_TYPE)

    def give_to(self, relation: Relation) -> None:
        """Give a relation these keys, spelled as its columns."""
        found = {column.name.lower(): column.name for column in relation.columns}
        relation.cluster_by = [found.get(key.lower(), key) for key in self.keys]
        relation.cluster_by_auto = self.automatic


def read(reader: StatementReader) -> Clustering:
    """Read what follows CLUSTER BY: AUTO, NONE or (column, …)."""
    word = reader.accept_any("AUTO", "NONE")
    if word is not None:
        return Clustering(automatic=word == "AUTO")
    return Clustering(reader.names_in_parentheses())


def alter(relation: Relation, wanted: Clustering) -> None:
    """Give a table other keys, or none."""
    if relation.partition_by and (wanted.keys or wanted.automatic):
        raise errors.SqlError(
            "DELTA_ALTER_TABLE_CLUSTER_BY_ON_PARTITIONED_TABLE_NOT_ALLOWED",
            "ALTER TABLE CLUSTER BY cannot be applied to a partitioned table.",
        )
    columns = {column.name: column.type for column in relation.columns}
    wanted.check(columns, relation.partition_by, relation.kind == "MANAGED")
    wanted.give_to(relation)
