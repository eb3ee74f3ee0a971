"""Types that a Delta table has no name for: VARCHAR(n), CHAR(n), VOID; and fields of structs."""

from __future__ import annotations

from typing import Any

_TOO_LONG = "DELTA_EXCEED_CHAR_VARCHAR_LIMIT"


def _rows(warehouse: Any, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in warehouse.sql(query)]


def _types(warehouse: Any, table: str) -> list[str]:
    return [row["data_type"] for row in warehouse.sql(f"describe table {table}")]


def test_lengths_are_shown_and_checked_by_every_write(warehouse: Any, schema: str) -> None:
    t, name = f"{schema}.t", f"{schema}.copy"
    columns = "a varchar(3), c char(2), s struct<x: varchar(2), n: int>, l array<char(2)>"
    warehouse.sql(f"create table {t} ({columns})")
    warehouse.sql(f"create table {name} like {t}")
    warehouse.sql(f"alter table {t} add columns (d varchar(1), s.y varchar(1))")
    types = ["varchar(3)", "char(2)", "struct<x:varchar(2),n:int>", "array<char(2)>"]
    assert _types(warehouse, name) == types
    types[2] = "struct<x:varchar(2),n:int,y:varchar(1)>"
    assert _types(warehouse, t) == [*types, "varchar(1)"]
    shown = warehouse.sql(f"show create table {t}")[0]["createtab_stmt"]
    assert "`a` VARCHAR(3),\n  `c` CHAR(2),\n" in shown
    found = _rows(
        warehouse,
        "select data_type, full_data_type from information_schema.columns where "
        f"table_schema = '{schema}' and table_name = 'copy' order by ordinal_position limit 2",
    )
    assert found == [("VARCHAR", "varchar(3)"), ("CHAR", "char(2)")]
    with warehouse.connect() as connection, connection.cursor() as cursor:
        sizes = cursor.columns(schema_name=schema, table_name="copy").fetchall()
    assert [(row["TYPE_NAME"], row["COLUMN_SIZE"]) for row in sizes[:2]] == [
        ("VARCHAR(3)", 3), ("CHAR(2)", 2),
    ]  # fmt: skip

    row = "select 'ab ' as a, 'é' as c, struct('é ' as x, 1 as n, 'y' as y) as s, array('z') as l"
    warehouse.sql(f"insert into {t} {row}, null as d")
    warehouse.sql(f"insert into {t} (a, d) values ('abc   ', 'd'), (null, null)")
    read = f"select a, c, s.x, l[0], d from {t} order by a nulls last"
    assert _rows(warehouse, read) == [
        ("ab ", "é ", "é ", "z ", None), ("abc", None, None, None, "d"), (None,) * 5,
    ]  # fmt: skip
    source = f"merge into {t} t using (select 'abc' as k, 'long' as v) s on t.a = s.k when"
    star = f"merge into {t} t using ({row}, 'dd' as d) s on t.a = s.d when not matched then"
    for statement in (
        f"insert into {t} values ('abcd', null, null, null, null)",
        f"insert into {t} by name select 'abc' as c",
        f"insert into {t} (s) select struct('xyz', 1, null)",
        f"insert into {t} (s) select struct(null, 1, 'yy')",
        f"insert into {t} (l) values (array('a', 'abc'))",
        f"insert overwrite {t} (d) values ('dd')",
        f"update {t} set a = 'abcd'",
        f"update {t} set s.x = 'abc' where c is not null",
        f"{source} matched then update set a = s.v",
        f"{source} not matched by source then update set c = 'abc'",
        f"{star} insert *",
        f"{star} insert (d) values (s.d)",
    ):
        warehouse.fails(statement, _TOO_LONG)
    warehouse.sql(f"merge into {t} t using ({row}, 'e' as d) s on t.a = s.a when matched then "
                  "update set * when not matched then insert *")  # fmt: skip
    warehouse.sql(f"insert into {t} replace where d = 'e' {row}, 'e' as d")
    evolving = (
        f"merge with schema evolution into {t} t using (select 'e' as d, {{}} as a, 1 as z) s"
    )
    star = f"{evolving} on t.d = s.d when matched then update set * when not matched then insert *"
    warehouse.fails(star.format("'abcd'"), _TOO_LONG)
    warehouse.sql(star.format("'ab '"))
    assert _rows(warehouse, f"select a, z from {t} where d = 'e'") == [("ab ", 1)]
    warehouse.sql(f"alter table {t} rename column d to e")
    warehouse.fails(f"insert into {t} (e) values ('dd')", _TOO_LONG)
    values = _rows(warehouse, read.replace(", d ", ", e "))
    assert [row[4] for row in values] == ["e", "d", None]


