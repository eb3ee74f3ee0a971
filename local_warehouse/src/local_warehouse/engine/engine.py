"""The engine that computes: Sail, a Spark SQL engine, reached through Spark Connect.

The engine holds nothing that could be lost with it. Names, views and sessions live in the catalog
and in the session, and are resolved before a statement comes here. A Delta table is declared to the
engine, under a name that is made from its relation's id, when it is first used.
"""

from __future__ import annotations

import re
import socket
import threading
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from inspect import GEN_CLOSED, getgeneratorstate
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import pyarrow as pa
from sqlglot import exp

from local_warehouse.catalog.model import Column, Relation
from local_warehouse.catalog.names import quoted
from local_warehouse.delta import bounds
from local_warehouse.delta import log as delta_log
from local_warehouse.engine import errors as engine_errors
from local_warehouse.engine.connection import Connection
from local_warehouse.engine.snapshots import Snapshot, shown
from local_warehouse.engine.supervisor import Generations
from local_warehouse.errors import EngineEnded, SqlError, TableRedefined
from local_warehouse.rewrites import coercions, correlated_values, lambda_filters
from local_warehouse.sql.dialect import literal, parse, render
from local_warehouse.types.conversion import client_schema, to_client
from local_warehouse.types.results import Result

_T = TypeVar("_T")
_STALE_HINT = "Missing commit file"  # the engine's error for a version before the last checkpoint
_NOT_FOUND = "TABLE_OR_VIEW_NOT_FOUND"
_ATTEMPTS = 5
# Rewrites of a statement on which the engine has failed.
_AFTERWARDS = (lambda_filters, correlated_values, coercions)
# The engine holds a file until it is complete, one for each core and branch of a UNION, and stops
# computing while it sends it.
_FILE_SIZE = ("target_file_size", str(32 * 2**20))
_PORT = 15002  # Spark Connect's, where a URL names none
_NAME = re.compile(r"\bt_[0-9a-f]{32}_\d+\b")  # the engine's name of a table
_TABLE_AT = re.compile(rf"`({_NAME.pattern})`|\bdelta\.`([^`]+)`", re.IGNORECASE)


