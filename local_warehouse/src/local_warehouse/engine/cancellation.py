"""The engine's calls by the statement that they are made for, so that it can be canceled."""

from __future__ import annotations

import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import grpc

from local_warehouse.errors import SqlError

_KEPT = 16  # messages that the engine keeps of an answer, at the most


class Calls(grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]
    """Sees the calls of one Spark Connect session that run something, and notes those tagged.

    Without pyspark's reattachable execution, an answer just ends when the engine fails in the
    middle. So the engine is asked to say when it is complete. For that it keeps what it has sent,
    to send it once more, until it is told that this was received.
    """

    def __init__(self) -> None:
        self._statements: set[str] = set()  # by their tags; a result may be read after its end
        self._open: defaultdict[str, set[Any]] = defaultdict(set)  # calls by these tags
        self._lock = threading.Lock()
        self.release: Callable[[Any], Any]  # asks the engine, without waiting for it

    @property
    def are_running(self) -> bool:
        """Whether a statement runs."""
        return bool(self._statements)

    def begin(self, tag: str) -> None:
        with self._lock:
            self._statements.add(tag)

    def end(self, tag: str) -> None:
        with self._lock:
            self._statements.discard(tag)

    def cancel(self, tag: str) -> None:
        """End the statement's calls; it cannot make another one."""
        with self._lock:
            self._statements.discard(tag)
            calls = list(self._open.get(tag, ()))
        for call in calls:
            call.cancel()

    def intercept_unary_stream(
        self, continuation: Callable[..., Any], details: Any, request: Any
    ) -> Any:
        tags = list(getattr(request, "tags", ()))
        is_plain = not request.operation_id  # which reattachable execution names
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
        """Let the engine forget what it keeps of a call, up to a response if one is named."""
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
