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
