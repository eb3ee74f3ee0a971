"""Branches of a UNION ALL that each read one file and differ only in literals, merged into one.

A loader's statement has a branch for each of its files. A scan takes the engine milliseconds, and
a branch the parser, so a thousand small files would take minutes. Such branches are found by their
tokens before anything is parsed, and one of each kind stays in the statement. Its path stands for
all paths. Its literals that differ stand for columns that the scan adds to the rows of each file.
A branch that is not plain enough for that stays as it is.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from local_warehouse.errors import SqlError
from local_warehouse.sql.dialect import parse, render

# Tokens of which such statements are made. A statement with any other is left as it is, so that
# only sqlglot reads comments, parameters and unusual literals.
_TOKEN = re.compile(
    r"\s+|`(?:[^`]|``)+`|'(?:[^'\\]|\\['\\])*'|[^\W\d]\w*|\d+(?![\w.])|=>|<=>|<=|>=|<>|!=|-(?!-)|[(),.=<>*+|]"
)
_MARK = f"constant_{secrets.token_hex(8)}"  # begins a column's name: random, so no user has it
_ROW_FUNCTIONS = {
    "array", "coalesce", "concat", "concat_ws", "contains", "endswith", "if", "ifnull", "left",
    "length", "lower", "ltrim", "nullif", "nvl", "replace", "right", "rtrim", "startswith",
    "substr", "substring", "translate", "trim", "try_cast", "upper",
}  # fmt: skip
_ROW_NODES = (
    exp.Alias, exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Paren,
    exp.Cast, exp.DataType, exp.Case, exp.If, exp.Is, exp.Not, exp.And, exp.Or, exp.EQ, exp.NEQ,
    exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Like, exp.RegexpLike, exp.Sub, exp.Add,
)  # fmt: skip

Constant = str | int


@dataclass(frozen=True)
class MergedFiles:
    """The files of a merged branch, and the literals in which its branches differ."""

    paths: list[str]
    constants: dict[str, list[Constant]]  # by column name, one for each path
    casts: dict[str, str] = field(default_factory=dict)  # SQL types by column name


@dataclass
class MergedScans:
    """The merged branches of one statement."""

    by_path: dict[str, MergedFiles] = field(default_factory=dict)  # by the path in the statement

    def bind(self, tree: exp.Expr) -> None:
        """Put columns of the scans in place of the literals of merged branches, in the tree. A
        literal's cast, such as TIMESTAMP'…', is replaced with it: the scan casts once a file."""
        files = {name: one for one in self.by_path.values() for name in one.constants}
        if not files:
            return
        for found in list(tree.find_all(exp.Literal)):
            if not found.is_string or found.name not in files:
                continue
            place: exp.Expr = found
            if type(found.parent) is exp.Cast and _given(found.parent) == {"this", "to"}:
                place = found.parent
                files[found.name].casts[found.name] = render(place.args["to"])
            place.replace(exp.column(exp.to_identifier(found.name, quoted=True)))


@dataclass
class _Branch:
    tokens: list[str]
    literals: list[int]  # where in tokens those stand that may differ
    path: int  # where in tokens the path stands


def merge(text: str) -> tuple[str, MergedScans]:
    """A statement with its like branches merged, and their files; the same text where there are
    none."""
    scans = MergedScans()
    parts = _split(text)
    if parts is None:
        return text, scans
    prefix, branches = parts
    kinds: dict[str, list[_Branch]] = {}
    for tokens in branches:
        kind, branch = _kind(tokens)
        if branch is None:
            return text, scans
        kinds.setdefault(kind, []).append(branch)
    merged: list[str] = []
    for number, alike in enumerate(kinds.values()):
        body = _merge(alike, f"{_MARK}_{number}_", scans) if len(alike) > 1 else None
        merged += [body] if body else [" ".join(branch.tokens) for branch in alike]
    if not scans.by_path:
        return text, scans
    return f"{prefix} {' UNION ALL '.join(merged)}", scans


