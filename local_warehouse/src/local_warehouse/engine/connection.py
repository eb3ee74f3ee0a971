"""One Spark Connect session: its statements, the readers of its results, the tables it knows."""

from __future__ import annotations

import itertools
import logging
import threading
import time
import weakref
from collections.abc import Generator
from inspect import GEN_CLOSED, GEN_RUNNING, getgeneratorstate
from typing import Any, ClassVar

import pyarrow as pa

from local_warehouse.engine import functions
from local_warehouse.engine.cancellation import Calls
from local_warehouse.engine.process import EngineProcess
from local_warehouse.engine.snapshots import Snapshots
from local_warehouse.errors import EngineEnded

_CHANNEL = {
    "grpc.max_receive_message_length": 2**31 - 1,  # a batch of rows is one message
    "grpc.max_send_message_length": 2**31 - 1,
    "grpc.compression_enabled_algorithms_bitset": 1,  # none, as the engine is on this machine
    "SingleThreadedUnaryStream": 1,  # the thread that waits for an answer reads it, and no other
}
_PATIENCE_SECONDS = 3  # for an engine that was asked to stop a query
_WATCHED_SECONDS = 60  # how long it is watched after that, at the most
_IDLE_SHARE = 0.1  # the share of one processor below which the engine counts as idle
_numbers = itertools.count(1)
_log = logging.getLogger(__name__)


