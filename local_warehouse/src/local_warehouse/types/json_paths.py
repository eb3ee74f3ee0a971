"""What is in a JSON text: by a path, as get_json_object finds and writes it, its names, its length.

https://docs.databricks.com/aws/en/sql/language-manual/functions/get_json_object
"""

from __future__ import annotations

import functools
import re
from typing import Any

from local_warehouse.types.json_documents import decoded, decoded_as_is, pairs_of, written

# A step of a path: .name, ['name'], [3], [*] or .*
_STEP = re.compile(r"\.([^.\[\]*]+|\*)|\['([^']*)'\]|\[(\d+|\*)\]")
_ALL = None  # the step [*]


class _AnyCase(str):
    """A name that is found in any case, if not in its own."""


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


def json_array_length(text: str | None) -> str | None:
    """The number of values of a JSON array; None for what is none."""
    value = _value(text)
    return str(len(value)) if isinstance(value, list) else None


def json_object_keys(text: str | None) -> str | None:
    """The names of the fields of a JSON object as a JSON array; None for what is none."""
    value = _value(text)
    return written([name for name, _ in pairs_of(value)]) if isinstance(value, dict) else None


def strict_json(text: str | None) -> str | None:
    """The value that a text begins with, as JSON without blanks; None where it begins with none."""
    value = _value(text)
    return None if value is None else written(value)


def _value(text: str | None) -> Any:
    """The value that a text begins with; None also where it begins with none."""
    try:
        return None if text is None else decoded(text)
    except ValueError:
        return None


def _found(text: str, steps: tuple[str | int | None, ...]) -> str | None:
    try:
        found = _walk(decoded_as_is(text), steps, inner=False)
        if not found:
            return None
        value = found[0] if len(found) == 1 else found
        if value is not None and not (isinstance(value, str) and _ALL not in steps):
            value = written(value)
        return None if value is None else value.encode().decode()
    except ValueError:  # no JSON, or halves of characters
        return None


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
    pairs = pairs_of(tree) if isinstance(tree, dict) else ()
    values = [value for name, value in pairs if name == step]
    if not values and isinstance(step, _AnyCase):
        values = [value for name, value in pairs if name.lower() == step.lower()]
    return _walk(values[0], rest, inner=inner) if values else []
