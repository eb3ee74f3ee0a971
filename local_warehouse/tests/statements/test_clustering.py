"""Liquid clustering: the keys of CLUSTER BY are checked, kept, shown, changed and removed."""

from __future__ import annotations

import json
from typing import Any

import pytest


def _keys(warehouse: Any, table: str) -> tuple[str | None, bool]:
    """The keys of a table, as each statement that shows them agrees on, and whether they are
    automatic."""
    properties = {p["key"]: p["value"] for p in warehouse.sql(f"show tblproperties {table}")}
    document = json.loads(
        warehouse.sql(f"describe table extended {table} as json")[0]["json_metadata"]
    )
    detail = warehouse.sql(f"describe detail {table}")[0]
    shown = properties.get("clusteringColumns")
    automatic = properties.get("clusterByAuto") == "true"
    keys = [key for (key,) in json.loads(shown or "[]")]
    assert document["table_properties"] == properties
    assert (document["clustering_columns"], detail["clusterByAuto"]) == (keys, automatic)
    assert list(detail["clusteringColumns"]) == keys
    created = warehouse.sql(f"show create table {table}")[0]["createtab_stmt"]
    wanted = f"CLUSTER BY ({', '.join(f'`{key}`' for key in keys)})" if keys else "CLUSTER BY AUTO"
    assert (wanted in created) == bool(keys or automatic)
    return shown, automatic


def test_keys_are_shown_changed_and_removed(warehouse: Any, schema: str) -> None:
    table = f"{schema}.t"
    warehouse.sql(f"create table {table} (Id int, b string, c date) cluster by (id, B)")
    assert _keys(warehouse, table) == ('[["Id"],["b"]]', False)
    for clause, keys in (
        ("(c)", ('[["c"]]', False)),
        ("auto", ("[]", True)),
        ("(b, c)", ('[["b"],["c"]]', False)),
        ("none", (None, False)),
        ("(b)", ('[["b"]]', False)),
    ):
        warehouse.sql(f"alter table {table} cluster by {clause}")
        assert _keys(warehouse, table) == keys
    warehouse.sql(f"alter table {table} rename column b to d")
    assert _keys(warehouse, table) == ('[["d"]]', False)
    warehouse.sql(f"create table {schema}.l like {table}")
    warehouse.sql(f"create table {schema}.c deep clone {table}")
    assert _keys(warehouse, f"{schema}.l") == _keys(warehouse, f"{schema}.c") == ('[["d"]]', False)
    for clause, keys in (("cluster by (a)", ('[["a"]]', False)), ("cluster by auto", ("[]", True)),
                         ("", (None, False))):  # fmt: skip
        warehouse.sql(f"create or replace table {table} {clause} as select 1 as a, 2 as b")
        assert _keys(warehouse, table) == keys


@pytest.mark.parametrize(
    ("statement", "condition"),
    [
        ("create table {s}.n (a int) cluster by (b)", "UNRESOLVED_COLUMN"),
        ("create table {s}.n cluster by (b) as select 1 as a", "UNRESOLVED_COLUMN"),
        ("alter table {s}.t cluster by (a, z)", "UNRESOLVED_COLUMN"),
        ("alter table {s}.t cluster by (a, A)", "DELTA_DUPLICATE_COLUMNS_FOUND"),
        (
            "create table {s}.n (a int, b boolean) cluster by (b)",
            "DELTA_CLUSTERING_COLUMNS_DATATYPE_NOT_SUPPORTED",
        ),
        (
            "create table {s}.n cluster by (b) as select array(1) as b",
            "DELTA_CLUSTERING_COLUMNS_DATATYPE_NOT_SUPPORTED",
        ),
        ("alter table {s}.t cluster by (a, b, c, d, e)", "DELTA_CLUSTER_BY_INVALID_NUM_COLUMNS"),
        (
            "create table {s}.n (a int) partitioned by (a) cluster by (a)",
            "SPECIFY_CLUSTER_BY_WITH_PARTITIONED_BY_IS_NOT_ALLOWED",
        ),
        (
            "alter table {s}.p cluster by auto",
            "DELTA_ALTER_TABLE_CLUSTER_BY_ON_PARTITIONED_TABLE_NOT_ALLOWED",
        ),
        (
            "create table {s}.n (a int) cluster by auto location '{l}'",
            "CLUSTER_BY_AUTO_UNSUPPORTED_TABLE_TYPE_ERROR",
        ),
        ("optimize {s}.t zorder by (b)", "DELTA_CLUSTERING_WITH_ZORDER_BY"),
        ("alter table {s}.t drop column a", "DELTA_UNSUPPORTED_DROP_CLUSTERING_COLUMN"),
    ],
)
def test_keys_that_cannot_be_are_refused(
    warehouse: Any, tables: str, statement: str, condition: str
) -> None:
    location = f"{warehouse.env['LAKEHOUSE_URL']}/{tables}"
    warehouse.fails(statement.format(s=tables, l=location), condition)
    assert [t["tableName"] for t in warehouse.sql(f"show tables in {tables}")] == ["p", "t"]
    assert _keys(warehouse, f"{tables}.t") == ('[["a"]]', False)


@pytest.fixture(scope="module")
def tables(warehouse: Any) -> Any:
    """A schema with a clustered and a partitioned table."""
    schema = "clustered_tables"
    warehouse.sql(f"create schema {schema}")
    warehouse.sql(f"create table {schema}.t (a int, b int, c int, d int, e int) cluster by (a)")
    warehouse.sql(f"create table {schema}.p (a int, b int) partitioned by (b)")
    yield schema
    warehouse.sql(f"drop schema {schema} cascade")
