"""Objects under a table's location, on S3 or on disk: the operations that the engine lacks.

A URL is s3://bucket/key or file:///path. A request that S3 refuses raises SqlError
(CLOUD_STORAGE_ERROR), and an operation on disk OSError.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import obstore

from local_warehouse.errors import SqlError
from local_warehouse.storage.s3 import s3_client, s3_endpoint, s3_store

_PLAIN_KEY = re.compile(r"(?:[\w=.-]+/)*", re.ASCII)  # of a folder

_AS_IT_IS = "binary/octet-stream"  # SeaweedFS gzips what has no type, or that of a text
_PART_BYTES = 8 * 1024 * 1024

_PUT_ATTEMPTS = 5  # while S3 does not know the outcome of another PUT to the same key
_PUT_PAUSE = 0.2


def _bucket_and_key(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.netloc, parts.path.lstrip("/")


def is_s3(url: str) -> bool:
    """Whether a URL is one of S3, and not of a local disk."""
    return urlsplit(url).scheme in ("s3", "s3a")


def put_if_absent(url: str, body: bytes) -> bool:
    """Write one object unless it exists; returns whether this call has written it.

    No two writers may write the same body. Nobody sees a part of the object, even when this
    process is killed.
    """
    if is_s3(url):
        return _put_if_absent(url, body)
    path = Path(urlsplit(url).path)
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        whole.write_bytes(body)
        os.link(whole, path)
    except FileExistsError:
        return False
    finally:
        whole.unlink(missing_ok=True)
    return True


def _put_if_absent(url: str, body: bytes) -> bool:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"""
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, key = _bucket_and_key(url)
    for attempts_left in reversed(range(_PUT_ATTEMPTS)):
        try:
            s3_client().put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")
            return True
        except BotoCoreError as error:
            raise SqlError("CLOUD_STORAGE_ERROR", str(error)) from error
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in ("PreconditionFailed", "412"):
                return _is(url, body)
            if code not in ("ConditionalRequestConflict", "409") or not attempts_left:
                raise SqlError("CLOUD_STORAGE_ERROR", str(error)) from error
        time.sleep(random.uniform(0, _PUT_PAUSE))  # noqa: S311 - spreads writers, protects nothing
    return False


def _is(url: str, body: bytes) -> bool:
    """Whether an object has this body. S3 refuses a PUT that boto3 sends a second time because the
    answer to the first one was lost."""
    try:
        return read(url) == body
    except FileNotFoundError:
        return False


def open_for_writing(url: str) -> Any:
    """A binary file for a new object, which is there when it is closed; on S3 its parts are sent
    while it is written. Left by an exception it makes no object."""
    if not is_s3(url):
        path = Path(urlsplit(url).path)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")
    bucket, key = _bucket_and_key(url)
    return obstore.open_writer(
        s3_store(bucket, s3_endpoint()),
        key,
        attributes={"Content-Type": _AS_IT_IS},
        buffer_size=_PART_BYTES,
        max_concurrency=2,
    )


def read(url: str) -> bytes:
    """The content of one object. Raises FileNotFoundError when there is none."""
    if not is_s3(url):
        return Path(urlsplit(url).path).read_bytes()
    bucket, key = _bucket_and_key(url)
    with _storage_errors():
        try:
            content: bytes = s3_client().get_object(Bucket=bucket, Key=key)["Body"].read()
        except s3_client().exceptions.NoSuchKey as error:
            raise FileNotFoundError(url) from error
    return content


@contextmanager
def _storage_errors() -> Iterator[None]:
    """Turn the errors of boto3 and obstore into CLOUD_STORAGE_ERROR."""
    from botocore.exceptions import BotoCoreError, ClientError
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, BotoCoreError, ClientError) as error:
        message = str(error).partition("\n")[0]
        raise SqlError("CLOUD_STORAGE_ERROR", message) from error


def names(url: str, after: str = "") -> list[tuple[str, str]]:
    """The names of the objects directly below a folder, each with a tag of its content.

    The folder's URL ends in a slash; `after` is a name to begin behind. A folder that is not there
    has none.
    """
    if not is_s3(url):
        try:
            with os.scandir(urlsplit(url).path) as found:
                return [(entry.name, _changed_at(entry)) for entry in found if entry.name > after]
        except (FileNotFoundError, NotADirectoryError):
            return []
    bucket, key = _bucket_and_key(url)
    listed = _keys_and_tags(bucket, key, key + after)
    return [(path.removeprefix(key), tag) for path, tag in listed if "/" not in path[len(key) :]]


def _changed_at(file: os.DirEntry[str]) -> str:
    """When a file was written last; empty if it is gone, as a writer's scratch file may be."""
    try:
        return str(file.stat().st_mtime_ns)
    except FileNotFoundError:
        return ""


def _keys_and_tags(bucket: str, prefix: str, after: str) -> list[tuple[str, str]]:
    """Keys and tags of objects. obstore lists them for a tenth of boto3's processor time, but it
    would take some prefixes for another key."""
    if _PLAIN_KEY.fullmatch(prefix):
        store = s3_store(bucket, s3_endpoint())
        with _storage_errors():
            found = obstore.list(store, prefix, offset=after).collect()
        return [(entry["path"], entry["e_tag"] or "") for entry in found]
    pages = (
        s3_client()
        .get_paginator("list_objects_v2")
        .paginate(Bucket=bucket, Prefix=prefix, StartAfter=after)
    )
    with _storage_errors():
        return [
            (entry["Key"], entry["ETag"]) for page in pages for entry in page.get("Contents", [])
        ]


def folders(url: str) -> list[str]:
    """The URLs of the folders directly below another that hold something, with no slash at the
    end; the URL of the other ends in one."""
    if not is_s3(url):
        folder = Path(urlsplit(url).path)
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        return [f"file://{path}" for path in found if any(map(Path.is_file, path.rglob("*")))]
    bucket, key = _bucket_and_key(url)
    pages = (
        s3_client()
        .get_paginator("list_objects_v2")
        .paginate(Bucket=bucket, Prefix=key, Delimiter="/")
    )
    with _storage_errors():
        prefixes = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
        return [
            f"s3://{bucket}/{prefix.rstrip('/')}"
            for prefix in prefixes
            # some stores show a folder whose last object has been deleted
            if s3_client().list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1).get("Contents")
        ]


def delete(url: str) -> None:
    """Delete one object, if it is there."""
    if not is_s3(url):
        Path(urlsplit(url).path).unlink(missing_ok=True)
        return
    bucket, key = _bucket_and_key(url)
    with _storage_errors():
        s3_client().delete_object(Bucket=bucket, Key=key)


def delete_tree(url: str) -> None:
    """Delete every object below a location, whose URL has no slash at its end."""
    if not is_s3(url):
        folder = Path(urlsplit(url).path)
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            raise SqlError("CLOUD_STORAGE_ERROR", f"{folder} cannot be deleted whole")
        return
    bucket, key = _bucket_and_key(url)
    pages = s3_client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key + "/")
    with _storage_errors():
        for page in pages:
            found = [{"Key": entry["Key"]} for entry in page.get("Contents", [])]
            if found:
                s3_client().delete_objects(Bucket=bucket, Delete={"Objects": found, "Quiet": True})
