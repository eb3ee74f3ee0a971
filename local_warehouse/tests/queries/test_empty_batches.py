"""A join by another condition than an equality gives the engine batches without rows, for which
nothing is to fail."""

from __future__ import annotations

from typing import Any

import pytest

ROWS = "(select * from values (2, 'b', 7) as v(k, s, n)) as t"
OTHERS = "(select 1 as j) as u"
JOINS = (
    f"{ROWS} join {OTHERS} on t.k > u.j where s > 'a'",
    f"{ROWS} join {OTHERS} on t.k > u.j and t.s = 'b' where s > 'a'",
    f"{ROWS}, {OTHERS} where s > 'a' and t.k > u.j",
    f"{ROWS} left join {OTHERS} on t.k < u.j where s > 'a'",
    f"{ROWS} left semi join {OTHERS} on t.k > u.j where s > 'a'",
    f"{ROWS} left anti join {OTHERS} on t.k < u.j where s > 'a'",
    f"{ROWS} where s > 'a' and exists (select 1 from {OTHERS} where t.k > u.j)",
)
VALUES = {
    "n / k": 3.5,
    "n div k": 3,
    "n % k": 1,
    "mod(n, k)": 1,
    "100 / k": 50.0,
    "n / nullif(k, 0) / k": 1.75,
    "coalesce(n / k, 0)": 3.5,
    "case when k <> 0 then n / k end": 3.5,
    "cast(n / cast(k as decimal(4, 1)) as int)": 3,
    "array(n, k)[1]": 2,
    "split(s, '-')[0]": "b",
    "map(s, n)['b']": 7,
    "element_at(array(n, k), 1)": 7,
    "array_max(array(n, k))": 7,
    "cast(to_number(concat('', n), '9') as int)": 7,
    "assert_true(k > 0)": None,
    "if(k < 0, raise_error('x'), n)": 7,
    "if(k < 0, raise_error(concat('x', k)), n)": 7,
    "case when k < 0 then raise_error('x') when n = 7 then 'seven' end": "seven",
    "case k when 5 then raise_error('x') when 2 then 'two' else s end": "two",
    "case k when 5 then if(n > 7, raise_error('x'), raise_error('y')) else s end": "b",
}


@pytest.mark.parametrize("joined", JOINS)
def test_nothing_fails_for_a_batch_without_rows(warehouse: Any, joined: str) -> None:
    shown = ", ".join(f"{value} as c{number}" for number, value in enumerate(VALUES))
    assert [list(row.values()) for row in warehouse.sql(f"select {shown}, s from {joined}")] == [
        [*VALUES.values(), "b"]
    ]
    nowhere = joined.replace("s > 'a'", "s > 'z'")
    assert warehouse.sql(f"select {shown}, s from {nowhere}") == []
    total = f"select sum(n / k) as x, s from {joined} group by s, n / k having sum(n % k) > 0"
    assert warehouse.sql(total) == [{"x": 3.5, "s": "b"}]


@pytest.mark.parametrize(
    ("value", "condition"),
    [
        ("n / (k - 2)", "DIVIDE_BY_ZERO"),
        ("n % (k - 2)", "REMAINDER_BY_ZERO"),
        ("array(n)[k]", "INVALID_ARRAY_INDEX"),
        ("element_at(array(n), k)", "INVALID_ARRAY_INDEX_IN_ELEMENT_AT"),
        ("assert_true(k < 0)", "USER_RAISED_EXCEPTION"),
        ("assert_true(cast(null as boolean))", "USER_RAISED_EXCEPTION"),
        ("if(k > 0, raise_error('x'), n)", "USER_RAISED_EXCEPTION"),
        ("case k when 2 then raise_error('x') when 2 then 'two' else s end",
         "USER_RAISED_EXCEPTION"),
        ("case when k < 0 then 'x' when n = 7 then raise_error('y') end", "USER_RAISED_EXCEPTION"),
        ("if(k > 0, n)", "WRONG_NUM_ARGS"),
    ],
)  # fmt: skip
def test_a_row_fails_as_ever(warehouse: Any, value: str, condition: str) -> None:
    warehouse.fails(f"select {value} as x, s from {JOINS[0]}", condition)
