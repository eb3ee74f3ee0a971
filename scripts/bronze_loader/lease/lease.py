"""The lease: one loader at a time on a schema, and none locked out for ever by one that died.

The lease is an object in S3. A loader creates it with If-None-Match and renews it with If-Match.
Another loader takes it over with If-Match when it was not renewed for as long as it lasts, or at
once when its holder was a process of this machine that has ended. The age of the object is known
from the store's clock alone (Date and Last-Modified of one answer), so the clocks of the machines
do not matter. The holder counts the time since its last renewal on a clock that does not jump.
"""

from __future__ import annotations

import json
import logging
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Collection
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
# It goes on while a machine sleeps, where there is such a clock.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def seconds_since_boot() -> float:
    """Seconds on a clock that does not jump."""
    return time.clock_gettime(_CLOCK)


class LeaseHeld(LoaderError):
    """Another loader is at work."""

    exit_code = HELD


class LeaseLost(LoaderError):
    """Another loader took over, or may have; no further statement may be run."""


@dataclass(frozen=True)
class LeaseRecord:
    """What the lease object says.

    `expires` is for people; no loader goes by it. `seconds` is how long the lease lasts without a
    renewal. `unsettled` are the datasets that may have loaded files which are not logged; None,
    which an older loader leaves, means any.
    """

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
        """The record as the JSON that the object holds."""
        return json.dumps(asdict(self), indent=1).encode() + b"\n"

    @classmethod
    def from_version(cls, version: Version) -> LeaseRecord:
        """The record that a version of the object holds; an unknown holder for content that no
        loader wrote, so that such an object ends by its age too."""
        try:
            return cls(**json.loads(version.body))
        except (ValueError, TypeError):
            return cls("unknown", 0, "unknown", "unknown", "unknown", SECONDS)

    def holds(self, age: float) -> bool:
        """Whether the holder has the lease when the object is `age` seconds old."""
        return not self.released and age < self.seconds + MARGIN and not has_died(self.process)


class Lease:
    """A context manager that holds the lease inside its `with` block.

    A thread renews it; `check` is to be called before every statement. Entering raises LeaseHeld
    when another loader has it, LoaderError when the store does not answer.
    """

    def __init__(
        self,
        place: ConditionalObject,
        run_id: str,
        seconds: float = SECONDS,
        wait: float = 0.0,
        datasets: Collection[str] = (),
        declared: Collection[str] = (),
        clock: Callable[[], float] = seconds_since_boot,
    ) -> None:
        """`seconds` is how long the lease lasts without a renewal, `wait` how many seconds to wait
        for another loader to end; `datasets` are those that this one loads, of all that are
        `declared`."""
        self._place = place
        self._seconds = seconds
        self._wait = wait
        self._since = datetime.now(UTC)
        self._run_id = run_id
        self._etag = ""
        self._renewals = 0
        self._renewed = 0.0
        self._lost: str | None = None
        self.settled = False  # to be set by a run that has logged all that it loaded
        self._now = clock
        self._datasets = frozenset(datasets)
        self._unsettled = self._datasets | frozenset(declared)  # unless the last lease says which
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
        deadline = self._now() + self._wait
        told = False
        while held := self._take():
            record, age = held
            if self._now() >= deadline:
                raise LeaseHeld(self._says(record, age))
            if not told:
                log.warning("waiting: %s", self._says(record, age))
                told = True
            time.sleep(min(random.uniform(0.5, 1.5), max(0.0, deadline - self._now())))  # noqa: S311

    def _release_if_taken(self) -> None:
        """Release the lease if it is this loader's, after an interrupt or an error that may have
        come between the PUT and its answer."""
        try:
            version = self._place.read()
            if version is not None and LeaseRecord.from_version(version).run_id == self._run_id:
                self._place.replace(self._record(released=True).to_bytes(), version.etag)
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
                self._place.replace(self._record(released=True).to_bytes(), self._etag)
            except LoaderError as problem:
                log.warning("the lease ends by itself in %g s: %s", self._seconds, problem)

    def check(self) -> None:
        """Renew the lease if that is due. Raises LeaseLost when it is not this loader's now."""
        with self._lock:
            if self._lost is None and self._now() - self._renewed > self._seconds / 2:
                self._renew()  # the thread could not: the machine slept, or is overloaded
            if self._lost is None and self._now() - self._renewed > self._seconds:
                self._lost = "it could not be renewed in time"
            if self._lost is not None:
                raise LeaseLost(
                    f"lost the lease {self._place.url}: {self._lost}. This run stops before its "
                    "next statement; what it loaded is kept, and the next run goes on from there"
                )

    def _take(self) -> tuple[LeaseRecord, float] | None:
        """Take the lease if it is free; otherwise give its record and its age in seconds."""
        asked = self._now()
        version = self._place.read()
        body = self._record().to_bytes()
        if version is None:
            etag = self._place.create(body)
        else:
            record = LeaseRecord.from_version(version)
            if record.run_id == self._run_id:  # taken by a PUT whose answer was lost
                etag = version.etag
            elif record.holds(version.age):
                return record, version.age
            else:
                etag = self._place.replace(body, version.etag)
                if record.unsettled is not None:
                    self._unsettled = frozenset(record.unsettled)
                if etag and not record.released:
                    log.warning(
                        "took over the lease %s: its holder, process %d on %s, died or hangs; it "
                        "renewed it %.0f s ago",
                        self._place.url, record.pid, record.host, version.age,
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
        asked = self._now()
        self._renewals += 1
        body = self._record().to_bytes()
        try:
            etag = self._place.replace(body, self._etag)
            if etag is None:  # or was it this loader's own PUT, whose answer was lost?
                version = self._place.read()
                if version is None:
                    self._lost = "the object is gone"
                    return
                record = LeaseRecord.from_version(version)
                if record.run_id != self._run_id:
                    self._lost = f"process {record.pid} on {record.host} holds it"
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

    def _record(self, released: bool = False) -> LeaseRecord:
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
        """This loader's datasets whose last run may have loaded files that it has not logged."""
        return self._unsettled & self._datasets

    def _unsettled_by_now(self) -> tuple[str, ...]:
        if self.settled:
            return tuple(sorted(self._unsettled - self._datasets))
        return tuple(sorted(self._unsettled | self._datasets))

    def _says(self, record: LeaseRecord, age: float) -> str:
        left = max(0.0, record.seconds + MARGIN - age)
        return (
            f"another loader is at work: process {record.pid} on {record.host}, "
            f"run {record.run_id}, since {record.since}. --wait waits until it ends. If it died, "
            f"its lease {self._place.url} ends by itself in {left:.0f} s, "
            "or when you delete that object"
        )
