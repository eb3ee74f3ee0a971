"""NaN in tables: it is greater than all numbers and equal to itself, whatever file it is in."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

NAN = "cast('NaN' as double)"


@pytest.fixture
def table(warehouse: Any, schema: str) -> Iterator[str]:
    """Rows 1 to 6 in three files, of which one has 1.0 and NaN alone."""
    name = f"{schema}.measured"
    warehouse.sql(f"create or replace table {name} (i int, f double, g float) using delta")
    for rows in ("(1, 5D, 5), (2, 4D, 4)", f"(3, 1D, 1), (4, {NAN}, {NAN})", "(5, -0.0D, null)"):
        warehouse.sql(f"insert into {name} values {rows}")
    yield name
    warehouse.sql(f"drop table {name}")


def test_it_is_found_and_greater_than_all(warehouse: Any, table: str) -> None:
    found = warehouse.sql(
        f"select isnan(max(f)) as f, isnan(max(g)) as g, count_if(f = 1) as ones from {table}"
    )
    assert found == [{"f": True, "g": True, "ones": 1}]
    for condition in (
        "f > 100",
        f"g = {NAN}",
        f"f >= {NAN}",
        "not f < 100",
        f"f in (select max(f) from {table})",
    ):
        assert rows(warehouse, f"{table} where {condition}") == [4]
    assert rows(warehouse, f"(select * from {table} order by f desc limit 1)") == [4]
    assert rows(warehouse, f"{table} as t join (select {NAN} as x) on t.f = x") == [4]
    newest = warehouse.sql(f"describe history {table} limit 1")[0]["version"]
    assert rows(warehouse, f"{table} version as of {newest} where g > 100") == [4]
    assert rows(warehouse, f"{table} where f <= 1") == [3, 5]
    assert str(warehouse.sql(f"select f from {table} where i = 5")[0]["f"]) == "-0.0"


def test_it_is_found_by_what_changes_rows(warehouse: Any, table: str) -> None:
    warehouse.sql(f"update {table} set i = 40 where f > 100")
    warehouse.sql(
        f"merge into {table} as t using (select * from values (1D), ({NAN}) as v(f)) as s"
        " on t.f = s.f when matched and t.g > 100 then update set i = t.i + 1"
        " when matched then update set i = t.i + 100"
    )
    assert rows(warehouse, table) == [1, 2, 5, 41, 103]
    warehouse.sql(f"insert into {table} replace where f > 100 select 4, {NAN}, 2")
    assert rows(warehouse, f"{table} where f > 100") == [4]
    warehouse.fails(
        f"alter table {table} add constraint small check (f < 100)",
        "DELTA_NEW_CHECK_CONSTRAINT_VIOLATION",
    )
    warehouse.sql(f"delete from {table} where f > 100")
    assert rows(warehouse, table) == [1, 2, 5, 103]


def test_it_is_kept_by_every_way_into_a_table(warehouse: Any, table: str) -> None:
    made = f"{table}_2"
    values = f"select * from values (1, 1D, 2), (2, {NAN}, 2) as v(i, x, y)"
    warehouse.sql(f"create table {made} using delta as {values}")
    warehouse.sql(f"alter table {made} add columns (z double)")
    warehouse.sql(f"insert into {made} (i, z, x) {values}")
    warehouse.sql(f"update {made} set i = i + 1")
    rows_of_file = io.BytesIO()
    pq.write_table(pa.table({"i": [7, 8], "x": [1.0, math.nan]}), rows_of_file)
    read = f"read_files('{warehouse.land(('a.parquet', rows_of_file.getvalue()))}*'"
    read += ", format => 'parquet', schemaEvolutionMode => 'none')"
    warehouse.sql(f"insert into {made} (i, x) select i, x from {read}")
    found = warehouse.sql(f"select count_if(isnan(x)) as x, count_if(isnan(z)) as z from {made}")
    assert found == [{"x": 2, "z": 1}]
    assert rows(warehouse, f"{read} where x > 100") == [8]
    for one in (made, f"{table}_3"):
        warehouse.sql(f"create or replace table {one} using delta as select * from {made}")
        assert rows(warehouse, f"{one} where x > 100") == [3, 8]
        warehouse.sql(f"drop table {one}") if one != made else None
    warehouse.sql(f"drop table {made}")


def rows(warehouse: Any, relation: str) -> list[int]:
    """The column i of a relation, in its order."""
    return [row["i"] for row in warehouse.sql(f"select i from {relation} order by i")]
