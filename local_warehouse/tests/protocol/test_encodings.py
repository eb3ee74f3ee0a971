"""databricks-sql-connector against the local warehouse: the forms in which it can ask for rows."""

from __future__ import annotations

import ast
import datetime as dt
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
from databricks.sql.exc import Error

_VALUES = """
    select true as b, cast(1 as tinyint) as t, cast(2 as smallint) as s, 3 as i, 4L as l,
        cast(1.5 as float) as f, 2.5d as d, cast('1.50' as decimal(10, 2)) as n, 'ü' as c,
        cast('x' as binary) as x, date'2024-02-29' as day,
        timestamp'2024-02-29 10:00:00.5' as ts,
        array(1, null) as a, map('k', 1.50) as m, 
        named_struct('q', '"', 'at', date'2024-01-01') as r
    union all
    select null, null, null, null, null, null, null, null, null, null, null, null, null, null, null
"""
_COMPLEX = ("[1,null]", '{"k":1.50}', '{"q":"\\"","at":"2024-01-01"}')


def _rows(warehouse: Any, **settings: Any) -> list[tuple[Any, ...]]:
    with warehouse.connect(**settings) as connection, connection.cursor() as cursor:
        cursor.execute(_VALUES)
        compressed = settings.get("enable_query_result_lz4_compression", True)
        assert cursor.active_result_set.lz4_compressed is compressed
        found = [tuple(row) for row in cursor.fetchall()]
    return sorted(found, key=lambda row: row[0] is None)


def test_values_are_sent_as_text_to_one_who_does_not_take_them_otherwise(warehouse: Any) -> None:
    native, nulls = _rows(warehouse)
    assert nulls == (None,) * 15
    plain = _rows(warehouse, enable_query_result_lz4_compression=False)
    assert [str(row) for row in plain] == [str(native), str(nulls)]  # it holds an array of NumPy
    of_text, nulls = _rows(warehouse, _use_arrow_native_complex_types=False)
    assert (of_text[12:], of_text[:12]) == (_COMPLEX, native[:12])
    assert nulls == (None,) * 15
    # the connector itself makes a Decimal of the text
    of_text, _ = _rows(warehouse, _use_arrow_native_decimals=False)
    assert of_text[7] == Decimal("1.50")
    of_text, _ = _rows(warehouse, _use_arrow_native_timestamps=False)
    assert of_text[11] == "2024-02-29 10:00:00.5"


def test_complex_values_are_json_of_their_types(warehouse: Any) -> None:
    with (
        warehouse.connect(_use_arrow_native_complex_types=False) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "select map() as m, array() as a, named_struct('m', map(), 'n', null) as r,"
            " array(map(1, 'x'), map(), null) as ms, map('k', map()) as mm,"
            " array(timestamp'2024-02-29 10:00:00.50', timestamp'2024-01-01') as ts"
        )
        assert tuple(cursor.fetchone()) == (
            "{}", "[]", '{"m":{},"n":null}', '[{"1":"x"},{},null]', '{"k":{}}',
            '["2024-02-29 10:00:00.5","2024-01-01 00:00:00"]',
        )  # fmt: skip


def test_a_connector_without_pyarrow_gets_columns_of_values(warehouse: Any) -> None:
    program = f"""
import sys
sys.modules["pyarrow"] = None
from databricks import sql
import ast
with sql.connect(**ast.literal_eval(sys.argv[1])) as connection, connection.cursor() as cursor:
    cursor.execute({_VALUES!r})
    rows = [tuple(row) for row in cursor.fetchall()]
    cursor.execute("select id from range(250000)")
    count = sum(len(cursor.fetchmany(100000)) for _ in range(3))
    schemas = [tuple(row)[0] for row in cursor.schemas("main", "def%").fetchall()]
    print((sorted(map(repr, rows)), count, schemas))
"""
    command = [sys.executable, "-c", program, repr(warehouse.settings())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows, count, schemas = ast.literal_eval(done.stdout)
    values = eval(rows[1], {"datetime": dt, "Decimal": Decimal})  # noqa: S307 - our own repr
    assert values[:10] == (True, 1, 2, 3, 4, 1.5, 2.5, Decimal("1.50"), "ü", b"x")
    assert values[10:12] == (dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 10, 0, 0, 500000))
    assert values[12:] == _COMPLEX
    assert rows[0] == repr((None,) * 15)
    assert (count, schemas) == (250000, ["default"])


@pytest.mark.parametrize("limit", [1, 5, 150_000, 300_000])
def test_a_result_has_no_more_rows_than_its_client_wants(warehouse: Any, limit: int) -> None:
    with warehouse.connect() as connection, connection.cursor(row_limit=limit) as cursor:
        cursor.execute("select id from range(200000)")
        assert len(cursor.fetchall()) == min(limit, 200_000)


@pytest.mark.parametrize("rows", [1000, 100_000])
def test_an_error_in_the_middle_of_a_result_is_told_each_time(warehouse: Any, rows: int) -> None:
    with warehouse.connect() as connection, connection.cursor(arraysize=rows) as cursor:
        with pytest.raises(Error, match="DIVIDE_BY_ZERO"):
            cursor.execute("select 1 / (id - 1900000) from range(2000000)")
            while cursor.fetchmany_arrow(rows).num_rows:
                pass
        if cursor.active_result_set is not None:
            for _ in range(2):
                with pytest.raises(Error, match="DIVIDE_BY_ZERO"):
                    cursor.fetchmany_arrow(rows)
