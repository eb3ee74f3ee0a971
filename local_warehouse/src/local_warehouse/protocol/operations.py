"""Operations: statements that run in the background while their client waits, asks or cancels."""

from __future__ import annotations

import logging
import shutil
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa

from local_warehouse import changes
from local_warehouse.engine.engine import Engine
from local_warehouse.errors import RunAgain, SqlError, StatementError
from local_warehouse.protocol.encoding import ARROW, Encoding
from local_warehouse.protocol.refusals import operation_not_found
from local_warehouse.types.results import Result

_log = logging.getLogger(__name__)

_CLOSING_SECONDS = 5.0  # that a closed operation waits for a batch that is being read
# What a full disk looks like: neither the engine, S3 nor SQLite says which disk that is.
_UNEXPLAINED = ("ENGINE_ERROR", "INTERNAL_ERROR")
_FULL = 256 * 1024**2  # bytes that are free; SeaweedFS takes 128 MiB when it needs more room


class Operation:
    """One statement: its outcome once there is one, and the rows that are still to be read.

    `id` is the operation's, `session` the id of its session, `encoding` how its client reads the
    rows; `canceled` is set by its client. The warehouse's own data is on the disk of `folder`.
    """

    def __init__(self, session: bytes, engine: Engine, encoding: Encoding, folder: Path) -> None:
        self.id = uuid.uuid4()
        self.session = session
        self.encoding = encoding
        self.canceled = False
        self._seconds: float | None = None  # after which it was canceled by itself
        self._engine = engine
        self._folder = folder
        self._ended = threading.Event()
        self._outcome: Result | BaseException | None = None
        self._reading = threading.Lock()
        self._waiting: deque[pa.RecordBatch] = deque()
        self._source: Iterator[pa.RecordBatch] | None = None
        self._again: Callable[[], Result] | None = None  # the work, while it may be run again

    def run(self, work: Callable[[], Result], seconds: float | None = None) -> None:
        """Run the statement, and once more on RunAgain if it has changed nothing; for no longer
        than so many seconds."""
        self._again = work
        timer = threading.Timer(seconds or 0, self._time_out, [seconds])
        try:
            if seconds is not None:
                timer.daemon = True
                timer.start()
            try:
                self._outcome = self._attempt(work)
            except RunAgain as error:
                self._outcome = self._second_attempt(error)
        except BaseException as error:
            self._outcome = error
            is_ended = self.canceled or self._seconds is not None
            if not isinstance(error, StatementError) and not is_ended:
                _log.error("statement failed inside the warehouse", exc_info=error)
        finally:
            timer.cancel()
        self._ended.set()

    def _time_out(self, seconds: float) -> None:
        if not self._ended.is_set():
            self._seconds = seconds
            self._ended.set()
            self._engine.cancel(self.id.hex)

    def _attempt(self, work: Callable[[], Result]) -> Result:
        with self._engine.statement(self.id.hex), changes.attempt() as attempt:
            try:
                if self.canceled:  # before the engine knew the statement
                    raise _canceled()
                return work()
            finally:
                if attempt.has_changed:
                    self._again = None

    def _second_attempt(self, error: RunAgain) -> Result:
        work, self._again = self._again, None
        if work is None or self.canceled or self._seconds is not None:
            raise error
        _log.warning("running statement %s again: %s", self.id, error)
        return self._attempt(work)

    def wait(self, seconds: float) -> bool:
        """Wait for the statement's end for up to so long; returns whether it has ended."""
        return self._ended.wait(seconds)

    @property
    def error(self) -> StatementError | None:
        """Why the statement, which has ended, has no result; None if it has one."""
        if self._seconds is not None:
            message = f"Operation has been canceled after {self._seconds:g} s (STATEMENT_TIMEOUT)."
            return SqlError("OPERATION_CANCELED", message)
        if self.canceled:
            return _canceled()
        error = self._outcome
        if not isinstance(error, BaseException):
            return None
        if not isinstance(error, StatementError):
            error = SqlError("INTERNAL_ERROR", f"{type(error).__name__}: {error}")
        return _with_full_disk(error, self._folder)

    @property
    def result(self) -> Result:
        """The result, for which this waits. Raises StatementError if the statement failed."""
        self._ended.wait()
        if (error := self.error) is not None:
            raise error
        assert isinstance(self._outcome, Result)
        return self._outcome

    def fetch(self, max_rows: int, max_bytes: int) -> tuple[list[pa.RecordBatch], bool]:
        """The next batches, up to about these limits and one row at least, and whether more follow.

        Raises StatementError if the statement failed, also while its rows were computed.
        """
        with self._reading:
            if self._ended.is_set() and (earlier := self.error) is not None:
                raise earlier
            try:
                try:
                    found = self._fetch(max_rows, max_bytes)
                except RunAgain as error:
                    self._begin_again(error)
                    found = self._fetch(max_rows, max_bytes)
            except StatementError as error:
                failure = self._outcome = self.error or error  # all who ask later are told the same
                raise failure from None
            if found[0]:
                self._again = None  # its client has rows
            return found

    def _begin_again(self, error: RunAgain) -> None:
        schema = self.result.schema
        result = self._second_attempt(error)
        if result.schema != schema:  # which its client may have
            raise error
        self._outcome, self._source = result, None
        self._waiting.clear()

    def _fetch(self, max_rows: int, max_bytes: int) -> tuple[list[pa.RecordBatch], bool]:
        found: list[pa.RecordBatch] = []
        room_rows, room_bytes = max_rows, max_bytes
        while room_rows > 0 and room_bytes > 0 and self._fill():
            batch = self._waiting.popleft()
            fitting = max(1, batch.num_rows * room_bytes // max(batch.nbytes, room_bytes))
            rows = min(room_rows, fitting)
            if batch.num_rows > rows:
                self._waiting.appendleft(batch.slice(rows))
                batch = batch.slice(0, rows)
            found.append(batch)
            room_rows -= batch.num_rows
            room_bytes -= batch.nbytes
        return found, self._fill()

    def _fill(self) -> bool:
        """Have a batch with rows at hand, if there is one."""
        if self._source is None:
            self._source = self.result.batches
        while not self._waiting:
            batch = next(self._source, None)
            if batch is None:
                return False
            if batch.num_rows:
                self._waiting.append(batch)
        return True

    def cancel(self) -> None:
        """End the statement and the engine's work for it, while it runs or its rows are read."""
        if not self._ended.is_set() or self._reading.locked():
            self.canceled = True
            self._ended.set()
            self._engine.cancel(self.id.hex)

    def close(self) -> None:
        """End the statement, and give up the rows that nobody has read."""
        self.cancel()
        if isinstance(self._outcome, Result) and self._reading.acquire(timeout=_CLOSING_SECONDS):
            try:
                closer = getattr(self._outcome.batches, "close", None)
                if closer is not None:
                    closer()
            finally:
                self._reading.release()


def _with_full_disk(error: StatementError, folder: Path) -> StatementError:
    """The error, which says so where it has no better reason and the disk of a folder is full."""
    if error.condition not in _UNEXPLAINED or (free := shutil.disk_usage(folder).free) > _FULL:
        return error
    advice = f"\nThe disk of {folder} has {free >> 20} MiB left: free some space, and run it again."
    return SqlError(error.condition, error.message, advice)


def _canceled() -> SqlError:
    return SqlError("OPERATION_CANCELED", "Operation has been canceled.")


class Operations:
    """All operations that are not closed yet, and the threads that run them.

    The warehouse's own data is on the disk of `folder`.
    """

    def __init__(self, engine: Engine, folder: Path, threads: int = 16) -> None:
        self._engine = engine
        self._folder = folder
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="statement")
        self._operations: dict[bytes, Operation] = {}
        self._lock = threading.Lock()

    def start(
        self,
        session: bytes,
        work: Callable[[], Result],
        encoding: Encoding = ARROW,
        seconds: float | None = None,
    ) -> Operation:
        """Begin a statement of a session as soon as a thread is free. It is canceled when it has
        run for so many seconds."""
        operation = Operation(session, self._engine, encoding, self._folder)
        with self._lock:
            self._operations[operation.id.bytes] = operation
        self._pool.submit(operation.run, work, seconds)
        return operation

    def get(self, guid: bytes) -> Operation:
        """The operation of an id. Raises RequestRefused."""
        try:
            return self._operations[guid]
        except KeyError:
            raise operation_not_found(guid) from None

    def cancel(self, guid: bytes) -> None:
        """Cancel an operation; one that has ended already is left alone."""
        with self._lock:
            operation = self._operations.get(guid)
        if operation is not None:  # else it has ended, and was closed with its last row
            operation.cancel()

    def close(self, guid: bytes) -> None:
        """Close an operation, if it is open, and forget it."""
        with self._lock:
            operation = self._operations.pop(guid, None)
        if operation is not None:
            operation.close()

    def close_session(self, session: bytes) -> None:
        """Close all operations of a session."""
        with self._lock:
            guids = [guid for guid, o in self._operations.items() if o.session == session]
        for guid in guids:
            self.close(guid)
