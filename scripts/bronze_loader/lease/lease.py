"""The lease: one loader at a time on a schema, and none locked out for ever by one that died.

The lease is an object, created with If-None-Match, renewed by its holder with If-Match, and taken
over with If-Match once its holder has not renewed it for as long as it lasts, or at once when it
was a process of this machine that runs no more. Its age is judged by the store's clock alone (the
Date and Last-Modified of one answer), so the clocks of the machines do not matter. The holder
counts the time since it last asked, on a clock that does not jump.
"""

from __future__ import annotations

import json
import logging
import os
import random
import socket
import threading
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType

from bronze_loader.errors import HELD, LoaderError
from bronze_loader.lease.conditional_object import ConditionalObject, Version
from bronze_loader.lease.processes import has_died, identity

log = logging.getLogger(__name__)

SECONDS = 60.0
SHORTEST, LONGEST = 1.0, 86_400.0
MARGIN = 2.0  # Date and Last-Modified are whole seconds, so an age may be out by one
# Goes on while a machine sleeps, where there is such a clock.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class LeaseHeld(LoaderError):
    """Another loader is at work."""

    exit_code = HELD


class LeaseLost(LoaderError):
    """Another loader took over, or may have; not one more statement may be run."""


@dataclass(frozen=True)
class LeaseRecord:
    """What the lease object says. `expires` is for people; nobody judges by it. `unsettled`
    are the datasets of which something may have been landed that is not logged; without it, any."""

    host: str
    pid: int
    run_id: str
    since: str
    expires: str
    seconds: float
    renewals: int = 0
    released: bool = False
    process: str = ""
    unsettled: tuple[str, ...] | None = None

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self), indent=1).encode() + b"\n"

    @classmethod
    def of(cls, version: Version) -> LeaseRecord:
        """What a version says; one that says nothing a loader would write ages all the same."""
        try:
            return cls(**json.loads(version.body))
        except (ValueError, TypeError):
            return cls("unknown", 0, "unknown", "unknown", "unknown", SECONDS)

    def holds(self, age: float) -> bool:
        return not self.released and age < self.seconds + MARGIN and not has_died(self.process)


