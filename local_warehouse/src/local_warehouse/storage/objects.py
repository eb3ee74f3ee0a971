"""Objects under a table's location, on S3 or on a local disk: what the engine does not offer."""

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
from urllib.parse import urlsplit

import obstore

from local_warehouse.errors import SqlError
from local_warehouse.storage.s3 import s3_client, s3_endpoint, s3_store

_PLAIN_KEY = re.compile(r"(?:[\w=.-]+/)*", re.ASCII)  # of a folder

_PUT_ATTEMPTS = 5  # of one that meets another at the same key, of which S3 knows no outcome yet
_PUT_PAUSE = 0.2


def _bucket_and_key(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.netloc, parts.path.lstrip("/")


def is_s3(url: str) -> bool:
    return urlsplit(url).scheme in ("s3", "s3a")


def put_if_absent(url: str, body: bytes) -> bool:
    """Write one object, which no other writer has the same of, unless it exists; False when it
    does. Nobody sees a part of it, also when this process is killed."""
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
    """Whether an object is this one: a PUT that boto3 sent again, as the answer to the first one
    was lost, is refused too."""
    try:
        return read(url) == body
    except FileNotFoundError:
        return False


def read(url: str) -> bytes:
    """The content of one object. Raises FileNotFoundError when there is none."""
    if not is_s3(url):
        return Path(urlsplit(url).path).read_bytes()
    bucket, key = _bucket_and_key(url)
    with _explained():
        try:
            content: bytes = s3_client().get_object(Bucket=bucket, Key=key)["Body"].read()
        except s3_client().exceptions.NoSuchKey as error:
            raise FileNotFoundError(url) from error
    return content


@contextmanager
def _explained() -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, BotoCoreError, ClientError) as error:
        message = str(error).partition("\n")[0]
        raise SqlError("CLOUD_STORAGE_ERROR", message) from error


def names(url: str, after: str = "") -> list[tuple[str, str]]:
    """The names of the objects directly below a folder, whose URL ends in a slash, each with a
    tag of its content; `after` is a name to begin behind."""
    if not is_s3(url):
        try:
            with os.scandir(urlsplit(url).path) as found:
                return [(entry.name, _changed_at(entry)) for entry in found if entry.name > after]
        except (FileNotFoundError, NotADirectoryError):
            return []
    bucket, key = _bucket_and_key(url)
    listed = _listed(bucket, key, key + after)
    return [(path.removeprefix(key), tag) for path, tag in listed if "/" not in path[len(key) :]]


def _changed_at(file: os.DirEntry[str]) -> str:
    """When a file was written last; nothing if it is gone, as a writer's scratch file may be."""
    try:
        return str(file.stat().st_mtime_ns)
    except FileNotFoundError:
        return ""


def _listed(bucket: str, prefix: str, after: str) -> list[tuple[str, str]]:
    """Keys and tags of objects: by obstore, for a tenth of the processor time of boto3, but where
    it could mean another key."""
    if _PLAIN_KEY.fullmatch(prefix):
        store = s3_store(bucket, s3_endpoint())
        with _explained():
            found = obstore.list(store, prefix, offset=after).collect()
        return [(entry["path"], entry["e_tag"] or "") for entry in found]
    pages = (
        s3_client()
        .get_paginator("list_objects_v2")
        .paginate(Bucket=bucket, Prefix=prefix, StartAfter=after)
    )
    with _explained():
        return [
            (entry["Key"], entry["ETag"]) for page in pages for entry in page.get("Contents", [])
        ]


def folders(url: str) -> list[str]:
    """The URLs, without a slash at the end, of the folders directly below another that hold
    something."""
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
    with _explained():
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
    s3_client().delete_object(Bucket=bucket, Key=key)


def delete_tree(url: str) -> None:
    """Delete every object below a location."""
    if not is_s3(url):
        folder = Path(urlsplit(url).path)
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            raise SqlError("CLOUD_STORAGE_ERROR", f"{folder} cannot be deleted whole")
        return
    bucket, key = _bucket_and_key(url)
    pages = s3_client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key + "/")
    with _explained():
        for page in pages:
            found = [{"Key": entry["Key"]} for entry in page.get("Contents", [])]
            if found:
                s3_client().delete_objects(Bucket=bucket, Delete={"Objects": found, "Quiet": True})
