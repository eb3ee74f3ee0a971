"""The connection to the SQL warehouse: unified auth, statements, errors a user can read."""

from __future__ import annotations

import logging
import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit

from databricks import sql
from databricks.sql.exc import Error as SqlError
from databricks.sql.exc import MaxRetryDurationError, RequestError, ServerOperationError
from urllib3.exceptions import HTTPError

from bronze_loader.errors import ConfigurationError, LoaderError
from bronze_loader.warehouse.lazy_import import defer_import, import_without

log = logging.getLogger(__name__)

ON_A_LAPTOP = "on a laptop none of the variables of a workspace is needed: unset them all"


class StatementFailed(LoaderError):
    """The warehouse answered that it cannot run the statement."""


class TransientError(LoaderError):
    """The statement may succeed when it is run again: throttled, cut off, or in conflict."""


# Errors of a statement that may succeed when repeated: Delta's for a transaction that another one
# overtook (SQLSTATE 2D521), those of an overloaded service, and S3's for throttling (SlowDown).
# https://docs.databricks.com/aws/en/error-messages/error-classes
_PASSING = re.compile(
    r"\[DELTA_(CONCURRENT_\w+|METADATA_CHANGED|PROTOCOL_CHANGED)|SQLSTATE: 2D521"
    r"|\[TEMPORARILY_UNAVAILABLE|reduce your request rate"
)
# Errors of a session that the warehouse has forgotten.
_SESSION_LOST = re.compile(r"INVALID_HANDLE|SessionHandle|unexpectedly closed server side")
_PASSING_CLIENT_ERRORS = (408, 429)
# Variables that leave open nothing about how to sign in.
_NO_CHOICE = {
    "DATABRICKS_HOST", "DATABRICKS_TOKEN", "DATABRICKS_HTTP_PATH", "DATABRICKS_WAREHOUSE_ID",
    "DATABRICKS_CATALOG",
}  # fmt: skip


class StatementRunner(Protocol):
    """What the loader needs from a warehouse."""

    def run(self, statement: str) -> list[dict[str, Any]]:
        """Run one statement; gives its rows by column name. Raises LoaderError."""


