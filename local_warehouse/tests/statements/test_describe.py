"""DESCRIBE, SHOW and information_schema tell what is there."""

from __future__ import annotations

import json
from typing import Any


def test_comments_tags_and_properties_are_kept_and_shown(warehouse: Any, schema: str) -> None:
    warehouse.sql(
        f"create table {schema}.t (a int comment 'first') comment 'it\\'s a table'"
        " tblproperties ('owner.team' = 'data')"
    )
    warehouse.sql(f"comment on column main.{schema}.t.a is 'says \\\\ \"this\"'")
    warehouse.sql(f"alter table {schema}.t set tags ('layer' = 'gold')")
    warehouse.sql(f"alter table {schema}.t alter column a set tags ('pii' = 'no')")
    document = json.loads(
        warehouse.sql(f"describe table extended {schema}.t as json")[0]["json_metadata"]
    )
    assert document["comment"] == "it's a table"
    assert document["columns"][0]["comment"] == 'says \\ "this"'
    assert document["table_properties"] == {"owner.team": "data"}
    where = f"where schema_name = '{schema}'"
    tags = warehouse.sql(
        f"select tag_name, tag_value from system.information_schema.table_tags {where}"
    )
    assert tags == [{"tag_name": "layer", "tag_value": "gold"}]
    tags = warehouse.sql(f"select column_name from system.information_schema.column_tags {where}")
    assert tags == [{"column_name": "a"}]


