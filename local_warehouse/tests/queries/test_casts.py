"""Values of two types that meet are cast as Databricks casts them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from databricks.sql.exc import Error


def test_a_date_that_meets_a_timestamp_is_cast(warehouse: Any) -> None:
    rows = warehouse.sql(
        "with a as (select date'2020-01-01' as d, 1 as k),"
        " b as (select d, k from a union all select timestamp'2020-01-02', 2)"
        " select k, date(d) as d, date(coalesce(nullif(b.d, b.d), date'2099-12-31')) as e,"
        " d < date'9999-12-31' as past, if(k = 1, d, date'9999-12-31') > d as later"
        " from b order by k"
    )
    day, end = dt.date(2020, 1, 1), dt.date(2099, 12, 31)
    assert [tuple(row.values()) for row in rows] == [
        (1, day, end, True, False),
        (2, day + dt.timedelta(days=1), end, True, True),
    ]
    made = "create or replace table default.date_meets_timestamp as"
    warehouse.sql(f"{made} select coalesce(timestamp'2020-01-01', date'9999-12-31') as t")
    inserted = "insert into default.date_meets_timestamp select date'9999-12-31' union select now()"
    warehouse.sql(inserted)
    warehouse.sql("delete from default.date_meets_timestamp where t >= date'9999-12-31'")
    assert warehouse.sql("select count(*) as n from default.date_meets_timestamp") == [{"n": 2}]
    warehouse.sql(
        "merge into default.date_meets_timestamp as o using (select now() as t) as n on o.t = n.t"
        " when matched and o.t < date'9999-12-31' then update set o.t = nullif(n.t, current_date())"
        " when not matched and n.t < date'9999-12-31' then insert (t) values (n.t)"
    )
    assert warehouse.sql("select count(*) as n from default.date_meets_timestamp") == [{"n": 3}]
    warehouse.sql("drop table default.date_meets_timestamp")


def test_a_string_that_meets_a_boolean_is_cast(warehouse: Any) -> None:
    rows = warehouse.sql(
        "select b, b = 'True' as same, 't' <> b as other, b in ('false', 'no') as listed"
        " from values (true), (false), (null) as v(b) order by b desc"
    )
    assert [tuple(row.values()) for row in rows] == [
        (True, True, False, False),
        (False, False, True, True),
        (None, None, None, None),
    ]
    with pytest.raises(Error, match="CAST_INVALID_INPUT"):
        warehouse.sql("select true = 'neither'")


def test_a_text_with_a_time_becomes_a_date(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (s string, t timestamp)")
    warehouse.sql(
        f"insert into {schema}.t values (' 2024-01-02 03:04:05 ', timestamp'2024-01-02 23:59:59')"
    )
    found = warehouse.sql(
        f"select cast(s as date), t::date, count(*) as n from {schema}.t"
        " where cast(t as date) = '2024-01-02' group by cast(s as date), t::date"
        " having count(*) > 0 order by cast(s as date)"
    )
    assert found == [{"s": dt.date(2024, 1, 2), "t": dt.date(2024, 1, 2), "n": 1}]
    warehouse.sql(f"delete from {schema}.t where cast(s as date) = date'2024-01-02'")
    assert warehouse.sql(f"select * from {schema}.t") == []


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-01-02 x", dt.date(2024, 1, 2)),
        ("\t2024-1-2T\n", dt.date(2024, 1, 2)),
        ("\n2024-01\x7f", dt.date(2024, 1, 1)),
        ("2024-01 x", None),
        ("2024 11:27", None),
        ("2024T", None),
        ("2024-01T11", None),
        ("2024-01-02\t11:27", None),
        ("2024-01-02 \n11:27", dt.date(2024, 1, 2)),
    ],
)
def test_only_a_day_has_a_time_behind_it(warehouse: Any, text: str, day: dt.date | None) -> None:
    literal = "'" + "".join(f"\\u{ord(character):04x}" for character in text) + "'"
    tried = f"select try_cast({literal} as date) as a, try_cast(s as date) as b"
    assert warehouse.sql(f"{tried} from (select {literal} as s)") == [{"a": day, "b": day}]
    for value in (literal, "s"):
        query = f"select cast({value} as date) as a from (select {literal} as s)"
        if day is None:
            warehouse.fails(query, "CAST_INVALID_INPUT")
        else:
            assert warehouse.sql(query) == [{"a": day}]


def test_a_date_that_the_engine_has_not_is_refused(warehouse: Any) -> None:
    for value in ("'300000-01-01'", "'-300000-01-01 11:27'", "s"):
        query = f"select try_cast({value} as date) as a from (select '5881580-07-11' as s)"
        warehouse.fails(query, "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE")


def test_blanks_around_a_boolean_and_a_digit_behind_a_nul(warehouse: Any) -> None:
    rows = warehouse.sql(
        "select cast('\\u0001true\\u007f' as boolean) as a, hex('\\u00001\\u000012') as b"
    )
    assert rows == [{"a": True, "b": "0031003132"}]


def test_casts_keep_their_names(warehouse: Any) -> None:
    rows = warehouse.sql(
        "select date('2021'), boolean('t'), string(1), cast('2022' as date),"
        " cast(try_cast(s as date) as string), max(cast(s as date)) from (select '2023' as s)"
        " group by s"
    )
    assert list(rows[0]) == [
        "2021", "t", "1", "CAST(2022 AS DATE)", "CAST(TRY_CAST(s AS DATE) AS STRING)",
        "max(CAST(s AS DATE))",
    ]  # fmt: skip
