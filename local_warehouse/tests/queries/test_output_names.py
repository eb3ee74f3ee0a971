"""The names of columns without an alias are those of Apache Spark 4.0.1, whatever is rewritten.

The examples of its documentation are asked in tests/conformance.
"""

from __future__ import annotations

from typing import Any

_NAMES = {
    "n + 1": "(n + 1)",
    "t.n * -1": "(n * -1)",
    "cast(n as string)": "n",
    "string(n)": "n",
    "sum(cast(n as double)) over (partition by s order by n)": (
        "sum(CAST(n AS DOUBLE)) OVER (PARTITION BY s ORDER BY n ASC NULLS FIRST"
        " RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    ),
    "count(*) over ()": (
        "count(1) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
    ),
    "lag(n) over (order by s desc)": (
        "lag(n, 1, NULL) OVER (ORDER BY s DESC NULLS LAST ROWS BETWEEN -1 FOLLOWING AND -1"
        " FOLLOWING)"
    ),
    "sum(n) over (order by n rows between 2 preceding and 1 following)": (
        "sum(n) OVER (ORDER BY n ASC NULLS FIRST ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING)"
    ),
    "case when n > 1 then 'a' else s end": "CASE WHEN (n > 1) THEN a ELSE s END",
    "if(n is null, 1, 2)": "(IF((n IS NULL), 1, 2))",
    "n in (1, 2) and s not like 'a%'": "((n IN (1, 2)) AND (NOT s LIKE a%))",
    "n in (select 1)": "(n IN (listquery()))",
    "(select max(n) from t)": "scalarsubquery()",
    "coalesce(s, 'x') || upper(s)": "concat(coalesce(s, x), upper(s))",
    "a[0]": "a[0]",
    "m['k']": "m[k]",
    "st.x + st.y": "(st.x + st.y)",
    "transform(a, y -> y + n)": (
        "transform(a, lambdafunction((namedlambdavariable() + n), namedlambdavariable()))"
    ),
    "zip_with(a, a, (x, y) -> x + y)": (
        "zip_with(a, a, lambdafunction((namedlambdavariable() + namedlambdavariable()),"
        " namedlambdavariable(), namedlambdavariable()))"
    ),
    "date'2024-01-01' + interval 2 hours": "DATE '2024-01-01' + INTERVAL '02' HOUR",
    "n <> 1": "(NOT (n = 1))",
    "regexp_replace(s, '\\\\d', '')": "regexp_replace(s, \\d, , 1)",
}


def test_a_column_is_named_for_its_expression(warehouse: Any, schema: str) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"use schema {schema}")
        cursor.execute(
            "create table t as select 1 as n, 'x' as s, array(1) as a, map('k', 1) as m,"
            " named_struct('x', 1, 'y', 2) as st"
        )
        found = {sql: _names(cursor, f"select {sql} from t") for sql in _NAMES}
        assert found == {sql: [name] for sql, name in _NAMES.items()}
        inner = "select sum(n), s from t group by s"
        assert _names(cursor, f"select * from ({inner})") == ["sum(n)", "s"]
        assert _names(cursor, "select concat(*) from (select s, 'b' as z from t)") == [
            "concat(s, z)"
        ]
        assert _names(cursor, f"select `sum(n)` + 1 as x from ({inner})") == ["x"]
        cursor.execute(f"create temporary view v as {inner}")
        assert _names(cursor, "select * from v") == ["sum(n)", "s"]


def _names(cursor: Any, sql: str) -> list[str]:
    cursor.execute(sql)
    return [column[0] for column in cursor.description]
