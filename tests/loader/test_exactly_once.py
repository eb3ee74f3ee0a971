"""An error in any call of the warehouse or the store: the next run leaves every row once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Any
from unittest import mock

import pytest
from botocore.exceptions import EndpointConnectionError
from databricks.sql.exc import RequestError, ServerOperationError
from landing_place import CUSTOMERS, Place

from bronze_loader import cli
from bronze_loader.landing.range_reader import RangeReader
from bronze_loader.warehouse import retries
from bronze_loader.warehouse.connection import SqlWarehouse
from bronze_loader.warehouse.tables import Tables


class FailingCursor:
    """A cursor that fails at the statement it is told to, after that was run. (Before it is run
    is after the one before.)"""

    def __init__(self, inner: Any, calls: Iterator[int], fail: dict[int, Exception]) -> None:
        self.inner, self.calls, self.fail = inner, calls, fail

    def execute(self, statement: str) -> None:
        self.inner.execute(statement)
        error = self.fail.get(next(self.calls))
        if error:
            raise error

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class Failing:
    """Makes statements fail, by their number over all connections."""

    def __init__(self, calls: Iterator[int], fail: dict[int, Exception]) -> None:
        self.calls = calls
        self.fail = fail

    def patch(self) -> Any:
        opened = SqlWarehouse.__init__

        def init(warehouse: SqlWarehouse, open_connection: Any, host: str) -> None:
            opened(warehouse, lambda: self._wrap(open_connection()), host)

        return mock.patch.object(SqlWarehouse, "__init__", init)

    def _wrap(self, connection: Any) -> Any:
        wrapped = mock.MagicMock(wraps=connection)
        wrapped.cursor = lambda: FailingCursor(connection.cursor(), self.calls, self.fail)
        return wrapped


def fill(place: Place, version: int) -> Counter[tuple[str, str]]:
    """Two files of two datasets, one with a new column; gives each file's ids."""
    people = b"id,customername,gender,age,new%d\n%d,Ann,F,30,x\n%d,Ann,F,30,x\n" % (
        version, version, version,
    )  # fmt: skip
    first = place.put("customer_infomation_1.csv", people)
    other = place.put("customer_infomation_2.csv", CUSTOMERS.replace(b"Ann", b"%d" % version))
    return Counter({(first, str(version)): 2, (other, "1"): 1, (other, "2"): 1})


def in_bronze(place: Place) -> Counter[tuple[str, str]]:
    return Counter(place.rows("customers", "_source_file, id"))  # type: ignore[arg-type]


def log_agrees(place: Place) -> None:
    newest = {entry["source_file"]: entry for entry in place.log()}
    rows = Counter(place.rows("customers", "_source_file, _source_etag"))
    assert rows == {(url, e["source_etag"]): e["row_count"] for url, e in newest.items()}
    keys = [(e["batch_id"], e["source_file"], e["logged_at"]) for e in place.log()]
    assert len(keys) == len(set(keys))


STATEMENTS, STORE_CALLS = 20, 40  # at least as many as a run makes


def each_call(most: int, step: int = 1) -> Iterator[tuple[int, Iterator[int]]]:
    """The number of a call that is to fail, and a counter of those that the run makes; until a run
    makes no call of the number."""
    for number in range(0, most, step):
        calls = count()
        yield number, calls
        if next(calls) <= number:
            return
    pytest.fail(f"a run makes more than {most} calls: raise the limit")


def test_after_an_error_in_any_call_the_next_run_makes_it_good(place: Place) -> None:
    """The error is a lasting one, and the run does not learn that the statement was run."""
    for call, calls in each_call(STATEMENTS):
        wanted = fill(place, call)
        failing = Failing(calls, {call: ServerOperationError("[INTERNAL_ERROR] it broke")})
        with failing.patch():
            code, _ = place.try_load("--dataset", "customers", "--max-statement-files", "1")
        place.load("--dataset", "customers")
        assert in_bronze(place) == wanted
        log_agrees(place)
    assert code == 0


def test_a_connection_lost_in_any_call_is_made_good_in_the_same_run(place: Place) -> None:
    """It is lost after the statement was accepted, so that it is run twice."""
    for call, calls in each_call(STATEMENTS):
        wanted = fill(place, call)
        lost = Failing(calls, {call: RequestError("connection reset", {"http-code": None})})
        with lost.patch(), mock.patch.object(retries.time, "sleep"):
            place.load("--dataset", "customers", "--max-statement-files", "1")
        assert in_bronze(place) == wanted
        log_agrees(place)


