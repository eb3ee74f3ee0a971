"""Fixtures of the local warehouse's own tests, on top of those of its pytest plugin."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest

from local_warehouse.testing import LocalWarehouse
from warehouse_under_test import WarehouseUnderTest


@pytest.fixture(scope="session")
def new_warehouse(
    new_databricks_warehouse: Callable[[str], LocalWarehouse],
) -> Callable[[str], WarehouseUnderTest]:
    """Makes a further warehouse, for tests that stop services or change their settings."""
    return lambda name: WarehouseUnderTest(new_databricks_warehouse(name).state)


@pytest.fixture(scope="session")
def warehouse(databricks_warehouse: LocalWarehouse) -> WarehouseUnderTest:
    """The warehouse that the session's tests share."""
    return WarehouseUnderTest(databricks_warehouse.state, databricks_warehouse.env)


@pytest.fixture
def schema(warehouse: WarehouseUnderTest) -> Iterator[str]:
    """A schema of the test's own."""
    name = f"s_{uuid.uuid4().hex[:12]}"
    warehouse.sql(f"create schema {name}")
    yield name
    warehouse.sql(f"drop schema {name} cascade")


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """A boto3 client of a mock of S3, which has the bucket `lakehouse`."""
    import boto3
    from moto import mock_aws

    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="lakehouse")
        yield client