class Lease:
    """HeldContent inside a `with` block. `check` is asked before every statement."""

    def __init__(
        self,
        place: ConditionalObject,
        run_id: str,
        seconds: float = SECONDS,
        wait: float = 0.0,
        datasets: Collection[str] = (),
        declared: Collection[str] = (),
    ) -> None:
        """`wait` is how many seconds to wait for another loader to end; `datasets` are those that
        this one loads, of all that are `declared`."""
        self._place = place
        self._seconds = seconds
        self._wait = wait
        self._since = datetime.now(UTC)
        self._run_id = run_id
        self._etag = ""
        self._renewals = 0
        self._renewed = 0.0
        self._lost: str | None = None
        self.settled = False  # to be set by a run that has logged all that it landed
        self._datasets = frozenset(datasets)
        self._unsettled = self._datasets | frozenset(declared)  # unless the last holder knew better
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def __enter__(self) -> Lease:
        try:
            self._wait_for_it()
        except LeaseHeld:
            raise
        except (KeyboardInterrupt, LoaderError):
            self._release_if_taken()
            raise
        self._thread.start()
        return self

    def _wait_for_it(self) -> None:
        deadline = _now() + self._wait
        told = False
        while held := self._take():
            state, age = held
            if _now() >= deadline:
                raise LeaseHeld(self._says(state, age))
            if not told:
                log.warning("waiting: %s", self._says(state, age))
                told = True
            time.sleep(min(random.uniform(0.5, 1.5), max(0.0, deadline - _now())))  # noqa: S311

    def _release_if_taken(self) -> None:
        """After an interrupt or an error, which may have come between the PUT and its answer."""
        try:
            version = self._place.read()
            if version is not None and LeaseRecord.of(version).run_id == self._run_id:
                self._place.replace(self._state(released=True).to_bytes(), version.etag)
        except LoaderError as error:
            log.warning("the lease may be taken; it ends in %g s: %s", self._seconds, error)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()
        if self._lost is None:
            try:
                self._place.replace(self._state(released=True).to_bytes(), self._etag)
            except LoaderError as problem:
                log.warning("the lease ends by itself in %g s: %s", self._seconds, problem)

    def check(self) -> None:
        """Raises LeaseLost unless the lease is this loader's at this moment."""
        with self._lock:
            if self._lost is None and _now() - self._renewed > self._seconds / 2:
                self._renew()  # the thread has not come to it: the machine slept, or is overloaded
            if self._lost is None and _now() - self._renewed > self._seconds:
                self._lost = "it could not be renewed in time"
            if self._lost is not None:
                raise LeaseLost(
                    f"lost the lease {self._place.url}: {self._lost}. This run stops before its "
                    "next statement; what it loaded is kept, and the next run goes on from there"
                )

    def _take(self) -> tuple[LeaseRecord, float] | None:
        """Take the lease if it is free; otherwise who has it, and the age in seconds."""
        asked = _now()
        version = self._place.read()
        body = self._state().to_bytes()
        if version is None:
            etag = self._place.create(body)
        else:
            state = LeaseRecord.of(version)
            if state.run_id == self._run_id:  # taken by a PUT whose answer was lost
                etag = version.etag
            elif state.holds(version.age):
                return state, version.age
            else:
                etag = self._place.replace(body, version.etag)
                if state.unsettled is not None:
                    self._unsettled = frozenset(state.unsettled)
                if etag and not state.released:
                    log.warning(
                        "took over the lease %s: its holder, process %d on %s, died or hangs; it "
                        "renewed it %.0f s ago",
                        self._place.url, state.pid, state.host, version.age,
                    )  # fmt: skip
        if etag is None:  # another was quicker
            return self._take()
        self._etag, self._renewed = etag, asked
        return None

    def _keep(self) -> None:
        while not self._end.wait(self._seconds / 3):
            with self._lock:
                self._renew()
                if self._lost is not None:
                    return

    def _renew(self) -> None:
        asked = _now()
        self._renewals += 1
        body = self._state().to_bytes()
        try:
            etag = self._place.replace(body, self._etag)
            if etag is None:  # or was it this loader's own PUT, whose answer was lost?
                version = self._place.read()
                if version is None:
                    self._lost = "the object is gone"
                    return
                state = LeaseRecord.of(version)
                if state.run_id != self._run_id:
                    self._lost = f"process {state.pid} on {state.host} holds it"
                    return
                etag = self._place.replace(body, version.etag)
        except LoaderError as error:
            log.warning("the lease is not renewed yet: %s", error)
            self._reopen()
            return
        if etag is not None:
            self._etag, self._renewed = etag, asked

    def _reopen(self) -> None:
        try:
            self._place.reopen()
        except LoaderError as error:
            log.warning("no new credentials for the lease: %s", error)

    def _state(self, released: bool = False) -> LeaseRecord:
        now = datetime.now(UTC)
        return LeaseRecord(
            host=socket.gethostname(),
            pid=os.getpid(),
            run_id=self._run_id,
            since=self._since.isoformat(timespec="seconds"),
            expires=(now + timedelta(seconds=self._seconds)).isoformat(timespec="seconds"),
            seconds=self._seconds,
            renewals=self._renewals,
            released=released,
            process=identity(os.getpid()),
            unsettled=self._unsettled_by_now(),
        )

    @property
    def unsettled(self) -> frozenset[str]:
        """Those of this loader's datasets of which a run before it may have landed something that
        it has not logged."""
        return self._unsettled & self._datasets

    def _unsettled_by_now(self) -> tuple[str, ...]:
        if self.settled:
            return tuple(sorted(self._unsettled - self._datasets))
        return tuple(sorted(self._unsettled | self._datasets))

    def _says(self, state: LeaseRecord, age: float) -> str:
        left = max(0.0, state.seconds + MARGIN - age)
        return (
            f"another loader is at work: process {state.pid} on {state.host}, run {state.run_id}, "
            f"since {state.since}. --wait waits until it ends. If it died, its lease "
            f"{self._place.url} ends by itself in {left:.0f} s, or when you delete that object"
        )


def _now() -> float:
    return time.clock_gettime(_CLOCK)
