"""Statements that are not understood or not supported: the error says so and names them."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(
            "with recursive r as (select 1 as n union all select n + 1 from r where n < 3)"
            " select * from r",
            id="WITH RECURSIVE",
        ),
        pytest.param("select * from table_changes('t', 1)", id="table_changes"),
        pytest.param(r"select 'abc' rlike r'\p{L}(?=b)'", id="look-ahead beside a property"),
        pytest.param("select regexp_replace('abc', '(?<=x+)b', '')", id="look-behind of any width"),
        pytest.param("select regexp_instr('abc', 'a(?=b)')", id="the place of look-ahead"),
        pytest.param("select regexp_replace('ab', 'a(?=b)', '$1')", id="a group there is not"),
        pytest.param("select 'a' collate unicode_ci = 'A'", id="a collation"),
        pytest.param("select upper('a' collate utf8_lcase)", id="COLLATE in a function"),
        pytest.param(
            "select * from (select 'a' collate utf8_lcase as x) where x = 'A'",
            id="COLLATE in a subquery",
        ),
        pytest.param("select 'a' collate utf8_lcase like any ('A')", id="COLLATE beside ANY"),
        pytest.param(
            "create table default.t as select 'a' collate utf8_lcase as x", id="a column's COLLATE"
        ),
        pytest.param(
            "create view default.v as select 'a' collate utf8_lcase as x", id="COLLATE in a view"
        ),
        pytest.param(
            "select lag(x, 1, x) ignore nulls over (order by x) from values (1) as v(x)",
            id="lag with IGNORE NULLS and a default",
        ),
        pytest.param("set variable v = 1", id="SET VARIABLE"),
        pytest.param("declare v int", id="DECLARE"),
        pytest.param("create materialized view v as select 1", id="CREATE MATERIALIZED VIEW"),
        pytest.param(
            "create table default.t (id bigint generated always as identity)", id="identity column"
        ),
        pytest.param(
            "create view default.v with metrics language yaml as $$\nsource: t\n$$",
            id="a metric view",
        ),
        pytest.param(
            "create view default.v with schema type evolution as select 1", id="WITH SCHEMA"
        ),
        pytest.param("create schema s default collation utf8_lcase", id="DEFAULT COLLATION"),
    ],
)
def test_what_is_not_supported_says_so(warehouse: Any, statement: str) -> None:
    warehouse.fails(statement, "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE")


@pytest.mark.parametrize(
    ("statement", "condition"),
    [
        pytest.param(
            "select * from main.default.nope", "TABLE_OR_VIEW_NOT_FOUND", id="no such table"
        ),
        pytest.param("select * from nope.t", "TABLE_OR_VIEW_NOT_FOUND", id="no such schema"),
        pytest.param("use catalog nope", "CATALOG_NOT_FOUND", id="no such catalog"),
        pytest.param("select nope", "UNRESOLVED_COLUMN", id="no such column"),
        pytest.param("selec 1", "PARSE_SYNTAX_ERROR", id="a misspelt verb"),
        pytest.param("select 1 +", "PARSE_SYNTAX_ERROR", id="an expression that breaks off"),
        pytest.param("select cast('x' as int)", "CAST_INVALID_INPUT", id="a cast that fails"),
        pytest.param(
            "create table main.default.x (a int) using iceberg",
            "UNSUPPORTED_FEATURE",
            id="another table format",
        ),
        pytest.param("fsck repair table x", "UNSUPPORTED_FEATURE", id="FSCK"),
    ],
)
def test_an_error_names_its_condition(warehouse: Any, statement: str, condition: str) -> None:
    assert "SQLSTATE: " in warehouse.fails(statement, condition)


def test_an_unsupported_statement_names_itself(warehouse: Any) -> None:
    assert "REFRESH MATERIALIZED VIEW" in warehouse.fails(
        "refresh materialized view v", "UNSUPPORTED_FEATURE"
    )


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("truncate table {t} where p = 1", id="TRUNCATE WHERE"),
        pytest.param("analyze table {t}", id="ANALYZE alone"),
        pytest.param(
            "analyze table {t} compute statistics noscan for all columns",
            id="ANALYZE NOSCAN FOR ALL COLUMNS",
        ),
        pytest.param(
            "analyze table {t} compute statistics for columns", id="ANALYZE FOR COLUMNS of none"
        ),
        pytest.param("analyze tables in {s}", id="ANALYZE TABLES alone"),
        pytest.param(
            "analyze tables in {s} compute statistics for all columns",
            id="ANALYZE TABLES FOR ALL COLUMNS",
        ),
        pytest.param("show columns in {t} like 'p'", id="SHOW COLUMNS LIKE"),
        pytest.param("show create table {t} more", id="SHOW CREATE TABLE"),
        pytest.param("describe schema {s} more", id="DESCRIBE SCHEMA"),
        pytest.param("describe catalog main more", id="DESCRIBE CATALOG"),
        pytest.param("set -v more", id="SET -v"),
    ],
)
def test_what_is_behind_a_statement_is_a_syntax_error(
    warehouse: Any, schema: str, statement: str
) -> None:
    warehouse.sql(f"create table {schema}.t partitioned by (p) as select 1 as p, 2 as x")
    warehouse.fails(statement.format(s=schema, t=f"{schema}.t"), "PARSE_SYNTAX_ERROR")
    assert warehouse.sql(f"select * from {schema}.t") == [{"p": 1, "x": 2}]
