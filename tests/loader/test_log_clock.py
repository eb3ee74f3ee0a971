"""The moments of a run grow, whatever the clock does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bronze_loader.warehouse.journal import LogClock


def test_moments_grow_even_when_the_log_is_ahead_of_the_clock() -> None:
    ahead = datetime.now(UTC) + timedelta(days=1)
    clock = LogClock(ahead)
    first, second = clock.next(), clock.next()
    assert ahead < first < second
