"""The engine's exceptions as errors with the condition and SQLSTATE that Databricks has for them.

Conditions and SQLSTATEs: https://docs.databricks.com/aws/en/error-messages/error-classes
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from local_warehouse.errors import CONFLICT, SqlError, from_text, syntax_error, unsupported

_SQLSTATES = {
    "AMBIGUOUS_REFERENCE": "42704",
    "ARITHMETIC_OVERFLOW": "22003",
    "BINARY_ARITHMETIC_OVERFLOW": "22003",
    "CANNOT_PARSE_TIMESTAMP": "22007",
    "CAST_INVALID_INPUT": "22018",
    "CAST_OVERFLOW": "22003",
    "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES": "42K09",
    "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE": "42K09",
    "DATETIME_FIELD_OUT_OF_BOUNDS": "22023",
    "DELTA_METADATA_CHANGED": "2D521",
    "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE": "21506",
    "DELTA_NOT_NULL_CONSTRAINT_VIOLATED": "23502",
    "DELTA_PROTOCOL_CHANGED": "2D521",
    "DELTA_REPLACE_WHERE_MISMATCH": "44000",
    "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES": "23001",
    "DIVIDE_BY_ZERO": "22012",
    "INVALID_ARRAY_INDEX": "22003",
    "INVALID_ARRAY_INDEX_IN_ELEMENT_AT": "22003",
    "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE": "42K0E",
    "MISSING_AGGREGATION": "42803",
    "NESTED_AGGREGATE_FUNCTION": "42607",
    "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION": "22003",
    "NUM_COLUMNS_MISMATCH": "42826",
    "REMAINDER_BY_ZERO": "22012",
    "SCALAR_SUBQUERY_TOO_MANY_ROWS": "21000",
    "TABLE_OR_VIEW_NOT_FOUND": "42P01",
    "UNRESOLVED_COLUMN.WITH_SUGGESTION": "42703",
    "UNRESOLVED_ROUTINE": "42883",
    "USER_RAISED_EXCEPTION": "P0001",
    "WRONG_NUM_ARGS.WITHOUT_SUGGESTION": "42605",
    CONFLICT: "2D521",
}
# What the engine's messages say, in lower case. The first that fits counts.
_PHRASES = (
    ("merge_cardinality_violation", "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE"),
    ("table not found", "TABLE_OR_VIEW_NOT_FOUND"),
    ("cannot resolve attribute", "UNRESOLVED_COLUMN.WITH_SUGGESTION"),
    ("ambiguous attribute", "AMBIGUOUS_REFERENCE"),
    ("unknown function", "UNRESOLVED_ROUTINE"),
    ("does not support zero arguments", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION"),
    ("aggregate function calls cannot be nested", "NESTED_AGGREGATE_FUNCTION"),
    ("valid fields are", "MISSING_AGGREGATION"),
    ("cannot coerce arithmetic expression", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES"),
    ("common argument type for comparison", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES"),
    ("explode should only be called", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"),
    ("limit must be >= 0", "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE"),
    ("different number of columns", "NUM_COLUMNS_MISMATCH"),
    ("divide by zero", "DIVIDE_BY_ZERO"),
    ("division by zero", "DIVIDE_BY_ZERO"),
    ("remainder by zero", "REMAINDER_BY_ZERO"),
    ("arithmetic overflow", "ARITHMETIC_OVERFLOW"),
    (" overflow on ", "ARITHMETIC_OVERFLOW"),
    ("is too large to store in a decimal", "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"),
    ("is out of range int8", "BINARY_ARITHMETIC_OVERFLOW"),  # of decimals, as integers are added
    ("is out of range int16", "BINARY_ARITHMETIC_OVERFLOW"),
    ("is out of range int32", "ARITHMETIC_OVERFLOW"),
    ("is out of range int64", "ARITHMETIC_OVERFLOW"),
    ("can't cast value", "CAST_OVERFLOW"),
    ("cannot cast", "CAST_INVALID_INPUT"),
    ("invalid timestamp", "CAST_INVALID_INPUT"),
    ("datetime field", "CANNOT_PARSE_TIMESTAMP"),
    ("month value", "DATETIME_FIELD_OUT_OF_BOUNDS"),
    ("value is out of range", "DATETIME_FIELD_OUT_OF_BOUNDS"),
    ("element_at: the index is out of bounds", "INVALID_ARRAY_INDEX_IN_ELEMENT_AT"),
    ("is not true!", "USER_RAISED_EXCEPTION"),
    ("scalar subquery returned more than one row", "SCALAR_SUBQUERY_TOO_MANY_ROWS"),
    ("failed to commit transaction", CONFLICT),
    ("metadata changed since last commit", "DELTA_METADATA_CHANGED"),
    # of an INSERT that was made ready for other columns
    ("column not found for insert", "DELTA_METADATA_CHANGED"),
    ("input schema for insert has", "DELTA_METADATA_CHANGED"),
    ("not found in table schema", "DELTA_METADATA_CHANGED"),
    ("protocol changed", "DELTA_PROTOCOL_CHANGED"),
)
_NO_DELTA = "Failed to find the data source: delta"
# around a message of Apache Spark
_OF_SPARK = re.compile(r"^\([\w.$]+\) | SQLSTATE: \w{5}(?=\n|$)")
_SYNTAX = re.compile(r"\bfound .* expected ", re.DOTALL)
_NAME = re.compile(r"ObjectName\(\[(.*?)\]\)")
_PART = re.compile(r'Identifier\("(.*?)"\)')


@contextmanager
def translated() -> Iterator[None]:
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as error:
        raise _translated(_with_plain_names(str(error).strip())) from error


def _translated(message: str) -> SqlError:
    if _NO_DELTA in message:
        return unsupported(
            "a table on an engine without Delta Lake (start the Spark Connect server of --engine "
            "with its packages, or go back by `local-warehouse up --engine embedded`)"
        )
    message = _OF_SPARK.sub("", message.partition("\n\nJVM stacktrace:")[0])
    named = from_text(message, "", "XX000")
    if named.condition:
        return from_text(message, "", _SQLSTATES.get(named.condition, "XX000"))
    lowered = message.lower()
    if "statuscode.unavailable" in lowered:
        return SqlError(
            "ENGINE_UNAVAILABLE",
            "The Spark Connect server of --engine does not answer. What this statement was to "
            "write may be done: DESCRIBE HISTORY says. Then run it again.",
            "08006",
        )
    for phrase, condition in _PHRASES:
        if phrase in lowered:
            return SqlError(condition, message, _SQLSTATES[condition])
    if _SYNTAX.search(message):
        return syntax_error(message)
    return SqlError("ENGINE_ERROR", message, "XX000")


def _with_plain_names(message: str) -> str:
    """`a`.`b` for ObjectName([Identifier("a"), Identifier("b")])."""
    return _NAME.sub(lambda m: ".".join(f"`{part}`" for part in _PART.findall(m[1])), message)
