"""Writers to one table at the same time: conflicts are named, and no commit is lost."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from databricks.sql.exc import Error
from deltalake import DeltaTable

Write = Callable[[int, int], str]  # writer and step → statement
TABLE = "concurrent.t"


@pytest.fixture(params=["on disk", "on S3"])
def write(warehouse: Any, request: Any) -> Callable[..., Counter[str]]:
    """Runs the writers at once on a new table, and counts the outcomes of their statements."""
    warehouse.sql("create schema if not exists concurrent")
    warehouse.sql(f"drop table if exists {TABLE}")
    location = f"location 's3://lakehouse/concurrent/{uuid4().hex}'"
    place = location if request.param == "on S3" else ""
    warehouse.sql(f"create table {TABLE} (id int, n int) {place}")
    warehouse.sql(f"insert into {TABLE} values (1, 0)")

    def one(writer: int, statement: Write, steps: int) -> Counter[str]:
        outcomes: Counter[str] = Counter()
        with warehouse.connect() as connection, connection.cursor() as cursor:
            for step in range(steps):
                try:
                    cursor.execute(statement(writer, step))
                    assert cursor.rowcount == 1
                    outcomes["done"] += 1
                except Error as error:
                    assert "SQLSTATE: 2D521" in str(error), error
                    outcomes[str(error).split("]")[0].lstrip("[")] += 1
        return outcomes

    def run(*statements: Write, steps: int = 5) -> Counter[str]:
        with ThreadPoolExecutor(len(statements)) as pool:
            found = pool.map(one, range(len(statements)), statements, [steps] * len(statements))
            return sum(found, Counter())

    return run


def commits(warehouse: Any, operation: str) -> int:
    """The commits of an operation since the table was made."""
    history = warehouse.sql(f"describe history {TABLE}")
    newest = next(i for i, row in enumerate(history) if "CREATE" in row["operation"])
    return [row["operation"] for row in history[:newest]].count(operation)


def test_every_append_is_kept(warehouse: Any, write: Callable[..., Counter[str]]) -> None:
    outcomes = write(*[lambda w, s: f"insert into {TABLE} values ({w * 100 + s + 2}, 0)"] * 4)
    assert outcomes == {"done": 20}
    assert warehouse.sql(f"select count(*) n, count(distinct id) d from {TABLE}") == [
        {"n": 21, "d": 21}
    ]
    assert commits(warehouse, "WRITE") == 21


def test_an_update_is_either_counted_or_reported(
    warehouse: Any, write: Callable[..., Counter[str]]
) -> None:
    outcomes = write(*[lambda w, s: f"update {TABLE} set n = n + 1 where id = 1"] * 4, steps=4)
    assert outcomes["DELTA_CONCURRENT_APPEND"] > 0
    assert set(outcomes) == {"done", "DELTA_CONCURRENT_APPEND"}
    assert outcomes.total() == 16
    assert warehouse.sql(f"select n from {TABLE}") == [{"n": outcomes["done"]}]
    assert commits(warehouse, "UPDATE") == outcomes["done"]


def test_rows_that_others_only_add_stand_in_no_ones_way(
    warehouse: Any, write: Callable[..., Counter[str]]
) -> None:
    def append(writer: int, step: int) -> str:
        return f"insert into {TABLE} values ({writer * 100 + step + 2}, 0)"

    outcomes = write(lambda w, s: f"update {TABLE} set n = n + 1 where id = 1", append, append)
    assert outcomes == {"done": 15}
    assert warehouse.sql(f"select count(*) c, max(n) n from {TABLE}") == [{"c": 11, "n": 5}]


def test_replacing_leaves_one_writers_rows_for_each_key(
    warehouse: Any, write: Callable[..., Counter[str]]
) -> None:
    outcomes = write(
        *[lambda w, s: f"insert into {TABLE} replace where id = {w % 2} select {w % 2}, {s}"] * 4,
        steps=3,
    )
    assert outcomes.total() == 12
    assert all(name == "done" or name.startswith("DELTA_CONCURRENT_") for name in outcomes)
    rows = warehouse.sql(f"select id, count(*) c from {TABLE} group by id order by id")
    assert rows == [{"id": 0, "c": 1}, {"id": 1, "c": 1}]


def test_a_merge_is_either_counted_or_reported(
    warehouse: Any, write: Callable[..., Counter[str]]
) -> None:
    merge = (
        f"merge into {TABLE} t using (select 1 as id) s on t.id = s.id"
        " when matched then update set n = t.n + 1"
    )
    outcomes = write(*[lambda w, s: merge] * 3, steps=3)
    assert set(outcomes) <= {"done", "DELTA_CONCURRENT_APPEND"}
    assert warehouse.sql(f"select n from {TABLE}") == [{"n": outcomes["done"]}]


def test_each_version_can_be_read_again(warehouse: Any, write: Callable[..., Counter[str]]) -> None:
    """Versions behind the last checkpoint (every tenth commit) too."""
    write(lambda w, s: f"insert into {TABLE} values ({s}, 0)", steps=12)
    first = warehouse.sql(f"describe history {TABLE}")[11]["version"]
    for rows in range(2, 12, 3):
        version = first + rows - 2
        found = warehouse.sql(f"select count(*) c from {TABLE} version as of {version}")
        assert found == [{"c": rows}]


def outcomes_at_once(warehouse: Any, *statements: str) -> list[str]:
    """What comes of statements of as many sessions: done, or a condition."""

    def outcome(statement: str) -> str:
        try:
            warehouse.sql(statement)
        except Error as error:
            return str(error).split("]")[0].lstrip("[")
        return "done"

    with ThreadPoolExecutor(len(statements)) as pool:
        return list(pool.map(outcome, statements))


_MERGE = (
    "merge into {table} t using (select 1 as id, max(sha2(repeat(string(id), 20), 512)) as s"
    " from range({rows})) s on t.id = s.id when matched then update set n = t.n + 1"
)
_INSERT = (
    "insert into {table} select 9, length(max(sha2(repeat(string(id), 20), 512)))"
    " from range({rows})"
)


@pytest.mark.parametrize(
    ("slow", "fast", "condition"),
    [
        (_MERGE, f"delete from {TABLE} where id = 2", "DELTA_CONCURRENT_DELETE_READ"),
        (_MERGE, f"optimize {TABLE}", "DELTA_CONCURRENT_DELETE_READ"),
        (_MERGE, f"alter table {TABLE} add column more int", "DELTA_METADATA_CHANGED"),
        (_INSERT, f"alter table {TABLE} add column more int", "DELTA_METADATA_CHANGED"),
    ],
    ids=["merge-delete", "merge-optimize", "merge-alter", "insert-alter"],
)
def test_a_slow_writer_hears_what_a_faster_one_did(
    warehouse: Any, slow: str, fast: str, condition: str
) -> None:
    warehouse.sql("create schema if not exists concurrent")
    for rows in (1_000_000, 4_000_000, 16_000_000):  # more where the machine is fast
        warehouse.sql(f"create or replace table {TABLE} (id int, n int)")
        for number in (1, 2):  # a file each
            warehouse.sql(f"insert into {TABLE} values ({number}, 0)")
        with warehouse.connect() as connection, connection.cursor() as cursor:
            cursor.execute_async(slow.format(table=TABLE, rows=rows))
            time.sleep(0.5)  # until it has read the table's version, and computes
            warehouse.sql(fast)
            left = warehouse.sql(f"select * from {TABLE} order by id")
            try:
                cursor.get_async_execution_result()
            except Error as error:
                message = str(error)
                break
    else:
        pytest.fail("it heard of nothing")
    assert message.startswith(f"[{condition}]")
    assert "SQLSTATE: 2D521" in message
    assert warehouse.sql(f"select * from {TABLE} order by id") == left


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


@pytest.fixture
def parts(warehouse: Any) -> None:
    """The table in four files, each with the rows of one n, which take a while to be ordered."""
    warehouse.sql("create schema if not exists concurrent")
    warehouse.sql(f"create or replace table {TABLE} (id bigint, n int)")
    for n in range(4):
        warehouse.sql(f"insert into {TABLE} select id * 7919 % 300007, {n} from range(300000)")


def test_tables_that_are_compacted_at_once_keep_each_row_once(warehouse: Any, parts: None) -> None:
    order = f"optimize {TABLE} zorder by (id)"
    outcomes = outcomes_at_once(warehouse, order, f"optimize {TABLE}", order)
    assert outcomes == ["done"] * 3
    assert warehouse.sql(f"select count(*) as c from {TABLE}") == [{"c": 1200000}]


def test_what_is_compacted_is_what_a_faster_writer_left(warehouse: Any, parts: None) -> None:
    order, delete = f"optimize {TABLE} zorder by (id)", f"delete from {TABLE} where n = 2"
    assert outcomes_at_once(warehouse, order, delete) == ["done", "done"]
    operations = [row["operation"] for row in warehouse.sql(f"describe history {TABLE} limit 2")]
    assert operations == ["OPTIMIZE", "DELETE"]
    found = warehouse.sql(f"select n, count(*) as c from {TABLE} group by n order by n")
    assert found == [{"n": n, "c": 300000} for n in (0, 1, 3)]


def test_those_who_restore_a_table_take_turns(warehouse: Any, parts: None) -> None:
    first = warehouse.sql(f"describe history {TABLE} limit 1")[0]["version"] - 3
    statements = [f"restore {TABLE} to version as of {first + i % 2}" for i in range(6)]
    assert outcomes_at_once(warehouse, *statements) == ["done"] * 6
    found = warehouse.sql(f"select count(*) as c from {TABLE}")[0]["c"]
    assert found in (300000, 600000)


def test_a_constraint_is_dropped_beside_other_writers(warehouse: Any, parts: None) -> None:
    names = [f"c{i}" for i in range(4)]
    for name in names:
        warehouse.sql(f"alter table {TABLE} add constraint {name} check (n >= 0)")
    statements = [f"alter table {TABLE} drop constraint {name}" for name in names]
    outcomes = outcomes_at_once(warehouse, *statements, f"delete from {TABLE} where n = 2")
    assert outcomes[:4] == ["done"] * 4
    properties = warehouse.sql(f"show tblproperties {TABLE}")
    assert not [row for row in properties if "constraints" in row["key"]]


@pytest.mark.parametrize(("clause", "made"), [("", 1), (" if not exists", 4)])
def test_one_of_those_who_create_a_table_does(warehouse: Any, clause: str, made: int) -> None:
    warehouse.sql("create schema if not exists concurrent")
    warehouse.sql("drop table if exists concurrent.one")

    def create(writer: int) -> str:
        try:
            warehouse.sql(f"create table{clause} concurrent.one as select {writer} as writer")
        except Error as error:
            return str(error).split("]")[0].lstrip("[")
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
            while len(warehouse.sql(f"describe table {table}")) < 3:
                time.sleep(0.01)
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
