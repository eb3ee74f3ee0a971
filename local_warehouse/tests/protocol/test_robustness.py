"""What clients do to a server: vanish, send nonsense, send too much, read slowly."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from databricks.sql.exc import Error
from databricks.sql.thrift_api.TCLIService import TCLIService, ttypes
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.transport.TTransport import TMemoryBuffer

from server_process import usage
from warehouse_under_test import PATIENCE, ROOT, WarehouseUnderTest, eventually

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="memory and open files are read from /proc"
)
_MIB = 1024 * 1024
_MEMORY = 150 * _MIB
_FILES = 16  # a second engine takes four: its pipes and its connection


@pytest.fixture(autouse=True)
def stays_up(warehouse: WarehouseUnderTest) -> Iterator[None]:
    """The server answers after each test, with no more open files and hardly more memory. The
    engines are not looked at: one may be replaced meanwhile, and the old one stays for as long as
    somebody may read from it. That their memory is bounded is test_soak's business."""
    warehouse.sql("select 1")
    before = usage(warehouse)
    yield
    assert warehouse.sql("select 1 as a") == [{"a": 1}]

    def is_as_before() -> bool:
        now = usage(warehouse)
        has_files = now.server_files <= before.server_files + _FILES
        return has_files and now.server <= before.server + _MEMORY

    eventually(is_as_before, f"memory and open files are again as in {before}", every=0.2)


def tls(warehouse: WarehouseUnderTest) -> ssl.SSLContext:
    """TLS settings that trust the warehouse's certificate."""
    return ssl.create_default_context(cafile=warehouse.env["SSL_CERT_FILE"])


def address(warehouse: WarehouseUnderTest) -> tuple[str, int]:
    """The host and the port of the server."""
    port = urlsplit(warehouse.env["DATABRICKS_HOST"]).port
    assert port is not None
    return "localhost", port


def answer_to(warehouse: WarehouseUnderTest, request: bytes) -> bytes:
    """What the server says to these bytes, after which the client sends no more."""
    plain = socket.create_connection(address(warehouse), timeout=PATIENCE)
    with tls(warehouse).wrap_socket(plain, server_hostname="localhost") as connection:
        connection.sendall(request)
        if not request.endswith(b"\r\n\r\n"):
            return b""
        with suppress(ConnectionResetError):
            return connection.recv(65536)
    return b""


