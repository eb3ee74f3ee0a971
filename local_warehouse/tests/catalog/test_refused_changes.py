"""Statements whose change the catalog's file refuses: what sessions see stays as it was.

The file refuses by a trigger, as it would when the disk is full.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from warehouse_under_test import WarehouseUnderTest

_TABLES = ("catalogs", "schemas", "relations", "functions", "grants", "groups", "copied_files")
_INFORMATION = {  # tables of information_schema, and their column of schemas' names
    "tables": "table_schema", "views": "table_schema", "columns": "table_schema",
    "table_constraints": "table_schema", "table_tags": "schema_name", "column_tags": "schema_name",
    "schema_tags": "schema_name", "column_masks": "table_schema", "row_filters": "table_schema",
    "schemata": "schema_name", "routines": "routine_schema",
}  # fmt: skip
_OF_CATALOG = [
    "alter table {s}.t set tags ('a' = 'new')",
    "alter table {s}.t unset tags ('team')",
    "alter table {s}.t owner to somebody",
    "alter table {s}.t set tblproperties ('a' = 'new')",
    "alter table {s}.t unset tblproperties ('kept')",
    "alter table {s}.t cluster by (id)",
    "alter table {s}.t set row filter {s}.f on (id)",
    "alter table {s}.t add constraint k primary key (id)",
    "alter table {s}.t alter column id comment 'new'",
    "alter table {s}.t alter column id set tags ('a' = 'new')",
    "alter table {s}.t alter column id set mask {s}.f",
    "alter table {s}.t rename to {s}.new",
    "alter view {s}.v as select 1 as new",
    "alter schema {s} set tags ('a' = 'new')",
    "alter schema {s} set dbproperties ('a' = 'new')",
    "comment on catalog main is 'new of {s}'",
    "comment on schema {s} is 'new'",
    "comment on table {s}.t is 'new'",
    "comment on column {s}.t.id is 'new'",
    "create catalog new_{s}",
    "create schema new_{s}",
    "create table {s}.new (id int)",
    "create table {s}.new as select 1 as id",
    "create table {s}.new deep clone {s}.t",
    "create view {s}.new as select 1 as id",
    "create or replace view {s}.v as select 1 as new",
    "create function {s}.new(x int) returns int return x",
    "create or replace function {s}.f(x int) returns int return x + 1",
    "create group new_{s}",
    "drop table {s}.t",
    "drop view {s}.v",
    "drop function {s}.f",
    "drop schema {s} cascade",
    "grant modify on table {s}.t to users",
    "revoke select on table {s}.t from users",
]
_OF_LOG_TOO = [
    pytest.param("alter table {t} add column new int", id="ADD COLUMN"),
    pytest.param("alter table {t} drop column price", id="DROP COLUMN"),
    pytest.param("alter table {t} alter column price first", id="ALTER COLUMN FIRST"),
    pytest.param("alter table {t} alter column id drop not null", id="DROP NOT NULL"),
    pytest.param("alter table {t} alter column price set not null", id="SET NOT NULL"),
    pytest.param("alter table {t} alter column id type bigint", id="wider type"),
    pytest.param("alter table {t} add constraint positive check (id > 0)", id="ADD CHECK"),
    pytest.param("alter table {t} drop constraint small", id="DROP CHECK"),
    pytest.param("create or replace table {t} (new int) comment 'new'", id="CREATE OR REPLACE"),
    pytest.param("create or replace table {t} as select 1 as new", id="CREATE OR REPLACE AS"),
    pytest.param(
        "insert with schema evolution into {t} by name select 5 as id, 'x' as new",
        id="INSERT WITH SCHEMA EVOLUTION",
    ),
    pytest.param(
        "merge with schema evolution into {t} as t using (select 5 as id, 'x' as new) as s"
        " on t.id = s.id when not matched then insert (id, new) values (s.id, s.new)",
        id="MERGE WITH SCHEMA EVOLUTION",
    ),
    pytest.param("restore table {t} to version as of 0", id="RESTORE"),
]
_TABLE = (
    "create table {t} (id int not null comment 'of a sale', price double,"
    " constraint small check (id < 100)) tblproperties ('kept' = 'yes')"
)


@pytest.fixture(scope="module")
def filled(warehouse: WarehouseUnderTest) -> Iterator[str]:
    """A schema in which each statement has something to change."""
    schema = f"s_{uuid.uuid4().hex[:12]}"
    for statement in (
        "create schema {s}",
        _TABLE.format(t="{s}.t"),
        "alter table {s}.t set tags ('team' = 'sales')",
        "insert into {s}.t values (1, 2.5)",
        "create view {s}.v as select id from {s}.t",
        "create function {s}.f(x int) returns int return x",
        "grant select on table {s}.t to users",
    ):
        warehouse.sql(statement.format(s=schema))
    yield schema
    warehouse.sql(f"drop schema {schema} cascade")


@contextmanager
def _refusing(file: Path) -> Iterator[None]:
    """While this lasts, nothing can be put into the catalog's file or taken out of it."""
    verbs = ("insert", "update", "delete")
    triggers = {f"{verb}_{table}": (verb, table) for table in _TABLES for verb in verbs}
    with closing(sqlite3.connect(file)) as database:
        for name, (verb, table) in triggers.items():
            body = "select raise(abort, 'the disk is full')"
            database.execute(f"create trigger {name} before {verb} on {table} begin {body}; end")
        try:
            yield
        finally:
            for name in triggers:
                database.execute(f"drop trigger {name}")


