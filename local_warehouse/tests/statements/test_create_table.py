"""CREATE TABLE: its place, its columns, and what takes the place of what was there."""

from __future__ import annotations

from typing import Any

import pytest


def version(warehouse: Any, table: str) -> int:
    """A table's newest version."""
    return int(warehouse.sql(f"describe history {table} limit 1")[0]["version"])


def test_an_external_table_is_a_delta_table_at_its_location(warehouse: Any, schema: str) -> None:
    location = f"{warehouse.env['LAKEHOUSE_URL']}/{schema}/t"
    warehouse.sql(f"create table {schema}.t (id int not null, name string) location '{location}'")
    warehouse.sql(f"insert into {schema}.t values (1, 'it\\'s'), (2, null)")
    assert warehouse.sql(f"select * from {schema}.t order by id") == [
        {"id": 1, "name": "it's"},
        {"id": 2, "name": None},
    ]
    key = location.removeprefix("s3://").partition("/")[2]
    bucket = location.removeprefix("s3://").partition("/")[0]
    log = warehouse.s3.list_objects_v2(Bucket=bucket, Prefix=f"{key}/_delta_log/")
    assert log["KeyCount"] >= 2
    warehouse.sql(f"drop table {schema}.t")
    assert warehouse.s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"] > 0
    warehouse.sql(f"create table {schema}.t location '{location}'")
    assert len(warehouse.sql(f"select * from {schema}.t")) == 2


