"""Functions that the engine does not have or that differ there, computed by Python in its process.

A rewrite calls them by a name with a prefix; the engine gets them when it first fails for want of
one. Python takes about 2 µs for a row, so they stand only where SQL has no form for the answer.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable
from typing import Any

from local_warehouse.read_files.csv.csv_records import csv_records
from local_warehouse.rewrites.templates import PREFIX
from local_warehouse.types.java_formats import java_format
from local_warehouse.types.java_numbers import double_text, exact_text, java_decimal
from local_warehouse.types.java_patterns import pattern_groups, pattern_pieces, pattern_replaced
from local_warehouse.types.json_paths import (
    json_array_length,
    json_object,
    json_object_keys,
    json_path,
    strict_json,
)
from local_warehouse.types.json_records import json_records
from local_warehouse.types.number_patterns import number_format
from local_warehouse.types.urls import url_part, url_validity
from local_warehouse.types.variant_values import variant_value
from local_warehouse.types.whole_months import whole_months


def multiplied(left: str | None, right: str | None, scale: int | None) -> str | None:
    """The product of two decimals, rounded to so many places; a cast finds overflow."""
    if left is None or right is None or scale is None:
        return None
    with decimal.localcontext(prec=100):
        product = decimal.Decimal(left) * decimal.Decimal(right)
        unit = decimal.Decimal(1).scaleb(-scale)
        return f"{product.quantize(unit, decimal.ROUND_HALF_UP):f}"


def divided(left: str | None, right: str | None, scale: int | None) -> str | None:
    """The quotient of two decimals, rounded to so many places; a cast finds overflow."""
    if left is None or right is None or scale is None:
        return None
    with decimal.localcontext(prec=100):
        dividend, divisor = decimal.Decimal(left).scaleb(scale + 1), decimal.Decimal(right)
        quotient = (dividend // divisor).scaleb(-scale - 1)  # cut off one place further
        return f"{quotient.quantize(decimal.Decimal(1).scaleb(-scale), decimal.ROUND_HALF_UP):f}"


FUNCTIONS: dict[str, Callable[..., str | None]] = {
    "multiplied": multiplied,
    "divided": divided,
    "exact_text": exact_text,
    "double_text": double_text,
    "java_decimal": java_decimal,
    "java_format": java_format,
    "number_format": number_format,
    "url_part": url_part,
    "variant_value": variant_value,
    "whole_months": whole_months,
    "url_validity": url_validity,
    "json_object": json_object,
    "json_path": json_path,
    "csv_records": csv_records,
    "json_array_length": json_array_length,
    "json_object_keys": json_object_keys,
    "json_records": json_records,
    "strict_json": strict_json,
    "pattern_groups": pattern_groups,
    "pattern_pieces": pattern_pieces,
    "pattern_replaced": pattern_replaced,
}


def is_missing(message: str) -> bool:
    """Whether an error of the engine says that it has no function of these names."""
    return f"unknown function: {PREFIX}" in message


def register(session: Any) -> None:
    """Give a Spark Connect session these functions, all of which return texts."""
    from pyspark.sql.types import StringType

    for name, function in FUNCTIONS.items():
        session.udf.register(PREFIX + name, function, StringType())
