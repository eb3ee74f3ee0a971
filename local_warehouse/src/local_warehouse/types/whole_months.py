"""Months between moments, as java.time.temporal.ChronoUnit counts them.

https://docs.databricks.com/aws/en/sql/language-manual/functions/timestampdiff
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

_EPOCH = datetime(1970, 1, 1)
_DAY = timedelta(days=1)


def whole_months(start: int | None, end: int | None) -> str | None:
    """The number of whole months from one moment to another, in microseconds since 1970."""
    if start is None or end is None:
        return None
    first, last = (_EPOCH + timedelta(microseconds=int(micros)) for micros in (start, end))
    day = last.date()
    if day > first.date() and last.time() < first.time():  # the last day has not passed
        day -= _DAY
    elif day < first.date() and last.time() > first.time():
        day += _DAY
    return str(int((_place(day) - _place(first.date())) / 32))


def _place(day: date) -> int:
    """A day among months of 32 days each."""
    return (day.year * 12 + day.month) * 32 + day.day
