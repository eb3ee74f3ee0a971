"""GRANT and REVOKE: principals, privileges, and the end of both."""

from __future__ import annotations

from typing import Any

import pytest


def test_what_is_dropped_takes_its_grants_with_it(warehouse: Any, schema: str) -> None:
    own = f"{schema}_granted"
    for _ in range(2):
        warehouse.sql(f"create schema {own}")
        warehouse.sql(f"create function {own}.f() return 1")
        assert warehouse.sql(f"show grants on schema {own}") == []
        assert warehouse.sql(f"show grants on function {own}.f") == []
        warehouse.sql(f"grant use schema on schema {own} to `a@example.com`")
        warehouse.sql(f"grant execute on function {own}.f to `a@example.com`")
        warehouse.fails(f"drop schema main.more.{own} cascade", "PARSE_SYNTAX_ERROR")
        warehouse.sql(f"drop schema {own} cascade")


def test_grants_go_to_principals_that_exist(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (id int)")
    with pytest.raises(Exception, match=r"PRINCIPAL_DOES_NOT_EXIST.*`analysts of x`"):
        warehouse.sql(f"grant select on table {schema}.t to `analysts of x`")
    with pytest.raises(Exception, match="INVALID_PARAMETER_VALUE"):
        warehouse.sql(f"grant fly on table {schema}.t to `a@example.com`")
    warehouse.sql("create group `analysts of x`")
    warehouse.sql(f"grant select, modify on table {schema}.t to `analysts of x`")
    warehouse.sql(f"revoke modify on table {schema}.t from `analysts of x`")
    warehouse.sql(f"alter table {schema}.t rename to {schema}.renamed")  # grants go with it
    found = warehouse.sql(f"show grants on table {schema}.renamed")
    assert [(g["Principal"], g["ActionType"]) for g in found] == [("analysts of x", "SELECT")]
    warehouse.sql("drop group `analysts of x`")
    assert {"name": "analysts of x"} not in warehouse.sql("show groups")
