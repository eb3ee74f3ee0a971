"""Where sample files and a user's own files go: a bucket, or a folder."""

import os
import shutil
from dataclasses import dataclass
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
class Landed:
    """A sample file that already lies in its place."""

    sample: Sample
    wave: int


class Place(Protocol):
    """What holds the files; keys are relative to it."""

    name: str

    def landed(self, key: str) -> Landed | None:
        """What sample file lies under the key, if it is one that this version wrote."""

    def put(self, file: SampleFile, sample: Sample, content: IO[bytes]) -> None:
        """Store the content, read from its start, under the file's key."""

    def remove(self, key: str) -> None:
        """Take away what lies under the key."""


class Folder:
    """A local folder. It remembers nothing: everything is written each time."""

    def __init__(self, folder: Path) -> None:
        self.name, self._folder = str(folder), folder

    def landed(self, key: str) -> Landed | None:
        return None

    def put(self, file: SampleFile, sample: Sample, content: IO[bytes]) -> None:
        target = self._folder / file.key
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as out:
            shutil.copyfileobj(content, out)

    def remove(self, key: str) -> None:
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
        # A named endpoint is a local server or a gateway, which need not have a host per bucket.
        style = "path" if os.environ.get("AWS_ENDPOINT_URL") else "auto"
        settings = cast(Any, {"addressing_style": style})
        self._s3: Any = cast(Any, boto3).client("s3", config=Config(s3=settings))

    def landed(self, key: str) -> Landed | None:
        try:
            head = self._s3.head_object(Bucket=self._bucket, Key=self._prefix + key)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey", "NotFound"):
                return None
            raise
        return _read_metadata(head.get("Metadata", {}).get("landing-sample", ""))

    def put(self, file: SampleFile, sample: Sample, content: IO[bytes]) -> None:
        metadata = {"landing-sample": _metadata(sample, file.wave)}
        self.store(file.key, content, {"Metadata": metadata})

    def store(self, key: str, content: IO[bytes], arguments: dict[str, Any] | None = None) -> str:
        """Upload in parts where large; returns the object's URL."""
        self._s3.upload_fileobj(content, self._bucket, self._prefix + key, ExtraArgs=arguments)
        return f"s3://{self._bucket}/{self._prefix}{key}"

    def remove(self, key: str) -> None:
        self._s3.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def check(self) -> None:
        """Raise PlaceError when the bucket is not there; S3's own error when it may not be used."""
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


def _read_metadata(text: str) -> Landed | None:
    fields = text.split()
    if len(fields) != 5 or fields[0] != str(_FORMAT):
        return None
    seed, sales, customers, wave = map(int, fields[1:])
    return Landed(Sample(seed, sales, customers), wave)