class SqlWarehouse:
    """A Databricks SQL warehouse, or the local one, over databricks-sql-connector."""

    def __init__(self, open_connection: Callable[[], Any], host: str) -> None:
        """`open_connection` gives a connection of the connector; called again after a loss."""
        self._open = open_connection
        self.host = host
        self._connection: Any = open_connection()

    def run(self, statement: str) -> list[dict[str, Any]]:
        """Run one statement; gives its rows by column name.

        Raises StatementFailed when the warehouse refuses it, TransientError when it may succeed
        later, LoaderError when the connection is lost for good.
        """
        started = time.monotonic()
        try:
            if self._connection is None:
                self._connection = self._open()
            with closing(self._connection.cursor()) as cursor:
                cursor.execute(statement)
                if cursor.description is None:
                    rows: list[dict[str, Any]] = []
                else:
                    rows = cursor.fetchall_arrow().to_pylist()
        except ServerOperationError as error:
            log.debug("failed statement:\n%s", statement)
            kind = TransientError if _PASSING.search(str(error)) else StatementFailed
            raise kind(_first_lines(error)) from error
        except (ValueError, OverflowError) as error:
            raise StatementFailed(
                f"a value cannot be read, as of a year beyond 9999: {error}"
            ) from error
        except (SqlError, HTTPError, OSError) as error:
            self.close()
            lost = TransientError if _passes(error) else LoaderError
            raise lost(
                f"lost the warehouse at {self.host}: {_first_lines(error)}; "
                "what was loaded is kept, and another run goes on from there"
            ) from error
        log.debug("%.3f s, %d rows:\n%s", time.monotonic() - started, len(rows), statement)
        return rows

    def close(self) -> None:
        """Close the connection, whether or not the warehouse still answers."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SqlError, HTTPError, OSError):
                connection.close()


def _passes(error: Exception) -> bool:
    """Whether a request that failed may succeed later; one that was wrong itself may not."""
    if isinstance(error, MaxRetryDurationError):
        return False  # the connector has tried again for 15 minutes
    if isinstance(error, RequestError):
        # The code is that of the last answer, so a connection that broke may come with a 200.
        code = error.context.get("http-code") or 0
        return code in _PASSING_CLIENT_ERRORS or not (400 <= code < 500 or code == 501)
    if isinstance(error, SqlError):
        return bool(_SESSION_LOST.search(str(error)))
    return True


@contextmanager
def connect(http_path: str | None = None) -> Iterator[SqlWarehouse]:
    """A warehouse inside the `with` block, by databricks-sdk's unified auth (environment, profile
    or job).

    https://docs.databricks.com/aws/en/dev-tools/auth/unified-auth. The warehouse is `http_path`,
    or DATABRICKS_HTTP_PATH, or DATABRICKS_WAREHOUSE_ID. Raises ConfigurationError saying what to
    set, LoaderError when the warehouse does not answer.
    """
    # The connector imports pandas for results that are not read as Arrow, and Arrow imports numpy
    # for arrays of numpy: of both there are none.
    defer_import("pandas")
    import_without("numpy", "pyarrow")
    access = _given_access() or _unified_access()
    path = http_path or os.environ.get("DATABRICKS_HTTP_PATH")
    if not path and access.warehouse_id:
        path = f"/sql/1.0/warehouses/{access.warehouse_id}"
    if not path:
        raise ConfigurationError(
            "DATABRICKS_HTTP_PATH is not set: copy it from the warehouse's connection details; "
            + ON_A_LAPTOP
        )
    address = _address(access.host)
    host = address.hostname or ""

    def open_connection() -> Any:
        authority = _check_loopback(access.host)
        return sql.connect(
            server_hostname=host,
            http_path=path,
            credentials_provider=lambda: access.authenticate,
            user_agent_entry="bronze-loader",
            enable_telemetry=False,
            _port=address.port or 443,
            _tls_trusted_ca_file=authority,
            # A cloud warehouse may take minutes to start; a local one is there or is not.
            _retry_stop_after_attempts_count=3 if is_loopback(access.host) else 30,
        )

    try:
        warehouse = SqlWarehouse(open_connection, access.host)
    except RequestError as error:
        if error.context.get("http-code") in (401, 403):
            raise ConfigurationError(
                f"{access.host} does not accept the credentials ({access.auth_type}); "
                f"see DATABRICKS_TOKEN or the profile; {ON_A_LAPTOP}"
            ) from error
        raise LoaderError(f"cannot reach {access.host}{path}: {_first_lines(error)}") from error
    except (SqlError, HTTPError, OSError) as error:
        raise LoaderError(f"cannot reach {access.host}{path}: {_first_lines(error)}") from error
    with closing(warehouse):
        yield warehouse


@dataclass(frozen=True)
class _Access:
    """A workspace, and what makes the headers that a request to it needs."""

    host: str
    authenticate: Callable[[], dict[str, str]]
    auth_type: str
    warehouse_id: str | None


def _given_access() -> _Access | None:
    """Host and token when the environment has both and no other setting that may overrule them; the
    SDK, whose import takes a second, would find nothing else. None in all other cases."""
    host, token = os.environ.get("DATABRICKS_HOST"), os.environ.get("DATABRICKS_TOKEN")
    others = {name for name in os.environ if name.startswith("DATABRICKS_")} - _NO_CHOICE
    if not host or not token or others:
        return None
    headers = {"Authorization": f"Bearer {token}"}
    return _Access(
        host.rstrip("/") if "//" in host else f"https://{host}",
        lambda: headers,
        "pat",
        os.environ.get("DATABRICKS_WAREHOUSE_ID"),
    )


def _unified_access() -> _Access:
    from databricks.sdk.core import Config

    host_asked = os.environ.get("DATABRICKS_HOST")
    if host_asked:
        _check_loopback(host_asked)
    try:
        config = Config(retry_timeout_seconds=30)
    except ValueError as error:
        raise ConfigurationError(f"no usable Databricks credentials: {error}") from error
    return _Access(config.host, config.authenticate, config.auth_type, config.warehouse_id)


def host_is_known() -> bool:
    """Whether the SDK can find the workspace: by the environment, a profile, or inside a job."""
    names = ("DATABRICKS_HOST", "DATABRICKS_CONFIG_PROFILE", "DATABRICKS_RUNTIME_VERSION")
    return any(os.environ.get(name) for name in names)


def _address(host: str) -> SplitResult:
    """The parts of a workspace's address. Raises ConfigurationError when it is none."""
    try:
        address = urlsplit(host if "//" in host else f"https://{host}")
        address.port  # noqa: B018 - raises ValueError
    except ValueError as error:
        raise ConfigurationError(
            f"DATABRICKS_HOST (or the profile's host): {host!r} is no address ({error}); "
            f"it reads https://name.cloud.databricks.com; {ON_A_LAPTOP}"
        ) from error
    return address


def is_loopback(host: str) -> bool:
    """Whether a workspace's address is on this machine. Raises ConfigurationError for none."""
    return _address(host).hostname in ("localhost", "127.0.0.1", "::1")


def _check_loopback(host: str) -> str | None:
    """Check that a local host listens and has a certificate that is trusted; the SDK and the
    connector would go on trying when it does not.

    Gives the file of the only authority to trust, if one is set: reading the usual ones as well
    takes a twentieth of a second each time. Raises ConfigurationError or TransientError.
    """
    if not is_loopback(host):
        return None
    address = _address(host)
    authority = os.environ.get("LOCAL_WAREHOUSE_CA_FILE") or None
    try:
        trusting = ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise ConfigurationError(
            f"LOCAL_WAREHOUSE_CA_FILE: {authority} holds no certificate that can be read "
            f"({error.strerror or error}); {ON_A_LAPTOP}"
        ) from error
    place = address.hostname or "", address.port or 443
    try:
        with socket.create_connection(place, timeout=5) as plain:
            if address.scheme == "https":
                trusting.wrap_socket(plain, server_hostname=place[0]).close()
    except ssl.SSLCertVerificationError as error:
        setting = "LOCAL_WAREHOUSE_CA_FILE" if authority else "SSL_CERT_FILE"
        raise ConfigurationError(
            f"the certificate of {host} is not trusted here ({error.verify_message}): "
            f"{setting} names no authority that has issued it; {ON_A_LAPTOP}"
        ) from error
    except OSError as error:
        raise TransientError(
            f"no warehouse listens at {host} ({error.strerror or error}); "
            "`local-warehouse up` starts the local one"
        ) from error
    return authority


def _first_lines(error: BaseException) -> str:
    """The message without the server's stack trace; for urllib3's errors the cause alone."""
    text = str(error).strip()
    cause = re.search(r"Max retries exceeded .*\(Caused by (\w+\(.*\))\)", text)
    text = cause.group(1) if cause else text
    return text.split("\n\tat ")[0].split("\n\nJVM stacktrace")[0][:2000]
