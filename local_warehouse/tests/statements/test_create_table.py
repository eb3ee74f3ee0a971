"""SQL statements over the real connector: what Databricks SQL does, the local warehouse does."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

Row = dict[str, Any]


def version(warehouse: Any, table: str) -> int:
    return int(warehouse.sql(f"describe history {table} limit 1")[0]["version"])


# tables


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


def test_a_query_sees_what_other_programs_did_to_a_table(warehouse: Any, schema: str) -> None:
    """The warehouse keeps what it has read of a log, and must read a newer one, and that of
    another table at the same place with the same versions."""
    import pyarrow as pa
    from deltalake import write_deltalake

    location = f"{warehouse.env['LAKEHOUSE_URL']}/{schema}/t"
    bucket, _, key = location.removeprefix("s3://").partition("/")
    keys = {name: warehouse.env[name] for name in warehouse.env if name.startswith("AWS_")}

    def write(number: int) -> None:
        rows = pa.table({"id": [number]})
        write_deltalake(location, rows, mode="append", storage_options=keys)

    def seen() -> list[int]:
        query = f"select a.id from {schema}.t as a join {schema}.t as b on a.id = b.id order by 1"
        return [row["id"] for row in warehouse.sql(query)]

    write(1)
    warehouse.sql(f"create table {schema}.t location '{location}'")
    assert seen() == seen() == [1]
    write(2)
    assert seen() == [1, 2]
    for found in warehouse.s3.list_objects_v2(Bucket=bucket, Prefix=key)["Contents"]:
        warehouse.s3.delete_object(Bucket=bucket, Key=found["Key"])
    write(3)
    write(4)
    assert seen() == [3, 4]


def test_a_managed_tables_files_go_with_it(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t as select 1 as id")
    location = warehouse.sql(f"describe detail {schema}.t")[0]["location"]
    assert warehouse.objects(location)
    warehouse.sql(f"drop table {schema}.t")
    assert not warehouse.objects(location)


@pytest.mark.parametrize(
    "statement",
    ["create or replace table {table} (n int)", "alter table {table} add columns (c{number} int)"],
)
def test_every_tenth_commit_has_a_checkpoint_whatever_it_is(
    warehouse: Any, schema: str, statement: str
) -> None:
    table = f"{schema}.t"
    warehouse.sql(f"create table {table} (n int)")
    warehouse.sql(f"insert into {table} values (1)")
    with warehouse.connect() as connection, connection.cursor() as cursor:
        for number in range(10 - version(warehouse, table)):
            cursor.execute(statement.format(table=table, number=number))
    location = warehouse.sql(f"describe detail {table}")[0]["location"]
    names = [url.rpartition("/")[2] for url in warehouse.objects(f"{location}/_delta_log")]
    assert f"{10:020}.checkpoint.parquet" in names
    assert warehouse.sql(f"select n from {table} version as of 1") == [{"n": 1}]
    warehouse.sql(f"insert into {table} (n) values (2)")
    rows = [{"n": 2}] if "replace" in statement else [{"n": 1}, {"n": 2}]
    assert warehouse.sql(f"select n from {table} order by n") == rows


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


def test_columns_are_added_and_read_at_once(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t as select 1 as a")
    warehouse.sql(
        f"alter table {schema}.t add columns (`b-c` string comment 'new', d decimal(5,1))"
    )
    warehouse.sql(f"insert into {schema}.t values (2, 'x', 1.5)")
    assert [r["b-c"] for r in warehouse.sql(f"select * from {schema}.t order by a")] == [None, "x"]
    warehouse.fails(f"alter table {schema}.t add columns (A string)", "FIELD_ALREADY_EXISTS")


def test_columns_are_put_in_their_place(warehouse: Any, schema: str) -> None:
    table = f"{schema}.t"
    warehouse.sql(f"create table {table} as select 1 as a, 'x' as b")
    warehouse.sql(f"alter table {table} add columns (f int first, d date comment 'day' after a)")
    warehouse.sql(f"insert into {table} values (7, 2, date'2020-01-01', 'y')")
    warehouse.sql(f"alter table {table} alter column b first")
    warehouse.sql(f"alter table {table} alter column f after a")
    found = warehouse.sql(f"select * except (d) from {table} order by a")
    assert found == [{"b": "x", "a": 1, "f": None}, {"b": "y", "a": 2, "f": 7}]
    names = [row["col_name"] for row in warehouse.sql(f"describe table {table}")]
    assert names == ["b", "a", "f", "d"]
    described = warehouse.sql(f"describe table {table} d")
    assert described[2] == {"info_name": "comment", "info_value": "day"}
    warehouse.fails(f"alter table {table} alter column b after nope", "UNRESOLVED_COLUMN")


# writing


def test_an_added_column_has_a_type_that_delta_has(warehouse: Any, schema: str) -> None:
    table = f"{schema}.added"
    warehouse.sql(f"create table {table} as select 1 as id")
    warehouse.sql(f"alter table {table} add columns (name varchar(20), size integer)")
    warehouse.sql(f"insert into {table} values (2, 'b', 3)")
    assert warehouse.sql(f"select name, size from {table} where id = 2") == [
        {"name": "b", "size": 3}
    ]
    with pytest.raises(Exception, match="UNSUPPORTED_DATATYPE"):
        warehouse.sql(f"alter table {table} add column x sometype")
    with pytest.raises(Exception, match="WRONG_COLUMN_DEFAULTS"):
        warehouse.sql(f"alter table {table} add column x string default 'a'")


def test_replace_where_replaces_just_its_rows_and_counts_just_its_own(
    warehouse: Any, schema: str
) -> None:
    warehouse.sql(f"create table {schema}.t as select * from (values ('a', 1), ('b', 2)) v(f, n)")
    result = warehouse.sql(
        f"insert into {schema}.t replace where f in ('a', 'c')"
        " select 'a', 7 union all select 'c', 8"
    )
    assert result == [{"num_affected_rows": 2, "num_inserted_rows": 2}]
    found = warehouse.sql(f"select f, n from {schema}.t order by f")
    assert [tuple(row.values()) for row in found] == [("a", 7), ("b", 2), ("c", 8)]


def test_replace_where_refuses_rows_outside_its_predicate(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t as select 'a' as f")
    warehouse.fails(
        f"insert into {schema}.t replace where f = 'a' select 'b'",
        "DELTA_REPLACE_WHERE_MISMATCH",
    )
    assert warehouse.sql(f"select * from {schema}.t") == [{"f": "a"}]


def test_columns_with_capitals_are_written_in_any_case(warehouse: Any, schema: str) -> None:
    table = f"{schema}.capitals"
    warehouse.sql(f"create table {table} (Id int, VALID_TO date, A_b string)")
    warehouse.sql(f"insert into {table} values (1, date'2024-01-02', 'x')")
    warehouse.sql(f"insert into {table} (valid_to, ID) select date'2024-01-03', 2")
    warehouse.sql(f"insert into {table} by name select 'y' as a_B, 3 as iD")
    rows = warehouse.sql(f"select Id, cast(VALID_TO as string) as v, A_b from {table} order by 1")
    assert [tuple(row.values()) for row in rows] == [
        (1, "2024-01-02", "x"), (2, "2024-01-03", None), (3, None, "y"),
    ]  # fmt: skip


def test_insert_matches_by_position_by_list_and_by_name(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (a int, b string, c string)")
    warehouse.sql(f"insert into {schema}.t select 1, null, null")
    warehouse.sql(f"insert into {schema}.t (c, a) values ('see', 2)")
    warehouse.sql(f"insert into {schema}.t by name select 'bee' as b, 3 as a")
    assert warehouse.sql(f"select * from {schema}.t order by a") == [
        {"a": 1, "b": None, "c": None},
        {"a": 2, "b": None, "c": "see"},
        {"a": 3, "b": "bee", "c": None},
    ]
    warehouse.fails(f"insert into {schema}.t select 1, 2", "INSERT_COLUMN_ARITY_MISMATCH")
    warehouse.fails(f"insert into {schema}.t by name select 1 as nope", "UNRESOLVED_COLUMN")
    warehouse.sql(f"insert overwrite {schema}.t values (9, 'x', 'y')")
    assert [row["a"] for row in warehouse.sql(f"select * from {schema}.t")] == [9]


def test_merge_update_delete_report_their_rows(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t as select * from (values (1, 'a'), (2, 'b')) v(id, x)")
    assert warehouse.sql(
        f"merge into {schema}.t as t using (select 2 as id, 'B' as x union all select 3, 'C') as s"
        " on t.id <=> s.id when matched then update set * when not matched then insert *"
    ) == [
        {
            "num_affected_rows": 2,
            "num_updated_rows": 1,
            "num_deleted_rows": 0,
            "num_inserted_rows": 1,
        }
    ]
    changed = warehouse.sql(f"update {schema}.t set x = upper(x) where id = 1")
    assert changed == [{"num_affected_rows": 1}]
    assert warehouse.sql(f"delete from {schema}.t where id = 99") == [{"num_affected_rows": 0}]
    deleted = warehouse.sql(f"delete from {schema}.t where {schema}.t.id = 3")
    assert deleted == [{"num_affected_rows": 1}]
    assert [r["x"] for r in warehouse.sql(f"select x from {schema}.t order by id")] == ["A", "B"]


def test_merge_takes_each_row_by_the_first_step_that_fits(warehouse: Any, schema: str) -> None:
    table = f"{schema}.t"
    warehouse.sql(f"create table {table} as select * from (values (1, 'a'), (2, 'b'), (3, 'c'),"
                  " (4, 'd'), (null, 'n')) as v(id, x)")  # fmt: skip
    twice = "(select * from values (1, 'p'), (1, 'q') as s(id, x)) as s"
    warehouse.fails(
        f"merge into {table} as t using {twice} on t.id = s.id when matched then update set *",
        "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE",
    )
    deleted = warehouse.sql(
        f"merge into {table} as t using {twice} on t.id = s.id + 3 when matched then delete"
    )
    assert deleted[0]["num_deleted_rows"] == deleted[0]["num_affected_rows"] == 1
    warehouse.sql(f"insert into {table} values (4, 'd')")
    assert warehouse.sql(
        f"merge into {table} as t using (select * from values (1, 'gone'), (2, 'B'), (7, 'y'),"
        " (200, 'big'), (null, 'N') as s(id, x)) as s on t.id = s.id"
        " when matched and s.x = 'gone' then delete"
        " when matched then update set t.x = s.x"
        " when not matched and s.id > 100 then insert *"
        " when not matched then insert (id) values (s.id)"
        " when not matched by source and t.id = 3 then delete"
        " when not matched by source then update set x = upper(t.x) || '!'"
    ) == [
        {
            "num_affected_rows": 8,
            "num_updated_rows": 3,
            "num_deleted_rows": 2,
            "num_inserted_rows": 3,
        }
    ]
    found = warehouse.sql(f"select id, x from {table} order by id, x")
    assert [tuple(row.values()) for row in found] == [
        (None, None), (None, "N!"), (2, "B"), (4, "D!"), (7, None), (200, "big"),
    ]  # fmt: skip


def test_a_schema_evolves_with_a_merge_and_an_insert(warehouse: Any, schema: str) -> None:
    table = f"{schema}.t"
    warehouse.sql(f"create table {table} (id int comment 'key', x string)")
    warehouse.sql(f"insert into {table} values (1, 'a')")
    merge = f"merge with schema evolution into {table} as t using"
    warehouse.sql(
        f"{merge} (select 1 as id, 2.5 as price union all select 2, 3.5) as s on t.id = s.id"
        " when matched then update set * when not matched then insert *"
    )
    warehouse.sql(
        f"{merge} (select 2 as id, date'2020-01-01' as day, 'unused' as other) as s on t.id = s.id"
        " when matched then update set day = s.day"
    )
    warehouse.sql(f"insert with schema evolution into {table} by name select 3 as id, true as ok")
    warehouse.sql(
        f"insert with schema evolution into {table} select 4, 'd', 4.5, null, false, 9L as n"
    )
    warehouse.fails(
        f"insert with schema evolution into {table} select 1, 2, 3, 4, 5, 6, 7 as q, 8 as id",
        "INSERT_COLUMN_ARITY_MISMATCH",
    )
    described = warehouse.sql(f"describe table {table}")
    assert [(row["col_name"], row["data_type"]) for row in described] == [
        ("id", "int"), ("x", "string"), ("price", "decimal(2,1)"), ("day", "date"),
        ("ok", "boolean"), ("n", "bigint"),
    ]  # fmt: skip
    assert described[0]["comment"] == "key"
    found = warehouse.sql(f"select id, x, price, cast(day as string), ok, n from {table}")
    assert sorted(tuple(row.values()) for row in found) == [
        (1, "a", Decimal("2.5"), None, None, None),
        (2, None, Decimal("3.5"), "2020-01-01", None, None),
        (3, None, None, None, True, None),
        (4, "d", Decimal("4.5"), None, False, 9),
    ]


# constraints


def test_not_null_and_check_are_enforced(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t as select 1 as a, cast(null as string) as b")
    warehouse.fails(f"alter table {schema}.t change column b set not null", "DELTA_NEW_NOT_NULL")
    warehouse.sql(f"alter table {schema}.t alter column a set not null")
    warehouse.fails(
        f"insert into {schema}.t values (null, 'x')",
        "DELTA_NOT_NULL_CONSTRAINT_VIOLATED",
    )
    warehouse.sql(f"alter table {schema}.t add constraint small check (a < 10)")
    warehouse.fails(
        f"insert into {schema}.t values (11, 'x')",
        "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES",
    )
    warehouse.fails(
        f"alter table {schema}.t add constraint big check (a > 10)",
        "DELTA_NEW_CHECK_CONSTRAINT_VIOLATION",
    )
    warehouse.sql(f"alter table {schema}.t drop constraint small")
    warehouse.sql(f"alter table {schema}.t alter column a drop not null")
    warehouse.sql(f"insert into {schema}.t values (11, 'x'), (null, 'y')")
    assert len(warehouse.sql(f"select * from {schema}.t")) == 3


def test_constraints_are_never_apart_from_their_table(warehouse: Any, schema: str) -> None:
    """A change of both is one commit: whoever is killed in the middle has done both or none."""

    def commits() -> int:
        return len(warehouse.sql(f"describe history {schema}.t"))

    warehouse.sql(
        f"create table {schema}.t (a int not null, d decimal(4, 2) not null, s array<int> not null,"
        " constraint Positive check (a > 0))"
    )
    assert commits() == 1
    warehouse.sql(f"insert into {schema}.t values (1, 1.5, array(1))")
    warehouse.sql(f"alter table {schema}.t rename column s to r")
    warehouse.sql(f"alter table {schema}.t alter column d type decimal(6, 3)")
    assert commits() == 4
    for row in ("-1, 1.5, array(1)", "1, null, array(1)", "1, 1.5, null"):
        warehouse.fails(f"insert into {schema}.t values ({row})", "DELTA_")
    warehouse.fails(
        f"create or replace table {schema}.t as select 1 / id as a from range(2)", "DIVIDE_BY_ZERO"
    )
    warehouse.fails(f"insert into {schema}.t values (-1, 1.5, array(1))", "DELTA_")
    warehouse.sql(f"create or replace table {schema}.t as select -1 as a")
    warehouse.sql(f"insert into {schema}.t values (-2)")
    warehouse.sql(f"create or replace table {schema}.t (b int, constraint few check (b < 9))")
    warehouse.fails(f"insert into {schema}.t values (9)", "DELTA_VIOLATE_CONSTRAINT")
    warehouse.sql(f"create or replace table {schema}.t (b int)")
    warehouse.sql(f"insert into {schema}.t values (9)")
    wrong = "(a int, constraint c check (missing > 0))"
    warehouse.fails(f"create table {schema}.wrong {wrong}", "UNRESOLVED_COLUMN")
    assert [row["tableName"] for row in warehouse.sql(f"show tables in {schema}")] == ["t"]


def test_checks_see_only_the_rows_that_are_written(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (f string not null, n int, constraint c check (n > 0))")
    source = "(select * from values ('a', 1), ('b', 0), (null, 2), ('c', 3) as v(f, n))"
    kept = f"select f, n from {source} where f is not null and n > 0"
    warehouse.sql(f"insert into {schema}.t {kept}")
    warehouse.sql(f"insert into {schema}.t replace where f in ('a', 'c') {kept}")
    warehouse.sql(
        f"insert into {schema}.t select s.f, s.n from {source} s join ({kept}) k on s.n = k.n"
    )
    assert warehouse.sql(f"select count(*) as n from {schema}.t") == [{"n": 4}]


def test_keys_are_recorded_and_shown(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.p (id int not null, constraint p_pk primary key (id))")
    warehouse.sql(
        f"create table {schema}.f (p_id int,"
        f" constraint f_fk foreign key (p_id) references {schema}.p (id))"
    )
    keys = warehouse.sql(
        "select constraint_name, constraint_type from main.information_schema.table_constraints"
        f" where table_schema = '{schema}' order by 1"
    )
    assert [tuple(key.values()) for key in keys] == [
        ("f_fk", "FOREIGN KEY"),
        ("p_pk", "PRIMARY KEY"),
    ]


# views


def test_views_read_views_and_name_their_columns(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t as select 1 as a, 'x' as b")
    warehouse.sql(
        f"create view {schema}.v (k comment 'key', l) comment 'a view' as select * from {schema}.t"
    )
    warehouse.sql(
        f"create or replace view {schema}.w as with v as (select * from {schema}.v) select k from v"
    )
    assert warehouse.sql(
        f"select w.k, {schema}.v.l from {schema}.w join {schema}.v on w.k = v.k"
    ) == [{"k": 1, "l": "x"}]
    described = warehouse.sql(f"describe table {schema}.v")
    assert described[0] == {"col_name": "k", "data_type": "int", "comment": "key"}
    warehouse.fails(f"create view {schema}.bad as select nope from {schema}.t", "UNRESOLVED_COLUMN")
    warehouse.fails(f"drop table {schema}.v", "EXPECT_TABLE_NOT_VIEW")


def test_a_star_in_a_view_means_the_columns_of_then_by_name(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (a int, b int)")
    warehouse.sql(f"create view {schema}.plain as select * from {schema}.t")
    warehouse.sql(f"create view {schema}.named (x, y) as select * from {schema}.t")
    warehouse.sql(f"create or replace table {schema}.t (c int, b int, a int)")
    warehouse.sql(f"insert into {schema}.t values (3, 2, 1)")
    assert warehouse.sql(f"select * from {schema}.plain") == [{"a": 1, "b": 2}]
    assert warehouse.sql(f"select * from {schema}.named") == [{"x": 1, "y": 2}]
    warehouse.sql(f"alter view {schema}.plain as select * from {schema}.t")
    assert warehouse.sql(f"select * from {schema}.plain") == [{"c": 3, "b": 2, "a": 1}]


def test_a_views_inner_names_do_not_meet_the_querys(warehouse: Any, schema: str) -> None:
    warehouse.sql(
        f"create view {schema}.v as with final as (select 1 as a) select final.a from final"
    )
    assert warehouse.sql(
        f"with x as (select a from {schema}.v), final as (select a + 1 as b from x)"
        " select final.b, x.a from final cross join x"
    ) == [{"b": 2, "a": 1}]


def test_temporary_views_belong_to_their_session(warehouse: Any, schema: str) -> None:
    with warehouse.connect() as one, warehouse.connect() as other:
        mine, theirs = one.cursor(), other.cursor()
        mine.execute("create temporary view v as select 1 as a")
        theirs.execute("create temporary view v as select 2 as a")
        assert mine.execute("select a from v").fetchall()[0][0] == 1
        assert theirs.execute("select a from v").fetchall()[0][0] == 2
    warehouse.fails("select a from v", "TABLE_OR_VIEW_NOT_FOUND")


# describing


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
    warehouse.sql(
        f"create table {schema}.m (a int, b string mask hide using columns (a), c date mask f)"
    )
    masks = warehouse.sql(
        "select column_name, mask_name, using_columns from main.information_schema.column_masks"
        f" where table_schema = '{schema}' order by 1"
    )
    assert [tuple(mask.values()) for mask in masks] == [("b", "hide", "a"), ("c", "f", "")]
    warehouse.sql(f"alter table {schema}.m add constraint Positive check (a > 0)")
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
        assert shown == [("", "tv", True), (schema, "v", False)]
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


def test_optimize_says_what_it_did(warehouse: Any, schema: str) -> None:
    table = f"{schema}.t"
    warehouse.sql(f"create table {table} (id int, x string)")
    for number in (3, 1, 2):
        warehouse.sql(f"insert into {table} values ({number}, 'x')")
    metrics = warehouse.sql(f"optimize {table}")[0]["metrics"]
    assert (metrics["numFilesAdded"], metrics["numFilesRemoved"]) == (1, 3)
    assert metrics["filesAdded"]["totalFiles"] == 1
    warehouse.sql(f"optimize {table} where id > 0 zorder by (id)")
    assert warehouse.sql(f"describe history {table} limit 1")[0]["operation"] == "OPTIMIZE"
    assert [row["id"] for row in warehouse.sql(f"select id from {table}")] == [1, 2, 3]
    warehouse.fails(f"optimize {table} zorder by (nope)", "UNRESOLVED_COLUMN")


def test_vacuum_keeps_a_week_unless_told_otherwise(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t as select 1 as id")
    warehouse.sql(f"insert overwrite {schema}.t values (2)")
    warehouse.fails(f"vacuum {schema}.t retain few hours", "PARSE_SYNTAX_ERROR")
    warehouse.fails(f"vacuum {schema}.t retain 0 hours", "DELTA_VACUUM_RETENTION_PERIOD_TOO_SHORT")
    assert warehouse.sql(f"vacuum {schema}.t dry run") == []
    with warehouse.connect() as connection:
        cursor = connection.cursor()
        cursor.execute("set spark.databricks.delta.retentionDurationCheck.enabled = false")
        listed = cursor.execute(f"vacuum {schema}.t retain 0 hours dry run").fetchall()
        assert len(listed) == 1 and listed[0][0].endswith(".parquet")
        cursor.execute(f"vacuum {schema}.t retain 0 hours")
    assert warehouse.sql(f"select * from {schema}.t") == [{"id": 2}]


# names, parameters, errors


def test_parameters_are_values_and_never_sql(warehouse: Any, schema: str) -> None:
    hostile = "'); drop table t; -- \\ `\"\n\x01 é"
    row = warehouse.sql(
        "select :v as v, :n + 1 as n, :none as none", {"v": hostile, "n": 1, "none": None}
    )
    assert row == [{"v": hostile, "n": 2, "none": None}]
    assert warehouse.sql("select ? as a, ? as b", [hostile, True]) == [{"a": hostile, "b": True}]
    warehouse.fails("select :missing", "UNBOUND_SQL_PARAMETER")


def test_hostile_names_stay_names(warehouse: Any, schema: str) -> None:
    name = "a`b'c;--\" d.e"
    quoted = "`" + name.replace("`", "``") + "`"
    mapping = "tblproperties ('delta.columnMapping.mode' = 'name')"
    warehouse.sql(f"create table {schema}.{quoted} ({quoted} string) {mapping}")
    warehouse.sql(f"insert into {schema}.{quoted} values ('x')")
    assert warehouse.sql(f"select t.{quoted} from {schema}.{quoted} as t") == [{name: "x"}]


def test_a_name_comes_from_a_parameter(warehouse: Any, schema: str) -> None:
    named = {"schema": schema, "table": "t", "n": 1}
    warehouse.sql("create table identifier(:schema || '.' || :table) (id int)", named)
    warehouse.sql("insert into identifier(:schema || '.t') values (:n)", named)
    assert warehouse.sql("select identifier(?) as i from identifier(?) as x where x.id = ?",
                         ["id", f"main.{schema}.t", 1]) == [{"i": 1}]  # fmt: skip
    described = warehouse.sql("describe table identifier(:name)", {"name": f"{schema}.`t`"})
    assert described[0]["col_name"] == "id"
    warehouse.fails("select * from identifier(null)", "NOT_A_CONSTANT_STRING")
    warehouse.fails("select * from identifier('t; drop table t')", "PARSE_SYNTAX_ERROR")


@pytest.mark.parametrize(
    "statement",
    [
        "with recursive r as (select 1 as n union all select n + 1 from r where n < 3)"
        " select * from r",
        "select * from table_changes('t', 1)",
        "set variable v = 1",
        "declare v int",
        "create materialized view v as select 1",
        "create table default.t (id bigint generated always as identity)",
    ],
)
def test_what_is_not_supported_says_so(warehouse: Any, statement: str) -> None:
    warehouse.fails(statement, "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE")


@pytest.mark.parametrize(
    ("statement", "condition"),
    [
        ("select * from main.default.nope", "TABLE_OR_VIEW_NOT_FOUND"),
        ("select * from nope.t", "SCHEMA_NOT_FOUND"),
        ("use catalog nope", "CATALOG_NOT_FOUND"),
        ("select nope", "UNRESOLVED_COLUMN"),
        ("selec 1", "PARSE_SYNTAX_ERROR"),
        ("select 1 +", "PARSE_SYNTAX_ERROR"),
        ("select cast('x' as int)", "CAST_INVALID_INPUT"),
        ("create table main.default.x (a int) using iceberg", "UNSUPPORTED_FEATURE"),
        ("fsck repair table x", "UNSUPPORTED_FEATURE"),
    ],
)
def test_an_error_names_its_condition(warehouse: Any, statement: str, condition: str) -> None:
    assert "SQLSTATE: " in warehouse.fails(statement, condition)


def test_an_unsupported_statement_names_itself(warehouse: Any) -> None:
    assert "REFRESH MATERIALIZED VIEW" in warehouse.fails(
        "refresh materialized view v", "UNSUPPORTED_FEATURE"
    )


# more ways to write and alter


def test_replace_on_and_using_replace_the_rows_that_match(warehouse: Any, schema: str) -> None:
    warehouse.sql(
        f"create table {schema}.t as"
        " select * from (values (1, 'a'), (2, 'b'), (null, 'n')) as v(id, x)"
    )
    assert warehouse.sql(
        f"insert into table {schema}.t as t replace on (t.id <=> s.id)"
        " (select 2 as id, 'B' as x union all select 2, 'BB' union all select null, 'N') as s"
    ) == [{"num_affected_rows": 3, "num_inserted_rows": 3}]
    found = warehouse.sql(f"select x from {schema}.t order by x")
    assert [row["x"] for row in found] == ["B", "BB", "N", "a"]
    warehouse.sql(f"insert into {schema}.t replace using (id) select 1, 'A'")
    found = warehouse.sql(f"select x from {schema}.t order by x")
    assert [row["x"] for row in found] == ["A", "B", "BB", "N"]


def test_what_replaces_by_a_match_is_not_random(warehouse: Any, schema: str) -> None:
    """The source is computed more than once, and would not remove what it inserts."""
    warehouse.sql(f"create table {schema}.t as select id from range(100)")
    warehouse.sql(f"create view {schema}.v as select cast(rand() * 100 as bigint) as id")
    evolving = f"insert with schema evolution into {schema}.t"
    for statement, function in (
        (f"{evolving} by name replace using (id) select 1L as id, uuid() as u", "uuid()"),
        (f"insert into {schema}.t replace using (id) select id from {schema}.v", "rand()"),
        (
            f"insert into {schema}.t as t replace on (t.id = s.id)"
            " (select cast(Randn() as bigint) as id) as s",
            "Randn()",
        ),
    ):
        assert f"support {function}" in warehouse.fails(statement, "UNSUPPORTED_FEATURE")
    assert warehouse.sql(f"select count(distinct id) as n, count(*) as rows from {schema}.t") == [
        {"n": 100, "rows": 100}
    ]
    assert [row["col_name"] for row in warehouse.sql(f"describe table {schema}.t")] == ["id"]


def test_columns_are_dropped_renamed_and_widened(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (id int not null comment 'key', x string, n int)")
    warehouse.sql(f"insert into {schema}.t values (1, 'a', 7)")
    warehouse.sql(f"alter table {schema}.t add constraint positive check (n > 0)")
    warehouse.fails(f"alter table {schema}.t drop column n", "DELTA_CONSTRAINT_DEPENDENT")
    warehouse.sql(f"alter table {schema}.t rename column id to key")
    warehouse.sql(f"alter table {schema}.t drop columns (x)")
    warehouse.sql(f"alter table {schema}.t alter column n type bigint")
    for narrower in ("int", "string", "decimal(10,0)"):
        warehouse.fails(
            f"alter table {schema}.t alter column n type {narrower}",
            "DELTA_UNSUPPORTED_ALTER_TABLE_CHANGE_COL_OP",
        )
    assert warehouse.sql(f"describe table {schema}.t") == [
        {"col_name": "key", "data_type": "int", "comment": "key"},
        {"col_name": "n", "data_type": "bigint", "comment": None},
    ]
    assert warehouse.sql(f"select * from {schema}.t") == [{"key": 1, "n": 7}]
    warehouse.fails(f"insert into {schema}.t values (null, 1)", "DELTA_NOT_NULL_CONSTRAINT")
    warehouse.fails(f"insert into {schema}.t values (2, -1)", "DELTA_VIOLATE_CONSTRAINT")


def test_rows_are_deleted_and_replaced_by_their_defaults(warehouse: Any, schema: str) -> None:
    """The engine computes no coalesce there."""
    warehouse.sql(f"create table {schema}.t as select * from values (1, 'a'), (2, null) as v(n, s)")
    warehouse.sql(f"insert into {schema}.t values (null, 'c'), (null, null)")
    warehouse.sql(f"delete from {schema}.t where coalesce(n, ifnull(length(s), 7)) = 7")
    warehouse.sql(f"delete from {schema}.t where nvl2(s, 'x', 'y') = 'y' and nvl(n, 0) = 2")
    warehouse.sql(f"insert into {schema}.t replace where coalesce(n, 0) = 0 select 0, 'd'")
    assert warehouse.sql(f"select * from {schema}.t order by n") == [
        {"n": 0, "s": "d"},
        {"n": 1, "s": "a"},
    ]


def test_a_text_with_a_time_becomes_a_date(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (s string, t timestamp)")
    warehouse.sql(
        f"insert into {schema}.t values (' 2024-01-02 03:04:05 ', timestamp'2024-01-02 23:59:59')"
    )
    found = warehouse.sql(
        f"select cast(s as date), t::date, count(*) as n from {schema}.t"
        " where cast(t as date) = '2024-01-02' group by cast(s as date), t::date"
        " having count(*) > 0 order by cast(s as date)"
    )
    assert found == [{"s": dt.date(2024, 1, 2), "t": dt.date(2024, 1, 2), "n": 1}]
    warehouse.sql(f"delete from {schema}.t where cast(s as date) = date'2024-01-02'")
    assert warehouse.sql(f"select * from {schema}.t") == []


def test_columns_keep_their_order_and_types_beside_a_partition(warehouse: Any, schema: str) -> None:
    table = f"{schema}.parted"
    warehouse.sql(f"create table {table} partitioned by (p) as select 1 as a, 'x' as p, 5L as b")
    warehouse.sql(f"insert into {table} values (2, 'y', 6)")
    warehouse.sql(f"alter table {table} rename column a to z")
    warehouse.sql(f"alter table {table} add column c double")
    warehouse.sql(f"alter table {table} drop column c")
    assert warehouse.sql(f"select * from {table} order by z") == [
        {"z": 1, "p": "x", "b": 5},
        {"z": 2, "p": "y", "b": 6},
    ]
    described = [row["data_type"] for row in warehouse.sql(f"describe {table}")][:3]
    assert described == ["int", "string", "bigint"]
    warehouse.fails(f"alter table {table} drop column p", "DELTA_UNSUPPORTED_DROP_PARTITION_COLUMN")
    warehouse.fails(
        f"alter table {table} drop columns (z, p, b)", "DELTA_DROP_COLUMN_ON_SINGLE_FIELD_SCHEMA"
    )


def test_a_change_that_is_not_understood_to_its_end_is_not_begun(
    warehouse: Any, schema: str
) -> None:
    warehouse.sql(f"create table {schema}.t (a int, c int)")
    before = warehouse.sql(f"describe table extended {schema}.t as json")
    for clause in (
        "set tags ('k' = 'v') more",
        "add column b int comment 'c' 'd'",
        "drop column c more",
        "rename column a to b more",
        "rename to other more",
        "alter column a comment 'x' more",
    ):
        warehouse.fails(f"alter table {schema}.t {clause}", "PARSE_SYNTAX_ERROR")
    warehouse.fails(f"alter table {schema}.t as select 1 as x", "UNSUPPORTED_FEATURE")
    assert warehouse.sql(f"describe table extended {schema}.t as json") == before
    assert warehouse.sql(f"select * from {schema}.t") == []


@pytest.mark.parametrize(
    "statement",
    [
        "truncate table {t} where p = 1",
        "analyze table {t}",
        "analyze table {t} compute statistics noscan for all columns",
        "analyze table {t} compute statistics for columns",
        "analyze tables in {s}",
        "analyze tables in {s} compute statistics for all columns",
        "show columns in {t} like 'p'",
        "show create table {t} more",
        "describe schema {s} more",
        "describe catalog main more",
        "set -v more",
    ],
)
def test_what_is_behind_a_statement_is_a_syntax_error(
    warehouse: Any, schema: str, statement: str
) -> None:
    warehouse.sql(f"create table {schema}.t partitioned by (p) as select 1 as p, 2 as x")
    warehouse.fails(statement.format(s=schema, t=f"{schema}.t"), "PARSE_SYNTAX_ERROR")
    assert warehouse.sql(f"select * from {schema}.t") == [{"p": 1, "x": 2}]


def test_a_partition_is_not_taken_for_the_whole_table(warehouse: Any, schema: str) -> None:
    table = f"{schema}.t"
    rows = "(values (1, 10), (2, 20)) as v(p, x)"
    warehouse.sql(f"create table {table} partitioned by (p) as select * from {rows}")
    for statement, tail in (("truncate", ""), ("analyze", " compute statistics")):
        refused = warehouse.fails(
            f"{statement} table {table} partition (p = 1){tail}", "UNSUPPORTED_FEATURE"
        )
        assert f"{statement.upper()} TABLE … PARTITION" in refused
    assert len(warehouse.sql(f"select * from {table}")) == 2
    assert warehouse.sql(f"truncate table {table}") == [{"num_affected_rows": 2}]


def test_analyze_takes_the_clauses_of_databricks(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (id int, x string)")
    for clause in ("", " noscan", " for columns id, `X`", " for all columns"):
        warehouse.sql(f"analyze table {schema}.t compute statistics{clause}")
    warehouse.sql(f"analyze table {schema}.t compute delta statistics")
    warehouse.sql(f"analyze tables in {schema} compute statistics noscan")
    analyze = f"analyze table {schema}.t compute"
    warehouse.fails(f"{analyze} statistics for columns nope", "UNRESOLVED_COLUMN")
    warehouse.fails(f"{analyze} storage metrics", "UNSUPPORTED_FEATURE")
    warehouse.fails("analyze tables in nope compute statistics", "SCHEMA_NOT_FOUND")


def test_a_table_that_breaks_its_constraints_is_not_made(warehouse: Any, schema: str) -> None:
    broken = f"create table {schema}.t (id int, constraint c check (nope > 0))"
    warehouse.fails(broken, "UNRESOLVED_COLUMN")
    warehouse.fails(f"select * from {schema}.t", "TABLE_OR_VIEW_NOT_FOUND")
    for twice in ("table {}.t (a int, A int)", "view {}.t as select 1 as a, 2 as A"):
        warehouse.fails(f"create {twice.format(schema)}", "COLUMN_ALREADY_EXISTS")


def test_what_is_dropped_takes_its_grants_with_it(warehouse: Any, schema: str) -> None:
    own = f"{schema}_granted"
    for _ in range(2):
        warehouse.sql(f"create schema {own}")
        warehouse.sql(f"create function {own}.f() return 1")
        assert warehouse.sql(f"show grants on schema {own}") == []
        assert warehouse.sql(f"show grants on function {own}.f") == []
        warehouse.sql(f"grant use schema on schema {own} to `a@example.com`")
        warehouse.sql(f"grant execute on function {own}.f to `a@example.com`")
        warehouse.fails(f"drop schema main.more.{own} cascade", "PARSE_SYNTAX_ERROR")
        warehouse.sql(f"drop schema {own} cascade")


def test_a_clone_has_the_rows_and_rules_of_its_source(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (id int not null comment 'key')")
    warehouse.sql(f"insert into {schema}.t values (1)")
    cloned = warehouse.sql(f"create or replace table {schema}.c shallow clone {schema}.t")[0]
    assert (cloned["source_num_of_files"], cloned["num_copied_files"]) == (1, 1)
    warehouse.sql(f"insert into {schema}.t values (2)")
    assert warehouse.sql(f"select * from {schema}.c") == [{"id": 1}]
    assert warehouse.sql(f"describe table {schema}.c")[0]["comment"] == "key"
    warehouse.fails(f"insert into {schema}.c values (null)", "DELTA_NOT_NULL_CONSTRAINT")


def test_a_clone_is_partitioned_as_its_source(warehouse: Any, schema: str) -> None:
    rows = "select * from (values (1, 'x', 10), (2, 'y', 20)) as v(id, p, n)"
    warehouse.sql(f"create table {schema}.t partitioned by (p) as {rows}")
    warehouse.sql(f"create or replace table {schema}.t partitioned by (n) as {rows}")
    for source, partitioned_by in (("t", "n"), ("t version as of 0", "p"), ("t@v0", "p")):
        warehouse.sql(f"create or replace table {schema}.c clone {schema}.{source}")
        detail = warehouse.sql(f"describe detail {schema}.c")[0]
        assert list(detail["partitionColumns"]) == [partitioned_by]
        assert warehouse.sql(f"select * from {schema}.c order by id") == [
            {"id": 1, "p": "x", "n": 10},
            {"id": 2, "p": "y", "n": 20},
        ]
    location = warehouse.sql(f"describe detail {schema}.c")[0]["location"]
    assert warehouse.objects(f"{location}/p=x")


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


def test_grants_go_to_principals_that_exist(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (id int)")
    with pytest.raises(Exception, match=r"PRINCIPAL_DOES_NOT_EXIST.*`analysts of x`"):
        warehouse.sql(f"grant select on table {schema}.t to `analysts of x`")
    with pytest.raises(Exception, match="INVALID_PARAMETER_VALUE"):
        warehouse.sql(f"grant fly on table {schema}.t to `a@example.com`")
    warehouse.sql("create group `analysts of x`")
    warehouse.sql(f"grant select, modify on table {schema}.t to `analysts of x`")
    warehouse.sql(f"revoke modify on table {schema}.t from `analysts of x`")
    warehouse.sql(f"alter table {schema}.t rename to {schema}.renamed")  # grants go with it
    found = warehouse.sql(f"show grants on table {schema}.renamed")
    assert [(g["Principal"], g["ActionType"]) for g in found] == [("analysts of x", "SELECT")]
    warehouse.sql("drop group `analysts of x`")
    assert {"name": "analysts of x"} not in warehouse.sql("show groups")


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


def test_a_statement_makes_another(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (id int, x string)")
    warehouse.sql(f"execute immediate 'insert into {schema}.t values (?, ?)' using 1, 'it\\'s'")
    text = f"concat('select x from ', '{schema}', '.t where id = :n')"
    assert warehouse.sql(f"execute immediate {text} using (3 - 2 as n)") == [{"x": "it's"}]
    warehouse.fails("execute immediate 'select ?'", "UNBOUND_SQL_PARAMETER")
    warehouse.fails("execute immediate cast(null as string)", "NULL_QUERY_STRING")
    warehouse.fails("execute immediate 'select 1' into x", "UNSUPPORTED_FEATURE")
