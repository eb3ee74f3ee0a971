"""The kinds that types are of, as bits of a number: a set of them is their sum."""

from __future__ import annotations

import functools
import re

# Each kind with the letter that stands for it in a list of kinds.
_LETTERS = {
    "boolean": "b", "tinyint": "1", "smallint": "2", "int": "4", "bigint": "8", "float": "f",
    "double": "d", "decimal": "c", "string": "s", "binary": "x", "date": "D", "timestamp": "T",
    "timestamp_ntz": "N", "days": "y", "months": "m", "array": "a", "map": "M", "struct": "S",
    "variant": "v",
}  # fmt: skip
_BITS = {letter: 1 << place for place, letter in enumerate(_LETTERS.values())}
_WORD = re.compile(r"[a-z_]+")
_INNER = 32  # bits to the left: where the kinds are of what is in ARRAYs, MAPs and STRUCTs
TOP = (1 << len(_LETTERS)) - 1
ALL = TOP | TOP << _INNER


def kinds(letters: str) -> int:
    """The set of kinds that letters stand for."""
    return sum(_BITS[letter] for letter in set(letters))


def letters(of: int) -> str:
    """The letters that stand for a set of kinds."""
    return "".join(letter for letter, bit in _BITS.items() if of & bit)


NUMBERS, BOOLEAN, STRING, MOMENTS = kinds("1248fdc"), kinds("b"), kinds("s"), kinds("DTNym")
FLOAT, DOUBLE, DECIMAL = map(kinds, "fdc")
MAP, READ_FROM_TEXT = kinds("M"), kinds("b1248fdcsxDTNym")
# Kinds that are compared with each other; a VARIANT is compared with nothing.
FAMILIES = (NUMBERS, kinds("DTN"), *map(kinds, "bsxymaMS"))
_OTHER_NAMES = {"void": 0, "any": TOP, "char": STRING, "varchar": STRING}


def names(of: int) -> list[str]:
    """The names of the kinds in a set."""
    return [name.upper() for name, letter in _LETTERS.items() if of & _BITS[letter]]


def top_kinds(of: int) -> int:
    """The kinds in a set without those of what is in ARRAYs, MAPs and STRUCTs."""
    return of & TOP


def everywhere(of: int) -> int:
    """The kinds of a set, and the same kinds in ARRAYs, MAPs and STRUCTs."""
    return of | of << _INNER


def inner_kinds(of: int) -> int:
    """The kinds of what may be in the ARRAYs, MAPs and STRUCTs of a set."""
    return everywhere(of >> _INNER)


def held_kinds(of: int) -> int:
    """A set of what ARRAYs, MAPs and STRUCTs hold, where values of a set are put into them."""
    return (of & TOP | of >> _INNER) << _INNER


@functools.cache
def kinds_of_type(data_type: str) -> int:
    """The kind of a type, and apart from it the kinds of what is in it."""
    words = _WORD.findall(data_type)
    if not words or words[0] == "interval":
        return _interval(set(words))
    inner = 0
    for at, word in enumerate(words[1:], 1):
        inner |= _interval(set(words[at:])) if word == "interval" else _kind(word, 0)
    return _kind(words[0], TOP) | inner << _INNER


def _kind(word: str, otherwise: int) -> int:
    return kinds(_LETTERS[word]) if word in _LETTERS else _OTHER_NAMES.get(word, otherwise)


def _interval(words: set[str]) -> int:
    """Both kinds of INTERVALs, unless words say which of them."""
    if not words & {"year", "month", "day", "hour", "minute", "second"}:
        return kinds("ym")
    return kinds("m") if words & {"year", "month"} else kinds("y")


def kind_of_type(data_type: str) -> int:
    """The one kind that a type is of, whatever is in it; both of an INTERVAL without fields."""
    return top_kinds(kinds_of_type(data_type))
