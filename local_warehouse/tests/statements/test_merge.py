"""MERGE, UPDATE and DELETE: the rows that they take, and the counts that they report."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


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
        f"merge into {table} as t using (values (1, 'gone'), (2, 'B'), (7, 'y'),"
        " (200, 'big'), (null, 'N')) as s(id, x) on t.id = s.id"
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


def test_of_several_matches_one_may_be_left_by_the_conditions(warehouse: Any, schema: str) -> None:
    table = f"{schema}.t"
    warehouse.sql(f"create table {table} as select * from (values (1, 'a'), (2, 'b')) as v(id, x)")
    source = "(select * from values (1, 'p'), (1, 'q'), (2, 'q'), (2, null) as s(id, x)) as s"
    merge = f"merge into {table} as t using {source} on t.id = s.id or t.id = s.id + 5"
    done = warehouse.sql(
        f"{merge} when matched and s.x = 'p' then update set x = 'P'"
        " when matched and s.x = 'q' and t.id = 2 then delete"
    )
    assert (done[0]["num_updated_rows"], done[0]["num_deleted_rows"]) == (1, 1)
    assert warehouse.sql(f"select * from {table}") == [{"id": 1, "x": "P"}]
    warehouse.fails(
        f"{merge} when matched and s.x > 'a' then update set x = s.x",
        "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE",
    )


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


def test_the_source_of_a_merge_is_computed_once(warehouse: Any, schema: str) -> None:
    """Each row of a source that is other rows each time is either updated or inserted."""
    warehouse.sql(f"create table {schema}.s as select id, struct(id) as x from range(2000)")
    warehouse.sql(f"create table {schema}.t as select *, 0D as r, 0 as n from {schema}.s")
    counts = warehouse.sql(
        f"merge into {schema}.t as t using (select id, x, rand() from {schema}.s) as s (i, x, r)"
        " on t.id = s.i and s.r < 0.5 when matched then update set x = s.x, r = s.r, n = 1"
        " when not matched then insert (id, x, r, n) values (s.i, s.x, s.r, -1)"
    )[0]
    assert counts["num_affected_rows"] == 2000
    found = warehouse.sql(
        "select count_if(n = 1 and r < 0.5) as updated, count_if(n = -1 and r >= 0.5) as inserted,"
        f" count_if(x.id = id) as whole from {schema}.t"
    )[0]
    assert (found["updated"], found["inserted"]) == (
        counts["num_updated_rows"], counts["num_inserted_rows"],
    )  # fmt: skip
    assert found["whole"] == 2000 + found["inserted"]


def test_a_source_whose_types_no_file_keeps_is_merged(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.s as select id from range(3)")
    warehouse.sql(
        f"create table {schema}.t as select id, 'a' as x, date'2026-01-01' as d from {schema}.s"
    )
    warehouse.sql(
        f"merge into {schema}.t as t using (select id, null as x, make_dt_interval(1) as y"
        f" from {schema}.s where id > 0) as s on t.id = s.id"
        " when matched then update set x = s.x, d = t.d + s.y"
    )
    found = warehouse.sql(f"select x, cast(d as string) as d from {schema}.t order by id")
    assert [tuple(row.values()) for row in found] == [
        ("a", "2026-01-01"), (None, "2026-01-02"), (None, "2026-01-02"),
    ]  # fmt: skip


def test_a_merge_has_its_words(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (id int)")
    for merge in (
        f"merge {schema}.t using {schema}.t as s on t.id = s.id when matched then delete",
        f"merge into {schema}.t using {schema}.t as s when matched then delete",
    ):
        warehouse.fails(merge, "PARSE_SYNTAX_ERROR")
