"""Values and names as SQL text, from which nothing breaks out."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from bronze_loader.warehouse.literals import identifier, string, timestamp


def test_a_timestamp_is_written_in_utc() -> None:
    moment = datetime(2024, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert timestamp(moment) == "TIMESTAMP'2023-12-31T23:30:00.000000Z'"


@given(st.text())
def test_a_literal_is_read_back_as_it_was(value: str) -> None:
    parsed = sqlglot.parse_one(f"SELECT {string(value)}", read="databricks")
    (only,) = parsed.expressions
    assert isinstance(only, sqlglot.exp.Literal)
    assert only.this == value


def test_a_literal_holds_no_variable_that_spark_would_put_its_value_for() -> None:
    assert string("${env:HOME}$${x}") == r"'$\{env:HOME}$$\{x}'"
    parsed = sqlglot.parse_one(string("${env:HOME}"), read="databricks")
    assert parsed.this == "${env:HOME}"


@given(st.text(min_size=1))
def test_an_identifier_is_read_back_as_it_was(name: str) -> None:
    parsed = sqlglot.parse_one(f"SELECT {identifier(name)}", read="databricks")
    (only,) = parsed.expressions
    assert isinstance(only, sqlglot.exp.Column)
    assert only.name == name
