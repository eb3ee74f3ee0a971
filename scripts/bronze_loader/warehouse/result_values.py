"""Values of a statement's result rows as Python values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(microseconds: int) -> datetime:
    """A moment in UTC, from microseconds since 1970 as `unix_micros` gives them."""
    return _EPOCH + timedelta(microseconds=microseconds)


def inserted_rows(result: Sequence[dict[str, object]]) -> int | None:
    """The number of rows that an INSERT reports; None when it reports none."""
    for name in ("num_inserted_rows", "num_affected_rows"):
        if result and isinstance(result[0].get(name), int):
            return int(str(result[0][name]))
    return None
