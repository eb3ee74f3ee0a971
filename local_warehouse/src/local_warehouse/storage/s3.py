"""The S3 that the AWS_* environment names: its endpoint, and clients for it.

The clients' libraries are imported where a client is made: the command `local-warehouse exec` asks
for the endpoint and needs none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config, S3Store

# An object may take as long as it is read for; a connection that brings nothing is given up.
_CLIENT: ClientConfig = {"allow_http": True, "timeout": "7d", "read_timeout": "60s"}


def s3_endpoint(environment: Mapping[str, str] = os.environ) -> str | None:
    """The endpoint that an environment names, None for Amazon's own.

    The service's own variable goes before the one for all services, as in the AWS SDKs:
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    return environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")


@cache
def s3_store(bucket: str, endpoint: str | None) -> S3Store:
    """The obstore of a bucket; keys and region come from the environment."""
    from obstore.store import S3Store

    config: S3Config = {"endpoint": endpoint} if endpoint else {}
    return S3Store(bucket, config=config, client_options=_CLIENT)


@cache
def s3_client() -> Any:
    """The boto3 client of the environment's endpoint; keys and region come from there too."""
    import boto3

    return boto3.client("s3", endpoint_url=s3_endpoint())
