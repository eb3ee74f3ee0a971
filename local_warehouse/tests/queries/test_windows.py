"""Windows that Apache Spark 4.0.1 refuses are errors, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from databricks.sql.exc import Error

_ROWS = "values (1, 'a'), (2, 'b') as v(i, s)"
_ORDERED = ("rank()", "dense_rank()", "percent_rank()", "cume_dist()", "ntile(2)", "row_number()",
            "lag(i)", "lead(i, 1, 0)", "lag(i) ignore nulls", "nth_value(i, 2)")  # fmt: skip
_HERE = "unbounded preceding and current row"


@pytest.fixture(scope="module")
def cursor(warehouse: Any) -> Iterator[Any]:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        yield cursor


def _condition(cursor: Any, selected: str, windows: str = "") -> str:
    """Of the error, nothing where there is none."""
    try:
        cursor.execute(f"select {selected} as y from {_ROWS} {windows}")
    except Error as error:
        return str(error).removeprefix("[").partition("]")[0]
    return ""


@pytest.mark.parametrize("function", _ORDERED)
def test_a_function_of_an_order_needs_one(function: str, cursor: Any) -> None:
    wanted = "WINDOW_FUNCTION_FRAME_NOT_ORDERED"
    for window in ("()", "(partition by s)", f"(rows between {_HERE})"):
        assert _condition(cursor, f"{function} over {window}") == wanted
    for named in ("window w as ()", "window u as (partition by s), w as (u)"):
        assert _condition(cursor, f"{function} over w", named) == wanted
    assert _condition(cursor, f"1 + {function} over (partition by s order by i)") == ""
    assert _condition(cursor, f"{function} over w", "window w as (order by i)") == ""


def test_functions_without_an_order_need_none(cursor: Any) -> None:
    for function in ("sum(i)", "first_value(i)", "any_value(i)", "count(*)"):
        assert _condition(cursor, f"{function} over ()") == ""
        assert _condition(cursor, f"{function} over w", "window w as (partition by s)") == ""


def test_a_function_of_an_order_has_its_own_frame(cursor: Any) -> None:
    refused = "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE"
    for function in ("rank()", "ntile(2)", "lag(i)", "cume_dist()"):
        one = f"{function} over (order by i rows between 1 preceding and current row)"
        assert _condition(cursor, one) == refused
    assert _condition(cursor, f"rank() over (order by i rows between {_HERE})") == ""
    assert _condition(cursor, f"rank() over (order by i range between {_HERE})") == refused
    assert _condition(cursor, f"cume_dist() over (order by i range between {_HERE})") == ""
    assert _condition(cursor, f"lag(i) over (order by i rows between {_HERE})") == refused


@pytest.mark.parametrize(
    ("window", "condition"),
    [
        (f"range between {_HERE}", "RANGE_FRAME_WITHOUT_ORDER"),
        ("order by i, s range between 1 preceding and current row", "RANGE_FRAME_MULTI_ORDER"),
        (
            "order by s range between 1 preceding and current row",
            "SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE",
        ),
        (f"order by i, s range between {_HERE}", ""),
        (f"order by s range between {_HERE}", ""),
    ],
)
def test_a_range_is_of_values_that_have_a_distance(
    window: str, condition: str, cursor: Any
) -> None:
    wanted = f"DATATYPE_MISMATCH.{condition}" if condition else ""
    assert _condition(cursor, f"sum(i) over ({window})") == wanted


@pytest.mark.parametrize(
    "frame",
    [
        "rows between 1 preceding and 1 following exclude current row",
        "rows between 1 preceding and current row exclude ties",
        "rows between unbounded preceding and current row exclude no others",
        "rows between abs(-1) preceding and current row",
        "range between current row and double('inf') following",
    ],
)
def test_a_frame_has_literals_and_excludes_nothing(frame: str, cursor: Any) -> None:
    assert _condition(cursor, f"sum(i) over (order by i {frame})") == "PARSE_SYNTAX_ERROR"


def test_a_text_is_no_bound_of_a_frame(cursor: Any) -> None:
    for key, bound in (("i + 0.5D", "inf"), ("timestamp '2024-01-01'", "70 minutes")):
        window = f"order by {key} range between '{bound}' preceding and current row"
        refused = "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE"
        assert _condition(cursor, f"sum(i) over ({window})") == refused


def test_a_window_that_is_not_defined_is_missing(cursor: Any) -> None:
    for named in ("", "window W as (order by i)"):
        assert _condition(cursor, "rank() over w", named) == "MISSING_WINDOW_SPECIFICATION"


@pytest.mark.parametrize(
    ("output", "wanted"),
    [
        ("rank() over (order by x)", [1, 1, 1, 1, 5]),
        ("dense_rank() over (order by -x)", [2, 2, 2, 2, 1]),
        ("rank() over (order by x * 0)", [1, 1, 1, 1, 1]),
        ("count(*) over (partition by x)", [4, 4, 4, 4, 1]),
        ("count(*) over w", [4, 4, 4, 4, 1]),
        ("sum(n) over (order by cast(x as float))", [6, 6, 6, 6, 11]),
        ("first_value(n) over (partition by x order by n)", [0, 0, 0, 0, 5]),
    ],
)
def test_zero_has_no_sign_among_the_keys_of_a_window(
    output: str, wanted: list[int], cursor: Any
) -> None:
    rows = "values (-0D, 0), (0D, 1), (-0D, 2), (0D, 3), (1D, 5) as v(x, n)"
    cursor.execute(f"select {output} from {rows} window w as (partition by x) order by n")
    assert [row[0] for row in cursor.fetchall()] == wanted


def test_an_array_is_that_of_its_row_in_a_window(cursor: Any) -> None:
    rows = "values (1, 1, array(1, null)), (1, 2, array(2)), (2, 3, array(3)), (2, 4, null)"
    window = "over (partition by g order by n)"
    cursor.execute(f"select n, lag(array_compact(a)) {window} from {rows} as v(g, n, a) order by n")
    found = [(n, None if a is None else list(a)) for n, a in cursor.fetchall()]
    assert found == [(1, None), (2, [1]), (3, None), (4, [3])]


def test_a_bound_below_0_is_one_of_the_other_side(cursor: Any) -> None:
    for frame in (
        "rows between -1 following and -1 preceding",
        "range between -1 following and -1 preceding",
    ):
        cursor.execute(f"select sum(i) over (order by i {frame}) as y from {_ROWS}")
        assert [tuple(row) for row in cursor.fetchall()] == [(3,), (3,)]
    cursor.execute(
        f"select sum(i) over w as y from {_ROWS} window w as (order by i desc rows -1 following)"
    )
    assert [tuple(row) for row in cursor.fetchall()] == [(2,), (3,)]


@pytest.mark.parametrize(
    ("selected", "condition"),
    [
        ("listagg(distinct s) over (partition by i)", "DISTINCT_WINDOW_FUNCTION_UNSUPPORTED"),
        (
            "listagg(distinct s) within group (order by i)",
            "INVALID_WITHIN_GROUP_EXPRESSION.MISMATCH_WITH_DISTINCT_INPUT",
        ),
        ("string_agg(distinct s) within group (order by v.S desc)", ""),
        (
            "percentile(i, 0.5) within group (order by i)",
            "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
        ),
        (
            "percentile_disc(distinct 0.5) within group (order by i)",
            "INVALID_WITHIN_GROUP_EXPRESSION.DISTINCT_UNSUPPORTED",
        ),
        ("percentile_cont() within group (order by i)", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION"),
        (
            "percentile_cont(0.5) within group (order by i, s)",
            "INVALID_WITHIN_GROUP_EXPRESSION.WRONG_NUM_ORDERINGS",
        ),
        ("mode() within group (order by i)", ""),
    ],
)
def test_within_group_is_for_some_functions(selected: str, condition: str, cursor: Any) -> None:
    assert _condition(cursor, selected) == condition


def test_where_takes_nothing_of_several_rows(cursor: Any) -> None:
    for where in ("count(*) > 1", "i = 1 or max(i) + 1 > 1", "row_number() over (order by i) = 1"):
        assert _condition(cursor, "i", f"where {where}") == "INVALID_WHERE_CONDITION"
    assert _condition(cursor, "i", f"where i = (select max(i) from {_ROWS})") == ""


def test_percentiles_of_whole_numbers_over_windows(cursor: Any) -> None:
    rows = "values ('a', 1, 1.5), ('a', 2, 2.5), ('b', 3, null), ('b', null, 9.25) as v(k, n, d)"
    cursor.execute(
        "select percentile_cont(0.25) within group (order by n) over (partition by k) as c,"
        " percentile_disc(0.25) within group (order by n desc) over w as d,"
        " percentile_cont(0.5) within group (order by d) over () as e,"
        f" first_value(n) ignore nulls over w as f from {rows} window w as (partition by k)"
        " order by k"
    )
    found = [(1.25, 2.0, 2.5, 1)] * 2 + [(3.0, 3.0, 2.5, 3)] * 2
    assert [tuple(row) for row in cursor.fetchall()] == found
    refused = "INVALID_WINDOW_SPEC_FOR_AGGREGATION_FUNC"
    frame = "rows between unbounded preceding and 1 following"
    assert _condition(cursor, f"median(i) over (partition by s {frame})") == refused
    assert _condition(cursor, "median(i) over w", "window w as (order by i)") == refused
    wrong = "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE"
    for bound in ("2147483648", "1.5"):
        assert _condition(cursor, f"sum(i) over (order by i rows {bound} preceding)") == wrong
    for refused_form in (
        "mode() within group (order by i) over (partition by s)",
        "median(interval '1' month * i)",
    ):
        assert _condition(cursor, refused_form) == "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE"
    assert _condition(cursor, "listagg(s) within group (order by i) over (order by i)") == refused


def test_sorted_texts_over_windows(cursor: Any) -> None:
    rows = "values ('a', 2, 'y'), ('a', 1, 'x'), ('b', 3, null), ('c', null, 'z') as v(k, n, s)"
    cursor.execute(
        "select k, listagg(s, ', ') within group (order by n desc) over (partition by k) as a,"
        " listagg(n) within group (order by s, n) over w as b,"
        f" string_agg(s) within group (order by k desc, s desc) over () as c from {rows}"
        " window w as (partition by 1) order by k, n"
    )
    a_of = (("a", "y, x"), ("a", "y, x"), ("b", None), ("c", "z"))
    assert [tuple(row) for row in cursor.fetchall()] == [(*a, "312", "zyx") for a in a_of]
    mixed = "listagg(s) within group (order by i, s desc) over ()"
    assert _condition(cursor, mixed) == "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE"


def test_what_is_between_two_values_is_no_number_of_millionths(cursor: Any) -> None:
    for value in ("id", "cast(id as decimal(9, 1))"):
        sorted_by = f"percentile_cont(0.3) within group (order by {value} desc)"
        cursor.execute(f"select {sorted_by} as y from range(200)")
        assert cursor.fetchone()[0] == 139.3


def test_percentiles_of_several_shares(cursor: Any) -> None:
    shares = "percentile_cont(array(0.25, 1)) within group (order by i"
    cursor.execute(f"select {shares}), {shares} desc) filter (where i > 1) from {_ROWS}")
    assert [list(map(list, row)) for row in cursor.fetchall()] == [[[1.25, 2.0], [2.0, 2.0]]]
    cursor.execute(f"select {shares}) as y from {_ROWS} where i > 5")
    assert cursor.fetchone()[0] is None
    beyond = "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE"
    assert _condition(cursor, "percentile_cont(array(2.0)) within group (order by i)") == beyond
    assert _condition(cursor, "percentile(cast(i as double), -0.1)") == beyond


def test_an_average_of_null_is_a_double(cursor: Any) -> None:
    cursor.execute(f"select avg(null) as y from {_ROWS}")
    assert cursor.description[0][1] == "double"
    cursor.execute(f"select avg(null) over (order by i) as y from {_ROWS}")
    assert cursor.description[0][1] == "double"


@pytest.mark.parametrize("value", ["array(i, null)", "struct(i, null)"])
def test_a_range_of_rows_by_nested_values_is_refused(cursor: Any, value: str) -> None:
    """The engine takes values that differ in a NULL within for equal ones."""
    for keys in (value, f"i, {value}", f"{value}, i"):
        for call in ("count(*)", "last_value(i)", "sum(i)"):
            over = f"{call} over (order by {keys})"
            assert _condition(cursor, over) == "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE"
    cursor.execute(f"select rank() over (order by i, {value}) as y from {_ROWS}")
    assert [row[0] for row in cursor.fetchall()] == [1, 2]