def test_a_column_of_null_has_no_type(warehouse: Any, schema: str) -> None:
    t = f"{schema}.t"
    warehouse.sql(f"create table {t} as select 1 as a, null as b")
    assert _types(warehouse, t) == ["int", "void"]
    warehouse.sql(f"insert into {t} values (2, null)")
    warehouse.fails(f"insert into {t} values (3, 'x')", "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE")
    assert _rows(warehouse, f"select * from {t} order by a") == [(1, None), (2, None)]
    for value in ("array(null)", "named_struct('a', null)", "map('k', null)"):
        warehouse.fails(
            f"create or replace table {t} as select {value} as a",
            "DELTA_COMPLEX_TYPE_COLUMN_CONTAINS_NULL_TYPE",
        )


def test_fields_of_structs_are_added_and_assigned(warehouse: Any, schema: str) -> None:
    t = f"{schema}.t"
    warehouse.sql(f"create table {t} (id int, st struct<x: int, Y: struct<z: int>>)")
    warehouse.sql(f"insert into {t} values (1, null), (2, struct(1, struct(2)))")
    warehouse.sql(f"alter table {t} add columns (st.y.W string, st.v double)")
    warehouse.fails(f"alter table {t} add column st.y.Z int", "FIELD_ALREADY_EXISTS")
    warehouse.fails(f"alter table {t} add column id.x int", "UNRESOLVED_COLUMN")
    kind = "struct<x:int,Y:struct<z:int,W:string>,v:double>"
    assert _types(warehouse, t)[1] == kind
    warehouse.sql(f"update {t} set st.y.w = 'w', {t.split('.')[1]}.st.x = st.x + 1 where id = 2")
    warehouse.sql(
        f"merge into {t} t using (select 1 as id, 7 as n) s on t.id = s.id "
        "when matched then update set t.st.y.z = s.n, st.v = s.n"
    )
    read = f"select id, st.x, st.y.z, t.st.y.w, {t}.st.v from {t} where st.y.z > 0 order by id"
    assert _rows(warehouse, read) == [
        (1, None, 7, None, 7.0), (2, 2, 2, "w", None),
    ]  # fmt: skip


_PADDED = {
    "select c3 = c5, c3 < c5, c3 <=> c5, c3 in ('abcdefg', 'a') from {t} order by s": [
        (True, False, True, True), (False, True, False, False),
    ],
    "select 'a' = c3, c5 = 'a       ', c3 = s, v = 'a ', upper(c3) = 'A' from {t} order by s": [
        (True, True, False, False, False), (False, False, True, False, False),
    ],
    "select case c3 when 'a' then 1 when 'ab' then 2 end from {t} order by s": [(1,), (2,)],
    "select c5 between 'a' and 'b' from {t} order by s": [(True,), (False,)],  # not padded
    "select s from {t} where c3 in (select c5 from {t})": [],  # not padded
    "select s from {t} t where exists (select 1 from {t} u where u.c5 = t.c3)": [("a",)],
    "with q as (select c3 as d, s from {t}) select s from q where d = 'a'": [("a",)],
    "select d from (select * from {t}) as q (a, b, c, d) where a = 'a'": [("a",)],
    "select q.s from (select x.* from {t} x cross join range(1)) q where q.c3 = 'a'": [("a",)],
    "select s from (select upper(c3) as c3, s from {t}) where c3 = 'A'": [],
    "select s from (select c3 as k, s from {t} union all select s, s from {t}) where k = 'a'": [
        ("a",),
    ],
    "select s from (select s as k, s from {t} union all select c3, s from {t}) where k = 'a'": [
        ("a",),
    ],
    "select s from (select c3 as k, s from {t} union all select c5, s from {t}) where k = 'a'": [
        ("a",),
    ],
    "select m from (select max(c3) as m from {t}) where m = 'ab'": [],
    "select t.s from {t} t join values ('a') as v (c3) on t.c3 = v.c3": [],
}  # fmt: skip


def test_texts_beside_a_char_are_padded(warehouse: Any, schema: str) -> None:
    """The answers are those of Spark 4.0.1."""
    t = f"{schema}.padded"
    warehouse.sql(f"create table {t} (c3 char(3), c5 char(5), v varchar(5), s string)")
    warehouse.sql(f"insert into {t} values ('a', 'a', 'a', 'a'), ('ab', 'b', 'b', 'ab ')")
    for query, rows in _PADDED.items():
        found = [tuple(row.values()) for row in warehouse.sql(query.format(t=t))]
        assert found == rows, query
    for condition in ("c3 = concat('a', '')", "c3 = (select 'a')"):
        warehouse.fails(f"select s from {t} where {condition}", "UNSUPPORTED_FEATURE")
    warehouse.sql(f"update {t} set s = 'z' where c3 = 'a'")
    warehouse.sql(f"delete from {t} where c5 = 'b'")
    assert warehouse.sql(f"select s from {t}") == [{"s": "z"}]
