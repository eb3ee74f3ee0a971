"""CSV records in texts, as from_csv and schema_of_csv read them: by Spark's UnivocityParser.

https://docs.databricks.com/aws/en/sql/language-manual/functions/from_csv
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pyarrow as pa

from local_warehouse.errors import unsupported
from local_warehouse.read_files.csv.csv_options import CsvOptions, parse_options
from local_warehouse.read_files.csv.exact_parser import ExactParser
from local_warehouse.types.java_numbers import double_text
from local_warehouse.types.json_values import (
    Mismatch,
    date_of_value,
    decimal_of,
    timestamp_of_value,
)
from local_warehouse.types.record_texts import CORRUPT, encode, malformed, schema_of, writer

# Options of values, which read_files has not; all others are those of its CSV.
OF_VALUES = {
    "dateFormat": None, "timestampFormat": None, "timestampNTZFormat": None,
    "nanValue": "NaN", "positiveInf": "Inf", "negativeInf": "-Inf",
}  # fmt: skip
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_EXACT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,9})?", re.ASCII)
_MOST_DIGITS = 38
_MARKS = "".join(map(chr, range(1, 9)))  # for a line feed, which the parser takes for an end
_BOOLEANS = {"true": True, "false": False}


def csv_records(text: str | None, schema: str, options: str) -> str | None:
    """The JSON text of the values of a CSV record by a schema and by options, a JSON object. None
    for None. Raises SqlError: MALFORMED_RECORD_IN_PARSING in the mode FAILFAST."""
    return None if text is None else _reader(schema, options)(text)


def record_options(options: Mapping[str, str]) -> CsvOptions:
    """The options of the parser. Raises InvalidOption and UnsupportedOption."""
    return parse_options(
        {"format": "csv", **{name: text for name, text in options.items() if name not in OF_VALUES}}
    )


@lru_cache(64)
def _reader(schema: str, options_text: str) -> Callable[[str], str]:
    kind = schema_of(schema)
    options: dict[str, str] = json.loads(options_text)
    parsing = record_options(options)
    corrupt = options.get("columnNameOfCorruptRecord", CORRUPT)
    fails = options.get("mode", "").upper() == "FAILFAST"
    read = [field for field in kind if field.name != corrupt]
    of_values = {name: options.get(name, usual) for name, usual in OF_VALUES.items()}
    converters = [_converter(field.type, of_values) for field in read]
    write = writer(pa.struct(read))

    def record(text: str) -> str:
        tokens = _tokens(text, parsing)
        is_bad = tokens is not None and len(tokens) != len(read)
        values: list[Any] = []
        for convert, token in zip(converters, [*(tokens or ()), *[None] * len(read)], strict=False):
            try:
                is_null = token is None or token == parsing.null_value
                values.append(None if is_null else convert(token))
            except Mismatch:
                values.append(None)
                is_bad = True
        if is_bad and fails:
            raise malformed(text)
        fields = write(values)
        if is_bad and len(read) < kind.num_fields:
            fields[corrupt] = text.removesuffix("\n").removesuffix("\r")
        return encode(fields)

    return record


def _tokens(text: str, options: CsvOptions) -> list[str] | None:
    """The values of a record, in which a line feed is a character as any other; None of a text
    without a record."""
    mark = next((char for char in _MARKS if char not in text), None)
    if mark is None:
        raise unsupported("a CSV record with each of the control characters from 1 to 8")
    parser = ExactParser(options)
    parser.load(text.replace("\n", mark), final=True)
    found = parser.next_record()
    return [token.replace(mark, "\n") for token in found[0]] if found else None


def inferred_schema(text: str, options: Mapping[str, str]) -> str | None:
    """The schema of a record, as schema_of_csv spells it; None of a text without one."""
    parsing = record_options(options)
    of_values = {name: options.get(name, usual) for name, usual in OF_VALUES.items()}
    tokens = _tokens(text, parsing)
    if tokens is None:
        return None
    kinds = [
        "STRING" if token == parsing.null_value else _inferred(token, of_values) for token in tokens
    ]
    return f"STRUCT<{', '.join(f'_c{i}: {kind}' for i, kind in enumerate(kinds))}>"


def _inferred(text: str, options: Mapping[str, str | None]) -> str:
    """The type of a value, as Spark's CSVInferSchema finds it."""
    if _WHOLE.fullmatch(text):
        number = abs(int(text))
        if number < 2**63:
            return "INT" if number < 2**31 else "BIGINT"
    if _EXACT.fullmatch(text):
        _, digits, exponent = Decimal(text).as_tuple()
        if exponent == 0 and len(digits) <= _MOST_DIGITS:
            return f"DECIMAL({len(digits)},0)"
    checks: list[tuple[str, Callable[[], Any]]] = [
        ("DOUBLE", lambda: _double(text, _named_doubles(options))),
        ("DATE", lambda: date_of_value(text, options["dateFormat"] or "yyyy-MM-dd")),
        ("TIMESTAMP", lambda: timestamp_of_value(text, options["timestampFormat"], True)),
        ("BOOLEAN", lambda: _boolean(text)),
    ]
    for kind, read in checks:
        with suppress(Mismatch):
            read()
            return kind
    return "STRING"


def _named_doubles(options: Mapping[str, str | None]) -> dict[str | None, float]:
    """The DOUBLEs that options name."""
    named = {"nanValue": math.nan, "positiveInf": math.inf, "negativeInf": -math.inf}
    return {options[option]: value for option, value in named.items()}


def _converter(kind: pa.DataType, options: Mapping[str, str | None]) -> Callable[[Any], Any]:
    if pa.types.is_integer(kind):
        limit = 2 ** (kind.bit_width - 1)
        return lambda text: _integer(text, limit)
    if pa.types.is_floating(kind):
        others = _named_doubles(options)
        return lambda text: _double(text, others)
    if pa.types.is_boolean(kind):
        return _boolean
    if pa.types.is_decimal(kind):
        return lambda text: decimal_of(text, kind.precision, kind.scale)
    if pa.types.is_date(kind):
        return lambda text: date_of_value(text, options["dateFormat"], of_days=False)
    if pa.types.is_timestamp(kind):
        is_zoned = kind.tz is not None
        pattern = options["timestampFormat" if is_zoned else "timestampNTZFormat"]
        return lambda text: timestamp_of_value(text, pattern, is_zoned)
    return str


def _integer(text: str, limit: int) -> int:
    if _WHOLE.fullmatch(text) and -limit <= (number := int(text)) < limit:
        return number
    raise Mismatch


def _double(text: str, others: Mapping[str | None, float]) -> float:
    if text in others:
        return others[text]
    digits = text.strip() if text.strip() in ("NaN", "Infinity", "-Infinity", "+Infinity") else None
    digits = digits or double_text(text)
    if digits is None:
        raise Mismatch
    return float(digits)


def _boolean(text: str) -> bool:
    found = _BOOLEANS.get(text.lower())
    if found is None:
        raise Mismatch
    return found
