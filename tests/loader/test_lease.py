"""The lease and its proof, against a mock of S3 and stores that misbehave."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from landing_place import Place

from bronze_loader.errors import ConfigurationError, LoaderError
from bronze_loader.lease.conditional_object import ConditionalObject
from bronze_loader.lease.conditional_writes import prove_conditional_writes
from bronze_loader.lease.lease import Lease, LeaseHeld, LeaseLost

URL = "s3://lakehouse/bronze/_load_bronze/lease.json"
PROBE = "s3://lakehouse/bronze/_load_bronze/probe.json"


class Client:
    """An S3 client in front of another, to be told to misbehave."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.older = timedelta()
        self.ignores: tuple[str, ...] = ()
        self.lose_answer = False
        self.interrupted = False
        self.conflicts = 0

    def get_object(self, **arguments: Any) -> Any:
        answer = self.inner.get_object(**arguments)
        return {**answer, "LastModified": answer["LastModified"] - self.older}

    def put_object(self, **arguments: Any) -> Any:
        if self.conflicts:
            self.conflicts -= 1
            answer = {"Error": {"Code": "ConditionalRequestConflict"}}
            raise ClientError(answer, "PutObject")  # type: ignore[arg-type]
        kept = {name: value for name, value in arguments.items() if name not in self.ignores}
        answer = self.inner.put_object(**kept)
        if self.interrupted:
            self.interrupted = False
            raise KeyboardInterrupt
        if self.lose_answer:
            self.lose_answer = False
            from botocore.exceptions import ReadTimeoutError

            raise ReadTimeoutError(endpoint_url="s3")
        return answer


@pytest.fixture
def client(s3: Any) -> Client:
    return Client(s3)


def lease(client: Any, run_id: str, wait: float = 0.0, seconds: float = 60.0) -> Lease:
    return Lease(ConditionalObject(URL, client, lambda: client), run_id, seconds=seconds, wait=wait)


def written(s3: Any) -> dict[str, Any]:
    body = s3.get_object(Bucket="lakehouse", Key="bronze/_load_bronze/lease.json")["Body"].read()
    said: dict[str, Any] = json.loads(body)
    return said


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
    first = lease(s3, "run-1")
    first.__enter__()

    def wait() -> None:
        with lease(s3, "run-2", wait=30):
            order.append("second")

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(1)
    order.append("first")
    first.__exit__(None, None, None)
    waiting.join(timeout=20)
    assert order == ["first", "second"]


def test_the_lease_of_a_loader_that_died_is_taken_over_by_one_only(client: Client) -> None:
    lease(client, "dead")._take()
    with pytest.raises(LeaseHeld), lease(client, "run-1"):
        pass
    client.older = timedelta(seconds=90)  # the store's clock goes on; no one's own clock is asked
    taken: list[str] = []

    def take(run: str) -> None:
        if lease(client, run)._take() is None:
            taken.append(run)
            client.older = timedelta()

    take("run-1")
    take("run-2")
    assert taken == ["run-1"]


@pytest.mark.parametrize("attempt", range(5))
def test_of_many_that_take_over_at_once_one_does(place: Place, attempt: int) -> None:
    """Against a store that all ask at the same time, each after it saw that the lease has ended."""
    client = Client(place.s3)
    url = f"s3://landing/{place.prefix}/lease.json"
    Lease(ConditionalObject(url, client), "dead")._take()
    client.older = timedelta(seconds=90)
    all_have_seen = threading.Barrier(8)
    taken: list[str] = []

    class Together(ConditionalObject):
        def replace(self, body: bytes, etag: str) -> str | None:
            all_have_seen.wait(timeout=60)
            client.older = timedelta()
            return super().replace(body, etag)

    def take(run: str) -> None:
        if Lease(Together(url, client), run)._take() is None:
            taken.append(run)

    threads = [threading.Thread(target=take, args=(f"run-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    version = ConditionalObject(url, client).read()
    assert version is not None
    assert taken == [json.loads(version.body)["run_id"]]


def test_a_holder_that_was_overtaken_stops_before_its_next_statement(client: Client) -> None:
    first = lease(client, "run-1", seconds=0.6)
    with first:
        client.older = timedelta(seconds=90)
        assert lease(client, "run-2")._take() is None
        client.older = timedelta()
        deadline = time.monotonic() + 10
        with pytest.raises(LeaseLost, match=r"holds it.*stops before its next statement"):
            while time.monotonic() < deadline:
                first.check()
                time.sleep(0.05)
    assert written(client.inner)["run_id"] == "run-2"
    assert written(client.inner)["released"] is False


def test_a_lease_that_someone_deleted_is_lost(s3: Any) -> None:
    with lease(s3, "run-1", seconds=0.3) as held:
        s3.delete_object(Bucket="lakehouse", Key="bronze/_load_bronze/lease.json")
        time.sleep(0.4)
        with pytest.raises(LeaseLost, match="gone"):
            held.check()


def test_a_renewal_whose_answer_was_lost_is_known_again(client: Client) -> None:
    with lease(client, "run-1", seconds=60) as held:
        client.lose_answer = True
        held._renew()  # written, but not known to be
        held._renew()
        held.check()
        assert written(client.inner)["renewals"] == 2


def test_a_lease_taken_by_a_put_whose_answer_was_lost_is_known_again(client: Client) -> None:
    mine = lease(client, "run-1")
    client.lose_answer = True
    with pytest.raises(Exception, match="cannot write"):
        mine._take()
    assert mine._take() is None


def test_a_loader_that_stops_as_the_answer_was_lost_leaves_no_lease(client: Client) -> None:
    client.lose_answer = True
    with pytest.raises(LoaderError, match="cannot write"), lease(client, "run-1"):
        pass
    assert written(client.inner)["released"] is True


def test_a_put_that_meets_another_one_is_sent_again(client: Client) -> None:
    client.conflicts = 2
    with lease(client, "run-1") as held:
        client.conflicts = 4
        held._renew()
        held.check()
        client.conflicts = 5
        with pytest.raises(LoaderError, match="ConditionalRequestConflict"):
            ConditionalObject(PROBE, client, lambda: client).create(b"x")


def test_a_loader_interrupted_while_it_takes_the_lease_releases_it(client: Client) -> None:
    client.interrupted = True
    with pytest.raises(KeyboardInterrupt), lease(client, "run-1"):
        pass
    assert written(client.inner)["released"] is True
    with lease(client, "run-2") as held:
        held.check()


def test_a_store_that_honours_conditional_writes_passes_every_time(s3: Any) -> None:
    for _ in range(2):
        prove_conditional_writes(ConditionalObject(PROBE, s3))


@pytest.mark.parametrize("ignored", ["IfNoneMatch", "IfMatch"])
def test_a_store_that_ignores_a_condition_is_refused(client: Client, ignored: str) -> None:
    client.ignores = (ignored,)
    with pytest.raises(ConfigurationError, match="does not honour conditional writes"):
        prove_conditional_writes(ConditionalObject(PROBE, client, lambda: client))
