"""`local-warehouse sql`: run statements through databricks-sql-connector and show the results."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local_warehouse.client.rows import fetch_rows
from local_warehouse.services.errors import LocalWarehouseError
from local_warehouse.services.state import say

if TYPE_CHECKING:
    from databricks.sql.client import Connection, Cursor

FORMATS = ("table", "csv", "json")
TABLE_ROWS = 1_000  # a table on a terminal shows no more; --csv and --json show all
_PAGE_ROWS = 10_000


def run(environment: Mapping[str, str], script: str, output: str) -> None:
    """Execute each statement of a script in turn and print what it returns, as one of FORMATS.

    Raises LocalWarehouseError, of a statement that fails; those behind it are not run.
    """
    if not split_statements(script):
        raise LocalWarehouseError("there is no statement to run", 2)
    with _reporting_errors(), closing(connect(environment)) as connection:
        _execute(connection, script, output)


def prompt(environment: Mapping[str, str], history: Path, output: str) -> None:
    """Execute statements as they are typed; one that fails does not end the prompt."""
    from local_warehouse.client.prompt import loop

    with _reporting_errors(), closing(connect(environment)) as connection:

        def execute(script: str) -> str | None:
            try:
                with _reporting_errors():
                    _execute(connection, script, output)
            except LocalWarehouseError as error:
                say(str(error))
                return str(error)
            except KeyboardInterrupt:
                say("interrupted")
            return None

        loop(connection, history, execute)


def _execute(connection: Connection, script: str, output: str) -> None:
    for position, statement in enumerate(split_statements(script)):
        if position and output == "table":
            print()
        with closing(connection.cursor()) as cursor:
            cursor.execute(statement)
            _PRINTERS[output](cursor)


@contextmanager
def _reporting_errors() -> Iterator[None]:
    """Turn the connector's errors into LocalWarehouseError, with what the warehouse said."""
    from databricks.sql.exc import Error
    from urllib3.exceptions import HTTPError

    try:
        yield
    except Error as error:
        raise LocalWarehouseError(str(error.message or error)) from error
    except HTTPError as error:
        raise LocalWarehouseError(
            f"the warehouse does not answer; `local-warehouse up` starts it again: {error}"
        ) from error


def connect(environment: Mapping[str, str]) -> Connection:
    """A connection to the warehouse that an environment, as of `exec`, names."""
    from databricks import sql

    host = urlsplit(environment["DATABRICKS_HOST"])
    return sql.connect(
        server_hostname=host.hostname,
        _port=host.port or 443,
        http_path=environment["DATABRICKS_HTTP_PATH"],
        access_token=environment["DATABRICKS_TOKEN"],
        catalog=environment["DATABRICKS_CATALOG"],
        enable_telemetry=False,
        _tls_trusted_ca_file=environment["LOCAL_WAREHOUSE_CA_FILE"],
        _retry_stop_after_attempts_count=2,
    )


def split_statements(script: str) -> list[str]:
    """The statements of a script: it is split at semicolons outside strings and comments."""
    if ";" not in script.rstrip().rstrip(";"):
        alone = script.strip().rstrip(";").strip()
        return [alone] if alone else []
    from sqlglot import TokenType
    from sqlglot.dialects.databricks import Databricks
    from sqlglot.errors import SqlglotError

    try:
        tokens = Databricks().tokenize(script)
    except SqlglotError as error:
        raise LocalWarehouseError(f"cannot read the statements: {error}") from error
    statements, begin, used = [], 0, False
    for token in tokens:
        if token.token_type == TokenType.SEMICOLON:
            if used:
                statements.append(script[begin : token.start].strip())
            begin, used = token.end + 1, False
        else:
            used = True
    if used:
        statements.append(script[begin:].strip())
    return statements


def _print_table(cursor: Cursor) -> None:
    from rich.table import Table
    from rich.text import Text

    from local_warehouse.client.terminal import Output

    if cursor.description is None:
        return
    table = Table(show_edge=False)
    for column in cursor.description:
        table.add_column(Text(column[0]), justify="right" if column[1] in _NUMBERS else "left")
    rows = fetch_rows(cursor, TABLE_ROWS + 1)
    for row in rows[:TABLE_ROWS]:
        table.add_row(*(Text(_shown(value)) for value in row))
    console = Output()
    console.print(table)
    if len(rows) > TABLE_ROWS:
        console.print(f"the first {TABLE_ROWS:,} rows; --csv and --json print all of them")


def _print_csv(cursor: Cursor) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    if cursor.description is None:
        return
    writer.writerow(column[0] for column in cursor.description)
    for row in _rows(cursor):
        writer.writerow("" if value is None else _plain(value) for value in row)


def _print_json(cursor: Cursor) -> None:
    """Print one JSON array a statement, with one object a row."""
    names = [column[0] for column in cursor.description or ()]
    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if twice is not None:
        raise LocalWarehouseError(
            f"the result has two columns of the name {twice}, and a JSON object one value of a "
            "name: give them aliases, or print the result with --csv"
        )
    separator = "[\n"
    for row in _rows(cursor):
        content = json.dumps(dict(zip(names, row, strict=True)), default=_json, ensure_ascii=False)
        sys.stdout.write(separator + content)
        separator = ",\n"
    sys.stdout.write("[]\n" if separator == "[\n" else "\n]\n")


def _rows(cursor: Cursor) -> Iterator[Any]:
    while page := fetch_rows(cursor, _PAGE_ROWS):
        yield from page


_PRINTERS = {"table": _print_table, "csv": _print_csv, "json": _print_json}
_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal")


def _shown(value: object) -> str:
    return "NULL" if value is None else str(_plain(value))


def _plain(value: object) -> object:
    """Arrays, maps and structs as JSON, bytes in hexadecimal, the rest as it is."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, default=_json, ensure_ascii=False)
    if isinstance(value, bytes | bytearray):
        return value.hex()
    return value


def _json(value: object) -> object:
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, bytes | bytearray):
        return value.hex()
    return str(value)
