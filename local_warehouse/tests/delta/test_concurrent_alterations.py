"""A table that several sessions create, alter or drop while others write to it."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from databricks.sql.exc import Error
from deltalake import DeltaTable

from concurrent_sessions import TABLE, condition, outcomes_at_once
from warehouse_under_test import eventually


def test_a_table_that_is_altered_meanwhile_is_looked_up_again(
    warehouse: Any, write: Callable[..., Counter[str]]
) -> None:
    altering = threading.Event()

    def alter() -> None:
        try:
            for number in range(12):
                warehouse.sql(f"alter table {TABLE} add column c{number} int")
        finally:
            altering.set()

    def outcomes(statement: str) -> Counter[str]:
        found: Counter[str] = Counter()
        while not altering.is_set():
            found[outcomes_at_once(warehouse, statement)[0]] += 1
        return found

    with ThreadPoolExecutor() as pool:
        done = pool.submit(alter)
        statements = (
            f"select * from {TABLE}",
            f"update {TABLE} set n = n + 1",
            f"select a.* from {TABLE} a join {TABLE} b on a.id = b.id where a.n >= 0",
        )
        found = list(pool.map(outcomes, statements))
        done.result()
    read, updated, joined = found
    assert set(read) == set(joined) == {"done"}
    assert set(updated) <= {"done", "DELTA_METADATA_CHANGED"}
    assert warehouse.sql(f"select n from {TABLE}") == [{"n": updated["done"]}]


def test_a_constraint_is_dropped_beside_other_writers(warehouse: Any, parts: None) -> None:
    names = [f"c{i}" for i in range(4)]
    for name in names:
        warehouse.sql(f"alter table {TABLE} add constraint {name} check (n >= 0)")
    statements = [f"alter table {TABLE} drop constraint {name}" for name in names]
    outcomes = outcomes_at_once(warehouse, *statements, f"delete from {TABLE} where n = 2")
    assert outcomes[:4] == ["done"] * 4
    properties = warehouse.sql(f"show tblproperties {TABLE}")
    assert not [row for row in properties if "constraints" in row["key"]]


@pytest.mark.parametrize(
    ("clause", "made"),
    [
        pytest.param("", 1, id="CREATE TABLE"),
        pytest.param(" if not exists", 4, id="CREATE TABLE IF NOT EXISTS"),
    ],
)
def test_one_of_those_who_create_a_table_does(warehouse: Any, clause: str, made: int) -> None:
    warehouse.sql("create schema if not exists concurrent")
    warehouse.sql("drop table if exists concurrent.one")

    def create(writer: int) -> str:
        try:
            warehouse.sql(f"create table{clause} concurrent.one as select {writer} as writer")
        except Error as error:
            return condition(error)
        return "made"

    with ThreadPoolExecutor(4) as pool:
        outcomes = Counter(pool.map(create, range(4)))
    assert outcomes == Counter({"made": made, "TABLE_OR_VIEW_ALREADY_EXISTS": 4 - made})
    assert warehouse.sql("select count(*) as n from concurrent.one") == [{"n": 1}]


def test_those_who_alter_a_table_take_turns(warehouse: Any, schema: str) -> None:
    """What DESCRIBE shows, the log and the values agree, and no column that was added is lost."""
    table = f"{schema}.t"
    warehouse.sql(f"create table {table} (id int, x int)")
    added, inserted = ["id"], []
    refused = re.compile(
        "FIELD_ALREADY_EXISTS|DELTA_METADATA_CHANGED|DELTA_CONCURRENT_APPEND|TABLE_OR_VIEW_NOT_FOUND"
    )

    def run(cursor: Any, statement: str) -> bool:
        try:
            cursor.execute(statement.format(table))
        except Error as error:
            assert refused.search(str(error)), (statement, error)
            return False
        return True

    def add(writer: int) -> None:
        with warehouse.connect() as connection, connection.cursor() as cursor:
            for step in range(4):
                number, shared = 100 * writer + step, f"shared_{step}"
                for column in (shared, f"c{number}"):
                    if run(cursor, f"alter table {{}} add columns ({column} int)"):
                        added.append(column)
                names = f"select {number} as id, {number} as c{number}, {number} as {shared}"
                if run(cursor, f"insert into {{}} by name {names}"):
                    inserted.append(number)

    def rename(_: int) -> None:
        with warehouse.connect() as connection, connection.cursor() as cursor:
            for old, new in ("xy", "yx") * 2:
                while not run(cursor, f"alter table {{}} rename column {old} to {new}"):
                    pass

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(rename, 0), *(pool.submit(add, writer) for writer in range(3))]:
            done.result()
    shown = [row["col_name"] for row in warehouse.sql(f"describe table {table}")]
    assert sorted(shown) == sorted([*added, "x"])
    location = warehouse.sql(f"describe detail {table}")[0]["location"]
    keys = {name: warehouse.env[name] for name in warehouse.env if name.startswith("AWS_")}
    log = DeltaTable(location, storage_options=keys).schema()
    assert [field.name for field in log.fields] == shown
    values = range(1000, 1000 + len(shown))
    warehouse.sql(f"insert into {table} values ({', '.join(map(str, values))})")
    rows = {row["id"]: row for row in warehouse.sql(f"select * from {table}")}
    positional = rows.pop(1000 + shown.index("id"))
    assert [positional[name] for name in shown] == list(values)
    assert sorted(rows) == sorted(inserted)
    for number, row in rows.items():
        filled = {name: value for name, value in row.items() if value is not None}
        names = ("id", f"c{number}", f"shared_{number % 100}")
        assert filled == dict.fromkeys(names, number)


def test_a_table_that_is_dropped_stays_dropped(warehouse: Any, schema: str) -> None:
    """Nobody who alters it meanwhile puts it into the catalog again, without its files."""
    table = f"{schema}.t"
    dropped = threading.Event()
    gone = re.compile("TABLE_OR_VIEW_NOT_FOUND|DELTA_METADATA_CHANGED|DELTA_TABLE_NOT_FOUND")

    def alter(writer: int) -> None:
        with warehouse.connect() as connection, connection.cursor() as cursor:
            for step in range(100):
                if dropped.is_set():
                    return
                for change in ("add column c%d int", "set tags ('t%d' = 'x')"):
                    try:
                        cursor.execute(f"alter table {table} {change % (100 * writer + step)}")
                    except Error as error:
                        assert gone.search(str(error)), error

    for _ in range(5):
        warehouse.sql(f"create table {table} (id int)")
        dropped.clear()
        with ThreadPoolExecutor(3) as pool:
            altering = [pool.submit(alter, writer) for writer in range(3)]
            eventually(lambda: len(warehouse.sql(f"describe table {table}")) >= 3, every=0.01)
            warehouse.sql(f"drop table {table}")
            dropped.set()
            for done in altering:
                done.result()
        assert warehouse.sql(f"show tables in {schema}") == []


def test_values_go_to_their_columns_while_these_are_moved(warehouse: Any, schema: str) -> None:
    table = f"{schema}.t"
    warehouse.sql(f"create table {table} (a int, b int)")
    refused = re.compile("DELTA_METADATA_CHANGED|TABLE_OR_VIEW_NOT_FOUND")

    def run(statements: list[str]) -> int:
        done = 0
        with warehouse.connect() as connection, connection.cursor() as cursor:
            for statement in statements:
                try:
                    cursor.execute(statement)
                    done += 1
                except Error as error:
                    assert refused.search(str(error)), error
        return done

    moves = [f"alter table {table} alter column {name} first" for name in "ba" * 15]
    inserts = [f"insert into {table} (a, b) values (1, 2)"] * 25
    with ThreadPoolExecutor(3) as pool:
        _, *done = pool.map(run, [moves, inserts, inserts])
    found = warehouse.sql(f"select a, b, count(*) as n from {table} group by a, b")
    assert found == [{"a": 1, "b": 2, "n": sum(done)}]
