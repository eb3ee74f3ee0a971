"""The lease, against a mock of S3 and stores that misbehave."""

from __future__ import annotations

import json
import threading
import time
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from landing_place import Place
from misbehaving_store import MisbehavingClient

from bronze_loader.errors import LoaderError
from bronze_loader.lease.conditional_object import ATTEMPTS, ConditionalObject
from bronze_loader.lease.lease import (
    Lease,
    LeaseHeld,
    LeaseLost,
    LeaseRecord,
    seconds_since_boot,
)

URL = "s3://lakehouse/bronze/_load_bronze/lease.json"


class SetClock:
    """A clock that stands still until it is set forward."""

    def __init__(self) -> None:
        self.seconds = seconds_since_boot()

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def client(s3: Any) -> MisbehavingClient:
    return MisbehavingClient(s3)


def lease(client: Any, run_id: str, url: str = URL, **settings: Any) -> Lease:
    return Lease(ConditionalObject(url, client, lambda: client), run_id, **settings)


def leave_lease_of_a_dead_loader(client: Any, url: str = URL) -> None:
    """Write the lease of a loader on another machine that will never renew it."""
    dead = LeaseRecord("elsewhere", 7, "dead", since="then", expires="then", seconds=60)
    assert ConditionalObject(url, client).create(dead.to_bytes())


def written(s3: Any) -> dict[str, Any]:
    body = s3.get_object(Bucket="lakehouse", Key="bronze/_load_bronze/lease.json")["Body"].read()
    said: dict[str, Any] = json.loads(body)
    return said


# holding and waiting


def test_a_second_loader_is_told_who_holds_the_lease_and_since_when(s3: Any) -> None:
    with lease(s3, "run-1") as held:
        held.check()
        said = written(s3)
        with pytest.raises(LeaseHeld) as refused, lease(s3, "run-2"):
            pass
        message = str(refused.value)
        for part in (str(said["pid"]), said["host"], "run-1", said["since"], "--wait", URL):
            assert part in message
        assert refused.value.exit_code == 4
        held.check()


def test_a_lease_is_free_again_as_soon_as_it_is_released(s3: Any) -> None:
    for run in ("run-1", "run-2", "run-3"):
        with lease(s3, run) as held:
            held.check()
            assert written(s3)["run_id"] == run
        assert written(s3)["released"] is True


def test_one_that_waits_takes_the_lease_when_the_other_releases_it(s3: Any) -> None:
    order: list[str] = []

    def wait() -> None:
        with lease(s3, "run-2", wait=30):
            order.append("second")

    waiting = threading.Thread(target=wait)
    with lease(s3, "run-1"):
        waiting.start()
        time.sleep(1)
        order.append("first")
    waiting.join(timeout=20)
    assert order == ["first", "second"]


# taking over


def test_the_lease_of_a_loader_that_died_is_taken_over_by_one_only(
    client: MisbehavingClient,
) -> None:
    leave_lease_of_a_dead_loader(client)
    with pytest.raises(LeaseHeld), lease(client, "run-1"):
        pass
    client.older = timedelta(seconds=90)  # the store's clock goes on; no one's own clock is asked
    with lease(client, "run-1") as taken:
        client.older = timedelta()
        with pytest.raises(LeaseHeld, match="run-1"), lease(client, "run-2"):
            pass
        taken.check()
        assert written(client.inner)["run_id"] == "run-1"


