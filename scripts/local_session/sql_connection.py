"""The connection to the SQL warehouse that the environment names."""

import logging
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit

from databricks import sql
from databricks.sql.parameters.native import TDbsqlParameter
from urllib3.exceptions import HTTPError

from local_session.result_rows import all_rows

# When a warehouse does not answer, the connector logs it at length, and then raises it.
logging.getLogger("databricks").setLevel(logging.CRITICAL)


class RunQuery(Protocol):
    """Runs a statement; returns its rows as tuples.

    `parameters` are typed values of the connector with the names of the statement's markers.
    """

    def __call__(
        self, statement: str, parameters: Sequence[TDbsqlParameter] = ()
    ) -> list[tuple[Any, ...]]: ...


class WarehouseError(Exception):
    """The warehouse cannot be reached, or refused a statement."""


@contextmanager
def open_warehouse() -> Iterator[RunQuery]:
    """Connect, and give a function that runs a statement and returns its rows as tuples.

    DATABRICKS_HOST, DATABRICKS_HTTP_PATH and DATABRICKS_CATALOG name the warehouse; credentials are
    those of databricks-sdk's unified authentication. Raises WarehouseError.
    """
    host = urlsplit(os.environ["DATABRICKS_HOST"])
    path = os.environ.get("DATABRICKS_HTTP_PATH")
    if not path:
        raise WarehouseError("DATABRICKS_HTTP_PATH is not set: which SQL warehouse is meant?")
    _check_listening(host)
    settings: dict[str, Any] = {
        "server_hostname": host.hostname or host.path,
        "http_path": path,
        "catalog": os.environ.get("DATABRICKS_CATALOG"),
        "enable_telemetry": False,
        "_retry_stop_after_attempts_count": 2,
        "_retry_delay_min": 0.2,
        "_retry_delay_max": 5.0,  # the least that the connector takes
    }
    if host.port:
        settings["_port"] = host.port
    if token := os.environ.get("DATABRICKS_TOKEN"):
        settings["access_token"] = token
    else:
        from databricks.sdk.core import Config  # slow to import, and only needed here

        settings["credentials_provider"] = lambda: Config().authenticate
    try:
        with closing(sql.connect(**settings)) as connection, closing(connection.cursor()) as cursor:

            def query(
                statement: str, parameters: Sequence[TDbsqlParameter] = ()
            ) -> list[tuple[Any, ...]]:
                cursor.execute(statement, list(parameters) or None)
                return all_rows(cursor)

            yield query
    except (sql.Error, HTTPError, ValueError) as error:
        raise WarehouseError(_in_one_line(error)) from error


def _check_listening(host: SplitResult) -> None:
    """Raises WarehouseError when nobody listens at an address of this machine, such as the one that
    a shell was given before the local warehouse went down."""
    if host.hostname not in ("localhost", "127.0.0.1"):
        return
    try:
        socket.create_connection((host.hostname, host.port or 443), timeout=2).close()
    except OSError:
        raise WarehouseError(
            f"no warehouse listens at {host.geturl()}, which DATABRICKS_HOST names; to use the "
            "local services, which are then started, unset it and its like"
        ) from None


def _in_one_line(error: Exception) -> str:
    """The first line of the error; a stack of the server or the connector follows it."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
