"""Operations: statements that run in the background while their client waits, asks or cancels."""

from __future__ import annotations

import logging
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pyarrow as pa

from local_warehouse.errors import SqlError
from local_warehouse.results import Result

_log = logging.getLogger(__name__)


class Operation:
    """One statement: its outcome once there is one, and the rows that are still to be read."""

    def __init__(self, session: bytes, future: Future[Result]) -> None:
        self.id = uuid.uuid4()
        self.session = session
        self.canceled = False
        self._future = future
        self._lock = threading.Lock()
        self._waiting: deque[pa.RecordBatch] = deque()
        self._source: Iterator[pa.RecordBatch] | None = None

    def wait(self, seconds: float) -> bool:
        """Whether the statement has ended, after waiting for it up to so long."""
        try:
            self._future.exception(timeout=seconds)
        except TimeoutError:
            return False
        return True

    @property
    def error(self) -> SqlError | None:
        error = self._future.exception(timeout=0)
        if error is None or isinstance(error, SqlError):
            return error
        _log.error("statement failed inside the warehouse", exc_info=error)
        return SqlError("INTERNAL_ERROR", f"{type(error).__name__}: {error}", "XX000")

    @property
    def result(self) -> Result:
        return self._future.result()

    def fetch(self, max_rows: int, max_bytes: int) -> tuple[list[pa.RecordBatch], bool]:
        """The next batches up to these limits (one batch at least), and whether more follow."""
        with self._lock:
            found: list[pa.RecordBatch] = []
            room_rows, room_bytes = max_rows, max_bytes
            while room_rows > 0 and room_bytes > 0 and self._fill():
                batch = self._waiting.popleft()
                if batch.num_rows > room_rows:
                    self._waiting.appendleft(batch.slice(room_rows))
                    batch = batch.slice(0, room_rows)
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

    def close(self) -> None:
        self._future.cancel()
        source = self._source
        ended = self._future.done() and not self._future.cancelled()
        if source is None and ended and self._future.exception() is None:
            source = self._future.result().batches
        closer = getattr(source, "close", None)
        if closer is not None:
            closer()


class Operations:
    """All operations that are not closed yet, and the threads that run them."""

    def __init__(self, threads: int = 16) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="statement")
        self._operations: dict[bytes, Operation] = {}
        self._lock = threading.Lock()

    def start(self, session: bytes, work: Callable[[], Result]) -> Operation:
        operation = Operation(session, self._pool.submit(work))
        with self._lock:
            self._operations[operation.id.bytes] = operation
        return operation

    def get(self, guid: bytes) -> Operation:
        try:
            return self._operations[guid]
        except KeyError:
            message = f"Invalid OperationHandle: OperationHandle [{guid.hex()}]"
            raise SqlError("INVALID_HANDLE.OPERATION_NOT_FOUND", message, "HY000") from None

    def close(self, guid: bytes) -> None:
        with self._lock:
            operation = self._operations.pop(guid, None)
        if operation is not None:
            operation.close()

    def close_session(self, session: bytes) -> None:
        with self._lock:
            guids = [guid for guid, o in self._operations.items() if o.session == session]
        for guid in guids:
            self.close(guid)