def test_masks_and_checks_of_a_new_table_are_shown(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create function {schema}.hide(b string, a int) return '-'")
    warehouse.sql(f"create function {schema}.f(c date) return c")
    warehouse.sql(
        f"create table {schema}.m (a int, b string mask {schema}.hide using columns (a),"
        f" c date mask {schema}.f)"
    )
    masks = warehouse.sql(
        "select column_name, mask_name, using_columns from main.information_schema.column_masks"
        f" where table_schema = '{schema}' order by 1"
    )
    assert [tuple(mask.values()) for mask in masks] == [
        ("b", f"main.{schema}.hide", "a"), ("c", f"main.{schema}.f", ""),
    ]  # fmt: skip
    warehouse.sql(f"create function {schema}.seen(a int, b string) return true")
    warehouse.sql(f"alter table {schema}.m set row filter {schema}.seen on (a, 'x')")
    warehouse.sql(f"alter table {schema}.m add constraint Positive check (a > 0)")
    warehouse.sql(f"alter table {schema}.m alter column a set not null")
    warehouse.sql(f"alter table {schema}.m add constraint k primary key (a)")
    shown = warehouse.sql(f"describe table extended {schema}.m as json")[0]["json_metadata"]
    document = json.loads(shown)
    hide, f, seen = (
        {"catalog_name": "main", "schema_name": schema, "function_name": name}
        for name in ("hide", "f", "seen")
    )
    assert document["column_masks"] == [
        {"column_name": "b", "function_name": hide, "using_column_names": ["a"]},
        {"column_name": "c", "function_name": f},
    ]
    assert document["row_filter"] == {"function_name": seen, "column_names": ["a", "'x'"]}
    assert document["table_constraints"] == "[(k,PRIMARY KEY (`a`))]"
    shown = warehouse.sql(f"show tblproperties {schema}.m")
    assert {"key": "delta.constraints.positive", "value": "a > 0"} in shown


def test_information_schema_lists_what_there_is(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (a int not null, b array<struct<x: int, y: string>>)")
    warehouse.sql(f"create view {schema}.v as select a from {schema}.t")
    tables = warehouse.sql(
        "select table_name, table_type from system.information_schema.tables"
        f" where table_catalog = 'main' and table_schema = '{schema}' order by table_name"
    )
    assert [tuple(table.values()) for table in tables] == [("t", "MANAGED"), ("v", "VIEW")]
    columns = warehouse.sql(
        "select column_name, full_data_type, is_nullable from main.information_schema.columns"
        f" where table_schema = '{schema}' and table_name = 't' order by ordinal_position"
    )
    assert [tuple(column.values()) for column in columns] == [
        ("a", "int", "NO"),
        ("b", "array<struct<x:int,y:string>>", "YES"),
    ]


def test_history_and_detail_have_the_columns_of_databricks(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (id int) tblproperties ('a' = 'b')")
    warehouse.sql(f"insert into {schema}.t values (1), (2)")
    newest = warehouse.sql(f"describe history {schema}.t limit 1")[0]
    assert list(newest) == [
        "version", "timestamp", "userId", "userName", "operation", "operationParameters", "job",
        "notebook", "clusterId", "readVersion", "isolationLevel", "isBlindAppend",
        "operationMetrics", "userMetadata", "engineInfo",
    ]  # fmt: skip
    assert dict(newest["operationMetrics"])["numOutputRows"] == "2"
    detail = warehouse.sql(f"describe detail {schema}.t")[0]
    assert (detail["numFiles"], dict(detail["properties"])) == (1, {"a": "b"})
    assert detail["minWriterVersion"] >= 2


def test_what_is_there_is_shown(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (id int) tblproperties ('a' = 'b')")
    warehouse.sql(f"create view {schema}.v as select * from {schema}.t")
    with warehouse.connect(schema=schema) as connection:
        cursor = connection.cursor()
        cursor.execute("create temporary view tv as select 1 as a")
        shown = [tuple(row) for row in cursor.execute("show tables").fetchall()]
        assert shown == [(schema, "t", False), ("", "tv", True), (schema, "v", False)]
        shown = [tuple(row) for row in cursor.execute("show views like '*v'").fetchall()]
        assert shown == [("", "tv", True, False), (schema, "v", False, False)]
    asked = f"show tblproperties {schema}.t"
    assert warehouse.sql(f"{asked} ('a')") == [{"key": "a", "value": "b"}]
    assert "does not have property" in warehouse.sql(f"{asked} (x.y)")[0]["value"]
    warehouse.sql("comment on catalog main is 'the one'")
    described = {
        row["info_name"]: row["info_value"] for row in warehouse.sql("describe catalog main")
    }
    assert described["Comment"] == "the one"
    warehouse.sql("comment on catalog main is null")


def test_what_show_create_table_shows_makes_the_same_table(warehouse: Any, schema: str) -> None:
    warehouse.sql(
        f"create table {schema}.t (`a-b` int not null comment 'it\\'s', d date,"
        " n decimal(5,1), constraint k primary key (`a-b`)) partitioned by (d) comment 'rows'"
        " tblproperties ('x' = 'y')"
    )
    warehouse.sql(f"create view {schema}.v (k comment 'key') as select `a-b` from {schema}.t")
    told = {}
    for name in ("t", "v"):
        shown = warehouse.sql(f"show create table {schema}.{name}")[0]["createtab_stmt"]
        told[name] = shown
        kind = "table" if name == "t" else "view"
        warehouse.sql(f"drop {kind} {schema}.{name}")
        warehouse.sql(shown)
        assert warehouse.sql(f"show create table {schema}.{name}")[0]["createtab_stmt"] == shown
    assert "PRIMARY KEY (`a-b`)" in told["t"]


def test_a_query_reads_what_describe_says(warehouse: Any, schema: str) -> None:
    t = f"{schema}.t"
    warehouse.sql(f"create table {t} as select 1 as a, 'x' as b")
    warehouse.sql(f"insert into {t} values (2, null)")
    found = warehouse.sql(
        f"with h as (select * from (describe history {t}) x) select "
        "max_by(operation, version) as what, max_by(operationMetrics['numOutputRows'], version) as "
        f"n, (select col_name from (describe {t}) where data_type = 'string') as name from h"
    )
    assert found == [{"what": "WRITE", "n": "1", "name": "b"}]
    warehouse.fails(f"select * from (describe history {schema}.no)", "TABLE_OR_VIEW_NOT_FOUND")