class Connection:
    """The session of a Spark Connect server at a URL, or of a Sail process of its own.

    A query is sent as it is, and once: Sail keeps some 60 kB of each text that it has
    parsed (https://github.com/lakehq/sail/pull/2528).
    """

    _sessions: ClassVar[list[Any]] = []  # kept for ever: pyspark would stop what all of them share

    def __init__(self, url: str | None) -> None:
        from pyspark.sql.connect.client import DefaultChannelBuilder
        from pyspark.sql.connect.session import SparkSession

        self.number = next(_numbers)
        self.lock = threading.Lock()  # around the next three
        self.names: dict[str, str] = {}  # the engine's names of tables, by their relations' ids
        self.locations: dict[str, str] = {}  # the locations of tables, by these names
        # names that others have replaced, with the statements that ran then and may use them
        self.replaced: dict[str, frozenset[str]] = {}
        self.snapshots = Snapshots()
        self._has_functions = False
        process = self._process = None if url else EngineProcess()
        self._calls = Calls()
        self._results: weakref.WeakSet[Generator[pa.RecordBatch]] = weakref.WeakSet()
        self.last_read = 0.0  # monotonic seconds when a reader last asked for rows
        channel = DefaultChannelBuilder(process.url if process else url or "")
        channel.add_interceptor(self._calls)
        for option, value in _CHANNEL.items():
            channel.setChannelOption(option, value)
        self._session = SparkSession(channel)
        self._client = self._session.client
        self._client.set_retry_policies([])  # an engine on this machine answers, or has ended
        self._calls.release = self._client._stub.ReleaseExecute.future
        if process:  # a connection within this machine does not break while the engine lives
            self._client.disable_reattachable_execute()
        self._sessions.append(self._session)

    # its life

    @property
    def is_running(self) -> bool:
        """Whether the process runs. For a server at a URL it is True, as only a call can tell."""
        return self._process is None or self._process.is_running

    @property
    def is_own(self) -> bool:
        """Whether the engine is a process of the warehouse, which may end and replace it."""
        return self._process is not None

    @property
    def is_used(self) -> bool:
        """Whether a statement runs, or rows of a result have not been read."""
        return bool(self._calls.statements) or any(
            getgeneratorstate(batches) != GEN_CLOSED for batches in self._results
        )

    @property
    def is_awaited(self) -> bool:
        """Whether a statement runs, or a reader waits for the next rows of a result."""
        return bool(self._calls.statements) or any(
            getgeneratorstate(batches) == GEN_RUNNING for batches in self._results
        )

    @property
    def statements(self) -> frozenset[str]:
        """The tags of the statements that run."""
        return self._calls.statements

    def memory(self) -> int:
        """Resident bytes of the process without the files that it shares; 0 for a server at a
        URL."""
        return self._process.memory() if self._process else 0

    def end(self) -> None:
        """End the process, if it is the warehouse's, and close the channel. On return the process
        has exited."""
        if self._process is not None:
            self._process.kill()
        self._client._channel.close()

    # statements

    def begin(self, tag: str) -> None:
        """Tag all calls that this thread makes, until `finish`."""
        self._calls.begin(tag)
        self._client.add_tag(tag)

    def finish(self, tag: str) -> None:
        """End the tagging. A canceled statement finishes too."""
        self._client.remove_tag(tag)
        self._calls.end(tag)

    def cancel(self, tag: str) -> None:
        """Break off the calls with a tag: whoever waits for one gets an error at once. The engine
        may go on computing."""
        self._calls.cancel(tag)

    def check(self, tag: str) -> None:
        """Raise SqlError (OPERATION_CANCELED) where what has a tag was canceled."""
        self._calls.check(tag)

    def ask_to_stop(self, tag: str) -> bool:
        """Ask the engine to stop computing what has a tag. Returns whether it has answered within
        three seconds or has ended: it looks for such requests between batches, and a join may
        compute for long before its next one. A server at a URL has its own way."""
        asking = threading.Thread(target=self._interrupt, args=(tag,), daemon=True)
        asking.start()
        asking.join(_PATIENCE_SECONDS)
        return not asking.is_alive() or self._process is None or not self._process.is_running

    def _interrupt(self, tag: str) -> None:
        try:
            self._client.interrupt_tag(tag)
        except Exception:  # the engine has ended, or is being ended
            _log.debug("the engine could not be asked", exc_info=True)

    def computes_for_nobody(self) -> bool:
        """Whether the engine's process stays busy while no statement runs and no client reads,
        found out within a minute."""
        busy = 0.0
        for _ in range(_WATCHED_SECONDS):
            before = self._processor_seconds()
            time.sleep(1)
            if self._processor_seconds() - before < _IDLE_SHARE:
                return False
            is_reading = time.monotonic() - self.last_read < _PATIENCE_SECONDS
            busy = 0 if self._calls.statements or is_reading else busy + 1
            if busy >= _PATIENCE_SECONDS:
                return True
        return False

    def _processor_seconds(self) -> float:
        """As of its process; 0 where that has ended, and for a server at a URL."""
        try:
            return self._process.processor_seconds() if self._process else 0
        except EngineEnded:
            return 0

    # queries and commands; they raise pyspark's exceptions

    def lacks_function(self, message: str) -> bool:
        """Whether an error says that the engine does not have a function of functions.py yet; it
        has them after this."""
        if self._has_functions or not functions.is_missing(message):
            return False
        functions.register(self._session)
        self._has_functions = True
        return True

    def tables(self, sql: str) -> Generator[pa.Table]:
        """The tables of a statement's result, at least one, each computed when it is asked for."""
        from pyspark.sql.connect.plan import SQL

        plan = SQL(sql).to_proto(self._client)
        for part in self._client.to_table_as_iterator(plan, {}):
            if isinstance(part, pa.Table):
                yield part

    def frame(self, sql: str) -> Any:
        """A query as a DataFrame."""
        from pyspark.sql.connect.dataframe import DataFrame
        from pyspark.sql.connect.plan import SQL

        return DataFrame(SQL(sql), self._session)

    def frame_of(self, table: pa.Table) -> Any:
        """A small table as a DataFrame."""
        from pyspark.sql.pandas.types import from_arrow_schema

        # the schema is given, as an empty table has none to infer
        return self._session.createDataFrame(table, from_arrow_schema(table.schema))

    def keep(self, name: str, sql: str) -> None:
        """Create a temporary view of a query, whose tables it has as of now."""
        self.frame(sql).createOrReplaceTempView(name)

    def drop(self, name: str) -> None:
        """Drop a temporary view."""
        self._session.catalog.dropTempView(name)

    def note_reader(self, batches: Generator[pa.RecordBatch]) -> None:
        """Count a generator of rows as in use until it is exhausted, closed or garbage."""
        self._results.add(batches)

    def note_read(self) -> None:
        """Note that a reader asks for rows now."""
        self.last_read = time.monotonic()
