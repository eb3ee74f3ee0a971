"""Small objects that are written on a condition, and the proof that a store honours conditions."""

from __future__ import annotations

from typing import Any

import pytest
from misbehaving_store import MisbehavingClient

from bronze_loader.errors import ConfigurationError, LoaderError
from bronze_loader.lease.conditional_object import ATTEMPTS, ConditionalObject
from bronze_loader.lease.conditional_writes import prove_conditional_writes

PROBE = "s3://lakehouse/bronze/_load_bronze/probe.json"


def probe(client: Any) -> ConditionalObject:
    return ConditionalObject(PROBE, client, lambda: client)


def test_a_put_that_always_meets_another_one_is_an_error(s3: Any) -> None:
    client = MisbehavingClient(s3)
    client.conflicts = ATTEMPTS - 1
    assert probe(client).create(b"x") is not None
    s3.delete_object(Bucket="lakehouse", Key="bronze/_load_bronze/probe.json")
    client.conflicts = ATTEMPTS
    with pytest.raises(LoaderError, match="ConditionalRequestConflict"):
        probe(client).create(b"x")


def test_a_store_that_honours_conditional_writes_passes_every_time(s3: Any) -> None:
    for _ in range(2):
        prove_conditional_writes(ConditionalObject(PROBE, s3))


@pytest.mark.parametrize("ignored", ["IfNoneMatch", "IfMatch"])
def test_a_store_that_ignores_a_condition_is_refused(s3: Any, ignored: str) -> None:
    client = MisbehavingClient(s3)
    client.ignores = (ignored,)
    with pytest.raises(ConfigurationError, match="does not honour conditional writes"):
        prove_conditional_writes(probe(client))
