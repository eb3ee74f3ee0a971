"""Arguments whose text says that Databricks does not take them, and of which the engine makes
something: a sine of a DATE, a part of an ARRAY as a text, a number that is compared with a DATE.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datatype-rules
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.evident_types import evident_type
from local_warehouse.rewrites.operand_types import DIGITS
from local_warehouse.sql.dialect import render

_OF_NUMBERS = {
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "bitmap_bit_position",
    "bitmap_bucket_number", "cbrt", "cos", "cosh", "cot", "csc", "date_from_unix_date", "degrees",
    "exp", "expm1", "from_unixtime", "hypot", "ln", "log", "log10", "log1p", "log2", "make_date",
    "pow", "power", "radians", "rint", "sec", "sin", "sinh", "sqrt", "tan", "tanh",
}  # fmt: skip
_SIGNS = {"negative", "positive"}  # take INTERVALs too
_OF_TEXTS = {
    "ascii", "base64", "btrim", "char_length", "character_length", "contains", "endswith",
    "initcap", "instr", "lcase", "left", "len", "length", "levenshtein", "locate", "lower", "lpad",
    "ltrim", "luhn_check", "md5", "overlay", "parse_url", "position", "regexp_count",
    "regexp_extract", "regexp_replace", "repeat", "replace", "reverse", "right", "rpad", "rtrim",
    "sha", "sha1", "sha2", "soundex", "split", "split_part", "startswith", "substr", "substring",
    "substring_index", "translate", "trim", "try_parse_url", "try_to_binary", "try_validate_utf8",
    "ucase", "unhex", "upper",
}  # fmt: skip
_OF_MOMENTS = {
    "day", "dayofmonth", "dayofweek", "dayofyear", "hour", "last_day", "minute", "month", "quarter",
    "second", "weekday", "weekofyear", "year",
}  # fmt: skip
_WITHOUT_MOMENTS = {
    "base64", "md5", "parse_url", "sha", "sha1", "sha2", "try_parse_url",
}  # fmt: skip
_COUNTING = {"left", "lpad", "repeat", "right", "rpad", "split_part", "substr", "substring"}
_OF_ARRAYS = {"reverse"}  # take ARRAYs too
_NESTED = {"array", "map", "named_struct", "struct"}
_MOMENTS = ("date", "timestamp")


def check_call(name: str, call: exp.Expr, arguments: Iterable[exp.Expr]) -> None:
    """Raise SqlError for an argument of a call that is evidently of an unfit type, and cast a
    moment to STRING in place where a text is taken."""
    unfit: tuple[str, ...]
    if name in _OF_NUMBERS:
        unfit = ("interval", "nested", "boolean", "binary", "moment")
    elif name in _SIGNS:
        unfit = ("nested", "boolean", "binary", "moment")
    elif name in _OF_TEXTS:
        unfit = ("nested",) if name not in _OF_ARRAYS else ()
    elif name in _OF_MOMENTS:
        unfit = ("interval", "nested", "boolean", "number")
    else:
        return
    for argument in list(arguments):
        kind = _kind(argument)
        if name in _OF_TEXTS and kind == "interval":
            raise unsupported(f"{name}() of {render(argument)} (cast it to STRING)")
        is_count = name in _COUNTING and argument.index
        is_refused = kind == "moment" and (name in _WITHOUT_MOMENTS or is_count)
        if name in _OF_TEXTS and kind == "moment" and not is_refused:
            argument.replace(exp.cast(argument.copy(), "string"))  # the engine's text is another
        if name == "translate" and kind == "binary":
            raise unsupported("translate() of BINARY (cast it to STRING)")
        if kind in unfit or is_refused:
            raise SqlError(
                "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                f"Cannot resolve {render(call)} due to data type mismatch: it does not take"
                f" {render(argument)}.",
            )


def check_type(call: exp.Expr, data_type: str) -> None:
    """Raise SqlError for a type that is none of a number."""
    if _kind_of_type(data_type) in ("moment", "interval", "boolean"):
        raise SqlError(
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            f"Cannot resolve {render(call)} due to data type mismatch: it does not take"
            f" {data_type.upper()}.",
        )


def check_compared(node: exp.Expr, operands: Iterable[exp.Expr]) -> None:
    """Raise SqlError for a comparison of a moment or an INTERVAL with a number."""
    values = list(operands)
    if any(_is_map(value) for value in values):
        raise SqlError(
            "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
            f"Cannot resolve {render(node)} due to data type mismatch: MAPs are not compared.",
        )
    kinds = {_kind(value) for value in values} & {"number", "interval", "moment"}
    if len(kinds) > 1:
        is_binary = isinstance(node, (exp.Binary, exp.Case))
        raise SqlError(
            "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES"
            if is_binary
            else "DATATYPE_MISMATCH.DATA_DIFF_TYPES",
            f"Cannot resolve {render(node)} due to data type mismatch: it compares a"
            f" {' with a '.join(sorted(kinds))}.",
        )


def check_common(types: Iterable[str], node: exp.Expr) -> None:
    """Raise SqlError for values of which an expression gives one and that have no common type."""
    kinds = {_kind_of_type(data_type) for data_type in types} - {"", "void"}
    has_one = kinds & {"array", "map", "struct", "interval"}  # with nothing else
    if len(kinds & {"number", "interval", "moment"}) > 1 or (has_one and len(kinds) > 1):
        raise SqlError(
            "DATATYPE_MISMATCH.DATA_DIFF_TYPES",
            f"Cannot resolve {render(node)} due to data type mismatch: its values should have one"
            f" type, and are {' and '.join(sorted(set(types))).upper()}.",
        )


def _is_map(value: exp.Expr) -> bool:
    return isinstance(value, exp.Anonymous) and str(value.this).lower() == "map"


def _kind(argument: exp.Expr) -> str:
    """What an argument evidently is; empty for what may be anything."""
    if isinstance(argument, exp.Anonymous) and str(argument.this).lower() in _NESTED:
        return "nested"
    if isinstance(argument, (exp.Paren, exp.Neg, exp.Coalesce)):
        return _kind(argument.this)
    kind = _kind_of_type(evident_type(argument))
    if kind == "" and isinstance(argument, (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)):
        sides = {_kind(argument.this), _kind(argument.expression)}
        return "number" if "number" in sides and not sides & {"moment", "interval"} else ""
    return kind


def _kind_of_type(data_type: str) -> str:
    if data_type.startswith(_MOMENTS):
        return "moment"
    if data_type in DIGITS or data_type.startswith(("decimal", "float", "double")):
        return "number"
    if data_type.startswith(("array<", "map<", "struct<", "interval")):
        return data_type.partition("<")[0].partition(" ")[0]
    return data_type
