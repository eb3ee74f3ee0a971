"""What two answers to a question are: equal, refused, or different in some way."""

from __future__ import annotations

import json
import re
from typing import Any

Answer = dict[str, Any]

EQUAL = "equal"
REFUSED = "refused by name"
UNCOMPARED = "not comparable"
# Differences, those that nobody notices first.
VALUES = "other values"
TYPES = "other types"
LENIENT = "an answer in place of an error"
CONDITION = "another error"
FAILS = "an error in place of an answer"
SILENT = (VALUES, TYPES, LENIENT)

_REFUSALS = ("UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE", "UNRESOLVABLE_TABLE_VALUED_FUNCTION")
# Conditions of a client that has no values for an answer: Spark's own, on the way to Arrow.
_OF_CLIENTS = re.compile(r"Arrow|ARROW|^Py")
_FRACTION = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
_DIGITS = 12  # of a double that two ways to sum up have in common
_NOISE = 1e-12  # what is left of a sum that is 0


# Functions whose value is another one each time, on another day, for another user, or in another
# order.
_VARYING = re.compile(
    r"\b((rand|randn|random|randstr|uniform|shuffle|uuid|collect_set|aes_encrypt|unix_timestamp)\("
    r"|mode\([^()]*(, false)?\)"  # of several values that are equally frequent it takes any
    r"|(listagg|string_agg)\(distinct|cur(rent_)?date\b|current_|now\(|localtimestamp|(session_)?user\("
    r"|version\(|input_file|monotonically_|spark_partition_id)",
    re.IGNORECASE,
)


def varies(sql: str) -> bool:
    """Whether only the types of an answer say something."""
    return _VARYING.search(sql) is not None


# The end of a query whose rows have an order: nothing but keys, or what LIMIT counts, behind it.
_ORDER = re.compile(r"\border by ([^()]*|.*\blimit \d+( offset \d+)?)$", re.IGNORECASE)


def is_ordered(sql: str) -> bool:
    """Whether the order of an answer's rows says something."""
    return _ORDER.search(sql) is not None


def verdict(wanted: Answer, found: Answer, sql: str = "") -> str:
    """How an answer of the local warehouse compares with the one that it should be; each is as
    `answers.answer` gives it, or has the condition of an `error`. The question says whether it is
    one that has another answer each time."""
    if str(found.get("error", "")).startswith(_REFUSALS):
        return REFUSED
    if "error" in wanted and _OF_CLIENTS.search(wanted["error"]):
        return UNCOMPARED
    if "error" in found and "error" in wanted:
        return EQUAL if found["error"] == wanted["error"] else CONDITION
    if "error" in found:
        return FAILS
    if "error" in wanted:
        return LENIENT
    if _types(found) != _types(wanted):
        return TYPES
    in_order = is_ordered(sql)
    are_equal = _rows(found, in_order=in_order) == _rows(wanted, in_order=in_order)
    return EQUAL if are_equal or varies(sql) else VALUES


def _types(answer: Answer) -> list[str]:
    return [data_type for _, data_type in answer["columns"]]


def _rows(answer: Answer, *, in_order: bool) -> Any:
    """Rows in their order or as a multiset, with the digits of fractions that count; or what stands
    for many."""
    if "rows" not in answer:
        return answer.get("sha256")
    types = _types(answer)
    rows = [
        [
            _rounded(one) if _is_of_fractions(data_type) else one
            for one, data_type in zip(row, types, strict=True)
        ]
        for row in answer["rows"]
    ]
    return rows if in_order else sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def _is_of_fractions(data_type: str) -> bool:
    """Whether a type has fractions in it, and no texts, which may look like them."""
    has_texts = "string" in data_type
    return not has_texts and ("float" in data_type or "double" in data_type)


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, str) and _FRACTION.fullmatch(value):
        number = float(value)
        return "0" if abs(number) < _NOISE else f"{number:.{_DIGITS}g}"
    return value
