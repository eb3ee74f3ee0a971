"""The engine's calls by the statement that they are made for, so that it can be canceled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import grpc

from local_warehouse.errors import SqlError


class Calls(grpc.UnaryStreamClientInterceptor, grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]
    """Sees every call of one Spark Connect session, and notes those that are tagged."""

    def __init__(self, is_engine_running: Callable[[], bool]) -> None:
        self._is_engine_running = is_engine_running
        self._running: dict[str, list[Any]] = {}
        self._lock = threading.Lock()

    @property
    def are_running(self) -> bool:
        return bool(self._running)

    def begin(self, tag: str) -> None:
        with self._lock:
            self._running[tag] = []

    def end(self, tag: str) -> None:
        with self._lock:
            self._running.pop(tag, None)

    def cancel(self, tag: str) -> None:
        """End the statement's calls; it cannot make another one."""
        with self._lock:
            running = self._running.pop(tag, [])
        for call in running:
            call.cancel()

    def intercept_unary_unary(
        self, continuation: Callable[..., Any], details: Any, request: Any
    ) -> Any:
        if not self._is_engine_running():  # else the client would try again for minutes
            raise SqlError(
                "ENGINE_ENDED",
                "The engine ended, or was ended to stop a statement; one of your own "
                "(--engine) does not answer. Run this statement again.",
                "57014",
            )
        return continuation(details, request)

    def intercept_unary_stream(
        self, continuation: Callable[..., Any], details: Any, request: Any
    ) -> Any:
        tags = list(getattr(request, "tags", ()))
        with self._lock:
            if any(tag not in self._running for tag in tags):
                raise SqlError("OPERATION_CANCELED", "Operation has been canceled.", "HY008")
        call = self.intercept_unary_unary(continuation, details, request)
        with self._lock:
            for tag in tags:
                if tag in self._running:
                    self._running[tag].append(call)
                else:
                    call.cancel()
        return call
