"""The proof, before anything is written, that the store honours conditional writes.

A Delta table on S3 is committed by a PUT that must be refused when the version exists already; the
lease is taken in the same way. A store that accepts the second PUT loses one of two commits, and
nobody sees it.
"""

from __future__ import annotations

from bronze_loader.errors import ConfigurationError
from bronze_loader.lease.conditional_object import ConditionalObject

PROBE = b'{"what": "load-bronze writes this twice to see the second write refused"}\n'
NO_ETAG = '"00000000000000000000000000000000"'


def prove_conditional_writes(probe: ConditionalObject) -> None:
    """Put the probe object twice. It stays there, so the first PUT of the next run is refused.

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
