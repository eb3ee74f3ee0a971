"""What sqlglot reads of other dialects and Databricks does not take: names of types, functions with
a grammar of their own, operators, literals.

A query that has one would work here, and fail there.
https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datatypes
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import Token, TokenType, exp

from local_warehouse.errors import SqlError
from local_warehouse.sql.walk import nodes, of_kind

OPERATORS = (
    "#>", "#>>", "&&", "&<", "&>", "->>", "-|-", ":=", "<->", "<<->>", "??", "~*", "~~", "~~*",
    "~~~",
)  # fmt: skip
FUNCTIONS = (
    "ARGMAX", "ARGMIN", "ARG_MAX", "ARG_MIN", "CONVERT", "GAP_FILL", "JSON_OBJECT",
    "JSON_OBJECTAGG", "JSON_TABLE", "MATCH", "NORMALIZE", "OPENJSON", "TRY_CONVERT",
    "WEIGHT_STRING", "XMLELEMENT", "XMLTABLE",
)  # fmt: skip
COMPARISONS = ("BETWEEN", "ILIKE", "IN", "IS", "LIKE", "RLIKE")
LITERALS = (TokenType.NATIONAL_STRING, TokenType.NATIONAL_RAW_STRING, TokenType.INTRODUCER)

_OF_LITERALS = (  # sqlglot has TIMESTAMPTZ for a TIMESTAMP
    *(exp.DataType.Type.DATE, exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPTZ),
    *(exp.DataType.Type.TIMESTAMPLTZ, exp.DataType.Type.TIMESTAMPNTZ),
)
_SIZED = ("CHAR", "CHARACTER", "VARCHAR")
_SCALED = ("DEC", "DECIMAL", "NUMERIC")
_NESTED = ("ARRAY", "MAP", "STRUCT")
_TYPES = {
    "BIGINT", "BINARY", "BOOLEAN", "BYTE", "DATE", "DOUBLE", "FLOAT", "GEOGRAPHY", "GEOMETRY",
    "INT", "INTEGER", "INTERVAL", "LONG", "OBJECT", "REAL", "SHORT", "SMALLINT", "STRING",
    "TIMESTAMP", "TIMESTAMP_LTZ", "TIMESTAMP_NTZ", "TINYINT", "VARIANT", "VOID",
    *_SIZED, *_SCALED, *_NESTED,
}  # fmt: skip
_SUFFIXES = ("BD", "D", "F", "L", "S", "Y")  # of numbers, which sqlglot reads as casts
_MARK = "foreign"


def mark_type(found: exp.DataType, tokens: Sequence[Token]) -> None:
    """Note of a type, which these tokens were read as, that Databricks has it not."""
    word, behind = tokens[0].text.upper(), tokens[1].text.upper() if len(tokens) > 1 else ""
    shown = "".join(token.text for token in tokens).upper()
    if word in _SUFFIXES and not behind:
        return
    if word not in _TYPES or tokens[-1].token_type == TokenType.R_BRACKET:
        found.meta[_MARK] = "UNSUPPORTED_DATATYPE", shown
    elif word in _SIZED and behind != "(":
        found.meta[_MARK] = "DATATYPE_MISSING_SIZE", shown
    elif word in _NESTED:
        if not behind.startswith("<"):
            found.meta[_MARK] = "PARSE_SYNTAX_ERROR", shown
    elif behind and word != "INTERVAL" and behind != "COLLATE":
        if behind != "(":
            found.meta[_MARK] = "PARSE_SYNTAX_ERROR", " ".join(token.text for token in tokens)
        elif word not in (*_SIZED, *_SCALED, "GEOGRAPHY", "GEOMETRY"):
            found.meta[_MARK] = "UNSUPPORTED_DATATYPE", shown


def check_type(kind: exp.DataType) -> None:
    """Raise SqlError for a type that is none of Databricks', or has one in it."""
    for node in of_kind(nodes(kind), exp.DataType):
        condition, shown = node.meta.get(_MARK, (None, ""))
        if condition == "DATATYPE_MISSING_SIZE":
            message = f'DataType "{shown}" requires a length parameter, for example "{shown}"(10).'
            raise SqlError(condition, message)
        if condition is not None:
            raise SqlError(
                condition,
                f"Unsupported data type {shown}: Databricks SQL has no type of that name.",
            )


def check_literal(kind: exp.DataType) -> None:
    """Raise SqlError for a type that no literal begins with."""
    if _MARK in kind.meta or kind.this not in _OF_LITERALS:
        shown = kind.meta.get(_MARK, ("", kind.sql(dialect="databricks")))[1]
        raise SqlError(
            "UNSUPPORTED_TYPED_LITERAL",
            f"Literals of the type {shown} are not supported. Supported are DATE, TIMESTAMP_NTZ,"
            " TIMESTAMP_LTZ, TIMESTAMP, INTERVAL and X.",
        )


def is_plain_hexadecimal(token: Token, text: str) -> bool:
    """Whether a literal of bytes is written as 0x1F, and not as X'1F'."""
    return text[token.start : token.start + 1] == "0"
