"""After `kill -9`, catalog and tables agree, or `local-warehouse doctor` says where they do not."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from databricks.sql.exc import Error
from urllib3.exceptions import MaxRetryError

from warehouse_under_test import WarehouseUnderTest, eventually


@pytest.fixture(scope="module")
def own(new_warehouse: Callable[[str], WarehouseUnderTest]) -> Iterator[WarehouseUnderTest]:
    """A warehouse for these tests alone, which they damage and kill."""
    warehouse = new_warehouse("doctor")
    warehouse.up()
    yield warehouse
    warehouse.down()


def doctor(warehouse: WarehouseUnderTest, *arguments: str) -> tuple[int, str]:
    """The exit code and the output of `local-warehouse doctor`."""
    done = warehouse.command("doctor", *arguments, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, done.stdout


def test_tables_and_catalog_are_made_to_agree(own: WarehouseUnderTest) -> None:
    from deltalake import DeltaTable, Field
    from deltalake.schema import PrimitiveType

    place = {}
    for name in ("whole", "lost", "cut", "cut_on_s3", "lost_on_s3", "wider"):
        where = f"location 's3://lakehouse/doctor/{name}'" if name.endswith("s3") else ""
        own.sql(f"create table {name} (a int comment 'kept') {where}")
        own.sql(f"insert into {name} values (1)")
        own.sql(f"insert into {name} values (2)")
        place[name] = str(own.sql(f"describe detail {name}")[0]["location"])
    own.sql(
        "create table types (a int not null, b decimal(10,2), c array<string>, d map<string, int>,"
        " e struct<x: int>, f timestamp_ntz, g varchar(3)) partitioned by (a)"
    )
    own.sql("create view v as select * from whole")
    own.sql("create table loose (a int, constraint positive check (a > 0))")
    place["loose"] = str(own.sql("describe detail loose")[0]["location"])
    assert doctor(own) == (0, "nothing to repair\n")

    for name in ("lost", "lost_on_s3"):
        for url in own.objects(place[name]):
            own.delete(url)
    newest, entry = {}, {}
    for name in ("cut", "cut_on_s3"):
        newest[name] = max(url for url in own.objects(place[name]) if url.endswith(".json"))
        entry[name] = own.read(newest[name])
        own.write(newest[name], entry[name][:-40])
        own.write(f"{newest[name]}.unreadable", b"an earlier one")
    keys = {name: own.env[name] for name in own.env if name.startswith("AWS_")}
    column = Field("b", PrimitiveType("string"), nullable=True)
    DeltaTable(place["wider"], storage_options=keys).alter.add_columns([column])
    DeltaTable(place["loose"], storage_options=keys).alter.drop_constraint("positive")
    orphans = [f"{root}/managed/{'0' * 32}" for root in (f"file://{own.state}", "s3://lakehouse")]
    for orphan in orphans:
        own.write(f"{orphan}/part-0.parquet", b"rows")

    code, said = doctor(own)
    problems = [line for line in said.splitlines() if not line.startswith("  repair: ")]
    assert code == 1
    assert problems == [
        f"the newest entry of the log of `main`.`default`.`cut` cannot be read: {newest['cut']}",
        "the newest entry of the log of `main`.`default`.`cut_on_s3` cannot be read:"
        f" {newest['cut_on_s3']}",
        "`main`.`default`.`loose` has other CHECK constraints than the catalog says: none;"
        " in the catalog positive (a > 0)",
        "`main`.`default`.`lost` is in the catalog, but there is no table at " + place["lost"],
        "`main`.`default`.`lost_on_s3` is in the catalog, but there is no table at "
        + place["lost_on_s3"],
        "`main`.`default`.`wider` has other columns than the catalog says: a int, b string;"
        " in the catalog a int",
        *(f"{orphan} holds the files of no table" for orphan in orphans),
        "left to repair: 8",
    ]
    assert doctor(own, "--repair")[0] == 0
    assert doctor(own) == (0, "nothing to repair\n")
    known = {row["tableName"] for row in own.sql("show tables")}
    assert not known & {"lost", "lost_on_s3"}
    for name in newest:
        aside = [url for url in own.objects(place[name]) if url.endswith(".unreadable")]
        assert [own.read(url) for url in sorted(aside)] == [entry[name][:-40], b"an earlier one"]
        assert own.sql(f"select a from {name}") == [{"a": 1}]
        own.sql(f"insert into {name} values (3)")
        assert own.sql(f"select sum(a) as s from {name}") == [{"s": 4}]
    assert own.sql("select a, b from wider where a = 2") == [{"a": 2, "b": None}]
    assert own.sql("describe table wider")[0]["comment"] == "kept"
    assert not any(own.objects(orphan) for orphan in orphans)


def test_tables_of_a_lost_catalog_are_not_deleted_and_can_be_taken_over(
    new_warehouse: Callable[[str], WarehouseUnderTest],
) -> None:
    lost = new_warehouse("lost_catalog")
    lost.up()
    lost.sql("create table t (a int, b string)")
    lost.sql("insert into t values (1, 'x'), (2, 'y')")
    place = str(lost.sql("describe detail t")[0]["location"])
    before = lost.objects(place)
    lost.down()
    for path in lost.state.glob("catalog.sqlite*"):
        path.unlink()
    lost.up()

    code, said = doctor(lost, "--repair")
    assert code == 1
    assert f"{place} holds a table that the catalog does not know: a int, b string" in said
    assert f"CREATE TABLE … LOCATION '{place}'" in said
    assert f"rm -r {place.removeprefix('file://')}" in said
    assert lost.objects(place) == before
    lost.up()
    lost.sql(f"create table t location '{place}'")
    assert lost.sql("select sum(a) as s, max(b) as m from t") == [{"s": 3, "m": "y"}]
    assert doctor(lost) == (0, "nothing to repair\n")


def test_a_table_whose_storage_does_not_answer_is_said_so_and_the_others_are_examined(
    own: WarehouseUnderTest,
) -> None:
    own.sql("create table far (a int) location 's3://landing/far'")
    own.sql("create table gone (a int)")
    place = str(own.sql("describe detail gone")[0]["location"])
    for url in ("s3://landing/far", place):
        for found in own.objects(url):
            own.delete(found)
    own.s3.delete_bucket(Bucket="landing")
    try:
        code, said = doctor(own)
    finally:
        own.s3.create_bucket(Bucket="landing")
    assert code == 1
    assert "`main`.`default`.`far` cannot be read: [CLOUD_STORAGE_ERROR]" in said
    assert f"`main`.`default`.`gone` is in the catalog, but there is no table at {place}" in said
    assert doctor(own, "--repair")[0] == 0


def test_ended_services_and_a_bad_certificate_are_found(own: WarehouseUnderTest) -> None:
    own.kill("warehouse")
    (own.state / "certificates" / "server.pem").write_text("no certificate")
    (own.state / "secrets.json").chmod(0o644)
    code, said = doctor(own, "--repair")
    assert code == 0
    assert "the warehouse service" in said
    assert "server.pem has expired, is about to or cannot be read" in said
    assert "secrets.json can be read by others" in said
    own.up()
    assert own.sql("select 1 as a") == [{"a": 1}]


def test_a_catalog_that_cannot_be_read_is_said_so(
    new_warehouse: Callable[[str], WarehouseUnderTest],
) -> None:
    broken = new_warehouse("broken")
    broken.state.mkdir()
    (broken.state / "catalog.sqlite").write_bytes(b"this is no database " * 100)
    code, said = doctor(broken, "--repair")
    assert code == 1
    assert "catalog.sqlite cannot be read" in said
    assert not broken.has_services()


def test_what_was_acknowledged_is_kept_when_the_warehouse_is_killed(
    own: WarehouseUnderTest,
) -> None:
    own.up()
    acknowledged: list[set[int]] = [set(), set(), set()]

    def work(writer: int) -> None:
        connection = own.connect(_retry_stop_after_attempts_count=1, _retry_delay_min=0.1)
        cursor = connection.cursor()
        with suppress(Error, OSError, MaxRetryError):
            cursor.execute(f"create table kept_{writer} (n int)")
            for number in itertools.count():
                cursor.execute(f"insert into kept_{writer} values ({number})")
                acknowledged[writer].add(number)
                cursor.execute(f"create or replace table made_{writer} as select {number} as n")
                cursor.execute(f"alter table made_{writer} add column c{number} int")
                cursor.execute(f"drop table made_{writer}")

    writers = [threading.Thread(target=work, args=(w,)) for w in range(len(acknowledged))]
    for writer in writers:
        writer.start()
    eventually(
        lambda: min(map(len, acknowledged)) >= 2 or not any(writer.is_alive() for writer in writers)
    )
    time.sleep(1)  # and somewhere in the middle of their next statements
    own.kill("warehouse")
    for writer in writers:
        writer.join()
    assert doctor(own, "--repair")[0] == 0
    own.up()
    assert doctor(own) == (0, "nothing to repair\n")
    assert all(acknowledged)
    for number, done in enumerate(acknowledged):
        found = [row["n"] for row in own.sql(f"select n from kept_{number}")]
        assert done <= set(found)
        assert len(found) == len(set(found))
    for name in {row["tableName"] for row in own.sql("show tables")}:
        own.sql(f"select * from {name}")