@pytest.mark.parametrize("attempt", range(5))
def test_of_many_that_take_over_at_once_one_does(place: Place, attempt: int) -> None:
    """Against a store that all ask at the same time, each after it saw that the lease has ended."""
    client = MisbehavingClient(place.s3)
    url = f"s3://landing/{place.prefix}/lease.json"
    leave_lease_of_a_dead_loader(client, url)
    client.older = timedelta(seconds=90)
    all_have_seen, all_have_tried = threading.Barrier(8), threading.Barrier(8)
    taken: list[str] = []
    holder: list[str] = []

    class Together(ConditionalObject):
        """Writes for the first time when all others are about to write too."""

        is_first = True

        def replace(self, body: bytes, etag: str) -> str | None:
            if self.is_first:
                self.is_first = False
                all_have_seen.wait(timeout=60)
                client.older = timedelta()
            return super().replace(body, etag)

    def take(run: str) -> None:
        try:
            with Lease(Together(url, client), run):
                taken.append(run)
                all_have_tried.wait(timeout=60)
                version = ConditionalObject(url, client).read()
                assert version is not None
                holder.append(json.loads(version.body)["run_id"])
        except LeaseHeld:
            all_have_tried.wait(timeout=60)

    threads = [threading.Thread(target=take, args=(f"run-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1
    assert taken == holder


# losing it


def test_a_holder_that_was_overtaken_stops_before_its_next_statement(
    client: MisbehavingClient,
) -> None:
    with ExitStack() as second:
        with lease(client, "run-1", seconds=0.6) as first:
            client.older = timedelta(seconds=90)
            second.enter_context(lease(client, "run-2"))
            client.older = timedelta()
            deadline = time.monotonic() + 10
            with pytest.raises(LeaseLost, match=r"holds it.*stops before its next statement"):
                while time.monotonic() < deadline:
                    first.check()
                    time.sleep(0.05)
        assert written(client.inner)["run_id"] == "run-2"
        assert written(client.inner)["released"] is False


def test_a_lease_that_someone_deleted_is_lost(s3: Any) -> None:
    clock = SetClock()
    with lease(s3, "run-1", clock=clock) as held:
        s3.delete_object(Bucket="lakehouse", Key="bronze/_load_bronze/lease.json")
        clock.seconds += 40
        with pytest.raises(LeaseLost, match="gone"):
            held.check()


def test_a_lease_that_could_not_be_renewed_in_time_is_lost(client: MisbehavingClient) -> None:
    clock = SetClock()
    with lease(client, "run-1", clock=clock) as held:
        clock.seconds += 40
        client.conflicts = ATTEMPTS
        held.check()  # not renewed, but it lasts for 20 s more
        clock.seconds += 30
        client.conflicts = ATTEMPTS
        with pytest.raises(LeaseLost, match="in time"):
            held.check()


# answers that are lost


def test_a_renewal_whose_answer_was_lost_is_known_again(client: MisbehavingClient) -> None:
    clock = SetClock()
    with lease(client, "run-1", clock=clock) as held:
        clock.seconds += 40  # so that a renewal is due
        client.lose_answer = True
        held.check()  # renewed, but not known to be
        assert written(client.inner)["renewals"] == 1
        held.check()
        held.check()  # no renewal is due any more
        assert written(client.inner)["renewals"] == 2


def test_a_lease_taken_by_a_put_whose_answer_was_lost_is_known_again(
    client: MisbehavingClient,
) -> None:
    client.send_twice = True
    with lease(client, "run-1") as held:
        held.check()
        assert written(client.inner)["run_id"] == "run-1"
        assert written(client.inner)["released"] is False
    assert written(client.inner)["released"] is True


def test_a_loader_that_stops_as_the_answer_was_lost_leaves_no_lease(
    client: MisbehavingClient,
) -> None:
    client.lose_answer = True
    with pytest.raises(LoaderError, match="cannot write"), lease(client, "run-1"):
        pass
    assert written(client.inner)["released"] is True


def test_a_put_that_meets_another_one_is_sent_again(client: MisbehavingClient) -> None:
    clock = SetClock()
    client.conflicts = 2
    with lease(client, "run-1", clock=clock) as held:
        client.conflicts = 4
        clock.seconds += 40
        held.check()
        assert client.conflicts == 0
        assert written(client.inner)["renewals"] == 1


def test_a_loader_interrupted_while_it_takes_the_lease_releases_it(
    client: MisbehavingClient,
) -> None:
    client.interrupted = True
    with pytest.raises(KeyboardInterrupt), lease(client, "run-1"):
        pass
    assert written(client.inner)["released"] is True
    with lease(client, "run-2") as held:
        held.check()
