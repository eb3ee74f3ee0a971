"""The landing place in S3: its listing, and the bytes of its objects."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import IO, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader, create_loader
from botocore.session import Session
from botocore.utils import parse_timestamp
from obstore.exceptions import BaseError as ObstoreError
from obstore.exceptions import PermissionDeniedError, PreconditionError

from bronze_loader.errors import ChangedWhileLoading, ConfigurationError
from bronze_loader.landing.listing import Listing, list_objects
from bronze_loader.landing.range_reader import RangeReader
from bronze_loader.landing.s3_errors import ABSENT, NO_BUCKET, REFUSED, code, explained

log = logging.getLogger(__name__)

SNIFF_THREADS = 16
SMALL_FILE = 1024 * 1024  # bytes; reading so many takes less time than another request


@dataclass(frozen=True)
class LandingFile:
    """One object as it was listed: the etag without its quotes, the size in bytes, the key also
    relative to the landing URL."""

    url: str
    key: str
    relative_key: str
    etag: str
    size: int
    modified_at: datetime


class Landing:
    """The objects under one `s3://bucket/prefix`."""

    def __init__(self, url: str, client: Any = None) -> None:
        """`client` is a botocore S3 client; by default one made from the environment."""
        place = re.fullmatch(r"s3://([^/]+)(?:/(.*?))?/*", url)
        if not place:
            raise ConfigurationError(f"the landing URL must read s3://bucket/prefix, not {url!r}")
        self.url = url.rstrip("/")
        self.bucket: str = place.group(1)
        self.prefix: str = f"{place.group(2)}/" if place.group(2) else ""
        self._client = client or s3_client()
        self._ranges: RangeReader | None = RangeReader(self.bucket, self._client.meta)

    def list(self, under: str = "") -> Listing[LandingFile]:
        """Every object whose key, relative to the landing URL, begins with `under`.

        Raises ConfigurationError when there is no such bucket, LoaderError for S3's other errors.
        """
        with self._said_plainly("list"):
            return list_objects(self._client, self.bucket, self.prefix + under, self._file)

    def digest(self, under: str = "") -> str:
        """The digest of what `list` gives, in memory that does not grow with it. Raises the same
        errors."""
        with self._said_plainly("list"):
            return list_objects(self._client, self.bucket, self.prefix + under).digest

    def _file(self, entry: Mapping[str, Any]) -> LandingFile:
        key: str = entry["Key"]
        return LandingFile(
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
        read = self._read_fast(file, start, length)
        if read is not None:
            return read
        # botocore tries again, finds a bucket's region, and knows what went wrong.
        with self._said_plainly("read", file):
            answer = self._client.get_object(
                Bucket=self.bucket,
                Key=file.key,
                Range=f"bytes={start}-{start + length - 1}",
                IfMatch=f'"{file.etag}"',
            )
            content: bytes = answer["Body"].read()
            return content

    def _read_fast(self, file: LandingFile, start: int, length: int) -> bytes | None:
        """The same by obstore, or None when it cannot read the file, for whatever reason."""
        ranges = self._ranges
        if ranges is None:
            return None
        try:
            return ranges.read(file.key, file.etag, start, length)
        except (PreconditionError, PermissionDeniedError, FileNotFoundError, ValueError) as error:
            log.debug("obstore cannot read %s: %s", file.url, error)
        except (ObstoreError, OSError) as error:
            log.debug("obstore cannot read %s, so it is not used again: %s", file.url, error)
            self._ranges = None
        return None

    def reader(self, file: LandingFile) -> Callable[[int, int], bytes]:
        """A function of start and length that does what `read` does for this file; for a small one
        it sends one request however often it is called."""

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
        """The whole object as a stream. Raises what `read` raises."""
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
    """A client of botocore by the usual AWS settings; a store other than AWS is addressed by path.
    It is boto3's without the transfers of files, whose import takes longer than a listing.

    Raises ConfigurationError for settings that botocore cannot use.
    """
    elsewhere = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    settings = Config(
        connect_timeout=10,
        retries={"mode": "standard", "max_attempts": 5},
        max_pool_connections=SNIFF_THREADS,
        s3={"addressing_style": "path"} if elsewhere else {},
    )
    try:
        session = Session()
        data_path = session.get_config_variable("data_path")
        session.register_component("data_loader", _service_data(data_path))
        factory = session.get_component("response_parser_factory")
        factory.set_parser_defaults(timestamp_parser=_moment)
        return session.create_client("s3", config=settings)
    except (BotoCoreError, ValueError) as error:
        raise ConfigurationError(f"the AWS settings are not usable: {error}") from error


@cache
def _service_data(path: str | None) -> Loader:
    """The descriptions of S3 and of its addresses. They are megabytes of JSON, which every session
    would read and parse for itself: a fifth of a second for each client."""
    return create_loader(path)


def _moment(said: Any) -> datetime:
    """A moment in an answer of S3. botocore's own reader takes most of the time of a listing, in
    which they are in ISO 8601; headers have them in other forms."""
    if str(said).endswith("Z"):
        return datetime.fromisoformat(said)
    moment: datetime = parse_timestamp(said)
    return moment
