"""Which errors of the warehouse are worth another attempt, and which are not."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from databricks.sql.exc import DatabaseError, MaxRetryDurationError, RequestError
from databricks.sql.exc import ServerOperationError as Refusal
from urllib3.exceptions import ProtocolError

from bronze_loader.errors import LoaderError
from bronze_loader.warehouse.connection import SqlWarehouse
from bronze_loader.warehouse.retries import ATTEMPTS, RetryingWarehouse


class Connection:
    """A connection whose statements fail with the errors given, then succeed."""

    def __init__(self, errors: list[Exception]) -> None:
        self.errors = errors
        self.description = [("n",)]

    def cursor(self) -> Connection:
        return self

    def execute(self, statement: str) -> None:
        if self.errors:
            raise self.errors.pop(0)

    def fetchall_arrow(self) -> Any:
        return pa.table({"n": [1]})

    def close(self) -> None:
        """Nothing to close."""


class RecordedWarehouse:
    """A warehouse whose connections, errors left and pauses can be looked at."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.connections = 0
        self.pauses: list[float] = []

    def connect(self) -> Connection:
        self.connections += 1
        return Connection(self.errors)

    def run(self) -> list[dict[str, Any]]:
        inner = SqlWarehouse(self.connect, "https://w")
        return RetryingWarehouse(inner, sleep=self.pauses.append).run("select 1")


PASSING = {
    "throttled": RequestError("slow down", {"http-code": 429}),
    "unavailable": RequestError("later", {"http-code": 503}),
    "bad gateway": RequestError("oops", {"http-code": 502}),
    "connection lost": RequestError("lost", {"http-code": 200}),
    "never answered": RequestError("lost", {"http-code": None}),
    "cut off": ProtocolError("Connection aborted"),
    "reset": ConnectionResetError(104, "reset by peer"),
    "session forgotten": DatabaseError("INVALID_HANDLE.SESSION_NOT_FOUND: no such session"),
    "conflict": Refusal("[DELTA_CONCURRENT_APPEND] files were added. SQLSTATE: 2D521"),
    "columns added meanwhile": Refusal("[DELTA_METADATA_CHANGED] the metadata changed"),
}
LASTING = {
    "no right": RequestError("no", {"http-code": 403}),
    "not implemented": RequestError("no", {"http-code": 501}),
    "bad request": RequestError("no", {"http-code": 400}),
    "tried for long": MaxRetryDurationError("15 minutes", {"http-code": 503}),
    "wrong SQL": Refusal("[PARSE_SYNTAX_ERROR] near 'x'"),
    "no table": Refusal("[TABLE_OR_VIEW_NOT_FOUND] bronze.sales"),
    "closed": DatabaseError("closed for ever"),
}


@pytest.mark.parametrize("error", PASSING.values(), ids=PASSING.keys())
def test_an_error_that_passes_is_tried_again(error: Exception) -> None:
    warehouse = RecordedWarehouse(error, error)
    assert warehouse.run() == [{"n": 1}]
    first, second = warehouse.pauses
    assert 0.5 <= first <= 1 <= second <= 2


@pytest.mark.parametrize("error", LASTING.values(), ids=LASTING.keys())
def test_an_error_that_lasts_is_not_tried_again(error: Exception) -> None:
    warehouse = RecordedWarehouse(error)
    with pytest.raises(LoaderError):
        warehouse.run()
    assert not warehouse.pauses


def test_there_is_a_limit() -> None:
    warehouse = RecordedWarehouse(*[RequestError("later", {"http-code": 503})] * 20)
    with pytest.raises(LoaderError, match="later"):
        warehouse.run()
    assert len(warehouse.pauses) == ATTEMPTS - 1
    assert len(warehouse.errors) == 20 - ATTEMPTS


def test_a_lost_connection_is_opened_anew_and_a_refused_statement_keeps_it() -> None:
    lost = RecordedWarehouse(PASSING["cut off"])
    lost.run()
    assert lost.connections == 2
    conflict = RecordedWarehouse(PASSING["conflict"])
    conflict.run()
    assert conflict.connections == 1


def test_nothing_is_tried_again_once_the_lease_is_lost() -> None:
    warehouse = RecordedWarehouse(*[PASSING["cut off"]] * 3)
    asked: list[int] = []

    def check() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise LoaderError("the lease is lost")

    inner = SqlWarehouse(warehouse.connect, "https://w")
    with pytest.raises(LoaderError, match="lease is lost"):
        RetryingWarehouse(inner, check, sleep=warehouse.pauses.append).run("select 1")
    assert len(warehouse.errors) == 2
