"""The listing of a landing place: its folders at the same time, and a digest of all of it.

S3 lists a thousand keys a request, one request after the other below one prefix. A listing that
takes more than one request is cut at the first level that has several folders, and each of these is
listed by a thread of its own. Where to cut follows from the keys alone, so equal listings are cut
alike and have equal digests.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Page = Mapping[str, Any]

THREADS = 8
DEEPEST = 8  # levels of one folder each that are gone down to find several


@dataclass
class Listing(Generic[T]):
    """Objects in the order of their keys, `files` empty if they were not to be kept. `digest` is a
    SHA-256 in hexadecimal of the key, etag, size and time of each."""

    digest: str
    files: list[T] = field(default_factory=list)


def list_objects(
    client: Any, bucket: str, prefix: str, keep: Callable[[Mapping[str, Any]], T] | None = None
) -> Listing[T]:
    """List the objects whose keys begin with `prefix`; `keep` makes of an entry of S3's answer what
    `files` is to hold. Without it the memory taken does not grow with the number of objects.

    Raises botocore's errors.
    """

    def folder(name: str) -> Listing[T]:
        return _drained(_pages(client, Bucket=bucket, Prefix=name), keep)

    first = client.list_objects_v2(Bucket=bucket, Prefix=prefix)
    level = _level(client, bucket, prefix) if first["IsTruncated"] else None
    if level is None:
        return _drained(_pages(client, first, Bucket=bucket, Prefix=prefix), keep)
    objects = {entry["Key"]: entry for entry in level.get("Contents", ())}
    folders = [entry["Prefix"] for entry in level["CommonPrefixes"]]
    with ThreadPoolExecutor(THREADS) as threads:
        listed = dict(zip(folders, threads.map(folder, folders), strict=True))
    whole: Listing[T] = Listing("")
    digest = hashlib.sha256()
    for name in sorted([*objects, *folders], key=str.encode):
        part = listed.pop(name, None) or _drained([{"Contents": [objects[name]]}], keep)
        digest.update(part.digest.encode())
        whole.files += part.files
    whole.digest = digest.hexdigest()
    return whole


def _level(client: Any, bucket: str, prefix: str) -> Page | None:
    """S3's answer for the first level below the prefix that has more than one folder; None when
    there is none, or one of more entries than an answer holds."""
    for _ in range(DEEPEST):
        level: Page = client.list_objects_v2(Bucket=bucket, Prefix=prefix, Delimiter="/")
        folders = level.get("CommonPrefixes", ())
        if level["IsTruncated"] or not folders:
            return None
        if len(folders) > 1:
            return level
        if level.get("Contents"):
            return None
        prefix = folders[0]["Prefix"]
    return None


def _pages(client: Any, page: Page | None = None, **asked: str) -> Iterable[Page]:
    """S3's answers one after the other, from `page` on if the first is there already."""
    page = page or client.list_objects_v2(**asked)
    while True:
        yield page
        if not page["IsTruncated"]:
            return
        token = page["NextContinuationToken"]
        page = client.list_objects_v2(**asked, ContinuationToken=token)


def _drained(pages: Iterable[Page], keep: Callable[[Mapping[str, Any]], T] | None) -> Listing[T]:
    digest = hashlib.sha256()
    files: list[T] = []
    for page in pages:
        for entry in page.get("Contents", ()):
            moment = entry["LastModified"].timestamp()
            digest.update(repr((entry["Key"], entry["ETag"], entry["Size"], moment)).encode())
            if keep:
                files.append(keep(entry))
    return Listing(digest.hexdigest(), files)
