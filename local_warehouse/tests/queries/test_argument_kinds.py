"""Arguments that are columns: a type that a function does not take is an error, whatever relation
the column is of, and what is cast implicitly is cast as in Apache Spark 4.0.1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from databricks.sql.exc import Error

_COLUMNS = {
    "n": "2", "s": "'2'", "d": "date'2024-02-29'", "f": "1.5D", "b": "true",
    "tn": "timestamp_ntz'2024-02-29 12:30:00.5'", "a": "array(1, 2)", "m": "map('a', 1)",
    "st": "named_struct('d', date'2024-02-29', 't', 'x')",
}  # fmt: skip
_UNFIT = (
    "sqrt(tn)", "substring(a, 1)", "positive(d)", "to_json(n)", "from_unixtime(d)", "tanh(b)",
    "dateadd('2016-07-30', f)", "try_parse_url(f, 'HOST')", "unix_micros(tn)", "length(a)",
    "acos(coalesce(d, null))", "length(array(n))", "sin(st.d)", "upper(case when b then a end)",
    "d < n", "n between d and 3", "equal_null(m, m)", "b = 1", "d in (1, 2)", "sum(b)", "max(m)",
    "max_by(n, m)", "listagg(s, a)", "decode(n, 1, 'a', d, 'b')", "array_insert(a, 1.5, 3)",
    "width_bucket(n, interval 1 day, 2, 3)", "case when n then 1 end", "if(d, 1, 2)", "b and n",
    "not n", "(n, s) = (f, s)", "(n, s) < (f, s)", "(s, n) in ((s, 1), (s, f))",
    "struct(n, 1) <=> struct(f, 1)", "struct(n, s) = struct(n, null)", "struct(m) = struct(m)",
    "b / n", "n / d", "tn / 2", "mod(b, n)", "pmod(n, d)", "pmod(s, s)", "+a", "+d",
    "greatest(s, d)", "least(s, x'41')", "d + bigint(n)", "d - f",
)  # fmt: skip
_VARYING = (
    "round(f, n)", "bround(f, length(s))", "ceil(f, n)", "mask(s, 'X', s)", "to_binary(s, s)",
    "listagg(s, s)", "string_agg(s, upper(s))", "xpath_int('<a>1</a>', s)", "schema_of_json(s)",
    "percentile(n, f)", "percentile_approx(n, 0.5, n)", "to_char(n, s)", "to_varchar(f, s)",
    "lag(n, n) over (order by n)", "ntile(n) over (order by n)", "uniform(n, 3)", "randstr(n)",
    "transform(a, y -> round(1.5, y))", "round(f, (select 1))",
)  # fmt: skip
_CONSTANT = {
    "round(f * 1.01D, 1 + 0)": 1.5, "round(f, length('a'))": 1.5, "mask(s, upper('x'))": "n",
    "to_char(d, s || 'yyyy')": "22024", "listagg(s, concat(',', ' '))": "2",
    "xpath_int('<a>1</a>', concat('', 'a'))": 1,
}  # fmt: skip
_CAST = {
    "upper(tn)": "2024-02-29 12:30:00.5", "regexp_replace(tn, '[0-9]+', 'x')": "x-x-x x:x:x.x",
    "lpad('a', s, 'x')": "xa", "year(s || '024-01-01')": 2024, "length(f)": 3, "sqrt('4')": 2.0,
    "substring('Spark', f)": "Spark", "make_ym_interval(f)": "1-0", "upper(d)": "2024-02-29",
    "like(n, '2')": True, "n like '2%'": True, "d not like '2024%'": False, "f rlike '^1'": True,
    "n like any ('1', '2')": True, "s like n": True, "tn ilike '%30:00.5'": True,
    "pmod(5, s)": 1, "mod(s, bigint(n))": 0, "pmod(f, s)": 1.5, "n & s": 2, "+s": 2.0,
    "substring('Spark', -f)": "k", "repeat('a', f)": "a", "hex(n / n)": "1", "bin(5 / n)": "10",
}  # fmt: skip


@pytest.fixture(scope="module")
def cursor(warehouse: Any) -> Iterator[Any]:
    values = ", ".join(f"{value} as {name}" for name, value in _COLUMNS.items())
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create schema arguments")
        cursor.execute("use schema arguments")
        cursor.execute(f"create table typed as select {values}")
        cursor.execute("create view seen as select * from typed")
        yield cursor
        cursor.execute("drop schema arguments cascade")


@pytest.mark.parametrize(
    "relation",
    ["typed", "seen", "(select * from typed union all select * from seen) as r"],
)
def test_what_a_function_does_not_take_is_an_error(relation: str, cursor: Any) -> None:
    for sql in _UNFIT:
        with pytest.raises(Error, match="DATATYPE_MISMATCH"):
            cursor.execute(f"select {sql} from {relation}")


def test_a_column_is_no_constant(cursor: Any) -> None:
    for sql in _VARYING:
        with pytest.raises(Error, match="NON_FOLDABLE_INPUT"):
            cursor.execute(f"select {sql} from typed")
    with pytest.raises(Error, match="SEED_EXPRESSION_IS_UNFOLDABLE"):
        cursor.execute("select rand(n) from typed")
    for sql, expected in _CONSTANT.items():
        assert cursor.execute(f"select {sql} from typed").fetchone()[0] == expected, sql


def test_names_of_derived_columns_tell_their_kinds(cursor: Any) -> None:
    for sql in (
        "with c as (select d as x from typed) select sqrt(x) from c",
        "select sqrt(x) from (select max(d) from typed) as r(x)",
        "select sqrt(x) from (select explode(array(d)) as x from typed)",
        "select sqrt(x) from (select d as x from typed union all select cast(null as date))",
        "select n from typed where sqrt((select max(d) from seen)) > 1",
        "update typed set f = sqrt(d)",
        "select n from typed where n",
    ):
        with pytest.raises(Error, match="DATATYPE_MISMATCH"):
            cursor.execute(sql)


def test_a_name_of_several_kinds_is_asked_for(cursor: Any) -> None:
    both = "(select d as x from typed) as r cross join (select n as x from typed) as q"
    cursor.execute(f"select sqrt(q.x + 2) as y, upper(r.x) as z from {both}")
    assert list(cursor.fetchone()) == [2.0, "2024-02-29"]
    with pytest.raises(Error, match="DATATYPE_MISMATCH"):
        cursor.execute(f"select sqrt(r.x) from {both}")


def test_a_field_of_a_struct_that_is_made_is_no_struct(cursor: Any) -> None:
    made = "(select named_struct('x', n) as s, struct(n, 5) as r from typed)"
    cursor.execute(f"select s.x > 1, r.col2 > 4, r.n + 1 > 3, sqrt(r.col2 - 1) from {made}")
    assert list(cursor.fetchone()) == [True, True, False, 2.0]


def test_what_is_cast_implicitly_is_cast_as_by_spark(cursor: Any) -> None:
    columns = ", ".join(f"{sql} as c{at}" for at, sql in enumerate(_CAST))
    cursor.execute(f"select {columns} from typed")
    assert dict(zip(_CAST, cursor.fetchone(), strict=True)) == _CAST


def test_an_output_keeps_its_name(cursor: Any) -> None:
    cursor.execute("select upper(d), length(f) from typed")
    assert [column[0] for column in cursor.description] == ["upper(d)", "length(f)"]


def test_binary_that_the_engine_makes_a_text_of_is_refused(cursor: Any) -> None:
    for sql in ("left(x, 1)", "left(encode(s, 'utf-8'), 1)", "substring(unhex(s), 1)"):
        with pytest.raises(Error, match=r"does not support (left|SUBSTRING)"):
            cursor.execute(f"select {sql} from (select *, unhex(s) as x from typed)")


def test_nan_as_a_whole_number_is_null_where_it_is_tried(cursor: Any) -> None:
    cursor.execute(
        "select try_cast(f * cast('NaN' as double) as int), try_cast(f as int) from typed"
    )
    assert list(cursor.fetchone()) == [None, 1]
