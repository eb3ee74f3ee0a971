"""COPY INTO and LIST over files of a landing place."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, suppress
from typing import Any

import pytest

from warehouse_under_test import eventually

HEADER = "fileformat = csv format_options ('header' = 'true')"


@pytest.fixture
def folder(schema: str, warehouse: Any) -> str:
    """The URL of a folder with two files, and one below it."""
    url = f"{warehouse.env['LANDING_URL']}/{schema}"
    for name, text in {
        "a b.csv": "id,name\n1,x\n2,y\n",
        "b{1},*.csv": "id,name\n3,z\n",
        "below/c.csv": "id,name\n9,deep\n",
    }.items():
        put(warehouse, url, name, text)
    return url


def put(warehouse: Any, url: str, name: str, text: str) -> None:
    """Write an object below a URL on S3."""
    bucket, _, key = url.removeprefix("s3://").partition("/")
    warehouse.s3.put_object(Bucket=bucket, Key=f"{key}/{name}", Body=text.encode())


def copied(warehouse: Any, statement: str) -> int:
    """The rows that it loaded."""
    row = warehouse.sql(statement)[0]
    assert row["num_affected_rows"] == row["num_inserted_rows"]
    assert row["num_skipped_corrupt_files"] == 0
    return int(row["num_inserted_rows"])


def test_a_file_is_loaded_once_whatever_becomes_of_it(
    warehouse: Any, schema: str, folder: str
) -> None:
    table = f"{schema}.t"
    warehouse.sql(f"create table {table} (id string, name string)")
    copy = f"copy into {table} from '{folder}' {HEADER}"
    assert [copied(warehouse, copy), copied(warehouse, copy)] == [3, 0]
    put(warehouse, folder, "a b.csv", "id,name\n5,changed\n")
    assert copied(warehouse, copy) == 0
    put(warehouse, folder, "new.csv", "id,name\n6,new\n")
    warehouse.sql(f"alter table {table} rename to {schema}.renamed")
    copy = copy.replace(table, f"{schema}.renamed")
    assert copied(warehouse, copy) == 1
    assert copied(warehouse, f"{copy} copy_options ('force' = 'true')") == 3
    found = warehouse.sql(f"select id from {schema}.renamed order by id")
    assert [row["id"] for row in found] == ["1", "2", "3", "3", "5", "6", "6"]
    warehouse.sql(f"drop table {schema}.renamed")
    warehouse.sql(f"create table {schema}.renamed (id string, name string)")
    assert copied(warehouse, copy) == 3


def test_files_are_chosen_by_name_and_by_pattern(warehouse: Any, schema: str, folder: str) -> None:
    warehouse.sql(f"create table {schema}.t (id string, name string)")
    copy = f"copy into {schema}.t from '{folder}' fileformat = csv"
    options = "format_options ('header' = 'true')"
    assert copied(warehouse, f"{copy} pattern = 'b*/*.csv' {options}") == 1
    assert copied(warehouse, f"{copy} files = ('a b.csv', 'b{{1}},*.csv') {options}") == 3
    assert copied(warehouse, f"copy into {schema}.t from '{folder}/a b.csv' {HEADER}") == 0
    missing = f"copy into {schema}.t from '{folder}/nothing/' {HEADER}"
    warehouse.fails(missing, "COPY_INTO_SOURCE_SCHEMA_INFERENCE_FAILED")


def test_columns_are_matched_by_name_and_cast_only_when_asked(
    warehouse: Any, schema: str, folder: str
) -> None:
    table = f"{schema}.t"
    warehouse.sql(f"create table {table} (name string, id int, file string)")
    warehouse.fails(f"copy into {table} from '{folder}' {HEADER}", "DELTA_FAILED_TO_MERGE_FIELDS")
    select = f"select id::int, upper(name) as name, _metadata.file_name as file from '{folder}'"
    assert copied(warehouse, f"copy into {table} from ({select}) {HEADER}") == 3
    found = warehouse.sql(f"select id, name, file from {table} order by id")
    assert [tuple(row.values()) for row in found] == [
        (1, "X", "a b.csv"), (2, "Y", "a b.csv"), (3, "Z", "b{1},*.csv"),
    ]  # fmt: skip
    put(warehouse, folder, "bare/d.csv", "four,4\n")
    bare = f"copy into {table} (name, id) from '{folder}/bare' fileformat = csv"
    assert copied(warehouse, bare) == 1
    assert warehouse.sql(f"select name from {table} where id = 4") == [{"name": "four"}]


def test_the_schema_is_merged_when_asked(warehouse: Any, schema: str, folder: str) -> None:
    warehouse.sql(f"create table {schema}.t (id string, name string)")
    put(warehouse, folder, "wide.csv", "ex`tra,id\ne,7\n")
    merged = "fileformat = csv format_options ('header' = 'true', 'mergeSchema' = 'true')"
    copy = f"copy into {schema}.t from '{folder}' {merged}"
    warehouse.fails(copy, "COPY_INTO_SCHEMA_MISMATCH_WITH_TARGET_TABLE")
    assert copied(warehouse, f"{copy} copy_options ('mergeSchema' = 'true')") == 4
    found = warehouse.sql(f"select id, name, `ex``tra` from {schema}.t order by id")
    assert [tuple(row.values()) for row in found][2:] == [("3", "z", None), ("7", None, "e")]


def test_list_shows_files_and_folders(warehouse: Any, folder: str) -> None:
    found = warehouse.sql(f"list '{folder}'")
    assert [(row["name"], row["size"]) for row in found] == [
        ("a b.csv", 16), ("below/", 0), ("b{1},*.csv", 12),
    ]  # fmt: skip
    assert found[1]["path"] == f"{folder}/below/"
    assert len(warehouse.sql(f"list '{folder}' limit 1")) == 1
    warehouse.fails(f"list '{folder}/nothing'", "PATH_NOT_FOUND")
    warehouse.fails(f"list '{folder}' limit few", "PARSE_SYNTAX_ERROR")


def test_files_are_where_files_may_be(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (id string)")
    for place in ("s3://other/x", "/etc", f"{warehouse.env['LANDING_URL']}/../other"):
        warehouse.fails(f"list '{place}'", "NO_PARENT_EXTERNAL_LOCATION_FOR_PATH")
        copy = f"copy into {schema}.t from '{place}' fileformat = csv"
        warehouse.fails(copy, "NO_PARENT_EXTERNAL_LOCATION_FOR_PATH")
        named = f"{copy} files = ('../../{schema}')"
        warehouse.fails(named, "NO_PARENT_EXTERNAL_LOCATION_FOR_PATH")


def test_types_of_csv_are_inferred_when_asked(warehouse: Any, schema: str, folder: str) -> None:
    warehouse.sql(f"create table {schema}.t (id int, name string)")
    copy = f"copy into {schema}.t from '{folder}' fileformat = csv format_options"
    warehouse.fails(f"{copy} ('header' = 'true')", "DELTA_FAILED_TO_MERGE_FIELDS")
    assert copied(warehouse, f"{copy} ('header' = 'true', 'inferSchema' = 'true')") == 3
    assert warehouse.sql(f"select sum(id) as s from {schema}.t") == [{"s": 6}]


def test_a_warehouse_killed_behind_the_commit_loads_nothing_twice(new_warehouse: Any) -> None:
    own = new_warehouse("copies")
    own.up()
    url = f"{own.env['LANDING_URL']}/many"
    put(own, url, "a.csv", "id\n" + "7\n" * 300_000)
    own.sql("create table t (id string)")
    copy = f"copy into t from '{url}' {HEADER}"
    with closing(_catalog(own)) as catalog:
        # What the warehouse does last, behind its commit, takes longer than anybody waits.
        endless = ", ".join(f"sqlite_master as m{number}" for number in range(12))
        catalog.execute(
            "create trigger waits before delete on copies begin "
            f"select count(*) from {endless}; end"
        )
        threading.Thread(target=_unanswered, args=(own, copy), daemon=True).start()
        eventually(lambda: own.sql("select count(*) as n from t")[0]["n"])
        own.kill("warehouse")
        assert catalog.execute("select count(*) from copies").fetchone() == (1,)
        catalog.execute("drop trigger waits")
    own.up()
    assert copied(own, copy) == 0
    put(own, url, "b.csv", "id\n8\n")
    assert copied(own, copy) == 1
    assert own.sql("select count(*) as n from t") == [{"n": 300_001}]


def _unanswered(own: Any, statement: str) -> None:
    with suppress(Exception):
        own.sql(statement)


def _catalog(own: Any) -> sqlite3.Connection:
    return sqlite3.connect(own.state / "catalog.sqlite", isolation_level=None)
