"""PIVOT and UNPIVOT: the names and types of their columns."""

from __future__ import annotations

from typing import Any

ROWS = "(select * from values ('a', 1, 10), ('a', 2, 20), ('b', 3, 30) as v(k, n, m))"


def test_a_pivot_names_and_types_its_columns(warehouse: Any) -> None:
    one = f"select * from {ROWS} pivot (sum(m) as s for n in (1, 2 as two))"
    assert list(warehouse.sql(one)[0]) == ["k", "1", "two"]
    several = f"select * from {ROWS} pivot (sum(m) as s, max(m) for n in (1, 2 as two))"
    names = ["k", "1_s", "1_max(m)", "two_s", "two_max(m)"]
    assert list(warehouse.sql(several)[0]) == names
    mixed = f"select * from {ROWS} unpivot (v for c in (k, n))"
    warehouse.fails(mixed, "UNPIVOT_VALUE_DATA_TYPE_MISMATCH")


def test_a_pivot_takes_expressions_with_aggregates(warehouse: Any) -> None:
    pivot = "pivot (sum(m) / 2 as h, array(max(m), 0) as l for n in (1, 3)) order by k"
    rows = warehouse.sql(f"select to_json(struct(*)) as j from {ROWS} {pivot}")
    assert [row["j"] for row in rows] == [
        '{"k":"a","1_h":5.0,"1_l":[10,0],"3_l":[null,0]}',
        '{"k":"b","1_l":[null,0],"3_h":15.0,"3_l":[30,0]}',
    ]
    wrong = f"select * from {ROWS} pivot (sum(m), k for n in (1, 3))"
    warehouse.fails(wrong, "MISSING_AGGREGATION")
    pairs = "pivot (sum(m) for (k, n) in (('a', 2), ('b', 3)))"
    assert warehouse.sql(f"select * from {ROWS} {pairs}") == [{"{a, 2}": 20, "{b, 3}": 30}]
    short = f"select * from {ROWS} pivot (sum(m) for (k, n) in ('a', 'b'))"
    warehouse.fails(short, "PIVOT_VALUE_DATA_TYPE_MISMATCH")