class FailingStore:
    """A boto3 client whose call of a number fails: after it was done, as its answer is lost."""

    def __init__(self, inner: Any, calls: Iterator[int], fail: int) -> None:
        self._inner, self._calls, self._fail = inner, calls, fail

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in ("get_object", "put_object", "head_bucket", "get_paginator"):
            return found

        def call(**arguments: Any) -> Any:
            return self._answer(found(**arguments))

        if name == "get_paginator":
            return lambda *named: mock.Mock(paginate=self._paginate(found(*named)))
        return call

    def _paginate(self, paginator: Any) -> Any:
        def paginate(**arguments: Any) -> Iterator[Any]:
            yield from map(self._answer, paginator.paginate(**arguments))

        return paginate

    def _answer(self, answer: Any) -> Any:
        if next(self._calls) == self._fail:
            raise EndpointConnectionError(endpoint_url="http://s3")
        return answer


def test_after_an_error_in_any_call_of_the_store_the_next_run_makes_it_good(place: Place) -> None:
    """boto3 has tried again before, so it is a lasting one. Headers are read by boto3 too."""
    real = cli.s3_client

    def client(calls: Iterator[int], fails: int) -> FailingStore:
        return FailingStore(real(), calls, fails)

    for fails, calls in each_call(STORE_CALLS):
        wanted = fill(place, fails)
        with (
            mock.patch.object(cli, "s3_client", partial(client, calls, fails)),
            mock.patch.object(RangeReader, "read", side_effect=ValueError("reads nothing")),
        ):
            code, loaded = place.try_load("--dataset", "customers")
        assert code in (0, 1), loaded.stderr
        assert code == 0 or "cannot" in loaded.stderr, loaded.stderr
        place.load("--dataset", "customers")
        assert in_bronze(place) == wanted
        log_agrees(place)
    assert code == 0


def log_agrees_whatever_lies_in_landing(place: Place) -> None:
    """Bronze holds of each file what its newest entry that is no refusal says."""
    held: dict[str, tuple[str, int]] = {}
    for entry in place.log():
        if entry["status"] != "refused":
            held[entry["source_file"]] = entry["source_etag"], entry["row_count"]
    rows = Counter(place.rows("customers", "_source_file, _source_etag"))
    assert rows == {(url, etag): count for url, (etag, count) in held.items() if count}


def test_after_an_error_in_any_call_the_landing_may_have_changed(place: Place) -> None:
    """One file is gone when the next run comes, one is refused, one has a copy. Every other call,
    as each takes seconds, and the ones between are much alike."""
    for call, calls in each_call(STATEMENTS, step=2):
        for number in (1, 2, 3):
            content = CUSTOMERS.replace(b"Ann", b"%d of %d" % (number, call))
            place.put(f"customer_infomation_{number}.csv", content)
        copied = content
        failing = Failing(calls, {call: ServerOperationError("[INTERNAL_ERROR] it broke")})
        with failing.patch():
            place.try_load("--dataset", "customers", "--max-statement-files", "1")
        place.delete("customer_infomation_1.csv")
        place.put("customer_infomation_2.csv", b"no,such,columns\n1,2,3\n")
        place.put("customer_infomation_4.csv", copied)
        place.put("customer_infomation_3.csv", copied)  # the copy is the older one now
        if call == STATEMENTS // 4 * 2:
            place.load("--dataset", "sales")  # and a run that has nothing to do with it
        place.load("--dataset", "customers", "--refused-ok")
        log_agrees_whatever_lies_in_landing(place)
        names = Counter(name for (name,) in place.rows("customers", "customername"))
        assert names[f"3 of {call}"] == 1
        place.delete("customer_infomation_4.csv")


def test_after_an_error_in_any_call_of_a_full_refresh_the_log_agrees(place: Place) -> None:
    """A file has gone before, so its rows are to be removed."""
    for call, calls in each_call(STATEMENTS):
        for number in (1, 2):
            content = CUSTOMERS.replace(b"Ann", b"%d of %d" % (number, call))
            place.put(f"customer_infomation_{number}.csv", content)
        place.load("--dataset", "customers")
        place.delete("customer_infomation_1.csv")
        failing = Failing(calls, {call: ServerOperationError("[INTERNAL_ERROR] it broke")})
        with failing.patch():
            place.try_load("--dataset", "customers", "--full-refresh", "--yes")
        place.load("--dataset", "customers")
        log_agrees_whatever_lies_in_landing(place)


def test_a_file_that_is_replaced_between_its_header_and_its_rows_is_loaded_again(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    url = place.put("customer_infomation_1.csv", CUSTOMERS)
    load_files = Tables.load_files
    reordered = b"gender,customername,id,age\nF,Cid,3,50\n"

    def replaced(tables: Tables, *arguments: Any) -> Any:
        if not place.log():
            place.put("customer_infomation_1.csv", reordered)
        return load_files(tables, *arguments)

    with mock.patch.object(Tables, "load_files", replaced):
        done = place.load("--json")
    assert "replaced while this run loaded it" in caplog.text
    assert url in caplog.text
    file, summary = map(json.loads, done.stdout.splitlines())
    assert (file["row_count"], summary["rows"]) == (1, 1)
    assert place.rows("customers", "id, customername, gender, age") == [("3", "Cid", "F", "50")]
    log_agrees(place)