def _seen(warehouse: WarehouseUnderTest, schema: str) -> dict[str, object]:
    """What sessions see of a schema, but the rows of its tables."""
    information = " union all ".join(
        f"select '{table}' as of, to_json(struct(*)) as row"
        f" from main.information_schema.{table} where {column} like '%{schema}'"
        for table, column in _INFORMATION.items()
    )
    with closing(warehouse.connect()) as connection, closing(connection.cursor()) as cursor:

        def rows(statement: str) -> list[str]:
            return sorted(map(str, cursor.execute(statement).fetchall()))

        cursor.execute(f"show tables in {schema}")
        names = [row.tableName for row in cursor.fetchall()]
        return {
            "information": rows(information),
            "catalogs": rows("select * from main.information_schema.catalogs"),
            "groups": rows("show groups"),
            "tables": [rows(f"show create table {schema}.{name}") for name in names],
            "grants": [rows(f"show grants on table {schema}.{name}") for name in names],
            "schema": rows(f"describe schema extended {schema}"),
        }


def _refuse(warehouse: WarehouseUnderTest, statement: str) -> None:
    with _refusing(warehouse.state / "catalog.sqlite"):
        assert "the disk is full" in warehouse.fails(statement, "INTERNAL_ERROR")


@pytest.fixture(scope="module")
def before(warehouse: WarehouseUnderTest, filled: str) -> dict[str, object]:
    """What sessions see of the schema before any statement."""
    return _seen(warehouse, filled)


@pytest.mark.parametrize("statement", _OF_CATALOG, ids=lambda s: s.replace("{s}", "s"))
def test_a_change_that_the_file_refuses_is_not_seen(
    warehouse: WarehouseUnderTest, filled: str, before: dict[str, object], statement: str
) -> None:
    _refuse(warehouse, statement.format(s=filled))
    assert _seen(warehouse, filled) == before


@pytest.mark.parametrize("statement", _OF_LOG_TOO)
def test_a_change_of_log_and_catalog_that_the_file_refuses_can_be_made_again(
    warehouse: WarehouseUnderTest, schema: str, statement: str
) -> None:
    """The table's log has it already; the catalog, and so what sessions see, has not."""
    for prepared in (_TABLE, "insert into {t} values (1, 2.5)"):
        warehouse.sql(prepared.format(t=f"{schema}.t"))
    old = _seen(warehouse, schema)
    statement = statement.format(t=f"{schema}.t")
    _refuse(warehouse, statement)
    assert _seen(warehouse, schema) == old
    warehouse.sql(statement)
    assert _seen(warehouse, schema) != old
    warehouse.sql(f"select * from {schema}.t")
