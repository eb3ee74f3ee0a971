"""Hadoop path globs: `*`, `?`, `[a-z]`, `[^a]`, `{a,b}`, and a backslash before a character."""

from __future__ import annotations

import re

_SPECIAL = set("*?[{\\")


def is_glob(path: str) -> bool:
    """Whether a path has a character to match or to unescape."""
    return any(char in _SPECIAL for char in path)


def literal_prefix(path: str) -> str:
    """The plain text before the first special character: where a listing may start."""
    for position, char in enumerate(path):
        if char in _SPECIAL:
            return path[:position]
    return path


def unescape(path: str) -> str | None:
    """The plain path that a glob names when it only escapes characters, else None."""
    plain = ""
    position = 0
    while position < len(path):
        char = path[position]
        if char == "\\" and position + 1 < len(path):
            position += 1
            char = path[position]
        elif char in _SPECIAL:
            return None
        plain += char
        position += 1
    return plain


def compile_glob(path: str) -> re.Pattern[str]:
    """The regular expression of a glob, for whole paths; wildcards do not cross a slash."""
    out: list[str] = []
    depth = 0
    position = 0
    while position < len(path):
        char = path[position]
        position += 1
        if char == "\\" and position < len(path):
            out.append(re.escape(path[position]))
            position += 1
        elif char == "*":
            out.append("[^/]*")
        elif char == "?":
            out.append("[^/]")
        elif char == "[" and (end := path.find("]", position + 1)) > 0:
            body = path[position:end]
            negated = body[:1] in ("^", "!")
            body = body[1:] if negated else body
            out.append(
                "[" + ("^/" if negated else "") + re.sub(r"([\\\[\]^])", r"\\\1", body) + "]"
            )
            position = end + 1
        elif char == "{":
            depth += 1
            out.append("(?:")
        elif char == "}" and depth:
            depth -= 1
            out.append(")")
        elif char == "," and depth:
            out.append("|")
        else:
            out.append(re.escape(char))
    out.extend(")" * depth)
    return re.compile("".join(out), re.DOTALL)
