"""The landing place in S3: which objects are there, and how each begins."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import IO, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from bronze_loader.errors import ChangedWhileLoading, ConfigurationError
from bronze_loader.s3_errors import ABSENT, NO_BUCKET, REFUSED, code, explained

SNIFF_THREADS = 16
# A request costs more than reading this much with it.
SMALL_FILE = 1024 * 1024


@dataclass(frozen=True)
class LandingFile:
    """One object as it was listed. The etag is without its quotes, the size in bytes."""

    url: str
    key: str
    relative_key: str
    etag: str
    size: int
    modified_at: datetime


class Landing:
    """The objects under one `s3://bucket/prefix`."""

    def __init__(self, url: str, client: Any = None) -> None:
        """`client` is a boto3 S3 client; by default one made from the environment."""
        place = re.fullmatch(r"s3://([^/]+)(?:/(.*?))?/*", url)
        if not place:
            raise ConfigurationError(f"the landing URL must read s3://bucket/prefix, not {url!r}")
        self.url = url.rstrip("/")
        self.bucket: str = place.group(1)
        self.prefix: str = f"{place.group(2)}/" if place.group(2) else ""
        self._client = client or s3_client()

    def list(self, under: str = "") -> Iterator[LandingFile]:
        """Every object whose key, relative to the landing URL, begins with `under`."""
        pages = self._client.get_paginator("list_objects_v2")
        with self._said_plainly("list"):
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix + under):
                for entry in page.get("Contents", ()):
                    key: str = entry["Key"]
                    yield LandingFile(
                        url=f"s3://{self.bucket}/{key}",
                        key=key,
                        relative_key=key.removeprefix(self.prefix),
                        etag=entry["ETag"].strip('"'),
                        size=entry["Size"],
                        modified_at=entry["LastModified"].astimezone(UTC),
                    )

    def read(self, file: LandingFile, start: int, length: int) -> bytes:
        """The object's bytes from `start` on, `length` of them or what there is.

        Raises ChangedWhileLoading when the object is no longer the one that was listed.
        """
        with self._said_plainly("read", file):
            answer = self._client.get_object(
                Bucket=self.bucket,
                Key=file.key,
                Range=f"bytes={start}-{start + length - 1}",
                IfMatch=f'"{file.etag}"',
            )
            content: bytes = answer["Body"].read()
            return content

    def reader(self, file: LandingFile) -> Callable[[int, int], bytes]:
        """What `read` does for this file, with one request for a small one."""

        @cache
        def whole() -> bytes:
            return self.read(file, 0, file.size)

        def read(start: int, length: int) -> bytes:
            if file.size > SMALL_FILE:
                return self.read(file, start, length)
            return whole()[start : start + length]

        return read

    @contextmanager
    def stream(self, file: LandingFile) -> Iterator[IO[bytes]]:
        """The whole object, as a stream. Raises as `read` does."""
        with self._said_plainly("read", file):
            answer = self._client.get_object(
                Bucket=self.bucket, Key=file.key, IfMatch=f'"{file.etag}"'
            )
            with closing(answer["Body"]) as body:
                yield body

    @contextmanager
    def _said_plainly(self, verb: str, file: LandingFile | None = None) -> Iterator[None]:
        what = file.url if file else self.url
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            if file and code(error) in (*REFUSED, *ABSENT):
                raise ChangedWhileLoading(
                    "changed while loading, will be loaded by the next run"
                ) from error
            if code(error) == NO_BUCKET:
                raise ConfigurationError(
                    f"cannot {verb} {what}: there is no bucket {self.bucket!r}; "
                    "see LANDING_URL or --landing"
                ) from error
            permission = "s3:GetObject" if file else "s3:ListBucket"
            raise explained(error, f"{verb} {what}", permission) from error


def s3_client() -> Any:
    """A boto3 client by the usual AWS settings; stores other than AWS are addressed by path."""
    elsewhere = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    settings = Config(
        connect_timeout=10,
        retries={"mode": "standard", "max_attempts": 5},
        max_pool_connections=SNIFF_THREADS,
        s3={"addressing_style": "path"} if elsewhere else {},
    )
    try:
        return Session().create_client("s3", config=settings)
    except (BotoCoreError, ValueError) as error:
        raise ConfigurationError(f"the AWS settings are not usable: {error}") from error
