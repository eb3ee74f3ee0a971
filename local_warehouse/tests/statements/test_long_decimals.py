"""DECIMALs with more digits than the engine reads of the bounds in a table's log."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

_KINDS = [
    ("decimal(38,12)", "87673.594069654243"),
    ("decimal(18,2)", "1234567890123456.78"),
    ("decimal(38,1)", "-999999999999999.9"),
    ("decimal(18,14)", "6389.58838923250775"),
    ("decimal(38,20)", "1.23456789012345"),
    ("decimal(18,2)", "12.50"),
]


@pytest.mark.parametrize(("kind", "digits"), _KINDS)
def test_a_value_that_a_whole_file_has_is_read_as_it_was_written(
    warehouse: Any, schema: str, kind: str, digits: str
) -> None:
    table, value = f"{schema}.t", f"cast('{digits}' as {kind})"
    nested = f"named_struct('d', {value}, 'n', 1)"
    warehouse.sql(f"create table {table} as select 1 as i, {value} as d, {nested} as s")
    warehouse.sql(f"insert into {table} values (2, {value}, {nested}), (3, null, null)")
    warehouse.sql(f"update {table} set i = 4 where i = 2")
    warehouse.sql(
        f"merge into {table} using (select 5 as i) s on {table}.i = s.i"
        f" when not matched then insert (i, d, s) values (s.i, {value}, {nested})"
    )
    warehouse.sql(f"delete from {table} where d = {value} and i = 1")
    _read(warehouse, table, value, digits)
    warehouse.sql(f"optimize {table}")
    _read(warehouse, table, value, digits)


def _read(warehouse: Any, table: str, value: str, digits: str) -> None:
    rows = warehouse.sql(f"select i, d, s.d as inner from {table} order by i")
    wanted = Decimal(digits)
    assert [tuple(row.values()) for row in rows] == [
        (3, None, None), (4, wanted, wanted), (5, wanted, wanted),
    ]  # fmt: skip
    for column in ("d", "s.d"):
        for condition in (f"= {value}", f">= {value}", f"<= {value}"):
            found = warehouse.sql(f"select count(*) as n from {table} where {column} {condition}")
            assert found == [{"n": 2}], (column, condition)
    assert warehouse.sql(f"select sum(d) as d from {table}") == [{"d": 2 * wanted}]


def test_a_write_of_them_is_one_commit(warehouse: Any, schema: str) -> None:
    table = f"{schema}.t"
    warehouse.sql(f"create table {table} (d decimal(38,2), n decimal(10,2))")
    warehouse.sql(f"insert into {table} values (12345678901234.25, 1.25)")
    asked = f"select operation from (describe history {table}) order by version"
    assert [row["operation"] for row in warehouse.sql(asked)] == ["CREATE TABLE", "WRITE"]
