"""databricks-sql-connector against the local warehouse: parameters of every type, anywhere."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from databricks.sql.exc import Error
from databricks.sql.parameters.native import (
    ArrayParameter,
    BigIntegerParameter,
    DbsqlParameterBase,
    DecimalParameter,
    FloatParameter,
    SmallIntParameter,
    TimestampNTZParameter,
    TimestampParameter,
    TinyIntParameter,
    VoidParameter,
)

_PARAMETERS: list[tuple[Any, str, Any]] = [
    (7, "int", 7),
    (2**40, "bigint", 2**40),
    (BigIntegerParameter(1), "bigint", 1),
    (SmallIntParameter(-5), "smallint", -5),
    (TinyIntParameter(127), "tinyint", 127),
    (True, "boolean", True),
    (1.25, "double", 1.25),
    (float("inf"), "double", float("inf")),
    (FloatParameter(0.5), "float", 0.5),
    (Decimal("-0.001"), "decimal(5,3)", Decimal("-0.001")),
    (Decimal("1E+5"), "decimal(6,0)", Decimal(100000)),
    (Decimal("-2.5E-7"), "decimal(10,8)", Decimal("-0.00000025")),
    (DecimalParameter(Decimal("1.5"), scale=10, precision=2), "decimal(10,2)", Decimal("1.50")),
    ("it's \\ \"x\" `y` -- ; é😀\x00\n", "string", "it's \\ \"x\" `y` -- ; é😀\x00\n"),
    ("", "string", ""),
    (dt.date(1, 1, 1), "date", dt.date(1, 1, 1)),
    (
        TimestampParameter(dt.datetime(2026, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2)))),
        "timestamp",
        dt.datetime(2025, 12, 31, 23, tzinfo=dt.UTC),
    ),
    (
        TimestampNTZParameter(dt.datetime(2026, 1, 2, 3, 4, 5, 678901)),
        "timestamp_ntz",
        dt.datetime(2026, 1, 2, 3, 4, 5, 678901),
    ),
    (VoidParameter(None), "void", None),
    (None, "void", None),
    ([1, None, 3], "array<int>", [1, None, 3]),
    ([], "array<void>", []),
    ([["a"], []], "array<array<string>>", [["a"], []]),
    (ArrayParameter([dt.date(2026, 1, 1)]), "array<date>", [dt.date(2026, 1, 1)]),
    ({"a": Decimal("1.5"), "b": None}, "map<string,decimal(2,1)>",
     [("a", Decimal("1.5")), ("b", None)]),
    ({1: ["x"]}, "map<int,array<string>>", [(1, ["x"])]),
]  # fmt: skip


class IntervalParameter(DbsqlParameterBase):
    """The connector names the type INTERVAL and has no class for it."""

    def __init__(self, value: str, unit: str) -> None:
        self.value, self.name, self.CAST_EXPR = value, None, f"INTERVAL {unit}"


def test_parameters_of_every_type_arrive_by_position_and_by_name(warehouse: Any) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        for given, type_name, expected in _PARAMETERS:
            cursor.execute("select ? as value, typeof(?) as type", [given, given])
            found = [cursor.fetchall_arrow().to_pylist()]
            if not isinstance(given, DbsqlParameterBase):
                cursor.execute("select :p as value, typeof(:P) as type", {"p": given})
                found.append(cursor.fetchall_arrow().to_pylist())
            for rows in found:
                assert rows == [{"value": expected, "type": type_name}], given
        interval = IntervalParameter("1 02:00:00", "DAY TO SECOND")
        cursor.execute("select timestamp'2026-01-01 00:00:00' + ? as at", [interval])
        assert cursor.fetchone().at == dt.datetime(2026, 1, 2, 2, tzinfo=dt.UTC)


def test_parameters_stand_wherever_a_value_may(warehouse: Any) -> None:
    warehouse.sql("create or replace table main.default.given (id int, name string)")
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("insert into given values (:id, :name)", {"id": 1, "name": "o'"})
        cursor.executemany("insert into given values (?, ?)", [[2, "b"], [3, None]])
        cursor.execute("update given set name = ? where id = ?", ["c", 3])
        cursor.execute("delete from given where id in (:x, :y)", {"x": 2, "y": 9})
        cursor.execute(
            "with g as (select * from identifier(:t)) select id, ':id ?' as s from g"
            " where array_contains(:names, name) order by id limit :n",
            {"t": "main.default.given", "names": ["o'", "c"], "n": 5},
        )
        assert [tuple(row) for row in cursor.fetchall()] == [(1, ":id ?"), (3, ":id ?")]
    warehouse.sql("drop table main.default.given")


def test_unnamed_markers_take_the_values_in_the_order_of_the_text(warehouse: Any) -> None:
    warehouse.sql("create or replace table main.default.ordered (id int, v string)")
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "with g as (select ? as a) select (? + 1) * 2 as b, '?' as c, a, ? as d from g"
            " where ? = 'w'",
            ["a", 1, "d", "w"],
        )
        assert [tuple(row) for row in cursor.fetchall()] == [(4, "?", "a", "d")]
        cursor.execute("insert into ordered values (?, ?), (?, ?)", [1, "x", 2, "y"])
        cursor.execute("insert into ordered replace where id = ? select ?, ?", [1, 1, "z"])
        cursor.execute(
            "merge into ordered as t using (select ? as id, ? as v) s on t.id = s.id and t.id > ?"
            " when matched then update set v = concat(s.v, ?) when not matched then insert *",
            [2, "m", 0, "!"],
        )
        cursor.execute("select '?', * from identifier(?) where id <= ? order by 2", ["ordered", 9])
        assert [tuple(row) for row in cursor.fetchall()] == [("?", 1, "z"), ("?", 2, "m!")]
        with pytest.raises(Error, match=r"UNBOUND_SQL_PARAMETER.*\? \(2\)"):
            cursor.execute("select ?, ?", [1])
    warehouse.sql("drop table main.default.ordered")


def test_a_value_cannot_leave_its_place(warehouse: Any) -> None:
    hostile = "'); drop table t; -- \\' :other ?"
    assert warehouse.sql("select :v as v, :other as o", {"v": hostile, "other": 1}) == [
        {"v": hostile, "o": 1}
    ]


def test_a_statement_has_a_limited_number_of_parameters(warehouse: Any) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("select ? as a", [1] * 10_000)
        assert cursor.fetchall() == [(1,)]
        with pytest.raises(Error, match="10001 parameters were given but the limit is 10000"):
            cursor.execute("select ? as a", [1] * 10_001)
        assert cursor.execute("select 1 as a").fetchall() == [(1,)]
