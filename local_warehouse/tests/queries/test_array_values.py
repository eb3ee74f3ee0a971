"""ARRAYs and MAPs of one type beside values of another: as Apache Spark 4.0.1 has them."""

from __future__ import annotations

from typing import Any

import pytest

# An expression over a row with arrays of each kind, its type, and its value as text.
_VALUES = {
    "array_contains(prices, 7)": ("boolean", "true"),
    "array_contains(counts, 3.0)": ("boolean", "true"),
    "array_contains(days, timestamp'2024-05-01 00:00:00')": ("boolean", "true"),
    "array_remove(wide, 7)": ("array<decimal(20,2)>", "[2.50]"),
    "array_append(counts, 9L)": ("array<bigint>", "[3, 4, 9]"),
    "array_insert(counts, 1, cast(0.5 as float))": ("array<float>", "[0.5, 3.0, 4.0]"),
    "array_insert(counts, if(counts[0] > 3, 1, null), 9)": ("array<int>", None),
    "array_insert(counts, counts[0] - 4, 9)": ("array<int>", "[3, 4, 9]"),
    "array_union(counts, array(9L))": ("array<bigint>", "[3, 4, 9]"),
    "array_union(array(), counts)": ("array<int>", "[3, 4]"),
    "array_except(counts, array(4.0D))": ("array<double>", "[3.0]"),
    "array_intersect(counts, wide)": ("array<decimal(20,2)>", "[]"),
    "arrays_overlap(counts, array(3L))": ("boolean", "true"),
    "counts || array(9L)": ("array<bigint>", "[3, 4, 9]"),
    "concat(counts, prices)": ("array<decimal(12,2)>", "[3.00, 4.00, 2.50, 7.00]"),
    "counts || array(9L) || array(0.5D)": ("array<double>", "[3.0, 4.0, 9.0, 0.5]"),
    "concat(days, array(timestamp'2024-05-02 10:00:00'))":
        ("array<timestamp>", "[2024-05-01 00:00:00, 2024-05-02 10:00:00]"),
    "array_join(moments, '|')": ("string", "2024-05-01 10:00:00.5"),
    "array_join(array(1e12D, cast(null as double), 0.5D), ' ', '-')": ("string", "1.0E12 - 0.5"),
    "map_concat(map('a', 2.5), map('b', 1e3D))": ("map<string,double>", "{a -> 2.5, b -> 1000.0}"),
    "map_concat(map('a', '2'), map('b', 3))": ("map<string,bigint>", "{a -> 2, b -> 3}"),
    "map_concat(map(2.5, 'a'), map(1, 'b'))": ("map<decimal(11,1),string>", "{2.5 -> a, 1.0 -> b}"),
    "map_contains_key(map(3, 'a'), 3.0)": ("boolean", "true"),
    "map_contains_key(map(2.5, 'a'), 3)": ("boolean", "false"),
}  # fmt: skip
_ROW = """(select array(3, 4) as counts, array(cast(2.5 as decimal(7, 2)), 7) as prices,
    array(cast(2.5 as decimal(20, 2)), 7) as wide,
    array(date'2024-05-01') as days, array(timestamp'2024-05-01 10:00:00.5') as moments) as t"""


@pytest.mark.parametrize("expression", _VALUES)
def test_values_get_one_type(warehouse: Any, expression: str) -> None:
    query = f"select typeof({expression}) as t, cast({expression} as string) as v from {_ROW}"
    row = warehouse.sql(query)[0]
    assert (row["t"], row["v"]) == _VALUES[expression]


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("array_contains(counts, '3')", "ARRAY_FUNCTION_DIFF_TYPES"),
        ("array_append(array('3'), 4)", "ARRAY_FUNCTION_DIFF_TYPES"),
        ("array_position(counts, 3.0)", "ARRAY_FUNCTION_DIFF_TYPES"),
        ("array_prepend(prices, 0.5D)", "ARRAY_FUNCTION_DIFF_TYPES"),
        ("array_except(prices, wide)", "BINARY_ARRAY_DIFF_TYPES"),
        ("array_contains(days, '2024-05-01')", "ARRAY_FUNCTION_DIFF_TYPES"),
        ("array_union(counts, array('3'))", "BINARY_ARRAY_DIFF_TYPES"),
        ("map_contains_key(map('3', 'a'), 3)", "MAP_FUNCTION_DIFF_TYPES"),
    ],
)
def test_a_text_is_no_number(warehouse: Any, expression: str, kind: str) -> None:
    warehouse.fails(f"select {expression} as v from {_ROW}", f"DATATYPE_MISMATCH.{kind}")
