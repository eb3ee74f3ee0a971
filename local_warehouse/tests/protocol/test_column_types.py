"""databricks-sql-connector against the local warehouse: columns of every type."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

# expression, type in the description, value by fetchall_arrow
_COLUMNS: list[tuple[str, str, Any]] = [
    ("cast(1 as tinyint)", "tinyint", 1),
    ("cast(2 as smallint)", "smallint", 2),
    ("3", "int", 3),
    ("4L", "bigint", 4),
    ("cast(1.5 as float)", "float", 1.5),
    ("cast('-inf' as double)", "double", float("-inf")),
    ("1.50", "decimal", Decimal("1.50")),
    (f"cast('{'9' * 38}' as decimal(38,0))", "decimal", Decimal("9" * 38)),
    ("true", "boolean", True),
    ("'é\\n'", "string", "é\n"),
    ("x'00ff'", "binary", b"\x00\xff"),
    ("date'0001-01-01'", "date", dt.date(1, 1, 1)),
    ("date'9999-12-31'", "date", dt.date(9999, 12, 31)),
    (
        "timestamp'2026-02-28 10:11:12.123456+02:00'",
        "timestamp",
        dt.datetime(2026, 2, 28, 8, 11, 12, 123456, dt.UTC),
    ),
    (
        "timestamp_ntz'2026-02-28 10:11:12.123456'",
        "timestamp",
        dt.datetime(2026, 2, 28, 10, 11, 12, 123456),
    ),
    ("interval '-1-2' year to month", "string", "-1-2"),
    ("interval '1' month", "string", "0-1"),
    (
        "interval '1 02:03:04.5' day to second",
        "string",
        "1 02:03:04.500000000",
    ),
    ("interval '-36' hour", "string", "-1 12:00:00.000000000"),
    (
        "make_interval(1, 2, 3, 4, 5, 6, 7.5)",
        "string",
        "1 years 2 months 25 days 5 hours 6 minutes 7.5 seconds",
    ),
    (
        """parse_json('{"b":"é\\\\n\\\\u0001😀","a":[1.50,true,null]}')""",
        "variant",
        '{"a":[1.5,true,null],"b":"é\\n\\u0001😀"}',
    ),
    ("array(parse_json('1'), null)", "array", ["1", None]),
    ("null", "string", None),
    ("array(1, null)", "array", [1, None]),
    ("array()", "array", []),
    ("array(array(x'00'), array())", "array", [[b"\x00"], []]),
    ("map('a', 1, 'b', null)", "map", [("a", 1), ("b", None)]),
    ("map()", "map", []),
    (
        "named_struct('n', null, 'inner', named_struct('d', array(1.5)))",
        "struct",
        {"n": None, "inner": {"d": [Decimal("1.5")]}},
    ),
    (
        "map(1, named_struct('m', interval '1' month, 'd', array(interval '1' day, null)))",
        "map",
        [(1, {"m": "0-1", "d": ["1 00:00:00.000000000", None]})],
    ),
]


def test_columns_of_every_type_arrive(warehouse: Any) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        for sql, type_name, expected in _COLUMNS:
            cursor.execute(f"select {sql} as value")
            assert cursor.description[0][:2] == ("value", type_name), sql
            table = cursor.fetchall_arrow()
            assert table.to_pylist() == [{"value": expected}], sql
            assert str(table.schema.field(0).type) != "null", sql
            # NULL in a column of the type, and no row at all
            cursor.execute(f"select if(id = 0, null, {sql}) as value from range(1)")
            assert cursor.fetchall_arrow().to_pylist() == [{"value": None}], sql
            cursor.execute(f"select {sql} as value where false")
            assert cursor.description[0][1] == type_name, sql
            assert cursor.fetchall() == [], sql


def test_structs_of_nothing_but_null_arrive(warehouse: Any) -> None:
    one, none = "named_struct('a', null)", {"a": None}
    [row] = warehouse.sql(
        f"select array({one}, null) as a, map('k', {one}, 'l', null) as m,"
        f" array(array({one})) as d, named_struct('s', array({one}, null), 't', 1.5) as s"
    )
    assert list(row["a"]) == [none, None]
    assert row["m"] == [("k", none), ("l", None)]
    assert [list(inner) for inner in row["d"]] == [[none]]
    assert (list(row["s"]["s"]), float(row["s"]["t"])) == ([none, None], 1.5)


def test_a_decimal_has_its_precision_in_the_description(warehouse: Any) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("select cast(12.34 as decimal(10,2)) as n, 1 as i")
        assert cursor.description == [
            ("n", "decimal", None, None, 10, 2, None),
            ("i", "int", None, None, None, None, None),
        ]


def test_rows_of_python_values(warehouse: Any) -> None:
    [row] = warehouse.sql(
        "select true as b, 1.5D as d, date'2026-02-28' as day, 12.34 as n,"
        " timestamp'2026-02-28 10:11:12' as at, named_struct('x', 1) as pair, map('k', 'v') as m"
    )
    assert row == {
        "b": True,
        "d": 1.5,
        "day": dt.date(2026, 2, 28),
        "n": Decimal("12.34"),
        "at": dt.datetime(2026, 2, 28, 10, 11, 12, tzinfo=dt.UTC),
        "pair": {"x": 1},
        "m": [("k", "v")],
    }


def test_a_table_keeps_the_types(warehouse: Any) -> None:
    types = [
        "tinyint", "smallint", "int", "bigint", "float", "double", "decimal(38,10)", "boolean",
        "string", "binary", "date", "timestamp", "timestamp_ntz", "array<map<string,int>>",
        "struct<a:int,b:array<struct<c:date>>>",
    ]  # fmt: skip
    columns = {f"c{number}": type_name for number, type_name in enumerate(types)}
    table = "main.default.kept_types"
    declared = ", ".join(f"{name} {type_name}" for name, type_name in columns.items())
    warehouse.sql(f"create or replace table {table} ({declared})")
    warehouse.sql(f"insert into {table} (c0) values (null)")
    kept = ", ".join(f"typeof({name}) as {name}" for name in columns)
    assert warehouse.sql(f"select {kept} from {table}") == [columns]
    assert warehouse.sql(f"select * from {table}") == [dict.fromkeys(columns)]
    warehouse.sql(f"drop table {table}")
