"""Arithmetic where tests/conformance does not ask: in tables, and in statements that write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

MOST = 2**31 - 1


@pytest.fixture
def table(warehouse: Any, schema: str) -> Iterator[str]:
    """A table with one row of the largest INT and BIGINT."""
    name = f"{schema}.numbers"
    warehouse.sql(f"create table {name} (i int, b bigint, s string, d decimal(10, 2))")
    warehouse.sql(f"insert into {name} values ({MOST}, {2**63 - 1}, '7', 2.50)")
    yield name


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("select i + 1 as x from {t}", id="an int"),
        pytest.param("select b * 2 as x from {t}", id="a bigint"),
        pytest.param(
            "with c as (select i as j from {t}) select * from (select j + j as x from c)",
            id="in a CTE",
        ),
        pytest.param("select a.i + c.i as x from {t} as a join {t} as c using (i)", id="in a join"),
        pytest.param(
            "select max(x) as m from (select i + 1 as x from {t} union all select 1)",
            id="below a union",
        ),
        pytest.param(
            "select sum(b) as s from (select b from {t} union all select b from {t})", id="summed"
        ),
        pytest.param("select (select max(i) from {t}) + 1 as x", id="of a subquery"),
        pytest.param("create table {t}_2 as select i + 1 as x from {t}", id="CREATE TABLE AS"),
        pytest.param("insert into {t} (i) select i + 1 from {t}", id="INSERT"),
        pytest.param("update {t} set i = i + 1", id="UPDATE"),
        pytest.param("delete from {t} where i + 1 > 0", id="DELETE"),
        pytest.param(
            "merge into {t} as a using {t} as c on a.s = c.s when matched then"
            " update set i = a.i + c.i",
            id="MERGE",
        ),
    ],
)
def test_an_integer_that_overflows_fails(warehouse: Any, table: str, statement: str) -> None:
    warehouse.fails(statement.format(t=table), "ARITHMETIC_OVERFLOW")
    assert warehouse.sql(f"select i from {table}") == [{"i": MOST}]


def test_operands_become_one_type(warehouse: Any, table: str) -> None:
    found = warehouse.sql(f"select s + 1 as a, s * d as b, d / 3 as c, -s as e from {table}")
    assert [{name: str(value) for name, value in row.items()} for row in found] == [
        {"a": "8", "b": "17.5", "c": "0.833333", "e": "-7.0"}
    ]
    warehouse.fails(f"select s + s as a from {table}", "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE")
    found = warehouse.sql("select 1 + '2' as a, '5' - 1 as b, 2 * '3' as c, '7' % 4 as e")
    assert found == [{"a": 3, "b": 4, "c": 6, "e": 3}]


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("x + x", "24691357802469135780.24691357802469135"),
        ("1 + x", "12345678901234567891.12345678901234568"),
        ("sum(x - 2.50)", "12345678901234567887.62345678901234568"),
        ("max(x + x + x)", "37037036703703703670.3703703670370370"),
        ("cast(5 as decimal(38, 0)) - cast(0.1234567 as decimal(20, 18))", "4.876543"),
        ("cast(3 as decimal(37, 2)) + cast(2 as decimal(36, 2))", "5.00"),
    ],
)
def test_a_sum_of_decimals_keeps_38_digits(warehouse: Any, expression: str, wanted: str) -> None:
    column = "cast('12345678901234567890.123456789012345675' as decimal(38, 18))"
    found = warehouse.sql(f"select {expression} as n from (select {column} as x)")
    assert [str(row["n"]) for row in found] == [wanted]


@pytest.mark.parametrize("sum_of_it", ["x + 1", "-x - 1", "(x + 1) - 1 + 1"])
def test_a_sum_of_more_than_38_digits_fails(warehouse: Any, sum_of_it: str) -> None:
    most = f"cast('{'9' * 38}' as decimal(38, 0))"
    query = f"select {sum_of_it} as n from (select {most} as x)"
    warehouse.fails(query, "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION")


@pytest.mark.parametrize(
    ("product", "wanted"),
    [
        ("d * 100", "decimal(14,2)"),
        ("d * -100L", "decimal(14,2)"),
        ("d * cast(100 as bigint)", "decimal(31,2)"),
        ("d + cast(1 as int)", "decimal(13,2)"),
        ("d % 2L", "decimal(3,2)"),
    ],
)
def test_only_a_literal_counts_by_its_digits(warehouse: Any, product: str, wanted: str) -> None:
    row = "(select cast(2.5 as decimal(10, 2)) as d)"
    found = warehouse.sql(f"select typeof({product}) as t from {row}")
    assert found == [{"t": wanted}]


def test_the_least_integers(warehouse: Any) -> None:
    found = warehouse.sql(
        "select -128Y as a, -32768S as b, -2147483648 as c, -9223372036854775808L as e, -128 as f"
    )
    assert found == [{"a": -(2**7), "b": -(2**15), "c": -(2**31), "e": -(2**63), "f": -128}]
    warehouse.fails("select -32768Y as a", "CAST_OVERFLOW")


def test_what_no_row_asks_for_is_not_divided(warehouse: Any) -> None:
    found = warehouse.sql(
        "select if(x > 1, 1, 1/0) as a, coalesce(x, 1 div 0) as b, case when x > 1 then 1 else 5 %"
        " 0 end as c, if(x > 1, 1, 5.5 / 0.0) as e, nanvl(x, 1 / (x - 2)) as f from values (2) as"
        " t(x)"
    )
    assert found == [{"a": 1.0, "b": 2, "c": 1, "e": 1, "f": 2.0}]
    for division in ("1 / 0", "1 div 0", "5.5 / 0", "if(x > 2, 1, 1 / 0)"):
        warehouse.fails(f"select {division} as a from values (2) as t(x)", "DIVIDE_BY_ZERO")


def test_an_exclamation_mark_is_no_not_of_a_predicate(warehouse: Any) -> None:
    for condition in ("1 ! in (2)", "1 ! between 2 and 3", "'a' ! like 'b'", "1 is !null"):
        warehouse.fails(f"select {condition} as a", "SYNTAX_DISCONTINUED.BANG_EQUALS_NOT")
    assert warehouse.sql("select !(1 > 2) as a, '!' in ('!') as b") == [{"a": True, "b": True}]


def test_null_divided_by_zero_is_null(warehouse: Any, table: str) -> None:
    found = warehouse.sql(
        f"select sum(i) / count(*) as a, sum(b) % count(*) as b, sum(d) / count(*) as c,"
        f" max(i) div count(*) as e from {table} where i < 0"
    )
    assert found == [dict.fromkeys("abce")]
    warehouse.fails(f"select i / (b - b) as a from {table}", "DIVIDE_BY_ZERO")


def test_a_column_without_a_name_has_its_expression_as_name(warehouse: Any, table: str) -> None:
    warehouse.sql(f"update {table} set i = 7, b = 5")
    found = warehouse.sql(f"select i - 1, sum(b), 1 + i from {table} group by i")
    assert found == [{"(i - 1)": 6, "sum(b)": 5, "(1 + i)": 8}]


@pytest.mark.parametrize(
    ("outputs", "wanted"),
    [
        ("sum(d), count(distinct i)", "decimal(20,2)"),
        ("sum(d) filter (where i > 0), max(b), sum(distinct i)", "decimal(20,2)"),
        ("sum(d) + 1, count(distinct s)", "decimal(21,2)"),
    ],
)
def test_a_sum_has_its_digits_beside_different_values(
    warehouse: Any, table: str, outputs: str, wanted: str
) -> None:
    query = f"select {outputs} from {table} group by s having sum(d) > 1 and count(distinct i) > 0"
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute(query)
        precision, scale = cursor.description[0][4:6]
    assert f"decimal({precision},{scale})" == wanted


def test_a_structs_types_are_known_once_its_fields_are_corrected(warehouse: Any) -> None:
    """The engine does not know the type of try_divide of a DOUBLE and an INT."""
    rows = "values (2D, 1), (cast('NaN' as double), 2), (null, 3) as v(x, n)"
    found = warehouse.sql(
        f"select max(struct(try_divide(x, 2), n)).n as most, min(struct(try_divide(x, 2), n)).n as"
        f" least from {rows}"
    )
    assert found == [{"most": 2, "least": 3}]


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("try_divide(e, 4)", "0.625000 decimal(14,6)"),
        ("try_divide(sum(e), count(*))", "2.50000000000000000000 decimal(38,20)"),
        ("coalesce(try_divide(e, z), -1)", "-1.0000000000000 decimal(23,13)"),
        ("1 - try_divide(z, e) * 2", "1.00000000000 decimal(26,11)"),
        ("2 * try_add(e, 1)", "7.00 decimal(13,2)"),
        ("try_multiply(e, -2)", "-5.00 decimal(12,2)"),
        ("try_subtract(0.5D, e)", "-2.0 double"),
        ("try_multiply(y, y)", "None smallint"),
        ("try_add(100Y, t)", "None tinyint"),
        ("try_add(y, 1)", "301 int"),
        ("mod(null, null)", "None double"),
        ("+null", "None double"),
    ],
)
def test_what_tries_to_compute_on_fractions_and_small_integers(
    warehouse: Any, expression: str, wanted: str
) -> None:
    rows = "(select cast(2.5 as decimal(10, 2)) as e, 0 as z, 300S as y, 100Y as t)"
    query = f"select {expression} as n, typeof({expression}) as t from {rows}"
    assert [f"{row['n']} {row['t']}" for row in warehouse.sql(query)] == [wanted]


def test_what_tries_to_compute_on_38_digits_is_refused(warehouse: Any) -> None:
    query = "select try_add(cast(1 as decimal(38, 2)), 1) as n"
    warehouse.fails(query, "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE")
