"""Whether a bucket exists, before anything is done with it."""

from __future__ import annotations

import logging
import re
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bronze_loader.errors import ConfigurationError
from bronze_loader.landing.s3_errors import ABSENT, NO_BUCKET, code, explained

log = logging.getLogger(__name__)


def check_bucket(client: Any, url: str, setting: str) -> None:
    """Check that the bucket of a setting's URL exists; some stores create a missing one on a PUT.

    Raises ConfigurationError when there is none, StoreUnreachable when the store does not answer.
    Credentials that may not ask for a bucket learn nothing, so that is no error.
    """
    place = re.fullmatch(r"s3://([^/]+)(/[^/]+)*/*", url)
    if not place:
        raise ConfigurationError(f"{setting} must read s3://bucket/prefix, not {url!r}")
    try:
        client.head_bucket(Bucket=place.group(1))
    except ClientError as error:
        if code(error) in (NO_BUCKET, *ABSENT):
            raise ConfigurationError(
                f"there is no bucket {place.group(1)!r}; see {setting}"
            ) from error
        log.debug("not known whether there is a bucket %s: %s", place.group(1), error)
    except BotoCoreError as error:
        raise explained(error, f"reach {url}", "s3:ListBucket") from error
