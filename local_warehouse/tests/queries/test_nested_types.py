"""ARRAYs, MAPs and STRUCTs of several types in one expression, in VALUES and in set operations."""

from __future__ import annotations

from typing import Any

import pytest

_REFUSED = "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE"
_FORMS = (
    "select coalesce(if(id = 0, {}, null), {}) as v from range(2) order by id",
    "select case when id = 0 then {} else {} end as v from range(2) order by id",
    "select if(id = 0, {}, {}) as v from range(2) order by id",
)


@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.parametrize(
    ("first", "second", "condition"),
    [
        ("array(1)", "array('7')", _REFUSED),
        ("array(0.1F)", "array(1)", _REFUSED),
        ("array(1.5D)", "array(2.50)", _REFUSED),
        ("map('k', 1)", "map('k', '7')", _REFUSED),
        ("named_struct('f', 1)", "named_struct('f', 2.50)", _REFUSED),
        ("array(1)", "array(date'2020-01-02')", "DATATYPE_MISMATCH.DATA_DIFF_TYPES"),
        ("map('k', true)", "map('k', 1)", "DATATYPE_MISMATCH.DATA_DIFF_TYPES"),
    ],
)
def test_types_of_which_the_engine_makes_another_are_refused(
    warehouse: Any, form: str, first: str, second: str, condition: str
) -> None:
    warehouse.fails(form.format(first, second), condition)


@pytest.mark.parametrize("form", _FORMS)
def test_integers_and_nothing_get_one_type(warehouse: Any, form: str) -> None:
    found = warehouse.sql(f"select string(v) as v from ({form.format('array(1)', 'array(5L)')})")
    assert [row["v"] for row in found] == ["[1]", "[5]"]
    found = warehouse.sql(f"select string(v) as v from ({form.format('array()', 'array(1.5)')})")
    assert [row["v"] for row in found] == ["[]", "[1.5]"]


@pytest.mark.parametrize(
    ("first", "second", "condition"),
    [
        ("named_struct('f', 1)", "named_struct('f', 2.50)", _REFUSED),
        ("map('k', 1)", "map('k', '7')", _REFUSED),
        ("array(1)", "array(date'2020-01-02')", "INCOMPATIBLE_COLUMN_TYPE"),
        ("named_struct('f', 1)", "named_struct('f', true)", "INCOMPATIBLE_COLUMN_TYPE"),
    ],
)
def test_branches_that_lose_digits_or_have_no_common_type_are_refused(
    warehouse: Any, first: str, second: str, condition: str
) -> None:
    warehouse.fails(f"select {first} as v union all select {second}", condition)


@pytest.mark.parametrize(
    "rows", ["(array(1)), (array('7'))", "(5L), ('7')", "(array(1)), (array(date'2020-01-02'))"]
)
def test_a_column_of_values_has_one_type(warehouse: Any, rows: str) -> None:
    condition = "INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE"
    refused = _REFUSED if "array('7')" in rows else condition
    warehouse.fails(f"select * from values {rows} as t(v)", refused)
