"""The places that sample files and a user's own files go to: a bucket, or a folder."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Protocol, cast
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from landing_sample.layout import Sample, SampleFile

_FORMAT = 1  # counts up when the same seed and sizes begin to give other bytes


class PlaceError(Exception):
    """The bucket or folder cannot be used as asked."""


@dataclass(frozen=True)
class StoredVersion:
    """The sample and wave that a stored file was written from."""

    sample: Sample
    wave: int


@dataclass(frozen=True)
class StoredFile:
    """An object in the landing place; its key is relative to the place, its size in bytes."""

    key: str
    size: int
    modified_at: datetime


class Place(Protocol):
    """A store of files; keys are relative to it."""

    name: str

    def version_at(self, key: str) -> StoredVersion | None:
        """The version of the sample file under the key.

        None where there is no file, or one that this format of the sample did not write.
        """

    def put(self, file: SampleFile, sample: Sample, content: IO[bytes]) -> None:
        """Store the content, read from its start, under the file's key."""

    def remove(self, key: str) -> None:
        """Delete the file under the key; none need be there."""


class Folder:
    """A local folder. It keeps no versions, so every file is written each time."""

    def __init__(self, folder: Path) -> None:
        self.name, self._folder = str(folder), folder

    def version_at(self, key: str) -> StoredVersion | None:
        """None: a folder keeps no versions."""
        return None

    def put(self, file: SampleFile, sample: Sample, content: IO[bytes]) -> None:
        """Store the content under the file's key; folders are made."""
        target = self._folder / file.key
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as out:
            shutil.copyfileobj(content, out)

    def remove(self, key: str) -> None:
        """Delete the file under the key; none need be there."""
        (self._folder / key).unlink(missing_ok=True)


class Bucket:
    """An S3 bucket, or the part of it under a prefix, named by an s3:// URL.

    Credentials, region and endpoint are those of boto3's usual chain (AWS_* variables, profiles,
    roles). Objects carry the sample they belong to in their metadata.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("s3", "s3a") or not parts.netloc:
            raise PlaceError(
                f"{url!r} is not an S3 URL. Expected s3://bucket or s3://bucket/prefix."
            )
        self.name = url.rstrip("/")
        self._bucket = parts.netloc
        self._prefix = parts.path.strip("/") + "/" if parts.path.strip("/") else ""
        # A server at an endpoint of its own need not have a host name for each bucket.
        style = "path" if os.environ.get("AWS_ENDPOINT_URL") else "auto"
        settings = cast(Any, {"addressing_style": style})
        self._s3: Any = cast(Any, boto3).client("s3", config=Config(s3=settings))

    def version_at(self, key: str) -> StoredVersion | None:
        """The version in the metadata of the object under the key, as `Place` says."""
        try:
            head = self._s3.head_object(Bucket=self._bucket, Key=self._prefix + key)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey", "NotFound"):
                return None
            raise
        return _read_metadata(head.get("Metadata", {}).get("landing-sample", ""))

    def put(self, file: SampleFile, sample: Sample, content: IO[bytes]) -> None:
        """Store the content under the file's key, with its version as metadata."""
        metadata = {"landing-sample": _metadata(sample, file.wave)}
        self.store(file.key, content, {"Metadata": metadata})

    def store(self, key: str, content: IO[bytes], arguments: dict[str, Any] | None = None) -> str:
        """Upload the content, in parts where it is large; returns the object's URL."""
        self._s3.upload_fileobj(content, self._bucket, self._prefix + key, ExtraArgs=arguments)
        return f"s3://{self._bucket}/{self._prefix}{key}"

    def remove(self, key: str) -> None:
        """Delete the object under the key; none need be there."""
        self._s3.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def files(self) -> Iterator[StoredFile]:
        """The objects of the place, in the order of their keys."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix
        )
        for page in pages:
            for item in page.get("Contents", []):
                key = item["Key"].removeprefix(self._prefix)
                yield StoredFile(key, item["Size"], item["LastModified"])

    def check(self) -> None:
        """Raise PlaceError when there is no such bucket, ClientError when access is denied."""
        try:
            self._s3.head_bucket(Bucket=self._bucket)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("404", "NoSuchBucket"):
                raise PlaceError(
                    f"There is no bucket {self._bucket!r} (from {self.name}). "
                    "Create it, or set LANDING_URL to the landing bucket."
                ) from error
            raise


def _metadata(sample: Sample, wave: int) -> str:
    return f"{_FORMAT} {sample.seed} {sample.sales} {sample.customers} {wave}"


def _read_metadata(text: str) -> StoredVersion | None:
    fields = text.split()
    if len(fields) != 5 or fields[0] != str(_FORMAT):
        return None
    seed, sales, customers, wave = map(int, fields[1:])
    return StoredVersion(Sample(seed, sales, customers), wave)
