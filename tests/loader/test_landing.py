"""Listing and reading the landing place, against a mock of S3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from bronze_loader.errors import ChangedWhileLoading, ConfigurationError
from bronze_loader.landing import Landing


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="landing")
        yield client


def test_every_page_is_listed_and_only_below_the_prefix(s3: Any) -> None:
    for number in range(1001):
        s3.put_object(Bucket="landing", Key=f"in/{number}.csv", Body=b"x")
    s3.put_object(Bucket="landing", Key="inbox/other.csv", Body=b"x")
    files = list(Landing("s3://landing/in/", s3).list())
    assert len(files) == 1001
    assert {file.relative_key for file in files} == {f"{number}.csv" for number in range(1001)}
    assert files[0].url.startswith("s3://landing/in/")
    assert '"' not in files[0].etag


def test_the_first_bytes_of_an_object_are_read(s3: Any) -> None:
    s3.put_object(Bucket="landing", Key="a.csv", Body=b"id,name\n1,a\n")
    landing = Landing("s3://landing", s3)
    (file,) = landing.list()
    assert landing.read(file, 0, 7) == b"id,name"


def test_an_object_replaced_after_the_listing_is_left_to_the_next_run(s3: Any) -> None:
    landing = Landing("s3://landing", s3)
    s3.put_object(Bucket="landing", Key="a.csv", Body=b"id\n")
    (file,) = landing.list()
    s3.put_object(Bucket="landing", Key="a.csv", Body=b"id,name\n")
    with pytest.raises(ChangedWhileLoading, match="next run"):
        landing.read(file, 0, 100)
    s3.delete_object(Bucket="landing", Key="a.csv")
    with pytest.raises(ChangedWhileLoading, match="next run"):
        landing.read(file, 0, 100)


@pytest.mark.parametrize("url", ["landing", "s3:/landing", "s3://", "https://landing/x"])
def test_a_landing_url_that_is_none_is_refused(url: str, s3: Any) -> None:
    with pytest.raises(ConfigurationError, match="s3://bucket/prefix"):
        Landing(url, s3)
