"""Parts of objects, read by obstore: a request takes a tenth of botocore's processor time.

It asks the endpoint of a botocore client, with the keys that botocore finds.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import obstore
from botocore.exceptions import NoCredentialsError
from botocore.session import Session
from obstore.store import S3Store

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Credential

# After this time botocore, which renews keys that expire, is asked for them again.
KEYS_LAST = timedelta(minutes=5)


class RangeReader:
    """Reads the objects of one bucket, from several threads."""

    def __init__(self, bucket: str, meta: Any) -> None:
        """`meta` is the attribute of that name of a botocore client for S3."""
        self._bucket = bucket
        self._meta = meta

    def read(self, key: str, etag: str, start: int, length: int) -> bytes:
        """`length` bytes from `start` on, or what there is, of the object if it has that etag.

        Raises PreconditionError for another etag, FileNotFoundError, ValueError for a key that
        obstore cannot name, other exceptions of obstore for what else goes wrong.
        """
        found = obstore.get(
            self._store,
            key,
            options={"range": (start, start + length), "if_match": f'"{etag}"'},
        )
        return bytes(found.bytes())

    @cached_property
    def _store(self) -> S3Store:
        config: S3Config = {"endpoint": self._meta.endpoint_url}
        if self._meta.region_name:
            config["region"] = self._meta.region_name
        return S3Store(
            self._bucket,
            config=config,
            client_options={"allow_http": True, "connect_timeout": "10s"},
            retry_config={"max_retries": 1},
            credential_provider=self._keys,
        )

    @cached_property
    def _credentials(self) -> Any:
        return Session().get_credentials()

    def _keys(self) -> S3Credential:
        if self._credentials is None:
            raise NoCredentialsError
        keys = self._credentials.get_frozen_credentials()
        return {
            "access_key_id": keys.access_key,
            "secret_access_key": keys.secret_key,
            "token": keys.token,
            "expires_at": datetime.now(UTC) + KEYS_LAST,
        }
