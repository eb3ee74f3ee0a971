"""Regular expressions: patterns in Java's syntax, as Spark takes them, in Rust's for the engine.

https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/regex/Pattern.html
https://docs.rs/regex/latest/regex/#syntax
"""

from __future__ import annotations

import re

from sqlglot import exp

from local_warehouse.errors import unsupported
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.rewrites.templates import PREFIX, fill
from local_warehouse.sql.walk import nodes, of_kind
from local_warehouse.types.java_patterns import has_groups, java_pattern

_TESTS = {"rlike", "regexp", "regexp_like"}  # take a pattern second, and tell whether it occurs
_USES = {"regexp_count", "regexp_extract", "regexp_extract_all", "regexp_instr", "regexp_replace",
         "regexp_substr"}  # fmt: skip
_AROUND = re.compile(r"(?<!\\)\(\?<?[=!]")
_OPTIONAL = re.compile(r"[*?|]|\{0")
_NAMED = re.compile(r"\(\?<(?=[A-Za-z])")
# What stands for a call whose pattern Rust does not have; `x` is the text, `p` the pattern, `y` the
# group or the replacement.
_GROUPS = f"{PREFIX}pattern_groups(cast(x as string), p, {{}})"
_MATCHED = _GROUPS.format("'0'")
_MATCHES, _OF_GROUP = (
    f"from_json({_GROUPS.format(group)}, 'array<string>')" for group in ("'0'", "cast(y as string)")
)
_BY_PYTHON = {
    **dict.fromkeys(_TESTS, f"({_MATCHED} <> '[]')"),
    "regexp_count": f"size({_MATCHES})",
    "regexp_extract": f"if(size({_OF_GROUP}) = 0, '', get({_OF_GROUP}, 0))",
    "regexp_extract_all": _OF_GROUP,
    "regexp_substr": f"get({_MATCHES}, 0)",
    "split": f"from_json({PREFIX}pattern_pieces(cast(x as string), p), 'array<string>')",
    "regexp_replace": f"{PREFIX}pattern_replaced(cast(x as string), p, cast(y as string))",
}
_LINE_ENDS = r"\n\r\x{85}\x{2028}\x{2029}"
_AT_END = rf"(?:\r\n|[{_LINE_ENDS}])?\z"
_CLASSES = {
    "d": "[0-9]", "D": "[^0-9]", "w": "[0-9A-Za-z_]", "W": "[^0-9A-Za-z_]",
    "s": r"[ \t\n\x0B\f\r]", "S": r"[^ \t\n\x0B\f\r]",
}  # fmt: skip


def translate_patterns(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Write the constant patterns of a tree in Rust's syntax, which has no look-around and no empty
    match behind another: those that have them are left to Python. Raises SqlError for one that
    Python does not have."""
    for call in reversed(of_kind(nodes(tree), exp.Anonymous, exp.RegexpLike)):
        is_operator = isinstance(call, exp.RegexpLike)
        name = "rlike" if is_operator else str(call.this).lower()
        arguments = [call.this, call.expression] if is_operator else call.expressions
        if name not in _TESTS | _USES | {"split"} or len(arguments) < 2:
            continue
        pattern = arguments[1]
        is_text = isinstance(pattern, exp.Literal) and pattern.is_string
        if not is_text and not isinstance(pattern, exp.RawString):
            continue
        if _AROUND.search(pattern.name):
            call.replace(_by_python(name, pattern.name, arguments, "look-around"))
        elif _may_be_empty(name, pattern.name, arguments):
            call.replace(_by_python(name, pattern.name, arguments, "an empty match"))
        elif name != "split":
            pattern.replace(exp.Literal.string(to_rust(pattern.name, tests=name in _TESTS)))
    return tree


def _may_be_empty(name: str, pattern: str, arguments: list[exp.Expr]) -> bool:
    """Whether a call takes all matches of a pattern, of which one may be empty and stand behind
    another: b* matches four times in abc, and not three times as in Rust."""
    if name not in ("regexp_count", "regexp_extract_all", "regexp_replace"):
        return False
    is_removed = name == "regexp_replace" and len(arguments) > 2 and arguments[2].name == ""
    is_anchored = pattern.startswith("^") and "|" not in pattern
    if is_removed or is_anchored or not _OPTIONAL.search(pattern):
        return False
    try:
        return re.search(_NAMED.sub("(?P<", pattern), "") is not None
    except re.error:  # one of Java's own
        return False


def _by_python(name: str, pattern: str, arguments: list[exp.Expr], what: str) -> exp.Expr:
    """A call whose pattern Rust does not have. Raises SqlError where Python has no such pattern, or
    another meaning for it, and for a group that is not a number of one."""
    form = f"{what} in the regular expression {pattern}"
    try:
        compiled = java_pattern(pattern)
    except ValueError as error:
        raise unsupported(f"{form}: {error}") from error
    last = arguments[2] if len(arguments) > 2 else exp.Literal.number(1)
    is_taken = len(arguments) == 2
    if name in ("regexp_extract", "regexp_extract_all"):
        is_number = len(arguments) < 4 and isinstance(last, exp.Literal) and last.is_int
        is_taken = is_number and int(last.name) <= compiled.groups
    elif name == "regexp_replace":
        is_text = len(arguments) == 3 and isinstance(last, (exp.Literal, exp.RawString))
        is_taken = is_text and has_groups(pattern, last.name)
    if name not in _BY_PYTHON or not is_taken:
        raise unsupported(f"{form}, in {name} with these arguments")
    places = {"x": arguments[0], "p": exp.Literal.string(pattern), "y": last}
    return exp.paren(fill(_BY_PYTHON[name], places))


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
