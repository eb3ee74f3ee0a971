"""MAPs and VARIANTs, which have no order, are not sorted, grouped and compared."""

from __future__ import annotations

from typing import Any

import pytest

_ROWS = "(select map('k', id) as m, parse_json(string(id)) as v, id from range(2)) as t"
_SORTED = "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE"


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        (f"select id from {_ROWS} order by m", _SORTED),
        (f"select v as x from {_ROWS} order by x", _SORTED),
        (f"select array(m) = array(m) as x from {_ROWS}", _SORTED),
        (f"select struct(m) in (struct(m)) as x from {_ROWS}", _SORTED),
        (
            f"select count(*) over (partition by m) as n from {_ROWS}",
            "EXPRESSION_TYPE_IS_NOT_ORDERABLE",
        ),
        (f"select distinct m from {_ROWS}", "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE"),
        (
            f"select distinct v as x from {_ROWS}",
            "UNSUPPORTED_FEATURE.SET_OPERATION_ON_VARIANT_TYPE",
        ),
        (f"select v, count(*) as n from {_ROWS} group by v",
         "GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE"),
        (f"select distinct * from {_ROWS}", "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE"),
        (f"select v from {_ROWS} union select v from {_ROWS}",
         "UNSUPPORTED_FEATURE.SET_OPERATION_ON_VARIANT_TYPE"),
        (f"select max(struct(m)) as x from {_ROWS}", _SORTED),
        (f"select sort_array(array(m)) as x from {_ROWS}", _SORTED),
        # which Databricks does, whatever the order of a map's entries
        (f"select count(distinct m) as n from {_ROWS}", "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE"),
        (f"select m, count(*) as n from {_ROWS} group by m",
         "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE"),
    ],
)  # fmt: skip
def test_what_has_no_order_is_an_error(warehouse: Any, query: str, condition: str) -> None:
    warehouse.fails(query, condition)


def test_typeof_knows_a_variant(warehouse: Any) -> None:
    row = warehouse.sql(f"select typeof(v) as v, typeof(array(v)) as a from {_ROWS} limit 1")[0]
    assert row == {"v": "variant", "a": "array<variant>"}


@pytest.mark.parametrize(
    "aggregate",
    ["count(distinct struct(x))", "collect_set(x * -1)", "mode(x * -1)", "max(map(x * -1, 1)[0D])"],
)
def test_a_zero_below_0_is_refused_where_others_are_told_apart_from_it(
    warehouse: Any, aggregate: str
) -> None:
    query = "select {} as c from values (0D), (-0.0D) as t(x)"
    warehouse.fails(query.format(aggregate), "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE")
    assert warehouse.sql(query.format(aggregate).replace("(-0.0D)", "(0D)").replace("* -1", "+ 1"))