class Engine:
    """A Spark Connect server at a URL, or Sail in processes of its own, shared by all threads. All
    calls of one statement go to the same process.

    Its methods raise SqlError for what the author of a statement can mend. On EngineEnded a
    replacement runs and the old process has exited.
    """

    def __init__(self, url: str | None = None) -> None:
        """Raises SqlError when nothing listens at the URL."""
        if url is not None and not _answers(url):
            message = f"No Spark Connect server answers at {url}."
            raise SqlError("ENGINE_UNAVAILABLE", message)
        self._generations = Generations(url)
        self._statement = threading.local()  # its `connection` and `tag`

    @property
    def _connection(self) -> Connection:
        return getattr(self._statement, "connection", None) or self._generations.current()

    @property
    def generation(self) -> int:
        """The number of the process that this thread uses; another process knows none of its
        temporary views."""
        return self._connection.number

    # statements

    @contextmanager
    def statement(self, tag: str) -> Iterator[None]:
        """Tag all calls that this thread makes in the block, so that they can be canceled."""
        connection = self._generations.begin(tag)
        self._statement.connection, self._statement.tag = connection, tag
        try:
            yield
        finally:
            connection = self._statement.connection
            self._statement.connection = self._statement.tag = None
            connection.finish(tag)

    def go_on(self) -> None:
        """Continue this thread's statement on the replacement of an engine that has ended."""
        ended, tag = self._statement.connection, self._statement.tag
        self._statement.connection = self._generations.begin(tag)
        ended.finish(tag)

    def canceled_check(self) -> Callable[[], None]:
        """A function that raises SqlError (OPERATION_CANCELED) once this thread's statement has
        been canceled: for work that makes no calls of the engine, on whatever thread."""
        connection, tag = self._connection, getattr(self._statement, "tag", None)
        return lambda: connection.check(tag) if tag is not None else None

    def cancel(self, tag: str) -> None:
        """Cancel the calls with a tag: at once for the client, and soon after in the engine."""
        self._generations.cancel(tag)

    @contextmanager
    def _watched(self, connection: Connection) -> Iterator[None]:
        """Raise SqlError in place of the engine's errors in the block, and EngineEnded where it has
        ended. On EngineEnded a replacement runs and the old process has exited."""
        try:
            with engine_errors.as_sql_errors():
                yield
        except Exception as error:
            is_silent = isinstance(error, SqlError) and error.condition == "ENGINE_UNAVAILABLE"
            if not connection.is_own or (connection.is_running and not is_silent):
                raise
            self._generations.replace(connection)
            raise EngineEnded from error

    # queries and commands

    def stream(self, sql: str) -> Result:
        """Run a query. Its batches are computed as they are read; where they are no longer read and
        garbage, the query is canceled."""
        connection, tag = self._connection, getattr(self._statement, "tag", None)
        with self._watched(connection):
            first, others = self._with_rewrites(sql, self._start)
        schema = client_schema(first.schema)

        def batches() -> Generator[pa.RecordBatch]:
            with self._watched(connection):
                table: pa.Table | None = first
                while table is not None:
                    yield from to_client(table, schema).to_batches()
                    connection.note_read()
                    table = next(others, None)

        def let_go() -> None:
            if tag and getgeneratorstate(others) != GEN_CLOSED:  # nobody has read to the end
                others.close()
                self.cancel(tag)

        reading = batches()
        connection.note_reader(reading)
        weakref.finalize(reading, let_go).atexit = False  # type: ignore[misc]
        return Result(schema, reading)

    def run(self, sql: str) -> pa.Table:
        """Run a statement and return its whole result, which has to fit in memory."""
        with self._watched(self._connection):
            return self._with_rewrites(sql, lambda s: pa.concat_tables(self._connection.tables(s)))

    def count(self, sql: str) -> int:
        """The number in the first row and column of a query's result."""
        return int(self.run(sql).column(0)[0].as_py())

    def _start(self, sql: str) -> tuple[pa.Table, Generator[pa.Table]]:
        """The first table of the result that has rows, and the tables behind it. The engine sends
        empty ones as signs of life."""
        tables = self._connection.tables(sql)
        first = next(tables)
        while not first.num_rows and (following := next(tables, None)) is not None:
            first = following
        return first, tables

    def _with_rewrites(self, sql: str, work: Callable[[str], _T], *written: str) -> _T:
        """Do the work with a statement, and again with what a rewrite makes of it, where the engine
        fails as one of _AFTERWARDS knows it; each is tried once. `written` are locations of tables
        that the text does not name."""
        from pyspark.errors import PySparkException

        def columns_of(part: exp.Expr) -> list[Column]:
            with self._watched(self._connection):
                return self._columns(render(part))

        left = list(_AFTERWARDS)
        while True:
            try:
                return self._with_log_listed(sql, work, written)
            except PySparkException as error:
                helpful = next((one for one in left if one.may_help(sql, str(error))), None)
                if helpful is None:
                    raise
                left.remove(helpful)
                try:
                    tree = parse(sql)
                except SqlError:  # for what is no query; the first error says what is wrong
                    raise error from None
                sql = render(helpful.change(tree, columns_of))

    def _with_log_listed(self, sql: str, work: Callable[[str], _T], written: Sequence[str]) -> _T:
        """Do the work with a statement, and again without the hint at a table's newest checkpoint,
        where the engine fails on a version from before that checkpoint. It reads the version before
        it writes anything, so nothing is done twice. Raises TableRedefined where the engine does
        not know a table of the statement any more."""
        from pyspark.errors import PySparkException

        for _ in range(_ATTEMPTS):
            try:
                return work(sql)
            except PySparkException as error:
                message, locations = str(error), self._connection.locations
                if self._connection.lacks_function(message):
                    continue
                if _NOT_FOUND in message and set(_NAME.findall(message)) - locations.keys():
                    raise TableRedefined from error
                if _STALE_HINT not in message:
                    raise
                for name, path in _TABLE_AT.findall(sql):
                    location = path or locations.get(name)
                    if location is None:
                        raise TableRedefined from error
                    delta_log.forget_last_checkpoint(location)
                for location in written:
                    delta_log.forget_last_checkpoint(location)
        return work(sql)

    def columns(self, sql: str) -> list[Column]:
        """The names and types of a query's columns, without running it."""
        with self._watched(self._connection):
            return self._with_rewrites(sql, self._columns)

    def _columns(self, sql: str) -> list[Column]:
        fields = self._connection.frame(sql).schema.fields
        return [Column(f.name, f.dataType.simpleString(), f.nullable) for f in fields]

    def overwrite(
        self,
        query: str,
        location: str,
        columns: Iterable[Column],
        partition_by: list[str],
        mark: str,
        *,
        without_checks: Iterable[str] = (),
    ) -> None:
        """Write a query's rows, which have these columns, to the Delta table at a location, in one
        commit that also replaces its schema. `mark` becomes the commit's userMetadata. CHECK
        constraints stay, except those named in `without_checks`, whose condition becomes true."""

        def write(sql: str) -> None:
            writer = self._connection.frame(sql).write.format("delta").mode("overwrite")
            writer = writer.option("overwriteSchema", "true").option("userMetadata", mark)
            writer = writer.option(*_FILE_SIZE)
            for name, text in bounds.properties(columns).items():
                writer = writer.option(name, text)
            for name in without_checks:
                writer = writer.option(f"delta.constraints.{name}", "true")
            if partition_by:
                writer = writer.partitionBy(*partition_by)
            writer.save(location)

        with self._watched(self._connection):
            self._with_rewrites(query, write, location)

    def append(self, query: str, location: str, mark: str) -> None:
        """Add a query's rows to the Delta table at a location, in one commit whose userMetadata is
        `mark`."""

        def write(sql: str) -> None:
            writer = self._connection.frame(sql).write.format("delta").mode("append")
            writer.option("userMetadata", mark).option(*_FILE_SIZE).save(location)

        with self._watched(self._connection):
            self._with_rewrites(query, write, location)

    def insert(self, query: str, relation: Relation, mark: str, *, overwrite: bool) -> None:
        """Add a query's rows to a table, or with `overwrite` put them in place of its rows, cast to
        its types. Rows that are added go to the columns of the same names, as columns may have been
        moved meanwhile; by position where a name has capitals or dots, which the engine's append by
        name does not find."""
        name = quoted(self.name_of(relation))
        names = [column.name for column in relation.columns]
        by_position = overwrite or any(name != name.lower() or "." in name for name in names)

        def write(sql: str) -> None:
            frame = self._connection.frame(sql)
            if by_position:
                writer = frame.write.option("userMetadata", mark)
                writer.insertInto(name, overwrite=overwrite)
            else:
                frame.writeTo(name).option("userMetadata", mark).append()

        with self._watched(self._connection):
            self._with_rewrites(query, write, relation.path)

    def save(self, query: str, folder: Path) -> None:
        """Write a query's rows to Parquet files in a folder of this machine, which is new."""
        with self._watched(self._connection):
            self._with_rewrites(
                query, lambda s: self._connection.frame(s).write.parquet(str(folder))
            )

    def register(self, name: str, table: pa.Table) -> None:
        """Create or replace a temporary view of a small table."""
        with self._watched(self._connection):
            self._connection.frame_of(table).createOrReplaceTempView(name)

    # tables

    def name_of(self, relation: Relation) -> str:
        """The engine's name of a table, which is declared there on first use and again when its
        schema has changed. A statement that looked the table up before the change gets the newer
        name; one that has the older name may use it until it ends."""
        name = f"t_{relation.id}_{relation.generation}"
        connection = self._connection
        with connection.lock:
            known = connection.names.get(relation.id)
            if known is not None and int(known.rpartition("_")[2]) >= relation.generation:
                name = known
            else:
                self._drop_replaced(connection)
                option, size = _FILE_SIZE
                self.run(
                    f"create table if not exists `{name}` using delta options ({option} '{size}')"
                    f" location {literal(relation.path)}"
                )
                connection.names[relation.id] = name
                connection.locations[name] = relation.path
                if known is not None:
                    connection.replaced[known] = connection.statements
        return name

    def snapshot_of(self, relation: Relation) -> Snapshot:
        """A table as of its newest version. The engine reads its log only for a new version."""
        connection, table = self._connection, self.name_of(relation)

        def create(name: str) -> None:
            with self._watched(connection):
                query = f"select {shown(relation.columns)} from `{table}`"
                self._with_log_listed(query, lambda sql: connection.keep(name, sql), ())
                for unused in connection.snapshots.unused():
                    connection.drop(unused)

        version = delta_log.newest(relation.path)
        if version[0] < 0:
            return Snapshot(table, table, version)  # the engine's error says what is wrong
        return connection.snapshots.get(relation.id, table, version, create)

    def forget(self, relation: Relation) -> None:
        """Drop the engine's declaration of a table; its next use declares it again."""
        connection = self._connection
        with connection.lock:
            connection.snapshots.forget(relation.id)
            name = connection.names.pop(relation.id, None)
            if name is not None:
                self._drop(connection, name)

    def _drop_replaced(self, connection: Connection) -> None:
        for name, users in list(connection.replaced.items()):
            if users.isdisjoint(connection.statements):
                del connection.replaced[name]
                self._drop(connection, name)

    def _drop(self, connection: Connection, name: str) -> None:
        connection.locations.pop(name, None)
        self.run(f"drop table if exists `{name}`")


def _answers(url: str) -> bool:
    """Whether a server listens at sc://host:port."""
    address = urlsplit(url)
    try:
        socket.create_connection((address.hostname, address.port or _PORT), timeout=5).close()
    except OSError:
        return False
    return True
