"""NEW local_warehouse/src/local_warehouse/rewrites/regular_expressions.py"""

from __future__ import annotations

import re

from sqlglot import exp

# Java's regular expressions (java.util.regex.Pattern) in the engine's syntax, which is Rust's

_LINE_ENDS = r"\n\r\x{85}\x{2028}\x{2029}"
_AT_END = rf"(?:\r\n|[{_LINE_ENDS}])?\z"
_CLASSES = {
    "d": "[0-9]", "D": "[^0-9]", "w": "[0-9A-Za-z_]", "W": "[^0-9A-Za-z_]",
    "s": r"[ \t\n\x0B\f\r]", "S": r"[^ \t\n\x0B\f\r]",
}  # fmt: skip


def _translate(pattern: exp.Expr, *, tests: bool) -> None:
    if isinstance(pattern, exp.RawString) or (
        isinstance(pattern, exp.Literal) and pattern.is_string
    ):
        pattern.replace(exp.Literal.string(to_rust(pattern.name, tests=tests)))


def to_rust(java: str, *, tests: bool) -> str:
    r"""The pattern with Java's meaning: \d, \w and \s are of ASCII, `.` matches no line end, and
    `$` is also before a last line end, which only a pattern that `tests` may take in."""
    rust, at, depth = [], 0, 0
    while at < len(java):
        size = 2 if java[at] == "\\" else 1
        part = java[at : at + size]
        at += size
        if size == 2:
            part = _CLASSES.get(part[1:], part)
        elif part == "[":
            depth += 1
        elif part == "]" and depth:
            depth -= 1
        elif depth == 0 and part == "." and not _has_flag(java, "s"):
            part = f"[^{_LINE_ENDS}]"
        elif depth == 0 and part == "$" and tests and not _has_flag(java, "m"):
            part = _AT_END
        rust.append(part)
    return "".join(rust)


def _has_flag(java: str, flag: str) -> bool:
    return re.search(rf"\(\?[a-zA-Z]*{flag}", java) is not None
