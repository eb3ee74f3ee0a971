"""Two loaders at once, and the place and the store of their lease."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError
from forked_loader import Forker
from landing_place import CUSTOMERS, SALES, Place

from bronze_loader import cli


def put_customers(place: Place, files: int) -> None:
    """So many files of two customers, no two alike."""
    for number in range(files):
        place.put(f"customer_infomation_{number}.csv", CUSTOMERS.replace(b"Ann", b"%d" % number))


@pytest.fixture
def two(place: Place, tmp_path: Path) -> Iterator[tuple[Forker, Forker]]:
    env = place.lakehouse.env | {
        "LANDING_URL": f"s3://landing/{place.prefix}",
        "BRONZE_SCHEMA": place.schema,
    }
    made = Forker(env, tmp_path / "1.log"), Forker(env, tmp_path / "2.log")
    yield made
    for forker in made:
        forker.close()


def test_of_two_loaders_one_is_told_to_come_later(place: Place, two: tuple[Forker, Forker]) -> None:
    put_customers(place, 12)
    slow, other = two
    slow.start(["--max-statement-files", "1"])
    lease = place.wait_for_lease()
    refused = other.run([])
    assert refused.code == 4, refused.output
    for part in (f"process {lease['pid']}", lease["host"], lease["run_id"], lease["since"]):
        assert part in refused.output
    waited = other.run(["--wait", "--json"])
    assert waited.code == 0, waited.output
    assert slow.end().code == 0
    summary = json.loads(waited.output.splitlines()[-1])
    assert (summary["new"], summary["unchanged"]) == (0, 12)
    assert len(place.rows("customers", "id")) == 24
    assert {entry["batch_id"].rpartition("-")[0] for entry in place.log()} == {lease["run_id"]}


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_a_loader_that_was_ended_is_in_nobodys_way(
    place: Place, two: tuple[Forker, Forker], ended_by: signal.Signals
) -> None:
    put_customers(place, 12)
    ended, other = two
    ended.start(["--max-statement-files", "1"])
    os.kill(place.wait_for_lease()["pid"], ended_by)
    killed = ended_by == signal.SIGKILL
    assert ended.end().code == (-9 if killed else 130)
    assert place.lease()["released"] is not killed
    done = other.run([])
    assert done.code == 0, done.output
    assert ("took over the lease" in done.output) is killed
    assert len(place.rows("customers", "id")) == 24


def test_two_loaders_that_wait_for_each_other_never_overlap(
    place: Place, two: tuple[Forker, Forker]
) -> None:
    options = ["--max-statement-files", "1", "--wait", "--force", "**"]
    put_customers(place, 4)
    for loader in two:
        loader.start(options)
    for loader in two:
        ended = loader.end()
        assert ended.code == 0, ended.output
    runs = [entry["batch_id"].rpartition("-")[0] for entry in place.log()]
    assert runs == sorted(runs, key=runs.index)  # one run's entries, then the other's
    assert len(runs) == 8
    assert len(place.rows("customers", "id")) == 8


def test_a_store_that_ignores_conditions_is_refused_before_anything_is_written(
    place: Place,
) -> None:
    real = cli.s3_client

    class Careless:
        """Accepts every write."""

        def __init__(self) -> None:
            self.inner = real()

        def put_object(self, IfNoneMatch: str = "", IfMatch: str = "", **rest: Any) -> Any:
            return self.inner.put_object(**rest)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

    place.put("data_sales_1.csv", SALES)
    with mock.patch.object(cli, "s3_client", Careless):
        done = place.load(exit_code=2)
    assert "does not honour conditional writes" in done.stderr
    assert not place.sql(
        f"select 1 from information_schema.schemata where schema_name = '{place.schema}'"
    )


def test_the_lease_can_be_kept_elsewhere(place: Place) -> None:
    place.load("--lease-url", f"s3://landing/{place.prefix}-lease/")
    key = f"{place.prefix}-lease/lease.json"
    said = json.loads(place.s3.get_object(Bucket="landing", Key=key)["Body"].read())
    assert said["released"] is True


@pytest.mark.parametrize("careless", ["landing", "lakehouse"])
def test_the_store_of_the_lease_and_that_of_the_tables_are_both_proven(
    place: Place, careless: str
) -> None:
    class Careless:
        """A store one bucket of which accepts every write; in the other one all is well."""

        def __init__(self) -> None:
            self.inner = place.s3

        def put_object(self, **asked: Any) -> Any:
            if asked["Bucket"] == careless:
                asked = {k: v for k, v in asked.items() if k not in ("IfNoneMatch", "IfMatch")}
            return self.inner.put_object(**asked)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

    with mock.patch.object(cli, "s3_client", Careless):
        done = place.load("--lease-url", f"s3://landing/{place.prefix}-lease", exit_code=2)
    assert f"accepted a PUT of s3://{careless}/" in done.stderr


def test_a_loader_that_may_not_write_to_the_lakehouse_says_what_it_could_not_prove(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    class Denying:
        """Keys that may write to the landing only."""

        def __init__(self) -> None:
            self.inner = place.s3

        def put_object(self, **asked: Any) -> Any:
            if asked["Bucket"] == "lakehouse":
                error = {"Code": "AccessDenied", "Message": "no"}
                raise ClientError(
                    {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 403}}, "PutObject"
                )
            return self.inner.put_object(**asked)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

    place.put("customer_infomation_1.csv", CUSTOMERS)
    with mock.patch.object(cli, "s3_client", Denying):
        done = place.load("--lease-url", f"s3://landing/{place.prefix}-lease")
    assert "honours conditional writes is not proven" in caplog.text
    assert "Loaded 1 file" in done.stdout
