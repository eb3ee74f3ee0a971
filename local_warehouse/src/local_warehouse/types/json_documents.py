"""JSON texts as values, read and written as Spark does by Jackson.

A value is a dict, a list, a str, a bool, None, an int, or a Fraction: a number with a point or an
exponent. What a text may hold beyond JSON are options of Jackson's.

https://docs.databricks.com/aws/en/sql/language-manual/functions/from_json
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from local_warehouse.types.java_numbers import java_text

BLANKS = " \t\r\n"
# What is allowed where options do not say otherwise, and to functions that have none.
BY_DEFAULT = frozenset({"allowSingleQuotes", "allowNonNumericNumbers"})
BY_FUNCTIONS = frozenset({"allowSingleQuotes", "allowUnquotedControlChars"})
ALLOWANCES = BY_DEFAULT | {
    "allowUnquotedControlChars", "allowUnquotedFieldNames", "allowComments",
    "allowNumericLeadingZeros", "allowBackslashEscapingAnyCharacter",
}  # fmt: skip
_LONG = 100  # digits of an integer that no type but DOUBLE and STRING has
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
# What may be no JSON; all other characters, and texts in double quotes, stay as they are.
_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*")|(?P<single>'(?:[^'\\]|\\.)*')|(?P<comment>/\*.*?\*/|//[^\n]*)"""
    r"|(?P<infinite>(?<!\w)[+-]?INF\b|[+]Infinity\b)|(?P<zeros>(?<![\w.+-])-?0+(?=\d))"
    r"|(?P<name>[A-Za-z_$][\w$]*(?=\s*:))",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_KNOWN_ESCAPES = '"\\/bfnrtu'


class Fraction(float):
    """A number with a point or an exponent, which keeps its digits."""

    text: str

    @classmethod
    def of(cls, text: str) -> Fraction:
        """The number that a text writes."""
        found = cls(text)
        found.text = text
        return found


class Repeated(dict[str, Any]):
    """An object that has a name more than once: `pairs` are all its fields."""

    pairs: list[tuple[str, Any]]


def pairs_of(value: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    """The fields of an object in their order, all of those of one name too."""
    return value.pairs if isinstance(value, Repeated) else value.items()


def decoded(text: str, allowed: frozenset[str] = BY_FUNCTIONS, *, exact: bool = True) -> Any:
    """The value that a text begins with, with `?` in place of halves of characters, such as
    `\\ud800`, as in Java. Where it is not to be `exact`, fractions are floats that may be no
    Fractions, and objects have each name once. Raises ValueError where there is no value."""
    value = decoded_as_is(text, allowed, exact=exact)
    return _of_characters(value) if _SURROGATE.search(text) else value


def decoded_as_is(text: str, allowed: frozenset[str] = BY_FUNCTIONS, *, exact: bool = True) -> Any:
    """As `decoded`, with halves of characters as they are, which no encoding has."""
    allows = allowed & {"allowNonNumericNumbers", "allowUnquotedControlChars"}
    start = len(text) - len(text.lstrip(BLANKS))
    try:
        value, _ = _decoder(allows, exact).raw_decode(text, start)
    except RecursionError as error:
        raise ValueError("too deep") from error
    except ValueError:
        strict = _TOKEN.sub(lambda token: _strict(token, allowed), text[start:])
        try:
            value, _ = _decoder(allows, True).raw_decode(strict.lstrip(BLANKS))
        except RecursionError as error:
            raise ValueError("too deep") from error
    return value


@lru_cache
def _decoder(allowed: frozenset[str], exact: bool) -> json.JSONDecoder:
    def constant(name: str) -> Fraction:
        if "allowNonNumericNumbers" not in allowed:
            raise ValueError(name)
        return Fraction.of(name)

    strict = "allowUnquotedControlChars" not in allowed
    if not exact:  # several times as fast; fails for an integer of thousands of digits
        return json.JSONDecoder(parse_constant=constant, strict=strict)
    return json.JSONDecoder(
        parse_float=Fraction.of,
        parse_int=lambda text: int(text) if len(text) < _LONG else Fraction.of(text),
        parse_constant=constant,
        object_pairs_hook=_object,
        strict=strict,
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        found = Repeated(found)
        found.pairs = pairs
    return found


def _strict(token: re.Match[str], allowed: frozenset[str]) -> str:
    """What JSON has for a token that is allowed; others stay, and are errors there."""
    text = token[0]
    if token["text"] and "allowBackslashEscapingAnyCharacter" in allowed:
        return _ESCAPED.sub(lambda m: m[0] if m[1] in _KNOWN_ESCAPES else m[1], text)
    if token["single"] and "allowSingleQuotes" in allowed:
        inner = re.sub(r"\\.|\"", lambda m: {"\\'": "'", '"': '\\"'}.get(m[0], m[0]), text[1:-1])
        return f'"{inner}"'
    if token["comment"] and "allowComments" in allowed:
        return " "
    if token["infinite"] and "allowNonNumericNumbers" in allowed:
        return "-Infinity" if text.startswith("-") else "Infinity"
    if token["zeros"] and "allowNumericLeadingZeros" in allowed:
        return text.replace("0", "")
    if token["name"] and "allowUnquotedFieldNames" in allowed:
        return f'"{text}"'
    return text


def _of_characters(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return list(map(_of_characters, value))
    if isinstance(value, dict):
        return _object([(_of_characters(n), _of_characters(v)) for n, v in pairs_of(value)])
    return value


def written(value: Any) -> str:
    """A value as JSON without blanks, with fractions as Java writes doubles."""
    return written_with(value, java_double)


def written_with(value: Any, fraction: Callable[[Any], str]) -> str:
    """A value as JSON without blanks, with fractions as a function writes them."""
    if isinstance(value, float):
        return fraction(value)
    if isinstance(value, dict):
        fields = (f"{_quoted(n)}:{written_with(v, fraction)}" for n, v in pairs_of(value))
        return "{" + ",".join(fields) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written_with(one, fraction) for one in value) + "]"
    return _quoted(value)


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def java_double(value: float) -> str:
    """A number as Java writes a double in JSON: 1.5, 1.0E10, "NaN"."""
    text = java_text(value)
    return text if math.isfinite(value) else f'"{text}"'
