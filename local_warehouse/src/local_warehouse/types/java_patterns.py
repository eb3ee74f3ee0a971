r"""Regular expressions of Java with look-around, which the engine does not have, by Python's `re`.

Only what both write and mean alike is taken, or can be written for Python: an escape such as \p{L}
is not.

https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/regex/Pattern.html
https://docs.python.org/3/library/re.html#regular-expression-syntax
"""

from __future__ import annotations

import functools
import json
import re

_LINE_ENDS = r"\n\r\u0085\u2028\u2029"
_AT_END = rf"(?=(?:\r\n|[{_LINE_ENDS}])?\Z)"
_ESCAPE = re.compile(r"\\(?:[dDwWsStnrf]|[1-9]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[^\w\s])")
_FLAGS = re.compile(r"\(\?[ims]+\)")
_GROUP = re.compile(r"\(\?(?:[:=!>]|<[=!])")
_NAMED = re.compile(r"\(\?<(?=[A-Za-z])")
_REFERENCE = re.compile(r"\\(.)|\$(?:\{(\w+)\}|(\d))|([\\$])", re.DOTALL)


@functools.lru_cache(maxsize=256)
def java_pattern(java: str) -> re.Pattern[str]:
    """The pattern as Python's, where \\d, \\w and \\s are ASCII, as they are in Java. Raises
    ValueError for what Python does not have, or means otherwise."""
    flags = _FLAGS.match(java)
    given = flags[0][2:-1] if flags is not None else ""
    at = flags.end() if flags is not None else 0
    python, in_class = [f"(?a{given})"], False
    while at < len(java):
        part, written = _part(java, at, in_class=in_class)
        if part == "[" and not in_class:
            in_class, at = True, at + 1
            # A bracket that stands first is one of the characters in Python, and none in Java.
            if java[at : at + 1] in ("]", "[") or java[at : at + 2] == "^]":
                raise ValueError("a bracket at the beginning of a class")
        elif part == "]" and in_class:
            in_class, at = False, at + 1
        else:
            at += len(part)
        if part in (".", "$") and not in_class:
            if part == "$" and "m" in given:
                raise ValueError("$ with the flag m")
            written = _AT_END if part == "$" else "." if "s" in given else f"[^{_LINE_ENDS}]"
        python.append(written)
    try:
        return re.compile("".join(python))
    except re.error as error:
        raise ValueError(str(error)) from error


def _part(java: str, at: int, *, in_class: bool) -> tuple[str, str]:
    """The part of a pattern at a place, and what Python has for it."""
    character = java[at]
    if character == "\\":
        escape = _ESCAPE.match(java, at)
        if escape is None:
            raise ValueError(f"the escape {java[at : at + 2]}")
        return escape[0], escape[0]
    if in_class and (character == "[" or java.startswith("&&", at)):
        raise ValueError("a class of classes")
    if java.startswith("(?", at) and not in_class:
        named = _NAMED.match(java, at)
        if named is not None:
            return named[0], "(?P<"
        group = _GROUP.match(java, at)
        if group is None:
            raise ValueError(f"the group {java[at : at + 4]}")
        return group[0], group[0]
    return character, character


def pattern_groups(text: str | None, java: str | None, group: str | None) -> str | None:
    """What a group of a pattern has in each match in a text, as a JSON array; '' where the group is
    not in the match, as regexp_extract_all has it."""
    if text is None or java is None or group is None:
        return None
    matches = java_pattern(java).finditer(text)
    return json.dumps([match[int(group)] or "" for match in matches], ensure_ascii=False)


def pattern_pieces(text: str | None, java: str | None) -> str | None:
    """The pieces of a text between the matches of a pattern, as a JSON array; there is none before
    an empty match at the beginning."""
    if text is None or java is None:
        return None
    pieces, start = [], 0
    for match in java_pattern(java).finditer(text):
        if match.end() > 0:
            pieces.append(text[start : match.start()])
            start = match.end()
    return json.dumps([*pieces, text[start:]], ensure_ascii=False)


def has_groups(java: str, replacement: str) -> bool:
    """Whether a pattern has the groups that a replacement names, which is well written."""
    groups = java_pattern(java)
    return all(
        wrong is None
        and (name is None or name in groups.groupindex)
        and (number is None or int(number) <= groups.groups)
        for _, name, number, wrong in (found.groups() for found in _REFERENCE.finditer(replacement))
    )


def pattern_replaced(text: str | None, java: str | None, replacement: str | None) -> str | None:
    r"""The text with each match replaced; $1 and ${name} are groups, and \ is before what stands
    for itself."""
    if text is None or java is None or replacement is None:
        return None
    return java_pattern(java).sub(functools.partial(_replacement, replacement), text)


def _replacement(replacement: str, match: re.Match[str]) -> str:
    def part(reference: re.Match[str]) -> str:
        literal, name, number, _ = reference.groups()
        if literal is not None:
            return str(literal)
        return match[name if name is not None else int(number)] or ""

    return _REFERENCE.sub(part, replacement)
