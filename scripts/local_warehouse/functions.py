"""Functions whose answers differ in the engine, called so that they give those of Databricks.

tests/conformance/ holds the warehouse against Apache Spark, function by function.
"""

from __future__ import annotations

import re

from sqlglot import exp

from local_warehouse.dialect import parse

# What stands for a call with so many arguments; `call` is the call, `x` its first argument.
_CORRECTED = {
    ("datediff", 2): "cast(call as int)",  # the engine's is a BIGINT
    ("date_diff", 2): "cast(call as int)",
    ("weekday", 1): "pmod(call, 7)",  # the engine's Sunday is -1
    ("isnan", 1): "coalesce(call, false)",  # the engine's is NULL of NULL
    # words end at a blank only, and not at every sign
    ("initcap", 1): "array_join(transform(split(x, ' '),"
    " w -> concat(upper(left(w, 1)), lower(substr(w, 2)))), ' ')",
}
_TESTS = {"rlike", "regexp", "regexp_like"}  # take a pattern second, and tell whether it occurs
_USES = {"regexp_count", "regexp_extract", "regexp_extract_all", "regexp_instr", "regexp_replace",
         "regexp_substr"}  # fmt: skip


def correct(tree: exp.Expr) -> None:
    """Change the calls of such functions in a query, inner before outer."""
    for call in reversed(list(tree.find_all(exp.Anonymous, exp.Initcap, exp.RegexpLike))):
        if isinstance(call, exp.RegexpLike):
            _translate(call.expression, tests=True)
            continue
        is_anonymous = isinstance(call, exp.Anonymous)
        name = str(call.this if is_anonymous else call.sql_name()).lower()
        arguments = call.expressions if is_anonymous else [call.this]
        if name in _TESTS | _USES and len(arguments) > 1:
            _translate(arguments[1], tests=name in _TESTS)
        elif (name, len(arguments)) in _CORRECTED:
            corrected = parse(f"select {_CORRECTED[name, len(arguments)]}").expressions[0]
            places = {"call": call, "x": arguments[0]}
            for place in list(corrected.find_all(exp.Column)):
                if place.name in places:
                    place.replace(places[place.name].copy())
            call.replace(corrected)


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
