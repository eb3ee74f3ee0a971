"""The engine's exceptions, translated to errors with the conditions that Databricks has for them.

Conditions and SQLSTATEs: https://docs.databricks.com/aws/en/error-messages/error-classes
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from local_warehouse.errors import (
    CONFLICT,
    ForeignError,
    SqlError,
    split_condition,
    syntax_error,
    unsupported,
)

# Phrases of the engine's messages in lower case, and their conditions. The first that fits counts.
_PHRASES = (
    ("merge_cardinality_violation", "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE"),
    ("table not found", "TABLE_OR_VIEW_NOT_FOUND"),
    ("cannot resolve attribute", "UNRESOLVED_COLUMN.WITH_SUGGESTION"),
    ("cannot resolve wildcard", "CANNOT_RESOLVE_STAR_EXPAND"),
    ("number of column names", "ASSIGNMENT_ARITY_MISMATCH"),
    ("ambiguous attribute", "AMBIGUOUS_REFERENCE"),
    ("unknown function", "UNRESOLVED_ROUTINE"),
    ("unknown table function", "UNRESOLVABLE_TABLE_VALUED_FUNCTION"),
    ("does not support zero arguments", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION"),
    ("aggregate function calls cannot be nested", "NESTED_AGGREGATE_FUNCTION"),
    ("valid fields are", "MISSING_AGGREGATION"),
    ("cannot coerce arithmetic expression", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES"),
    ("common argument type for comparison", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES"),
    ("explode should only be called", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"),
    ("limit must be >= 0", "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE"),
    ("offset must be >=0", "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE"),
    ("insubquery should only return one", "DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH"),
    ("in subquery column count mismatch", "DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH"),
    ("different number of columns", "NUM_COLUMNS_MISMATCH"),
    ("must have the same number of columns", "NUM_COLUMNS_MISMATCH"),
    ("cannot resolve column position", "ORDER_BY_POS_OUT_OF_RANGE"),
    ("divide by zero", "DIVIDE_BY_ZERO"),
    ("division by zero", "DIVIDE_BY_ZERO"),
    ("remainder by zero", "REMAINDER_BY_ZERO"),
    ("arithmetic overflow", "ARITHMETIC_OVERFLOW"),
    (" overflow on ", "ARITHMETIC_OVERFLOW"),
    ("overflowing on", "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"),  # a DOUBLE as a DECIMAL
    ("is too large to store in a decimal", "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"),
    ("is too small to store in a decimal", "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"),
    ("is out of range int8", "BINARY_ARITHMETIC_OVERFLOW"),  # decimals: integers are added as such
    ("is out of range int16", "BINARY_ARITHMETIC_OVERFLOW"),
    ("is out of range int32", "ARITHMETIC_OVERFLOW"),
    ("is out of range int64", "ARITHMETIC_OVERFLOW"),
    ("can't cast value", "CAST_OVERFLOW"),
    ("cannot cast", "CAST_INVALID_INPUT"),
    ("invalid timestamp", "CAST_INVALID_INPUT"),
    ("datetime field", "CANNOT_PARSE_TIMESTAMP"),
    ("month value", "DATETIME_FIELD_OUT_OF_BOUNDS"),
    ("invalid input for spark `make_timestamp", "DATETIME_FIELD_OUT_OF_BOUNDS"),
    ("value is out of range", "DATETIME_FIELD_OUT_OF_BOUNDS"),
    ("element_at: the index is out of bounds", "INVALID_ARRAY_INDEX_IN_ELEMENT_AT"),
    ("the index 0 is invalid", "INVALID_INDEX_OF_ZERO"),
    ("field position must not be zero", "INVALID_INDEX_OF_ZERO"),
    ("expects group index between", "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX"),
    ("the group index must be non-negative", "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX"),
    ("comparator returned null", "COMPARATOR_RETURNS_NULL"),
    ("must be a single character", "DATATYPE_MISMATCH.INPUT_SIZE_NOT_ONE"),
    ("is not true!", "USER_RAISED_EXCEPTION"),
    ('nulls for non-nullable structarray field "key"', "NULL_MAP_KEY"),
    ("invalid scalar function clause", "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX"),
    (
        "scalar subquery should only return one column",
        "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN",
    ),
    ("scalar subquery returned more than one row", "SCALAR_SUBQUERY_TOO_MANY_ROWS"),
    ("failed to commit transaction", CONFLICT),
    ("metadata changed since last commit", "DELTA_METADATA_CHANGED"),
    # raised where the table's columns changed after an INSERT was resolved
    ("column not found for insert", "DELTA_METADATA_CHANGED"),
    ("input schema for insert has", "DELTA_METADATA_CHANGED"),
    ("not found in table schema", "DELTA_METADATA_CHANGED"),
    ("protocol changed", "DELTA_PROTOCOL_CHANGED"),
)
# Phrases of what the engine has no way to compute, found while it plans or where it computes.
_INCAPABLE = (
    "cannot get result type",
    "cannot run range queries on",
    "a group by clause in a scalar correlated subquery",
    "correlated scalar subquery must be aggregated",
    "converted value exceeds the representable",
    "does not support logical expression",
    "expected string ",  # an array or a scalar, which a format is to read
    "field names must be string literals",
    "path must be a constant string",
    "unsupported args [",  # of encode(), a charset that is a column
    "no field named __correlated",  # a subquery whose relations read its outer query
    "null_aware anti join only supports",
    "physical input schema should be the same",  # a column that may be NULL here and not there
    "projections require unique expression names",  # a subquery correlated by an inequality
    "subquery can only be used in",  # not in ORDER BY
    "there isn't a common type to coerce",
    "to spark data type",
    "unsupported cast from",
    "unsupported data type",
    "unsupported try_cast from",
    "not implemented",
    "not supported",
    "not yet supported",
    "tablesample with rows",
    "this feature is not implemented",
)
_FAR_MOMENT = re.compile(r"^Timestamp -?\d+ out of range")
_NO_DELTA = "Failed to find the data source: delta"
# what Apache Spark puts around a message
_SPARK_FRAME = re.compile(r"^\([\w.$]+\) | SQLSTATE: \w{5}(?=\n|$)")
# an error of a function that Python computes, in its traceback
_OF_PYTHON = re.compile(r"^[\w.]+\.SqlError: (?P<text>\[.*)", re.MULTILINE | re.DOTALL)
_MISSING = re.compile(r"function: (\w+)")  # one that the engine knows by name only
_SYNTAX = re.compile(r"\bfound .* expected ", re.DOTALL)
_NAME = re.compile(r"ObjectName\(\[(.*?)\]\)")
_PART = re.compile(r'Identifier\("(.*?)"\)')


@contextmanager
def as_sql_errors() -> Iterator[None]:
    """Raise SqlError in place of an exception of pyspark."""
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
    message = _SPARK_FRAME.sub("", message.partition("\n\nJVM stacktrace:")[0])
    of_python = _OF_PYTHON.search(message)
    named, text = split_condition(of_python["text"] if of_python else message)
    if named:
        return ForeignError(named, text)
    lowered = message.lower()
    if "statuscode.unavailable" in lowered:
        return SqlError(
            "ENGINE_UNAVAILABLE",
            "The Spark Connect server of --engine does not answer. What this statement was to "
            "write may be done: DESCRIBE HISTORY says. Then run it again.",
        )
    if _FAR_MOMENT.match(message) or any(phrase in lowered for phrase in _INCAPABLE):
        return unsupported(f"this expression: {message.splitlines()[0]}")
    for phrase, condition in _PHRASES:
        if phrase in lowered:
            return SqlError(condition, message)
    if missing := _MISSING.fullmatch(message):
        return unsupported(f"the function {missing[1]}")
    if _SYNTAX.search(message):
        return syntax_error(message)
    return SqlError("ENGINE_ERROR", message)


def _with_plain_names(message: str) -> str:
    """The message with `a`.`b` in place of ObjectName([Identifier("a"), Identifier("b")])."""
    return _NAME.sub(lambda m: ".".join(f"`{part}`" for part in _PART.findall(m[1])), message)
