"""Regular expressions: patterns in Java's syntax, as Spark takes them, in Rust's for the engine.

https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/regex/Pattern.html
https://docs.rs/regex/latest/regex/#syntax
"""

from __future__ import annotations

import re

from sqlglot import exp

from local_warehouse.errors import unsupported
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.sql.walk import nodes, of_kind

_TESTS = {"rlike", "regexp", "regexp_like"}  # take a pattern second, and tell whether it occurs
_USES = {"regexp_count", "regexp_extract", "regexp_extract_all", "regexp_instr", "regexp_replace",
         "regexp_substr"}  # fmt: skip
_AROUND = re.compile(r"(?<!\\)\(\?<?[=!]")
_LINE_ENDS = r"\n\r\x{85}\x{2028}\x{2029}"
_AT_END = rf"(?:\r\n|[{_LINE_ENDS}])?\z"
_CLASSES = {
    "d": "[0-9]", "D": "[^0-9]", "w": "[0-9A-Za-z_]", "W": "[^0-9A-Za-z_]",
    "s": r"[ \t\n\x0B\f\r]", "S": r"[^ \t\n\x0B\f\r]",
}  # fmt: skip


def translate_patterns(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Write the constant patterns of a tree in Rust's syntax, which has no look-around: that raises
    SqlError."""
    for call in of_kind(nodes(tree), exp.Anonymous, exp.RegexpLike):
        if isinstance(call, exp.RegexpLike):
            _translate(call.expression, tests=True)
            continue
        name = str(call.this).lower()
        if name in _TESTS | _USES and len(call.expressions) > 1:
            _translate(call.expressions[1], tests=name in _TESTS)
    return tree


def _translate(pattern: exp.Expr, *, tests: bool) -> None:
    if isinstance(pattern, exp.RawString) or (
        isinstance(pattern, exp.Literal) and pattern.is_string
    ):
        around = _AROUND.search(pattern.name)
        if around is not None:
            raise unsupported(
                f"look-around, {around[0]}…), in the regular expression {pattern.name}"
            )
        pattern.replace(exp.Literal.string(to_rust(pattern.name, tests=tests)))


def to_rust(java: str, *, tests: bool) -> str:
    r"""The pattern with Java's meaning: \d, \w and \s match ASCII only, and `.` no line end. In a
    pattern that only `tests`, `$` also matches before a last line end; elsewhere it would take the
    line end into the match."""
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
