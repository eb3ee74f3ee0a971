"""A small object in S3 that is written on a condition, for the lease and its proof.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bronze_loader.errors import AccessDenied, ConfigurationError, LoaderError
from bronze_loader.landing.bucket import s3_client
from bronze_loader.landing.s3_errors import ABSENT, CONFLICT, REFUSED, S3Error, code, explained

ATTEMPTS = 5  # of a write that meets another one
PAUSE = 0.2  # seconds between them, at the most


@dataclass(frozen=True)
class Version:
    """What an object held when it was read. `age` is in seconds, by the store's own clock."""

    body: bytes
    etag: str
    age: float


class ConditionalObject:
    """One object, by its URL `s3://bucket/key`. Its methods raise LoaderError when the store does
    not answer or denies access."""

    def __init__(self, url: str, client: Any, open_client: Callable[[], Any] = s3_client) -> None:
        """`client` is a botocore S3 client; `open_client` makes the one that `reopen` takes."""
        place = re.fullmatch(r"s3://([^/]+)/(.+[^/])", url)
        if not place:
            raise ConfigurationError(f"an object's URL reads s3://bucket/key, not {url!r}")
        self.url = url
        self._place = {"Bucket": place.group(1), "Key": place.group(2)}
        self._client = client
        self._open_client = open_client

    def reopen(self) -> None:
        """Take a new client, as the credentials of this one may have expired."""
        self._client = self._open_client()

    def read(self) -> Version | None:
        """The object as it is now; None when it does not exist."""
        try:
            answer = self._client.get_object(**self._place)
            body: bytes = answer["Body"].read()
        except (ClientError, BotoCoreError) as error:
            if code(error) in ABSENT:
                return None
            raise self._explained("read", "s3:GetObject or s3:ListBucket", error) from error
        said = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        now = parsedate_to_datetime(said) if said else datetime.now(UTC)
        return Version(body, answer["ETag"], (now - answer["LastModified"]).total_seconds())

    def create(self, body: bytes) -> str | None:
        """Write the object if there is none; gives its etag, or None when there is one."""
        return self._put(body, IfNoneMatch="*")

    def replace(self, body: bytes, etag: str) -> str | None:
        """Write over the version of that etag; gives the new etag, or None when the object has
        another etag or is gone."""
        return self._put(body, IfMatch=etag)

    def _put(self, body: bytes, **condition: str) -> str | None:
        for attempts_left in reversed(range(ATTEMPTS)):
            try:
                answer = self._client.put_object(
                    **self._place, Body=body, ContentType="application/json", **condition
                )
                return str(answer["ETag"])
            except (ClientError, BotoCoreError) as error:
                if code(error) in (*REFUSED, *ABSENT):
                    return None
                if code(error) not in CONFLICT or not attempts_left:
                    raise self._explained("write", "s3:PutObject", error) from error
            time.sleep(random.uniform(0, PAUSE))  # noqa: S311 - spreads writers, protects nothing
        return None

    def _explained(self, verb: str, permission: str, error: S3Error) -> LoaderError:
        explanation = explained(error, f"{verb} {self.url}", permission)
        if isinstance(explanation, AccessDenied):
            return AccessDenied(
                f"{explanation}; the loader keeps its lease there, --lease-url names another place"
            )
        return explanation
