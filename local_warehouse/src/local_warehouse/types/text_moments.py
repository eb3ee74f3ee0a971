"""Texts as dates and timestamps, as a cast reads them and by patterns of datetime.

https://docs.databricks.com/aws/en/sql/language-manual/functions/cast
https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datetime-pattern
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from local_warehouse.errors import unsupported

_DAY = r"(?P<year>[+-]?\d{4,7})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2})%s)?)?"
_TIME = (
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})"
    r"(?::(?P<second>\d{1,2})(?:\.(?P<fraction>\d*))?(?P<zone>[^\d.:].*)?)?)?"
)
_DATE = re.compile(_DAY % "(?:[T ].*)?", re.DOTALL | re.ASCII)
_MOMENT = re.compile(_DAY % f"(?:[T ]{_TIME})?", re.ASCII)
_TIME_ONLY = re.compile(rf"(?:T|(?=\d+:)){_TIME}", re.ASCII)
_USUAL = re.compile(  # in the years from 1000
    r"[1-9]\d{3}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-](0\d|1[0-7]):[0-5]\d)?", re.ASCII
)
_OFFSET = re.compile(
    r"(?:UTC|GMT|UT)?(?P<sign>[+-])(?P<hours>\d\d?)(?::?(?P<minutes>\d\d?)(?::?(?P<seconds>\d\d))?)?",
    re.ASCII,
)
_LARGEST_OFFSET = timedelta(hours=18)
_SHORT_ZONES = {  # those of java.time.ZoneId.SHORT_IDS that the time zone database has not
    "ACT": "Australia/Darwin", "AET": "Australia/Sydney", "AGT": "America/Argentina/Buenos_Aires",
    "ART": "Africa/Cairo", "AST": "America/Anchorage", "BET": "America/Sao_Paulo",
    "BST": "Asia/Dhaka", "CAT": "Africa/Harare", "CNT": "America/St_Johns",
    "CST": "America/Chicago", "CTT": "Asia/Shanghai", "EAT": "Africa/Addis_Ababa",
    "ECT": "Europe/Paris",
    "IET": "America/Indiana/Indianapolis", "IST": "Asia/Kolkata", "JST": "Asia/Tokyo",
    "MIT": "Pacific/Apia", "NET": "Asia/Yerevan", "NST": "Pacific/Auckland", "PLT": "Asia/Karachi",
    "PNT": "America/Phoenix", "PRT": "America/Puerto_Rico", "PST": "America/Los_Angeles",
    "SST": "Pacific/Guadalcanal", "UT": "UTC", "VST": "Asia/Ho_Chi_Minh", "Z": "UTC",
}  # fmt: skip
_SHORT_OFFSETS = {"EST": "-05:00", "MST": "-07:00", "HST": "-10:00"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# A run of one letter, a text in quotes, or another character of a pattern.
_PIECE = re.compile(
    r"(?P<letter>[A-Za-z])(?P=letter)*|'(?P<text>(?:[^']|'')*)'|(?P<other>.)", re.DOTALL
)
_PIECES = {
    "yyyy": r"(?P<year>\d{4})", "yy": r"(?P<short>\d\d)",
    "MM": r"(?P<month>\d\d)", "M": r"(?P<month>\d{1,2})",
    "MMM": f"(?P<name>{'|'.join(_MONTHS)})", "dd": r"(?P<day>\d\d)", "d": r"(?P<day>\d{1,2})",
    "HH": r"(?P<hour>\d\d)", "H": r"(?P<hour>\d{1,2})", "mm": r"(?P<minute>\d\d)",
    "m": r"(?P<minute>\d{1,2})", "ss": r"(?P<second>\d\d)", "s": r"(?P<second>\d{1,2})",
    "X": r"(?P<zone>Z|[+-]\d\d(?:\d\d)?)", "XX": r"(?P<zone>Z|[+-]\d{4})",
    "XXX": r"(?P<zone>Z|[+-]\d\d:\d\d)", "Z": r"(?P<zone>[+-]\d{4})",
}  # fmt: skip
_OPTIONAL = {"[": "(?:", "]": ")?"}
_REFUSED = "#{}"  # reserved, says Java
_CENTURY = 2000  # of a year of two digits
_LAST_YEAR = 9999


def date_of(text: str) -> date | None:
    """The date that a text begins with; None where there is none. Raises ValueError for a day that
    is none, and SqlError for years below 1 and above 9999."""
    found = _DATE.fullmatch(text.strip())
    return date(*_day(found.groupdict())) if found else None


def timestamp_of(text: str) -> datetime | None:
    """The moment of a text, with its time zone if it names one; a time alone is one of today. None
    where the text is none. Raises as date_of, and ValueError for an unknown time zone."""
    text = text.strip()
    if _USUAL.fullmatch(text):
        return datetime.fromisoformat(text)
    found = _MOMENT.fullmatch(text) or _TIME_ONLY.fullmatch(text)
    return _moment(found.groupdict()) if found else None


def parsed(text: str, pattern: str) -> datetime | None:
    """The moment of a text by a pattern that `pattern_of` knows; None and errors as above."""
    found = pattern_of(pattern).fullmatch(text)
    return _moment({"year": "1970"} | found.groupdict()) if found else None


@functools.lru_cache(64)
def pattern_of(pattern: str) -> re.Pattern[str]:
    """What finds the parts of a moment by a pattern of datetime. Raises ValueError for letters
    other than those of numbers, the short names of months and offsets, and for a part twice."""
    pieces = []
    for piece in _PIECE.finditer(pattern):
        text, letters = piece["text"], piece[0]
        if text is not None:
            pieces.append(re.escape(text.replace("''", "'") or "'"))
        elif letters in _OPTIONAL:
            pieces.append(_OPTIONAL[letters])
        elif piece["other"] and letters not in _REFUSED:
            pieces.append(re.escape(letters))
        elif letters.strip("S") == "":
            pieces.append(r"(?P<fraction>\d{1,9})")  # when it is read, whatever their number
        elif letters in _PIECES:
            pieces.append(_PIECES[letters])
        else:
            raise ValueError(letters)
    try:
        return re.compile("".join(pieces), re.ASCII | re.IGNORECASE)
    except re.error as error:
        raise ValueError(pattern) from error


def _moment(parts: Mapping[str, str | None]) -> datetime:
    if parts.get("name"):
        month = [name.lower() for name in _MONTHS].index(str(parts["name"]).lower()) + 1
        parts = {**parts, "month": str(month)}
    if parts.get("short"):
        parts = {**parts, "year": str(_CENTURY + int(str(parts["short"])))}
    year, month, day = _day(parts) if parts.get("year") else datetime.now(UTC).timetuple()[:3]
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    micros = int((parts.get("fraction") or "")[:6].ljust(6, "0"))
    zone = zone_of(str(parts["zone"]).strip()) if parts.get("zone") else None
    return datetime(year, month, day, hour, minute, second, micros, zone)


def _day(parts: Mapping[str, str | None]) -> tuple[int, int, int]:
    year = int(parts["year"] or 0)
    if not 1 <= year <= _LAST_YEAR:
        raise unsupported(f"the year {year} of a text, as years are from 1 to {_LAST_YEAR}")
    return year, int(parts.get("month") or 1), int(parts.get("day") or 1)


def zone_of(text: str) -> tzinfo:
    """A time zone by its offset, its name in the time zone database, or Java's short one. Raises
    ValueError."""
    offset = _OFFSET.fullmatch(_SHORT_OFFSETS.get(text, text))
    if offset is None:
        try:
            return ZoneInfo(_SHORT_ZONES.get(text, text))
        except (LookupError, OSError) as error:
            raise ValueError(text) from error
    hours, minutes, seconds = (int(offset[n] or 0) for n in ("hours", "minutes", "seconds"))
    length = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if length > _LARGEST_OFFSET or minutes > 59 or seconds > 59:
        raise ValueError(text)
    return timezone(length if offset["sign"] == "+" else -length)
