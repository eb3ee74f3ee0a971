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
