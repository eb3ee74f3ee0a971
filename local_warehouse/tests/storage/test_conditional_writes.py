"""Commits of metadata: by a conditional PUT, against a mock of S3 that misbehaves, and to a local
folder."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_warehouse.errors import SqlError
from local_warehouse.storage import objects

URL = "s3://lakehouse/t/_delta_log/00000000000000000001.json"


class Client:
    """An S3 client in front of another, that fails as told before, or after, it puts an object."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.before: list[str] = []
        self.after: list[str] = []

    def put_object(self, **arguments: Any) -> None:
        """Put an object, or fail as told."""
        if self.before:
            raise _error(self.before.pop())
        self._inner.put_object(**arguments)
        if self.after:
            raise _error(self.after.pop())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def _error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "PutObject")  # type: ignore[arg-type]


@pytest.fixture
def client(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The client that the package uses, in front of the mock of S3."""
    client = Client(s3)
    monkeypatch.setattr(objects, "s3_client", lambda: client)
    return client


def test_one_of_two_writers_has_written(client: Client) -> None:
    assert objects.put_if_absent(URL, b"one")
    assert not objects.put_if_absent(URL, b"two")
    assert objects.read(URL) == b"one"


def test_a_put_that_meets_another_one_is_sent_again(client: Client) -> None:
    client.before = ["ConditionalRequestConflict"] * 3
    assert objects.put_if_absent(URL, b"one")
    client.before = ["ConditionalRequestConflict"]
    assert not objects.put_if_absent(URL, b"two")
    client.before = ["ConditionalRequestConflict"] * 5
    with pytest.raises(SqlError, match="CLOUD_STORAGE_ERROR"):
        objects.put_if_absent(URL, b"two")
    assert objects.read(URL) == b"one"


def test_a_put_whose_answer_was_lost_is_known_again(client: Client) -> None:
    client.after = ["PreconditionFailed"]  # of the second request, when the first one has written
    assert objects.put_if_absent(URL, b"one")


def test_one_of_two_writers_to_a_local_folder_has_written(tmp_path: Path) -> None:
    url = f"file://{tmp_path}/t/_delta_log/00000000000000000001.json"
    assert objects.put_if_absent(url, b"one")
    assert not objects.put_if_absent(url, b"two")
    assert objects.read(url) == b"one"
    assert [name for name, _ in objects.names(f"file://{tmp_path}/t/_delta_log/")] == [
        "00000000000000000001.json"
    ]


def test_a_write_to_a_local_folder_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, hard))  # as if the disk were full then
    try:
        with pytest.raises(OSError, match="File too large"):
            objects.put_if_absent(f"file://{tmp_path}/1.json", b"x" * 2**17)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
