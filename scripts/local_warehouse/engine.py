"""The engine that computes: Sail, a Spark SQL engine, reached through Spark Connect.

The engine holds no state of ours. Names, views, temporary views and sessions live in the catalog
and are resolved before a statement gets here; a Delta table is made known to the engine, under a
name of our own, when it is first used.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pyarrow as pa
from sqlglot import exp

from local_warehouse import delta, engine_errors
from local_warehouse.calls import Calls
from local_warehouse.catalog.model import Column, Relation
from local_warehouse.dialect import literal, render
from local_warehouse.engine_process import EngineProcess
from local_warehouse.errors import SqlError
from local_warehouse.results import Result
from local_warehouse.types import client_schema, to_client

_T = TypeVar("_T")
_STALE_HINT = "Missing commit file"  # what the engine says of a version behind the last checkpoint
_ATTEMPTS = 5
_PORT = 15002  # of Spark Connect, where a URL names none
_TABLE_AT = re.compile(r"`(t_[0-9a-f]{32}_\d+)`|\bdelta\.`([^`]+)`", re.IGNORECASE)
# Sail keeps about 0.1 MB of every statement: above this it is ended when nothing runs, and started
# again by the next statement.
_MEMORY = int(os.environ.get("LOCAL_WAREHOUSE_ENGINE_MIB", "1536")) * 2**20
_RENEWAL_SECONDS = 60  # from one attempt to the next
_PATIENCE_SECONDS = 3  # with an engine that is to stop a query
_WATCHED_SECONDS = 60  # after that, at the most
_IDLE_SHARE = 0.1  # of one processor
_CHANNEL = {
    "grpc.max_receive_message_length": 2**31 - 1,  # a batch of rows is one message
    "grpc.max_send_message_length": 2**31 - 1,
    "grpc.compression_enabled_algorithms_bitset": 1,  # none, as the engine is on this machine
}
_log = logging.getLogger(__name__)


class Engine:
    """One Spark Connect session, shared by all threads: of the Spark Connect server at a URL, or
    of a Sail server of our own, which is started again if it has ended."""

    def __init__(self, url: str | None = None) -> None:
        """Raises SqlError when nothing listens at the URL."""
        if url is not None and not _answers(url):
            message = f"No Spark Connect server answers at {url}."
            raise SqlError("ENGINE_UNAVAILABLE", message, "08006")
        self._url = url
        self._known: dict[str, str] = {}  # names of tables, by the ids of their relations
        self._locations: dict[str, str] = {}  # of tables, by these names
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._beginning = threading.Lock()
        self._results: weakref.WeakSet[Any] = weakref.WeakSet()  # generators of their batches
        self._next_renewal = 0.0
        self._last_read = 0.0
        self._sessions: list[Any] = []  # the last is in use: none is let go, as that ends them all
        self.generation = 0  # of the engine: what one knows, the next does not
        self._connect()

    def _connect(self) -> None:
        from pyspark.sql.connect.client import DefaultChannelBuilder
        from pyspark.sql.connect.session import SparkSession

        process = self._process = None if self._url else EngineProcess()
        self._calls = Calls(lambda: process.is_running if process else _answers(self._url or ""))
        channel = DefaultChannelBuilder(process.url if process else self._url or "")
        channel.add_interceptor(self._calls)
        for option, value in _CHANNEL.items():
            channel.setChannelOption(option, value)
        session = SparkSession.builder.channelBuilder(channel).create()
        if process:  # a connection within this machine does not break while the engine lives
            session.client.disable_reattachable_execute()
        self._sessions.append(session)
        self._known, self._locations = {}, {}
        self.generation += 1

    @property
    def _session(self) -> Any:
        process = self._process
        if process is not None and not process.is_running:
            with self._starting:
                if self._process is process:
                    _log.warning("the engine has ended; starting another")
                    self._connect()
        return self._sessions[-1]

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()

    # statements

    @contextmanager
    def statement(self, tag: str) -> Iterator[None]:
        """Mark what this thread runs, so that it can be canceled by its tag."""
        with self._beginning:
            self._renew()
            client, calls = self._session.client, self._calls
            calls.begin(tag)
        client.add_tag(tag)
        try:
            yield
        finally:
            client.remove_tag(tag)
            calls.end(tag)

    def _renew(self) -> None:
        """End an engine that has grown large, as soon as nothing runs and nobody reads."""
        process = self._process
        if process is None or process.memory() < _MEMORY or time.monotonic() < self._next_renewal:
            return
        self._next_renewal = time.monotonic() + _RENEWAL_SECONDS
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._calls.are_running or any(b.gi_frame is not None for b in self._results):
            if time.monotonic() > deadline:
                return
            time.sleep(0.01)
        _log.info("the engine has %d MiB of memory; ending it", process.memory() // 2**20)
        process.kill()

    def cancel(self, tag: str) -> None:
        """End what runs with a tag: commands by their calls, queries by asking the engine."""
        self._calls.cancel(tag)
        threading.Thread(target=self._stop, args=(tag,), daemon=True).start()

    def _stop(self, tag: str) -> None:
        """Ask the engine to end a query, and end the engine if it does not: it looks for such
        requests between batches, and a join may compute for minutes before its next one."""
        process, calls = self._process, self._calls
        asking = threading.Thread(target=self._interrupt, args=(tag,), daemon=True)
        asking.start()
        asking.join(_PATIENCE_SECONDS)
        if process is None or not process.is_running:
            return
        if asking.is_alive() or self._computes_for_nobody(process, calls):
            _log.warning("the engine does not stop a canceled statement; ending it")
            process.kill()

    def _interrupt(self, tag: str) -> None:
        try:
            self._sessions[-1].client.interrupt_tag(tag)
        except Exception:  # the engine has ended, or is ended now
            _log.debug("the engine could not be asked", exc_info=True)

    def _computes_for_nobody(self, process: EngineProcess, calls: Calls) -> bool:
        """Whether the engine stays busy while no statement runs and no client reads."""
        busy = 0.0
        for _ in range(_WATCHED_SECONDS):
            before = process.processor_seconds()
            time.sleep(1)
            if process.processor_seconds() - before < _IDLE_SHARE:
                return False
            is_reading = time.monotonic() - self._last_read < _PATIENCE_SECONDS
            busy = 0 if calls.are_running or is_reading else busy + 1
            if busy >= _PATIENCE_SECONDS:
                return True
        return False

    # queries and commands

    def stream(self, sql: str) -> Result:
        """Run a query; its batches come as the client reads them."""
        with engine_errors.translated():
            first, tables = self._with_types_aligned(sql, self._start)
        schema = client_schema(first.schema)

        def batches() -> Iterator[pa.RecordBatch]:
            with engine_errors.translated():
                table: pa.Table | None = first
                while table is not None:
                    yield from to_client(table, schema).to_batches()
                    self._last_read = time.monotonic()
                    table = next(tables, None)

        reading = batches()
        self._results.add(reading)
        return Result(schema, reading)

    def run(self, sql: str) -> pa.Table:
        """Run a statement and return its whole result, which must be small."""
        with engine_errors.translated():
            return self._with_types_aligned(sql, lambda s: pa.concat_tables(self._tables(s)))

    def count(self, sql: str) -> int:
        """Run a DML statement and return the rows that the engine reports."""
        return int(self.run(sql).column(0)[0].as_py())

    def _start(self, sql: str) -> tuple[pa.Table, Iterator[pa.Table]]:
        """The first table of the result that has rows, and those behind it. The engine sends
        empty ones to show that it lives."""
        tables = self._tables(sql)
        first = next(tables)
        while not first.num_rows and (following := next(tables, None)) is not None:
            first = following
        return first, tables

    def _with_types_aligned(self, sql: str, work: Callable[[str], _T]) -> _T:
        """Do it, and again with casts if the engine stumbles over types that meet."""
        from pyspark.errors import PySparkException

        from local_warehouse import coercions

        def columns_of(part: exp.Expr) -> list[Column]:
            with engine_errors.translated():
                return self._columns(render(part))

        try:
            return self._with_log_listed(sql, work)
        except PySparkException as error:
            if not coercions.is_cause(str(error)):
                raise
            try:
                changed = coercions.aligned(sql, columns_of)
            except SqlError:  # of a form that cannot be changed: the first error says what it is
                raise error from None
            return self._with_log_listed(changed, work)

    def _with_log_listed(self, sql: str, work: Callable[[str], _T]) -> _T:
        """Do it, and again without the hint that names a table's newest checkpoint: the engine
        does not find a version that is older than it, one of a moment ago in particular. It
        reads the version before it writes anything, so nothing is done twice."""
        from pyspark.errors import PySparkException

        for _ in range(_ATTEMPTS):
            try:
                return work(sql)
            except PySparkException as error:
                if _STALE_HINT not in str(error):
                    raise
                for name, path in _TABLE_AT.findall(sql):
                    delta.forget_last_checkpoint(path or self._locations[name])
        return work(sql)

    def _tables(self, sql: str) -> Iterator[pa.Table]:
        client = self._session.client
        for part in client.to_table_as_iterator(_plan(sql).to_proto(client), {}):
            if isinstance(part, pa.Table):
                yield part

    def columns(self, sql: str) -> list[Column]:
        """Names and types of a query's columns, without running it."""
        with engine_errors.translated():
            return self._with_types_aligned(sql, self._columns)

    def _columns(self, sql: str) -> list[Column]:
        client = self._session.client
        fields = client.schema(_plan(sql).to_proto(client)).fields
        return [Column(f.name, f.dataType.simpleString(), f.nullable) for f in fields]

    def overwrite(self, query: str, location: str, partition_by: list[str]) -> None:
        """Write a query's rows to a Delta table in one commit that also replaces its schema."""

        from pyspark.sql.connect.dataframe import DataFrame

        def write(sql: str) -> None:
            frame = DataFrame(_plan(sql), self._session)
            writer = frame.write.format("delta").mode("overwrite")
            writer = writer.option("overwriteSchema", "true")
            if partition_by:
                writer = writer.partitionBy(*partition_by)
            writer.save(location)

        with engine_errors.translated():
            self._with_types_aligned(query, write)

    def append(self, query: str, location: str, note: str) -> None:
        """Add a query's rows to a Delta table in one commit that carries a note."""

        def write(sql: str) -> None:
            writer = self._session.sql(sql).write.format("delta").mode("append")
            writer.option("userMetadata", note).save(location)

        with engine_errors.translated():
            self._with_types_aligned(query, write)

    def register(self, name: str, table: pa.Table) -> None:
        """Make a small table known as a temporary view."""
        from pyspark.sql.pandas.types import from_arrow_schema

        with engine_errors.translated():  # the schema is given, as an empty table has none to infer
            frame = self._session.createDataFrame(table, from_arrow_schema(table.schema))
            frame.createOrReplaceTempView(name)

    # tables

    def name_of(self, relation: Relation) -> str:
        """The engine's own name for a table; it is declared there on first use, and again when
        its schema has changed."""
        name = f"t_{relation.id}_{relation.generation}"
        with self._lock:
            if self._known.get(relation.id) != name:
                old = self._known.pop(relation.id, None)
                if old is not None:
                    self._drop(old)
                location = literal(relation.path)
                self.run(f"create table if not exists `{name}` using delta location {location}")
                self._known[relation.id] = name
                self._locations[name] = relation.path
        return name

    def forget(self, relation: Relation) -> None:
        with self._lock:
            name = self._known.pop(relation.id, None)
            if name is not None:
                self._drop(name)

    def _drop(self, name: str) -> None:
        self._locations.pop(name, None)
        self.run(f"drop table if exists `{name}`")


def _plan(sql: str) -> Any:
    """A statement as Spark Connect takes it. `SparkSession.sql` would send it once more, ahead, to
    see whether it is a command."""
    from pyspark.sql.connect.plan import SQL

    return SQL(sql)


def _answers(url: str) -> bool:
    """Whether something listens at sc://host:port."""
    address = urlsplit(url)
    try:
        socket.create_connection((address.hostname, address.port or _PORT), timeout=5).close()
    except OSError:
        return False
    return True
