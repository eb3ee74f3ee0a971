"""Before anything is written: are the buckets there, and does the store keep its word on
conditional writes?

Delta tables on S3 commit by a PUT that must be refused when the version is there already, and so
does the lease. A store that accepts the second PUT loses one of two commits, unseen.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bronze_loader.errors import ConfigurationError
from bronze_loader.s3_errors import ABSENT, NO_BUCKET, code, explained
from bronze_loader.store import SmallObject

log = logging.getLogger(__name__)

PROBE = b'{"what": "load-bronze writes this twice to see the second write refused"}\n'
NO_ETAG = '"00000000000000000000000000000000"'


def check_bucket(client: Any, url: str, setting: str) -> None:
    """Ask for the bucket of a URL that the setting gives, for some stores make one that is missing.

    Raises ConfigurationError when there is none, StoreUnreachable when nobody answers. Who may not
    ask learns nothing, so that is no error.
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


def prove_conditional_writes(probe: SmallObject) -> None:
    """Put the probe object twice. It stays there, so the next run's first put is refused.

    Raises ConfigurationError when the store accepts a write that it must refuse.
    """
    if probe.create(PROBE) is not None and probe.create(PROBE) is not None:
        raise _not_honoured(probe.url, "If-None-Match: *", "over an object that was there")
    if probe.replace(PROBE, NO_ETAG) is not None:
        raise _not_honoured(probe.url, "If-Match", "over an object with another etag")


def _not_honoured(url: str, condition: str, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"the store does not honour conditional writes: it accepted a PUT of {url} with "
        f"{condition} {what}. Two writers would overwrite each other's Delta commits, and rows "
        "would be lost unseen; nothing was loaded. Use a store that honours them, or upgrade it"
    )
