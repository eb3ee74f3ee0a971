"""Parameters are values; names may hold anything, and may come from a parameter."""

from __future__ import annotations

from typing import Any


def test_parameters_are_values_and_never_sql(warehouse: Any, schema: str) -> None:
    hostile = "'); drop table t; -- \\ `\"\n\x01 é"
    row = warehouse.sql(
        "select :v as v, :n + 1 as n, :none as none", {"v": hostile, "n": 1, "none": None}
    )
    assert row == [{"v": hostile, "n": 2, "none": None}]
    assert warehouse.sql("select ? as a, ? as b", [hostile, True]) == [{"a": hostile, "b": True}]
    warehouse.fails("select :missing", "UNBOUND_SQL_PARAMETER")


def test_hostile_names_stay_names(warehouse: Any, schema: str) -> None:
    name, table = "a`b'c;--\" d.e", "a`b'c;--\"de"
    quoted, of_table = ("`" + one.replace("`", "``") + "`" for one in (name, table))
    mapping = "tblproperties ('delta.columnMapping.mode' = 'name')"
    warehouse.sql(f"create table {schema}.{of_table} ({quoted} string) {mapping}")
    warehouse.sql(f"insert into {schema}.{of_table} values ('x')")
    assert warehouse.sql(f"select t.{quoted} from {schema}.{of_table} as t") == [{name: "x"}]


def test_a_name_comes_from_a_parameter(warehouse: Any, schema: str) -> None:
    named = {"schema": schema, "table": "t", "n": 1}
    warehouse.sql("create table identifier(:schema || '.' || :table) (id int)", named)
    warehouse.sql("insert into identifier(:schema || '.t') values (:n)", named)
    assert warehouse.sql("select identifier(?) as i from identifier(?) as x where x.id = ?",
                         ["id", f"main.{schema}.t", 1]) == [{"i": 1}]  # fmt: skip
    described = warehouse.sql("describe table identifier(:name)", {"name": f"{schema}.`t`"})
    assert described[0]["col_name"] == "id"
    warehouse.fails("select * from identifier(null)", "NOT_A_CONSTANT_STRING")
    warehouse.fails("select * from identifier('t; drop table t')", "PARSE_SYNTAX_ERROR")


def test_a_statement_makes_another(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (id int, x string)")
    warehouse.sql(f"execute immediate 'insert into {schema}.t values (?, ?)' using 1, 'it\\'s'")
    text = f"concat('select x from ', '{schema}', '.t where id = :n')"
    assert warehouse.sql(f"execute immediate {text} using (3 - 2 as n)") == [{"x": "it's"}]
    warehouse.fails("execute immediate 'select ?'", "UNBOUND_SQL_PARAMETER")
    warehouse.fails("execute immediate cast(null as string)", "NULL_QUERY_STRING")
    warehouse.fails("execute immediate 'select 1' into x", "UNSUPPORTED_FEATURE")
