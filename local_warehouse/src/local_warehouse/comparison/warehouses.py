"""The two warehouses that are compared: connections, schemas of their own, and answers."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local_warehouse.comparison.answers import answer
from local_warehouse.comparison.tables import TABLES
from local_warehouse.comparison.verdicts import Answer, is_ordered
from local_warehouse.services.errors import LocalWarehouseError

if TYPE_CHECKING:
    from databricks.sql.client import Connection, Cursor

_CONDITION = re.compile(r"\[([A-Z][A-Z0-9_.]+)\]")
_NEEDED = ("DATABRICKS_HOST", "DATABRICKS_HTTP_PATH")


class Asked:
    """A warehouse that answers questions."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def ask(self, sql: str) -> Answer:
        """The answer to a question, or the condition of its error."""
        from databricks.sql.exc import Error
        from pyarrow import ArrowException

        try:
            self._cursor.execute(sql)
            return answer(self._cursor.fetchall_arrow(), ordered=is_ordered(sql))
        except (Error, ArrowException) as error:
            message = str(error)
            condition = _CONDITION.search(message)
            return {
                "error": condition[1] if condition else type(error).__name__,
                "message": message[:500],
            }
        except ValueError as error:  # a struct with two fields of one name, which Arrow cannot give
            return {"error": "ArrowInvalid", "message": str(error)}


@contextmanager
def asked(environment: Mapping[str, str]) -> Iterator[Asked]:
    """A warehouse that an environment names, in a schema of its own that has the tables of the
    questions; the schema is dropped at the end, whatever the end is.

    Raises LocalWarehouseError if settings are missing or the warehouse does not answer.
    """
    from databricks.sql.exc import Error
    from urllib3.exceptions import HTTPError

    schema = f"local_warehouse_compare_{secrets.token_hex(4)}"
    try:
        with closing(_connect(environment)) as connection, closing(connection.cursor()) as cursor:
            try:
                cursor.execute(f"create schema {schema}")
                cursor.execute(f"use schema {schema}")
                for name, query in TABLES.items():
                    cursor.execute(f"create table {name} as {query}")
                yield Asked(cursor)
            finally:
                _drop(environment, schema)
    except (Error, HTTPError) as error:
        host = environment["DATABRICKS_HOST"]
        raise LocalWarehouseError(f"the warehouse at {host} says: {error}") from error


def _drop(environment: Mapping[str, str], schema: str) -> None:
    """Drop a schema by a connection of its own: the other may be in the middle of an answer."""
    with closing(_connect(environment)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(f"drop schema if exists {schema} cascade")


def missing_settings(environment: Mapping[str, str]) -> list[str]:
    """The settings that name a workspace and are not there."""
    return [name for name in _NEEDED if not environment.get(name)]


def _connect(environment: Mapping[str, str]) -> Connection:
    from databricks import sql

    named = environment["DATABRICKS_HOST"]
    host = urlsplit(named if "://" in named else f"https://{named}")
    options: dict[str, Any] = {}
    if token := environment.get("DATABRICKS_TOKEN"):
        options["access_token"] = token
    else:
        options["credentials_provider"] = _credentials_of_sdk()
    if catalog := environment.get("DATABRICKS_CATALOG"):
        options["catalog"] = catalog
    if host.hostname == "localhost" and (authority := environment.get("LOCAL_WAREHOUSE_CA_FILE")):
        options["_tls_trusted_ca_file"] = authority
    return sql.connect(
        server_hostname=host.hostname,
        _port=host.port or 443,
        http_path=environment["DATABRICKS_HTTP_PATH"],
        enable_telemetry=False,
        _retry_stop_after_attempts_count=4,
        **options,
    )


def _credentials_of_sdk() -> Any:
    """What signs requests as databricks-sdk is set up: OAuth of a service principal, a profile."""
    try:
        from databricks.sdk.core import Config
    except ImportError as error:
        message = "set DATABRICKS_TOKEN, or install databricks-sdk for other ways to sign in"
        raise LocalWarehouseError(message, 2) from error
    try:
        config = Config()
    except ValueError as error:
        raise LocalWarehouseError(f"databricks-sdk finds no way to sign in: {error}", 2) from error
    return lambda: config.authenticate


def workspace_environment() -> dict[str, str]:
    """The environment of this process, which names a workspace.

    Raises LocalWarehouseError, which says what is to be set, where it names none.
    """
    missing = missing_settings(os.environ)
    if missing:
        raise LocalWarehouseError(
            f"no workspace to compare with: set {', '.join(missing)}, and DATABRICKS_TOKEN or what "
            "databricks-sdk signs in with; DATABRICKS_CATALOG names a catalog in which a schema "
            "may be made. Or give the answers of one that were saved: --answers FILE",
            2,
        )
    return dict(os.environ)