def post(warehouse: WarehouseUnderTest, *headers: str) -> bytes:
    """The head of a POST request with the token and further headers."""
    lines = [
        f"POST {warehouse.env['DATABRICKS_HTTP_PATH']} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {warehouse.env['DATABRICKS_TOKEN']}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def test_a_malformed_request_gets_an_error(warehouse: WarehouseUnderTest) -> None:
    for headers, status in (
        ([], b"411"),
        (["Content-Length: -1"], b"411"),
        (["Content-Length: many"], b"411"),
        (["Content-Length: 99999999999"], b"413"),
        (["Transfer-Encoding: chunked"], b"411"),
    ):
        assert answer_to(warehouse, post(warehouse, *headers)).split()[1:2] == [status], headers
    assert b"Error code: 400" in answer_to(warehouse, b"\x00\x01nonsense\r\n\r\n")
    assert answer_to(warehouse, b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n")[9:12] == b"414"
    answer_to(warehouse, b"POST / HTTP/1.1\r\nConte")  # and vanishes
    answer_to(warehouse, post(warehouse, "Content-Length: 100") + b"ten bytes.")


def test_a_malformed_message_gets_an_error(warehouse: WarehouseUnderTest) -> None:
    head = b"\x80\x01\x00\x01" + b"\x00\x00\x00\x0bOpenSession" + b"\x00\x00\x00\x01"
    request = b"\x0c\x00\x01"
    for message in (
        b"nonsense",
        head,
        head + request,
        head + request + b"\x0c\x00\x63" * 200_000,  # levels
        head + request + b"\x0f\x00\x63\x0c\x7f\xff\xff\xff",  # a list of so many structs
        head + request + b"\x0b\x00\x63\xff\xff\xff\xff",  # a text of a negative length
        head + request + b"\x63\x00\x63",  # a type that there is not
    ):
        with closing(HTTPSConnection(*address(warehouse), context=tls(warehouse))) as connection:
            token = {"Authorization": f"Bearer {warehouse.env['DATABRICKS_TOKEN']}"}
            connection.request("POST", "/", message, token)
            assert connection.getresponse().status == 400, message[:99]
    with closing(RawClient(warehouse)) as client:
        answer = client.call("ExecuteStatement", ttypes.TExecuteStatementReq(statement="select 1"))
        assert "sessionHandle is unset" in answer.status.errorMessage


def test_clients_that_connect_and_say_nothing_hold_up_nobody(warehouse: WarehouseUnderTest) -> None:
    silent = [socket.create_connection(address(warehouse)) for _ in range(50)]
    for connection in silent[:25]:
        connection.sendall(b"this is no TLS")
    assert warehouse.sql("select 2 as a") == [{"a": 2}]
    for connection in silent:
        connection.close()


def test_a_statement_of_50_megabytes_is_refused(warehouse: WarehouseUnderTest) -> None:
    with pytest.raises(Error, match=r"a statement of 50,000,\d+ characters"):
        warehouse.sql(f"select length('{'a' * 50_000_000}') as n")


def test_a_client_that_is_killed_in_the_middle_of_a_result(warehouse: WarehouseUnderTest) -> None:
    program = (
        "import os, sys; from pathlib import Path;"
        "from local_warehouse.testing import LocalWarehouse;"
        "cursor = LocalWarehouse(Path(sys.argv[1]), os.environ).connect().cursor();"
        "cursor.execute(\"select id, repeat('x', 200) as t from range(1000000)\");"
        "cursor.fetchmany(10); print('read', flush=True); sys.stdin.read()"
    )
    client = subprocess.Popen(
        [sys.executable, "-c", program, str(warehouse.state)],
        cwd=ROOT,
        env=warehouse.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert client.stdout is not None
    assert client.stdout.readline() == b"read\n"
    client.kill()
    client.communicate()


class RawClient:
    """The Thrift service without the connector, to read an answer as slowly as one likes."""

    def __init__(self, warehouse: WarehouseUnderTest) -> None:
        self._warehouse = warehouse
        self._http = HTTPSConnection(*address(warehouse), context=tls(warehouse), timeout=PATIENCE)

    def call(self, method: str, request: Any, pause: Callable[[], object] = lambda: None) -> Any:
        """Send a request and return its answer; `pause` is called behind each MiB of it."""
        sent, received = TMemoryBuffer(), TMemoryBuffer()
        getattr(TCLIService.Client(TBinaryProtocol(sent)), f"send_{method}")(request)
        token = self._warehouse.env["DATABRICKS_TOKEN"]
        path = self._warehouse.env["DATABRICKS_HTTP_PATH"]
        headers = {"Authorization": f"Bearer {token}"}
        self._http.request("POST", path, sent.getvalue(), headers)
        response = self._http.getresponse()
        while block := response.read(_MIB):
            received.write(block)
            pause()
        answer = TMemoryBuffer(received.getvalue())
        return getattr(TCLIService.Client(TBinaryProtocol(answer)), f"recv_{method}")()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


def test_a_slow_reader_holds_up_nobody(warehouse: WarehouseUnderTest) -> None:
    with closing(RawClient(warehouse)) as client:
        session = client.call("OpenSession", ttypes.TOpenSessionReq()).sessionHandle
        statement = ttypes.TExecuteStatementReq(
            sessionHandle=session, statement="select repeat('x', 1000) as t from range(20000)"
        )
        operation = client.call("ExecuteStatement", statement).operationHandle
        rows = ttypes.TFetchResultsReq(operationHandle=operation, maxRows=100_000, maxBytes=2**30)
        done, answered = threading.Event(), threading.Condition()
        answers = 0  # to another client, meanwhile
        slow: list[Any] = []

        def pause() -> None:
            """Read no further before the other client has got one more answer."""
            with answered:
                before = answers
                assert answered.wait_for(lambda: answers > before, PATIENCE)

        def read() -> None:
            try:
                slow.append(client.call("FetchResults", rows, pause))
            finally:
                done.set()

        reader = threading.Thread(target=read)
        reader.start()
        with warehouse.connect() as connection, connection.cursor() as cursor:
            while not done.is_set():
                assert cursor.execute("select 1").fetchone()[0] == 1
                with answered:
                    answers += 1
                    answered.notify()
        reader.join()
        batches = slow[0].results.arrowBatches
        assert sum(batch.rowCount for batch in batches) > 0
        assert answers > 3
        client.call("CloseSession", ttypes.TCloseSessionReq(sessionHandle=session))
