"""HTTPS in front of the Thrift service: one POST holds one message of Thrift's binary protocol.

What the connector reports of itself is counted, as it expects, and thrown away.
"""

from __future__ import annotations

import hmac
import json
import logging
import socket
import ssl
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from databricks.sql.thrift_api.TCLIService import TCLIService
from thrift.protocol.TBinaryProtocol import TBinaryProtocol, TBinaryProtocolAccelerated
from thrift.Thrift import TApplicationException, TMessageType
from thrift.transport.TTransport import TMemoryBuffer

from local_warehouse.protocol import thrift_check
from local_warehouse.protocol.refusals import RequestRefused

_log = logging.getLogger(__name__)

_LIMIT = 256 * 1024 * 1024  # bytes of one request
_MESSAGE = "X-Thriftserver-Error-Message"  # which the connector shows, and not the body
_FLAGS = "/api/2.0/connector-service/feature-flags/PYTHON/"
_REPORTS = "databricks.partnerplatform.clientConfigsFeatureFlags.enableTelemetryForPythonDriver"
_READ_UNCHECKED = 1024 * 1024  # bytes that are read of a request whose token is wrong


class Server(ThreadingHTTPServer):
    """A server on loopback, with a thread for each connection.

    TLS is negotiated in the connection's thread, so that a client that connects and stays silent
    holds up nobody.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, tls: ssl.SSLContext, token: str, service: Any) -> None:
        self.tls = tls
        self.token = token.encode()
        self.processor = TCLIService.Processor(service)
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log a connection that ended with an exception; the server goes on."""
        _log.debug("connection of %s ended", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "local-warehouse"
    timeout = 900  # seconds that a connection may be idle
    wbufsize = -1  # so that an answer is one write
    server: Server

    def setup(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request.settimeout(self.timeout)
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/health":
            self._answer(200, b"ready\n", "text/plain")
        elif path == "/.well-known/databricks-config":
            host = self.headers.get("Host", "localhost")
            document = {"host_type": "workspace", "oidc_endpoint": f"https://{host}/oidc"}
            self._answer_json(document)
        elif path.startswith(_FLAGS):
            self._answer_json({"flags": [{"name": _REPORTS, "value": "true"}], "ttl_seconds": 900})
        else:
            self._answer(404, b"not found\n", "text/plain")

    def do_POST(self) -> None:
        given = self.headers.get("Content-Length", "")
        length = int(given) if given.isascii() and given.isdigit() else 0
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(
            token.encode(errors="replace"), self.server.token
        ):
            self.rfile.read(
                min(length, _READ_UNCHECKED)
            )  # a client may read only after it has sent
            self._refuse_token()
            return
        if not length:
            self._refuse(411, "the request has no body of a known length")
            return
        if length > _LIMIT:
            self._refuse(413, f"the request is longer than {_LIMIT:,} bytes")
            return
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionAbortedError("the client went away in the middle of its request")
        if self.path.partition("?")[0] == "/telemetry-ext":
            self._count_reports(body)
            return
        output = TMemoryBuffer()
        begun = time.monotonic()
        try:
            thrift_check.check(body)
            self.server.processor.process(
                TBinaryProtocolAccelerated(TMemoryBuffer(body)), TBinaryProtocolAccelerated(output)
            )
        except RequestRefused as error:
            document = _exception(body, error.message)
            headers = {_MESSAGE: error.message}
            self._answer(error.status, document, "application/x-thrift", headers)
            return
        except Exception as error:
            _log.warning("malformed request: %s", error)
            self._answer(400, b"not a Thrift message of TCLIService\n", "text/plain")
            return
        _log.debug("request of %d bytes took %.4f s", length, time.monotonic() - begun)
        self._answer(200, output.getvalue(), "application/x-thrift")

    def _count_reports(self, body: bytes) -> None:
        try:
            count = len(json.loads(body)["protoLogs"])
        except (ValueError, KeyError, TypeError):
            self._answer(400, b"no reports\n", "text/plain")
            return
        counts = {"numSuccess": 0, "numProtoSuccess": count, "numRealtimeSuccess": 0}
        self._answer_json({"errors": [], **counts})

    def _answer_json(self, document: Mapping[str, Any]) -> None:
        self._answer(200, json.dumps(document).encode(), "application/json")

    def _refuse(self, status: int, reason: str) -> None:
        """Refuse a request whose body is not read: the connection cannot be used again."""
        self.close_connection = True
        self._answer(status, f"{reason}\n".encode(), "text/plain", {"Connection": "close"})

    def _refuse_token(self) -> None:
        self.close_connection = True  # a part of the body may be left unread
        reason = "Invalid access token."
        document = {"error_code": "403", "message": reason}
        headers = {_MESSAGE: reason}
        self._answer(403, json.dumps(document).encode(), "application/json", headers)

    def _answer(
        self, status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        _log.debug(format, *args)


def _exception(request: bytes, message: str) -> bytes:
    """The Thrift message that answers a request with an exception."""
    method, _, number = TBinaryProtocol(TMemoryBuffer(request)).readMessageBegin()
    output = TMemoryBuffer()
    protocol = TBinaryProtocol(output)
    protocol.writeMessageBegin(method, TMessageType.EXCEPTION, number)
    TApplicationException(message=message).write(protocol)
    protocol.writeMessageEnd()
    written: bytes = output.getvalue()
    return written
