"""JSON by a path, as get_json_object finds and writes it.

https://docs.databricks.com/aws/en/sql/language-manual/functions/get_json_object
"""

from __future__ import annotations

import functools
import json
import math
import re
from typing import Any

# A step of a path: .name, ['name'], [3], [*] or .*
_STEP = re.compile(r"\.([^.\[\]*]+|\*)|\['([^']*)'\]|\[(\d+|\*)\]")
_ALL = None  # the step [*]


class _AnyCase(str):
    """A name that is found in any case, if not in its own."""


class _Number(float):
    """A number that JSON writes with a point or an exponent."""


@functools.lru_cache(256)
def _steps(path: str, identifier: type[str] = str) -> tuple[str | int | None, ...] | None:
    """The steps of a path; None for what is no path."""
    if not path.startswith("$"):
        return None
    steps: list[str | int | None] = []
    at = 1
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            return None
        at = step.end()
        name, quoted, index = step.groups()
        if index is not None:
            steps.append(_ALL if index == "*" else int(index))
        else:
            steps.append(identifier(name) if name is not None else quoted)
    return tuple(steps)


def json_object(text: str | None, path: str | None) -> str | None:
    """What a path finds in a JSON text: a text without its quotes, or JSON without blanks; None
    where it finds nothing. What [*] finds is a JSON array, unless it is one value."""
    if text is None or path is None or (steps := _steps(path)) is None:
        return None
    return _found(text, steps)


def json_path(text: str | None, path: str | None) -> str | None:
    """What a path of the operator `:` finds in a JSON text: as json_object, but a name that is not
    in brackets is found in any case."""
    if text is None or path is None or (steps := _steps(path, _AnyCase)) is None:
        return None
    return _found(text, steps)


def _found(text: str, steps: tuple[str | int | None, ...]) -> str | None:
    try:
        tree, _ = _DECODER.raw_decode(text.lstrip())
    except ValueError:
        return None
    found = _walk(tree, steps, inner=False)
    if not found:
        return None
    value = found[0] if len(found) == 1 else found
    if value is None or (isinstance(value, str) and _ALL not in steps):
        return value
    return _written(value)


def _refuse(name: str) -> Any:
    raise ValueError(name)


# Objects are lists of pairs in a tuple, as a name may occur twice.
_DECODER = json.JSONDecoder(
    parse_float=_Number, parse_constant=_refuse, object_pairs_hook=lambda pairs: tuple(pairs)
)


def _walk(tree: Any, steps: tuple[str | int | None, ...], *, inner: bool) -> list[Any]:
    """The values at a path, at most one without [*]. What a further [*] finds is an array."""
    if not steps:
        return [tree]
    step, rest = steps[0], steps[1:]
    if step is _ALL:
        if not isinstance(tree, list):
            return []
        if rest[:1] == (_ALL,):
            tree = [one for row in tree if isinstance(row, list) for one in row]
            rest = rest[1:]
        found = [value for one in tree for value in _walk(one, rest, inner=True)]
        return [found] if inner else found
    if isinstance(step, int):
        is_there = isinstance(tree, list) and step < len(tree)
        return _walk(tree[step], rest, inner=inner) if is_there else []
    pairs = tree if isinstance(tree, tuple) else ()
    values = [value for name, value in pairs if name == step]
    if not values and isinstance(step, _AnyCase):
        values = [value for name, value in pairs if name.lower() == step.lower()]
    return _walk(values[0], rest, inner=inner) if values else []


def _written(value: Any) -> str:
    """JSON as Databricks writes it."""
    if isinstance(value, float):
        return _java_double(value)
    if isinstance(value, tuple):
        inner = (f"{json.dumps(k, ensure_ascii=False)}:{_written(v)}" for k, v in value)
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _java_double(value: float) -> str:
    """A number as Java writes a double: 1.5, 1.0E10."""
    if math.isinf(value):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(float(value))
    digits, _, exponent = f"{float(value)!r}".partition("e")
    if not exponent:
        sign, number = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
        whole, _, fraction = number.partition(".")
        if whole.strip("0"):
            shift, figures = len(whole) - 1, (whole + fraction).rstrip("0")
        else:
            shift, figures = len(fraction.lstrip("0")) - len(fraction) - 1, fraction.lstrip("0")
        return f"{sign}{figures[0]}.{figures[1:] or '0'}E{shift}"
    return f"{digits if '.' in digits else digits + '.0'}E{int(exponent)}"
