"""Listing and reading the landing place, on a real S3."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from landing_place import Place
from listing_stub import serve

from bronze_loader.errors import ChangedWhileLoading, ConfigurationError
from bronze_loader.landing.bucket import Landing, LandingFile


class Lists:
    """A client that lists and cannot read."""

    get_object: Any

    def __init__(self, client: Any) -> None:
        self.meta: Any = client.meta
        self.list_objects_v2 = client.list_objects_v2


@pytest.fixture(autouse=True)
def environment(place: Place) -> Iterator[None]:
    with mock.patch.dict(os.environ, place.lakehouse.env, clear=True):
        yield


def landing(place: Place, client: Any = None) -> Landing:
    return Landing(f"s3://landing/{place.prefix}", client or place.s3)


def only_file(place: Place) -> LandingFile:
    (file,) = landing(place).list().files
    return file


def test_every_page_is_listed_and_only_below_the_prefix(place: Place) -> None:
    names = [f"in/{number}.csv" for number in range(1001)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda name: place.put(name, b"x"), [*names, "inbox/other.csv"]))
    files = Landing(f"s3://landing/{place.prefix}/in/", place.s3).list().files
    assert len(files) == 1001
    assert {f"in/{file.relative_key}" for file in files} == set(names)
    assert files[0].url.startswith(f"s3://landing/{place.prefix}/in/")
    assert '"' not in files[0].etag


def test_folders_that_are_listed_at_the_same_time_come_in_the_order_of_their_keys(
    place: Place,
) -> None:
    names = [f"x/{folder}/{n}.csv" for folder in ("a", "a-b", "a/b", "ü") for n in range(251)]
    names += ["x/a.csv", "x/a0.csv", "x/zz.csv"]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda name: place.put(name, b"x"), names))
    listing = landing(place).list()
    assert [file.relative_key for file in listing.files] == sorted(names, key=str.encode)
    assert landing(place).digest() == listing.digest
    place.put("x/a-b/7.csv", b"y")
    assert landing(place).digest() != listing.digest
    place.delete("x/a-b/7.csv")
    assert landing(place).digest() not in (listing.digest, landing(place).digest("x/a/"))


@pytest.mark.parametrize("name", ["a.csv", "a b.csv", "a%20b.csv", "ü#+&=.csv", "{a}[b]*?.csv"])
def test_a_part_of_an_object_is_read_without_botocore(name: str, place: Place) -> None:
    place.put(name, b"id,name\n1,a\n")
    reads = landing(place, Lists(place.s3))
    (file,) = reads.list().files
    assert reads.read(file, 0, 7) == b"id,name"
    assert reads.read(file, 8, 100) == b"1,a\n"


@pytest.mark.parametrize("name", ["a//b.csv", "a\x01b.csv"])
def test_a_key_that_obstore_cannot_name_is_read_too(name: str, place: Place) -> None:
    place.put(name, b"id,name\n1,a\n")
    assert landing(place).read(only_file(place), 0, 7) == b"id,name"


def test_a_file_is_read_where_obstore_reaches_nothing(place: Place) -> None:
    place.put("a.csv", b"id,name\n")
    client = Lists(place.s3)
    client.meta = SimpleNamespace(endpoint_url="http://127.0.0.1:9", region_name="us-east-1")
    client.get_object = place.s3.get_object
    reads = landing(place, client)
    for _ in range(2):
        assert reads.read(only_file(place), 0, 2) == b"id"


def test_an_object_replaced_after_the_listing_is_left_to_the_next_run(place: Place) -> None:
    place.put("a.csv", b"id\n")
    file = only_file(place)
    place.put("a.csv", b"id,name\n")
    with pytest.raises(ChangedWhileLoading, match="next run"):
        landing(place).read(file, 0, 100)
    place.delete("a.csv")
    with pytest.raises(ChangedWhileLoading, match="next run"):
        landing(place).read(file, 0, 100)


@pytest.mark.parametrize("url", ["landing", "s3:/landing", "s3://", "https://landing/x"])
def test_a_landing_url_that_is_none_is_refused(url: str, place: Place) -> None:
    with pytest.raises(ConfigurationError, match="s3://bucket/prefix"):
        Landing(url, place.s3)


def test_the_memory_of_a_digest_does_not_grow_with_the_number_of_keys() -> None:
    peaks = []
    for files in (3000, 12_000):  # several pages a folder, of which one is read, one to come
        server = serve(folders=4, files=files)
        with server, ThreadPoolExecutor(1) as threads:
            threads.submit(server.serve_forever)
            endpoint = f"http://127.0.0.1:{server.server_port}"
            with mock.patch.dict(os.environ, {"AWS_ENDPOINT_URL": endpoint}):
                stub = Landing("s3://landing")
            listed = stub.list()
            assert len(listed.files) == 4 * files
            assert stub.digest() == listed.digest
            del listed
            tracemalloc.start()
            stub.digest()
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            server.shutdown()
    assert peaks[1] < 1.5 * peaks[0]
