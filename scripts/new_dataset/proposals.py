"""The type that a column's sample values propose."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime

from new_dataset.dataset import DATE, DECIMAL, TEXT, TIMESTAMP, WHOLE, ColumnType
from new_dataset.sample_files import Sample, SampleColumn

MOSTLY = 0.9  # the share of values that a proposed type reads: files hold mistakes
MAX_WHOLE_DIGITS = 18  # all numbers of so many digits are within a bigint
MAX_PRECISION = 38  # Spark's limit on a decimal
# Numbers by their digits that nobody adds up: they stay text, as customer_id does.
_IDENTIFIERS = re.compile(r"(^|_)(id|ids|no|nr|code|key|zip|postcode|phone|ean|sku|iban)$")
# Of these, the names of keys, whose form is that of `id` in seeds/id_forms.csv.
_IDS = re.compile(r"(^|_)(id|no|nr)$")
_ID = re.compile(r"[-_/:#\w]*[0-9][-_/:#\w]*")

# The forms that the macros in macros/checks.sql read.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_WHOLE = re.compile(r"-?[0-9]+")
_DECIMAL = re.compile(r"-?[0-9]+([.][0-9]+)?")


def is_date(value: str) -> bool:
    """Whether the macro `iso_date` reads the value."""
    return bool(_DATE.fullmatch(value)) and _is(date.fromisoformat, value)


def is_timestamp(value: str) -> bool:
    """Whether the macro `iso_timestamp` reads the value."""
    return bool(_TIMESTAMP.fullmatch(value)) and _is(datetime.fromisoformat, value)


def is_whole(value: str) -> bool:
    """Whether the macro `whole_number` reads the value, with its sign, as a bigint."""
    return bool(_WHOLE.fullmatch(value)) and len(value.lstrip("-")) <= MAX_WHOLE_DIGITS


def is_decimal(value: str) -> bool:
    """Whether the macro `decimal_number` reads the value, with its sign, as some decimal."""
    return bool(_DECIMAL.fullmatch(value)) and sum(_digits([value])) <= MAX_PRECISION


READERS: dict[str, Callable[[str], bool]] = {
    DATE: is_date,
    TIMESTAMP: is_timestamp,
    WHOLE: is_whole,
    DECIMAL: is_decimal,
    TEXT: lambda value: True,
}


def propose(column: SampleColumn, sample: Sample) -> ColumnType:
    """The type that reads most values, the narrowest of those; text when it reads fewer than nine
    in ten, for ids and for leading zeros.

    A column that is blank somewhere, or that a file lacks, is proposed as optional.
    """
    required = bool(column.values) and not column.blanks and column.files == sample.files
    return typed(_kind(column), required, column.values)


def is_id(name: str, values: Sequence[str]) -> bool:
    """Whether a text is an id by its name, and all values of the samples have the form of one."""
    return bool(values and _IDS.search(name)) and all(_ID.fullmatch(value) for value in values)


def typed(kind: str, required: bool, values: Sequence[str]) -> ColumnType:
    """A type of that kind which holds the numbers of the sample."""
    numbers = [value for value in values if is_decimal(value)]
    signed = any(value.startswith("-") for value in numbers)
    if kind != DECIMAL:
        return ColumnType(kind, required, signed and kind == WHOLE)
    whole, scale = _digits(numbers)
    scale = min(max(scale, ColumnType.scale), MAX_PRECISION - whole)
    precision = max(ColumnType.precision, whole + scale)
    return ColumnType(kind, required, signed, precision, scale)


def unread(kind: str, values: Sequence[str]) -> list[str]:
    """The values that a column of that kind would reject."""
    return [value for value in values if not READERS[kind](value)]


def _kind(column: SampleColumn) -> str:
    values = column.values
    if not values:
        return TEXT
    counts = {
        kind: sum(READERS[kind](value) for value in values)
        for kind in (DATE, TIMESTAMP, WHOLE, DECIMAL)
    }
    kind = max(counts, key=lambda kind: counts[kind])  # the first of equal ones
    if counts[kind] < MOSTLY * len(values):
        return TEXT
    is_identifier = _IDENTIFIERS.search(column.name) or any(
        re.match(r"-?0[0-9]", value) for value in values
    )
    return TEXT if is_identifier and kind in (WHOLE, DECIMAL) else kind


def _digits(numbers: Sequence[str]) -> tuple[int, int]:
    """The most digits before the point and the most behind it."""
    parts = [number.lstrip("-").partition(".") for number in numbers]
    whole = max((len(before.lstrip("0")) for before, _, _ in parts), default=0)
    return whole, max((len(behind.rstrip("0")) for _, _, behind in parts), default=0)


def _is(parse: Callable[[str], object], value: str) -> bool:
    try:
        parse(value)
    except ValueError:
        return False
    return True