def test_a_managed_tables_files_go_with_it(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t as select 1 as id")
    location = warehouse.sql(f"describe detail {schema}.t")[0]["location"]
    assert warehouse.objects(location)
    warehouse.sql(f"drop table {schema}.t")
    assert not warehouse.objects(location)


def test_create_or_replace_keeps_history_and_takes_the_new_columns(
    warehouse: Any, schema: str
) -> None:
    warehouse.sql(f"create table {schema}.t as select 1 as a, 'x' as b")
    warehouse.sql(f"alter table {schema}.t add constraint positive check (a > 0)")
    before = version(warehouse, f"{schema}.t")
    warehouse.sql(f"create or replace table {schema}.t as select -b.a as z, b.b from {schema}.t b")
    assert warehouse.sql(f"select * from {schema}.t") == [{"z": -1, "b": "x"}]
    assert version(warehouse, f"{schema}.t") > before
    assert warehouse.sql(f"select * from {schema}.t version as of 0") == [{"a": 1, "b": "x"}]
    assert warehouse.sql(f"select * from {schema}.t@v0") == [{"a": 1, "b": "x"}]
    warehouse.sql(f"create or replace table {schema}.t (k bigint)")
    assert warehouse.sql(f"select * from {schema}.t") == []


def test_a_failing_query_leaves_the_table_as_it_was(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t as select 1 as a")
    before = version(warehouse, f"{schema}.t")
    warehouse.fails(
        f"create or replace table {schema}.t as select cast(x as int) as a"
        " from (values ('1'), ('one')) as v(x)",
        "CAST_INVALID_INPUT",
    )
    assert warehouse.sql(f"select * from {schema}.t") == [{"a": 1}]
    assert version(warehouse, f"{schema}.t") == before


def test_a_table_that_breaks_its_constraints_is_not_made(warehouse: Any, schema: str) -> None:
    broken = f"create table {schema}.t (id int, constraint c check (nope > 0))"
    warehouse.fails(broken, "UNRESOLVED_COLUMN")
    warehouse.fails(f"select * from {schema}.t", "TABLE_OR_VIEW_NOT_FOUND")
    for twice in ("table {}.t (a int, A int)", "view {}.t as select 1 as a, 2 as A"):
        warehouse.fails(f"create {twice.format(schema)}", "COLUMN_ALREADY_EXISTS")


def test_names_that_delta_does_not_take_need_column_mapping(warehouse: Any, schema: str) -> None:
    mapping = "tblproperties ('delta.columnMapping.mode' = 'name')"
    refused = "DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES"
    warehouse.fails(f"create table {schema}.t (`order id` int)", refused)
    warehouse.fails(f"create table {schema}.t as select count(*)", refused)
    warehouse.sql(f"create table {schema}.t (`order id` int) {mapping}")
    warehouse.sql(f"create table {schema}.c clone {schema}.t")
    warehouse.sql(f"create table {schema}.p as select 1 as id")
    warehouse.fails(f"alter table {schema}.p add column `a=b` int", refused)
    warehouse.fails(f"alter table {schema}.p rename column id to `a;b`", refused)
    assert [row["col_name"] for row in warehouse.sql(f"show columns in {schema}.p")] == ["id"]


def test_a_table_like_another_has_its_definition_and_none_of_its_rows(
    warehouse: Any, schema: str
) -> None:
    warehouse.sql(
        f"create table {schema}.t (id int not null comment 'key', d date) partitioned by (d)"
        " comment 'as it was'"
    )
    warehouse.sql(f"insert into {schema}.t values (1, current_date())")
    warehouse.sql(f"create table {schema}.l like {schema}.t")
    assert warehouse.sql(f"select * from {schema}.l") == []
    described = warehouse.sql(f"describe table {schema}.l")
    assert described == warehouse.sql(f"describe table {schema}.t")
    warehouse.fails(f"insert into {schema}.l values (null, null)", "DELTA_NOT_NULL_CONSTRAINT")


def test_names_of_fields_keep_their_case(warehouse: Any, schema: str) -> None:
    warehouse.sql(
        f"create table {schema}.cased (s STRUCT<fooBar: INT, l: ARRAY<STRUCT<`A b` STRING>>>)"
    )
    shown = warehouse.sql(f"describe {schema}.cased")[0]["data_type"]
    assert shown == "struct<fooBar:int,l:array<struct<`A b`:string>>>"
    statement = warehouse.sql(f"show create table {schema}.cased")[0]["createtab_stmt"]
    assert "STRUCT<fooBar:INT,L" not in statement
    assert "STRUCT<fooBar:INT,l:ARRAY<STRUCT<`A b`:STRING>>>" in statement
    warehouse.sql(f"alter table {schema}.cased add columns (m STRUCT<camelCase: INT>)")
    added = warehouse.sql(f"describe {schema}.cased")[1]["data_type"]
    assert added == "struct<camelCase:int>"


@pytest.mark.parametrize(
    ("name", "values", "wrong"),
    [
        ("delta.appendOnly", ["true", "FALSE"], ["maybe", "1", ""]),
        ("Delta.enableChangeDataFeed", ["false"], ["yes"]),
        ("delta.checkpointInterval", ["1", "100"], ["0", "-5", "x", "1.5"]),
        ("delta.dataSkippingNumIndexedCols", ["-1", "0", "32"], ["-2", ""]),
        (
            "delta.logRetentionDuration",
            ["interval 30 days", "2 weeks", "interval 1 week 2 days"],
            ["30", "interval 1 month", "1 year", "days"],
        ),
        ("delta.columnMapping.mode", ["name", "none"], ["names"]),
        ("delta.isolationLevel", ["Serializable", "WriteSerializable"], ["ReadCommitted"]),
        ("delta.minReaderVersion", ["1", "3"], ["0", "99"]),
        ("quality", ["anything", ""], []),
        ("delta.feature.deletionVectors", ["supported"], []),
    ],
)
def test_a_property_of_deltas_has_a_value_of_its_kind(
    warehouse: Any, schema: str, name: str, values: list[str], wrong: list[str]
) -> None:
    table = f"{schema}.t"
    warehouse.sql(f"create table {table} (a int)")
    for value in values:
        warehouse.sql(f"create or replace table {table} (a int) tblproperties ('{name}'='{value}')")
        warehouse.sql(f"alter table {table} set tblproperties ('{name}' = '{value}')")
    for value in wrong:
        properties = f"tblproperties ('{name}' = '{value}')"
        refused = "DELTA_CANNOT_SET_TABLE_PROPERTY"
        warehouse.fails(f"create or replace table {table} (a int) {properties}", refused)
        warehouse.fails(f"create or replace table {table} {properties} as select 1 as a", refused)
        warehouse.fails(f"alter table {table} set {properties}", refused)


def test_a_property_of_deltas_is_known_to_it(warehouse: Any, schema: str) -> None:
    table, wrong = f"{schema}.t", "tblproperties ('delta.appendOnIy' = 'true')"
    warehouse.fails(f"create table {table} (a int) {wrong}", "DELTA_UNKNOWN_CONFIGURATION")
    warehouse.sql(f"create table {table} (a int)")
    warehouse.fails(f"alter table {table} set {wrong}", "DELTA_UNKNOWN_CONFIGURATION")
    warehouse.sql(f"create view {schema}.v {wrong} as select 1 as a")


@pytest.mark.parametrize(
    ("partition", "refused"),
    [
        ("nope", "UNRESOLVED_COLUMN"),
        ("b, B", "DELTA_DUPLICATE_COLUMNS_FOUND"),
        ("m", "DELTA_INVALID_PARTITION_COLUMN_TYPE"),
        ("a, b, m", "DELTA_INVALID_PARTITION_COLUMN_TYPE"),
        ("a, b", "DELTA_CANNOT_USE_ALL_COLUMNS_FOR_PARTITION_COLUMNS"),
    ],
)
def test_columns_that_a_table_cannot_be_partitioned_by_are_refused(
    warehouse: Any, schema: str, partition: str, refused: str
) -> None:
    columns = "a int, b int" if partition == "a, b" else "a int, b int, m map<int, int>"
    warehouse.fails(f"create table {schema}.t ({columns}) partitioned by ({partition})", refused)
    query = "select 1 as a, 2 as b" + (", map(1, 2) as m" if "m map" in columns else "")
    warehouse.fails(f"create table {schema}.t partitioned by ({partition}) as {query}", refused)
    warehouse.fails(f"describe table {schema}.t", "TABLE_OR_VIEW_NOT_FOUND")