def _split(text: str) -> tuple[str, list[list[str]]] | None:
    """An INSERT's text before its query, and the tokens of each branch; None where it is no INSERT
    of several branches, or one that cannot be parted by its tokens."""
    if text[:20].split(None, 1)[:1] not in (["INSERT"], ["insert"]) or "UNION" not in text.upper():
        return None
    found = _TOKEN.findall(text)
    if sum(map(len, found)) != len(text):
        return None
    prefix: list[str] = []
    branches: list[list[str]] = []
    current = prefix
    depth = 0
    for token in found:
        if token.isspace():
            if current is prefix:
                prefix.append(" ")
            continue
        if depth == 0 and current[-1:] in (["UNION"], ["union"]) and token.upper() != "ALL":
            return None  # UNION drops equal rows, those of the branches before it too
        if token in ("(", ")"):
            depth += {"(": 1, ")": -1}[token]
        elif depth == 0 and token.isalpha():
            word = token.upper()
            if word in ("EXCEPT", "INTERSECT", "MINUS"):
                return None
            if word == "SELECT" and not branches:
                current = []
                branches.append(current)
            elif word == "ALL" and branches and current and current[-1].upper() == "UNION":
                current.pop()
                current = []
                branches.append(current)
                continue
        current.append(token)
    return ("".join(prefix), branches) if len(branches) > 1 else None


def _kind(tokens: list[str]) -> tuple[str, _Branch | None]:
    """A text that is the same for branches that can be merged: all tokens, with the type of each
    literal in its place. Options of read_files keep their values. No branch where one has a
    literal that is not plain."""
    kind: list[str] = []
    literals: list[int] = []
    path = -1
    reading = False
    for index, token in enumerate(tokens):
        first = token[0]
        if first == "'" and len(before := tokens[index - 1]) == 1 and before.isalpha():
            return "", None  # r'…', x'…': not a plain string
        if first.isdigit() and int(token) >= 2**63:
            return "", None
        if (first == "'" or first.isdigit()) and (not reading or path < 0):
            if reading:
                path = index
            literals.append(index)
            token = "'" if first == "'" else "int" if int(token) < 2**31 else "bigint"
        elif first in "rR" and token.lower() == "read_files":
            reading = True
        kind.append(token)
    return " ".join(kind), _Branch(tokens, literals, path)


def _merge(alike: Sequence[_Branch], mark: str, scans: MergedScans) -> str | None:
    """The one branch in place of the branches of a kind, or None where they cannot be merged."""
    first = alike[0]
    tokens = list(first.tokens)
    constants: dict[str, list[Constant]] = {}
    for position in first.literals:
        texts = [branch.tokens[position] for branch in alike]
        if position == first.path or any(text != texts[0] for text in texts):
            name = f"{mark}{position}"
            tokens[position] = f"'{name}'"
            constants[name] = [_value(text) for text in texts]
    body = " ".join(tokens)
    paths = constants.pop(f"{mark}{first.path}", None)
    if paths is None or not _is_plain(body, f"{mark}{first.path}", set(constants)):
        return None
    scans.by_path[f"{mark}{first.path}"] = MergedFiles([str(path) for path in paths], constants)
    return body


def _value(token: str) -> Constant:
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token[0] == "'" else int(token)


def _is_plain(body: str, path: str, constants: set[str]) -> bool:
    """Whether each row of the branch is computed from one row of one file, and from literals."""
    try:
        tree = parse(body)
    except SqlError:
        return False
    if not isinstance(tree, exp.Select) or _given(tree) != {"expressions", "from_"}:
        return False
    table = tree.args["from_"].this
    if not isinstance(table, exp.Table) or _given(table) != {"this"}:
        return False
    function = table.this
    if not isinstance(function, exp.Anonymous) or function.name.lower() != "read_files":
        return False
    given, *options = function.expressions
    if not isinstance(given, exp.Literal) or given.name != path:
        return False
    given_options = {option.name.lower(): option.expression.name for option in options}
    if "schema" not in given_options or given_options.get("format", "").lower() != "csv":
        return False
    nodes = [node for column in tree.expressions for node in column.walk()]
    named = all(isinstance(column, (exp.Alias, exp.Column)) for column in tree.expressions)
    found = {node.name for node in nodes if isinstance(node, exp.Literal)}
    return named and constants <= found and all(map(_is_by_row, nodes))


def _is_by_row(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in _ROW_FUNCTIONS
    if isinstance(node, exp.Identifier):
        return node.name.lower() != "_metadata"
    return isinstance(node, _ROW_NODES)


def _given(node: exp.Expr) -> set[str]:
    return {name for name, value in node.args.items() if value}
