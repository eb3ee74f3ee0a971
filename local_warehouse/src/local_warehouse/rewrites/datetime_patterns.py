"""Patterns of dates that the engine takes, and Databricks does not or otherwise: a `#` or a quote
that does not end, names of months of which the engine reads the long and the short ones alike, and
years with a sign.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datetime-pattern
"""

from __future__ import annotations

import re

from sqlglot import exp

from local_warehouse.errors import SqlError

READING = {
    "to_timestamp": "timestamp", "try_to_timestamp": "timestamp", "to_date": "date",
    "try_to_date": "date", "unix_timestamp": "bigint", "to_unix_timestamp": "bigint",
}  # fmt: skip
_FUNCTIONS = {*READING, "date_format", "from_unixtime"}
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_MONTHS = re.compile(r"M+|L+")
_SHORT, _LONG = 3, 4  # letters for a month's names
_NAMES = "january|february|march|april|june|july|august|september|october|november|december"
_FAILED = "cast(raise_error('[CANNOT_PARSE_TIMESTAMP] The text has another form.') as {})"
_YEAR = re.compile(r"y+")
_SIGNED = {
    2: "(cast(x as string) like '+%' or cast(x as string) like '-%')",
    4: "(cast(x as string) like '+%' and not cast(x as string) rlike '^[+][0-9]{5}')",
}
_POSITIVE = "cast(x as string) like '+%'"


def check_pattern(name: str, arguments: list[exp.Expr]) -> None:
    """Raise SqlError for a literal pattern that is none."""
    if name not in _FUNCTIONS or len(arguments) != 2 or not isinstance(arguments[1], exp.Literal):
        return
    plain = _LITERAL.sub("", arguments[1].name)
    if re.search("[#{}']", plain):
        raise SqlError(
            "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION",
            f"Fail to recognize {arguments[1].name!r} pattern in the DateTimeFormatter.",
        )


def checked_text(name: str, arguments: list[exp.Expr]) -> str | None:
    """The template of a `call` that reads a text `x`, for no text where the name of a month has
    another length, or the year at its beginning a sign; None where the pattern has neither."""
    if name not in READING or len(arguments) != 2 or not isinstance(arguments[1], exp.Literal):
        return None
    pattern = arguments[1].name
    letters = {len(run) for run in _MONTHS.findall(_LITERAL.sub("", pattern))}
    wrong = []
    if _SHORT in letters:
        wrong.append(f"cast(x as string) rlike '(?i){_NAMES}'")
    elif _LONG in letters:
        wrong.append(f"not cast(x as string) rlike '(?i){_NAMES}|may'")
    if year := _YEAR.match(pattern):
        wrong.append(_SIGNED.get(len(year[0]), _POSITIVE))
    if not wrong:
        return None
    failed = "null" if name.startswith("try_") else _FAILED.format(READING[name])
    return f"if({' or '.join(wrong)}, {failed}, call)"
