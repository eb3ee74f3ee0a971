"""databricks-sql-connector against the local warehouse: conditions and SQLSTATEs of errors.

https://docs.databricks.com/aws/en/error-messages/sqlstates
"""

from __future__ import annotations

from typing import Any

import pytest
from databricks.sql.exc import ServerOperationError, TransactionError

_ERRORS = {
    "selec 1": ("PARSE_SYNTAX_ERROR", "42601"),
    "select 1 from": ("PARSE_SYNTAX_ERROR", "42601"),
    "select (1": ("PARSE_SYNTAX_ERROR", "42601"),
    "select 'a": ("PARSE_SYNTAX_ERROR", "42601"),
    "select 1; select 2": ("PARSE_SYNTAX_ERROR", "42601"),
    " -- nothing": ("PARSE_EMPTY_STATEMENT", "42617"),
    "convert to delta x": ("UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE", "0A000"),
    "select * from gone": ("TABLE_OR_VIEW_NOT_FOUND", "42P01"),
    "select * from gone.t": ("TABLE_OR_VIEW_NOT_FOUND", "42P01"),
    "describe table extended gone.t": ("TABLE_OR_VIEW_NOT_FOUND", "42P01"),
    "select * from gone.s.t": ("CATALOG_NOT_FOUND", "42P08"),
    "drop table gone": ("TABLE_OR_VIEW_NOT_FOUND", "42P01"),
    "use schema gone": ("SCHEMA_NOT_FOUND", "42704"),
    "select gone from range(1)": ("UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703"),
    "select gone(1)": ("UNRESOLVED_ROUTINE", "42883"),
    "select id from range(1) a cross join range(1) b": ("AMBIGUOUS_REFERENCE", "42704"),
    "select id, count(*) from range(3)": ("MISSING_AGGREGATION", "42803"),
    "select :a": ("UNBOUND_SQL_PARAMETER", "42P02"),
    "select ?": ("UNBOUND_SQL_PARAMETER", "42P02"),
    "select 1 / 0": ("DIVIDE_BY_ZERO", "22012"),
    "select 1 / id from range(3)": ("DIVIDE_BY_ZERO", "22012"),
    "select 5 % (id - id) from range(3)": ("REMAINDER_BY_ZERO", "22012"),
    "select cast('a' as int)": ("CAST_INVALID_INPUT", "22018"),
    "select cast('a' as date)": ("CAST_INVALID_INPUT", "22018"),
    "select cast('a' as timestamp)": ("CAST_INVALID_INPUT", "22018"),
    "select cast(300 as tinyint)": ("CAST_OVERFLOW", "22003"),
    "select cast(1e30 as decimal(10, 2))": ("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", "22003"),
    "select to_date('x', 'yyyy-MM-dd')": ("CANNOT_PARSE_TIMESTAMP", "22007"),
    "select array(1)[5]": ("INVALID_ARRAY_INDEX", "22003"),
    "select element_at(array(1), 5)": ("INVALID_ARRAY_INDEX_IN_ELEMENT_AT", "22003"),
    "select (select id from range(2))": ("SCALAR_SUBQUERY_TOO_MANY_ROWS", "21000"),
    "create schema default": ("SCHEMA_ALREADY_EXISTS", "42P06"),
    "create table strict (a int)": ("TABLE_OR_VIEW_ALREADY_EXISTS", "42P07"),
    "insert into strict values (null)": ("DELTA_NOT_NULL_CONSTRAINT_VIOLATED", "23502"),
    "insert into strict values (1, 2)": (
        "INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS",
        "21S01",
    ),
}


def test_the_place_of_a_syntax_error_counts_from_the_statements_first_character(
    warehouse: Any,
) -> None:
    said = warehouse.fails("/* {'app': 'dbt'}\n */ select 1 from where", "PARSE_SYNTAX_ERROR")
    assert "'where' (line 2, pos 18)" in said


def test_an_error_has_its_condition_and_sqlstate(warehouse: Any) -> None:
    warehouse.sql("create or replace table main.default.strict (a int not null)")
    found = {}
    with warehouse.connect() as connection, connection.cursor() as cursor:
        for statement in _ERRORS:
            try:
                cursor.execute(statement).fetchall()
                found[statement] = ("none", "")
            except ServerOperationError as error:
                condition, _, rest = str(error).removeprefix("[").partition("] ")
                found[statement] = (condition, rest.rpartition("SQLSTATE: ")[2][:5])
                assert "\x1b" not in str(error), "colours belong to a terminal"
    warehouse.sql("drop table main.default.strict")
    assert found == _ERRORS


def test_an_error_says_what_may_be_meant_and_where_it_is(warehouse: Any) -> None:
    warehouse.sql("create or replace table main.default.named (alpha int, beta string)")
    asked = {
        "select alhpa from named": "`alhpa` cannot be resolved. Did you mean one of the following?"
        " [`alpha`, `beta`].",
        "select n.bata from named n join named m on n.alpha = m.alpha": "`n`.`bata` cannot be"
        " resolved. Did you mean one of the following? [`m`.`beta`, `m`.`alpha`].",
        "with c as (select 1 as one, 2 as two) select tow from c": "[`two`, `one`].",
        "select raise_error('it is ' || alpha) from named": "none",
        "select raise_error('[MINE] no')": "[USER_RAISED_EXCEPTION] [MINE] no SQLSTATE: P0001",
        "select assert_true(1 > 2)": "'(1 > 2)' is not true! SQLSTATE: P0001",
        "select assert_true(1 > 2, 'small')": "[USER_RAISED_EXCEPTION] small SQLSTATE: P0001",
        "select *\nform named": "(line 2, pos 5). SQLSTATE: 42601\n\n== SQL ==\nselect *\n"
        "form named\n-----^^^",
        "set autocommit = false": "does not support autocommit = false",
        "BEGIN TRANSACTION": "does not support the statement 'BEGIN",
        "commit": "[NO_ACTIVE_TRANSACTION]",
        "commit work": "[NO_ACTIVE_TRANSACTION]",
        "rollback": "none",
        "rollback transaction": "none",
    }
    with warehouse.connect(schema="default") as connection, connection.cursor() as cursor:
        for statement, said in asked.items():
            try:
                cursor.execute(statement).fetchall()
                found = "none"
            except ServerOperationError as error:
                found = str(error)
            assert said in found, found
        cursor.execute("create or replace table named as select 1 as a")
        assert cursor.fetchall() == []  # though it has the columns of a count
    with warehouse.connect(ignore_transactions=False) as connection:
        with pytest.raises(TransactionError, match="autocommit"):
            connection.autocommit = False
        with pytest.raises(TransactionError, match="NO_ACTIVE_TRANSACTION"):
            connection.commit()
        connection.rollback()
    warehouse.sql("drop table main.default.named")


def test_an_error_has_the_message_of_the_engine(warehouse: Any) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        try:
            cursor.execute("select cast('abc' as int)")
        except ServerOperationError as error:
            assert "abc" in str(error)
            assert error.context["diagnostic-info"] is None  # no trace of ours
        cursor.execute("select 1 as a")  # the cursor goes on
        assert cursor.fetchall() == [(1,)]
