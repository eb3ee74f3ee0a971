"""Cancellation: the engine's calls, by the statement for which they are made."""

from __future__ import annotations

import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import grpc

from local_warehouse.errors import SqlError

_KEPT = 16  # the most messages of an answer that the engine keeps


class Calls(grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]
    """The running calls of one Spark Connect session, by the tags of their statements.

    Without pyspark's reattachable execution, an answer that breaks off because the engine fails
    looks complete. So each call asks the engine to mark the end of its answer. The engine then
    keeps the messages it has sent, in case they are asked for again, until a call releases them.
    """

    def __init__(self) -> None:
        self._statements: set[str] = set()  # tags of statements that run
        self._open: defaultdict[str, set[Any]] = defaultdict(set)  # calls by tag, of results too
        self._lock = threading.Lock()
        self.release: Callable[[Any], Any]  # sends a release to the engine without waiting for it

    @property
    def statements(self) -> frozenset[str]:
        """The tags of the statements that run."""
        with self._lock:
            return frozenset(self._statements)

    def begin(self, tag: str) -> None:
        """Note that the statement with this tag runs and may make calls."""
        with self._lock:
            self._statements.add(tag)

    def end(self, tag: str) -> None:
        """Note that the statement has ended. Calls whose results are still read go on."""
        with self._lock:
            self._statements.discard(tag)

    def cancel(self, tag: str) -> None:
        """Cancel the calls of the statement with this tag; a further call of it raises SqlError."""
        with self._lock:
            self._statements.discard(tag)
            calls = list(self._open.get(tag, ()))
        for call in calls:
            call.cancel()

    def check(self, tag: str) -> None:
        """Raise SqlError (OPERATION_CANCELED) where the statement with this tag does not run."""
        if tag not in self._statements:
            raise SqlError("OPERATION_CANCELED", "Operation has been canceled.")

    def intercept_unary_stream(
        self, continuation: Callable[..., Any], details: Any, request: Any
    ) -> Any:
        """Make a call of the session (the interface of grpc). Raises SqlError (OPERATION_CANCELED)
        where its statement was canceled, and (ENGINE_ERROR) where its answer breaks off."""
        tags = list(getattr(request, "tags", ()))
        is_plain = not request.operation_id  # reattachable execution gives it an id
        if is_plain:
            request.operation_id = str(uuid.uuid4())
            request.request_options.add().reattach_options.reattachable = True
        call = continuation(details, request)
        with self._lock:
            if any(tag not in self._statements for tag in tags):
                call.cancel()
                raise SqlError("OPERATION_CANCELED", "Operation has been canceled.")
            for tag in tags:
                self._open[tag].add(call)
        responses = self._responses(call, tags)
        return self._whole(responses, request) if is_plain else responses

    def _responses(self, call: Any, tags: list[str]) -> Iterator[Any]:
        try:
            yield from call
        finally:
            with self._lock:
                for tag in tags:
                    self._open[tag].discard(call)
                    if not self._open[tag]:
                        del self._open[tag]

    def _whole(self, responses: Iterator[Any], request: Any) -> Iterator[Any]:
        is_complete = False
        for number, response in enumerate(responses, 1):
            is_complete = response.HasField("result_complete")
            if number % _KEPT == 0:
                self._release(request, response.response_id)
            yield response
        self._release(request)
        if not is_complete:
            message = "The engine broke off the result; the warehouse's log may say why."
            raise SqlError("ENGINE_ERROR", message)

    def _release(self, request: Any, response_id: str | None = None) -> None:
        """Have the engine drop the messages of an answer that it keeps: all, or those up to a
        response."""
        from pyspark.sql.connect.proto import ReleaseExecuteRequest

        release = ReleaseExecuteRequest(
            session_id=request.session_id,
            user_context=request.user_context,
            operation_id=request.operation_id,
        )
        if response_id is None:
            release.release_all.SetInParent()
        else:
            release.release_until.response_id = response_id
        self.release(release)
