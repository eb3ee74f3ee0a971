"""Texts by formats of java.util.Formatter, as format_string and printf make them.

https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/Formatter.html
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

from local_warehouse.errors import SqlError, unsupported

BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
_FRACTIONS = ("float", "double")
_SPEC = re.compile(
    r"%(?:(?P<index>\d+)\$)?(?P<flags>[-#+ 0,(<]*)(?P<width>\d+)?(?:\.(?P<precision>\d+))?"
    r"(?P<conversion>[a-zA-Z%])"
)
_OF_NUMBERS = frozenset("+ 0,(")
_UPPER = frozenset("BHSCXEG")
_DEFAULT_PRECISION = 6
_LEAST_GENERAL = -4  # the exponent below which %g writes one
_WIDE = Context(prec=800)  # for all digits of a DOUBLE
_LARGEST_CODE_POINT = 0x10FFFF


class _Spec(NamedTuple):
    flags: str
    width: int
    precision: int | None
    text: str  # as it is in the format, for errors


class _Value(NamedTuple):
    data_type: str
    text: str | None  # None for NULL


_Conversion = Callable[[_Value, _Spec], str | None]  # None where a format does not fit


def java_format(pattern: str | None, types: str, *texts: str | None) -> str | None:
    """The text of a format and values: `types` are theirs, with commas between, `texts` what a
    cast to STRING makes of them. Raises SqlError for a format that Java does not take."""
    if pattern is None:
        return None
    values = [_Value(kind, text) for kind, text in zip(types.split(","), texts, strict=False)]
    parts: list[str] = []
    at = ordinary = last = 0
    while (found := pattern.find("%", at)) >= 0:
        parts.append(pattern[at:found])
        spec = _SPEC.match(pattern, found)
        if spec is None:
            raise _wrong(pattern, pattern[found:])
        at, flags = spec.end(), spec["flags"]
        if spec["conversion"] in "%n":
            parts.append(_literal(spec))
            continue
        if "<" in flags:
            index = last
        elif spec["index"]:
            index = int(spec["index"])
        else:
            index = ordinary = ordinary + 1
        if not 1 <= index <= len(values):
            raise _wrong(pattern, spec[0])
        last = index
        parts.append(_formatted(pattern, spec, values[index - 1]))
    return "".join([*parts, pattern[at:]])


def _wrong(pattern: str, part: str) -> SqlError:
    message = f"The value of parameter `strfmt` is invalid: {part!r} in {pattern!r} does not fit."
    return SqlError("INVALID_PARAMETER_VALUE", message)


def _literal(spec: re.Match[str]) -> str:
    text = "\n" if spec["conversion"] == "n" else "%"
    width = int(spec["width"] or 0)
    return text.ljust(width) if "-" in spec["flags"] else text.rjust(width)


def _formatted(pattern: str, match: re.Match[str], value: _Value) -> str:
    precision = int(match["precision"]) if match["precision"] else None
    spec = _Spec(match["flags"].replace("<", ""), int(match["width"] or 0), precision, match[0])
    flags = set(spec.flags)
    conversion = match["conversion"].lower()
    convert = _CONVERSIONS.get(conversion)
    is_upper = match["conversion"].isupper()
    if convert is None or (is_upper and match["conversion"] not in _UPPER):
        if match["conversion"] in "tTaA":
            raise unsupported(f"{match[0]!r} in a format")
        raise _wrong(pattern, match[0])
    is_empty = (flags & set("-0") and not spec.width) or {"-", "0"} <= flags or {"+", " "} <= flags
    if len(spec.flags) > len(flags) or is_empty:
        raise _wrong(pattern, match[0])
    if conversion in "bhsc" and flags & (_OF_NUMBERS | {"#"}):
        raise _wrong(pattern, match[0])
    if conversion in "dox" and precision is not None:
        raise _wrong(pattern, match[0])
    text = _of_null(conversion, spec) if value.text is None else convert(value, spec)
    if text is None:
        raise _wrong(pattern, match[0])
    blanks = " " * (spec.width - len(text.encode("utf-16-le")) // 2)
    padded = text + blanks if "-" in flags else blanks + text
    return padded.upper() if is_upper else padded


def _of_null(conversion: str, spec: _Spec) -> str:
    text = "false" if conversion == "b" else "null"
    return text if spec.precision is None else text[: spec.precision]


def _cut(text: str, spec: _Spec) -> str:
    """The first units of UTF-16 of a text, with ? for half a character."""
    if spec.precision is None or len(text) < spec.precision:
        return text
    return (
        text.encode("utf-16-le")[: 2 * spec.precision]
        .decode("utf-16-le", "replace")
        .replace("\ufffd", "?")
    )


def _boolean(value: _Value, spec: _Spec) -> str | None:
    return _cut("false" if value == ("boolean", "false") else "true", spec)


def _text(value: _Value, spec: _Spec) -> str | None:
    return _cut(str(value.text), spec)


def _hash(value: _Value, spec: _Spec) -> str | None:
    if value.data_type in BITS and value.data_type != "bigint":
        return _cut(f"{int(str(value.text)) & 0xFFFFFFFF:x}", spec)
    raise unsupported(f"{spec.text!r} of {value.data_type.upper()} in a format")


def _character(value: _Value, spec: _Spec) -> str | None:
    if value.data_type not in BITS or value.data_type == "bigint" or spec.precision is not None:
        return None
    point = int(str(value.text))
    return chr(point) if 0 <= point <= _LARGEST_CODE_POINT else None


def _whole(value: _Value, spec: _Spec) -> str | None:
    if value.data_type not in BITS or "#" in spec.flags:
        return None
    number = int(str(value.text))
    digits = f"{abs(number):,}" if "," in spec.flags else str(abs(number))
    return _signed(digits, number < 0, spec)


def _in_base(letter: str, prefix: str) -> _Conversion:
    def convert(value: _Value, spec: _Spec) -> str | None:
        if value.data_type not in BITS or set(spec.flags) & set("+ ,("):
            return None
        number = int(str(value.text)) % 2 ** BITS[value.data_type]
        digits = (prefix if "#" in spec.flags else "") + format(number, letter)
        return _zeros(digits, spec)

    return convert


def _zeros(digits: str, spec: _Spec) -> str:
    """Digits behind 0x, with zeros between."""
    if "0" not in spec.flags:
        return digits
    start = 2 if digits.startswith("0x") else 0
    return digits[:start] + digits[start:].zfill(spec.width - start)


def _of_fraction(write: Callable[[Decimal, int, _Spec], str | None]) -> _Conversion:
    """The conversion that writes a fraction without its sign, by a precision."""

    def convert(value: _Value, spec: _Spec) -> str | None:
        number = _number(value)
        if isinstance(number, str) or number is None:
            return _not_finite(number, spec)
        precision = _DEFAULT_PRECISION if spec.precision is None else spec.precision
        digits = write(abs(number), precision, spec)
        return None if digits is None else _signed(digits, number.is_signed(), spec)

    return convert


def _scientific(number: Decimal, places: int, spec: _Spec) -> str | None:
    return None if "," in spec.flags else _with_exponent(number, places, spec)


def _general(number: Decimal, precision: int, spec: _Spec) -> str | None:
    figures, exponent = precision or 1, 0
    if number:
        unit = Decimal((0, (1,), number.adjusted() - figures + 1))
        exponent = number.quantize(unit, ROUND_HALF_UP, _WIDE).adjusted()
    if "#" in spec.flags:
        return None
    if _LEAST_GENERAL <= exponent < figures:
        return _digits(number, figures - exponent - 1, spec)
    return _scientific(number, figures - 1, spec)


def _number(value: _Value) -> Decimal | str | None:
    """A fraction by the digits that Java writes of it; a text for what is not finite, and None for
    a value that is no fraction."""
    if value.data_type not in _FRACTIONS:
        return None
    number = float(str(value.text))
    if value.data_type == "float":
        [number] = struct.unpack("f", struct.pack("f", number))
    return str(value.text) if number - number != 0 else Decimal(repr(number))


def _not_finite(text: str | None, spec: _Spec) -> str | None:
    if text is None or text == "NaN":
        return text
    plain = _Spec(spec.flags.replace("0", ""), 0, None, spec.text)
    return _signed("Infinity", text.startswith("-"), plain)


def _digits(number: Decimal, places: int, spec: _Spec) -> str:
    rounded = number.quantize(Decimal((0, (1,), -places)), ROUND_HALF_UP, _WIDE)
    return f"{rounded:,f}" if "," in spec.flags else f"{rounded:f}" + _point(places, spec)


def _with_exponent(number: Decimal, places: int, spec: _Spec) -> str:
    rounded = number
    if number:
        unit = Decimal((0, (1,), number.adjusted() - places))
        rounded = number.quantize(unit, ROUND_HALF_UP, _WIDE)
    exponent = rounded.adjusted() if rounded else 0
    mantissa = rounded.scaleb(-exponent, _WIDE).quantize(
        Decimal((0, (1,), -places)), ROUND_HALF_UP, _WIDE
    )
    sign = "-" if exponent < 0 else "+"
    return f"{mantissa:f}{_point(places, spec)}e{sign}{abs(exponent):02d}"


def _point(places: int, spec: _Spec) -> str:
    return "." if "#" in spec.flags and not places else ""


def _signed(digits: str, is_negative: bool, spec: _Spec) -> str:
    before = after = ""
    if is_negative:
        before, after = ("(", ")") if "(" in spec.flags else ("-", "")
    elif "+" in spec.flags or " " in spec.flags:
        before = "+" if "+" in spec.flags else " "
    if "0" in spec.flags:
        digits = digits.zfill(spec.width - len(before) - len(after))
    return before + digits + after


_CONVERSIONS: dict[str, _Conversion] = {
    "b": _boolean, "h": _hash, "s": _text, "c": _character, "d": _whole, "o": _in_base("o", "0"),
    "x": _in_base("x", "0x"), "e": _of_fraction(_scientific), "f": _of_fraction(_digits),
    "g": _of_fraction(_general),
}  # fmt: skip
