"""Statements of a session with `ansi_mode = false`: those that the engine, which computes in ANSI
mode, answers as they are meant.

What is listed here means the same in both modes, but for casts of texts, which are NULL where ANSI
mode fails; anything else is refused. The bodies of views and functions are not looked at, as they
keep the mode in which they were made.

https://docs.databricks.com/aws/en/sql/language-manual/parameters/ansi_mode
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.evident_types import name_of_type
from local_warehouse.rewrites.kinds import Kinds
from local_warehouse.rewrites.output_names import name_outputs
from local_warehouse.rewrites.scopes import branches
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes
from local_warehouse.types.kinds import ALL, BOOLEAN, STRING, kinds, kinds_of_type

_SAME = (
    exp.Alias, exp.Boolean, exp.CTE, exp.DataType, exp.DataTypeParam, exp.Distinct, exp.From,
    exp.Group, exp.HexString, exp.Identifier, exp.Limit, exp.Literal, exp.Null, exp.Offset,
    exp.Order, exp.Ordered, exp.Paren, exp.RawString, exp.Select, exp.Star, exp.Subquery,
    exp.Table, exp.TableAlias, exp.TryCast, exp.Var,
)  # fmt: skip
_COMPARED = tuple(map(kinds, ("1248", *"bfdsxDTN")))
_CALLS = {"count": ALL, "max": ALL, "min": ALL, "range": kinds("1248")}  # what they may be given
_CASTS = {
    kinds(given): kinds(wanted)
    for given, wanted in (
        ("b", "b1248fds"), ("1", "b1248fds"), ("2", "b248fds"), ("4", "b48fds"), ("8", "b8fds"),
        ("fd", "bfds"), ("c", "fd"), ("s", "bdfsxDTN"), ("x", "sx"), ("DTN", "sDTN"),
    )
}  # fmt: skip
_SPECIAL = ("epoch", "now", "today", "tomorrow", "yesterday")  # moments that a constant may name


def refusal(what: str) -> SqlError:
    """The error of what may mean something else than in ANSI mode."""
    return unsupported(
        f"{what} with ansi_mode = false, where it may mean something else: leave ansi_mode = true"
    )


def read_without_ansi(tree: exp.Expr, written: list[exp.Expr]) -> None:
    """Have casts of texts be tried, in place, in a tree whose names are resolved. `written` are the
    nodes that its author wrote. Raises SqlError for one that may mean something else."""
    of = Kinds(nodes(tree))
    for node in written:
        check = _CHECKED.get(type(node))
        is_bare_call = isinstance(node, exp.Func) and not any(node.iter_expressions())
        if not (check(node, of) if check else type(node) in _SAME or is_bare_call):
            raise refusal(node.key.upper() if node.find(exp.Table) else render(node))
    name_outputs(tree)  # before a cast has another name
    for cast in reversed(written):
        if type(cast) is exp.Cast and not cast.meta.get("is_literal") and _reads_text(cast, of):
            cast.replace(exp.TryCast(this=cast.this, to=cast.to))


def _reads_text(cast: exp.Cast, of: Kinds) -> bool:
    return bool(of.of(cast.this) & STRING & ~kinds_of_type(name_of_type(cast.to)))


def _fit(values: Iterable[exp.Expr], of: Kinds, *kinds_together: int) -> bool:
    """Whether all values are of one of these sets of kinds, or NULL."""
    found = functools.reduce(operator.or_, map(of.of, values), 0)
    return any(not found & ~kinds_of_one for kinds_of_one in kinds_together)


def _is_castable(cast: exp.Expr, of: Kinds) -> bool:
    wanted, value = kinds_of_type(name_of_type(cast.args["to"])), cast.this
    while isinstance(value, (exp.Cast, exp.Paren)):
        value = value.this
    if isinstance(value, exp.Literal) and value.name.strip().lower() in _SPECIAL:
        return bool(cast.meta.get("is_literal"))
    given = (kind for kind, takes in _CASTS.items() if wanted & takes)
    return _fit([cast.this], of, functools.reduce(operator.or_, given, 0))


def _is_aligned(whole: exp.Expr, of: Kinds) -> bool:
    if not isinstance(whole, exp.SetOperation) or isinstance(whole.parent, exp.SetOperation):
        return True  # it is looked at as a part of that
    rows = [one.selects if isinstance(one, exp.Query) else [] for one in branches(whole)]
    is_plain = not whole.args.get("by_name") and len({len(row) for row in rows}) == 1
    return is_plain and all(_fit(column, of, *_COMPARED) for column in zip(*rows, strict=True))


def _is_plain_join(join: exp.Expr, of: Kinds) -> bool:
    is_plain = not join.args.get("method") and not join.args.get("using")
    return is_plain and _fit(filter(None, [join.args.get("on")]), of, BOOLEAN)


def _is_negated_literal(node: exp.Expr, _: Kinds) -> bool:
    value = node.this.this if isinstance(node.this, exp.Cast) else node.this
    return isinstance(value, exp.Literal) and not value.is_string


_CONDITIONS = (exp.And, exp.Or, exp.Not, exp.Where, exp.Having)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ,
                exp.NullSafeNEQ, exp.Between, exp.In)  # fmt: skip
_CHECKED: dict[type[exp.Expr], Callable[[exp.Expr, Kinds], bool]] = {
    exp.Anonymous: lambda f, of: _fit(f.expressions, of, _CALLS.get(str(f.this).lower(), 0)),
    exp.Cast: _is_castable,
    exp.Column: lambda column, of: not of.is_field(column),
    exp.Is: lambda test, of: test.expression.key == "null" or _fit([test.this], of, BOOLEAN),
    exp.Join: _is_plain_join,
    exp.Neg: _is_negated_literal,
    exp.With: lambda ctes, _: not ctes.args.get("recursive"),
    **dict.fromkeys((exp.Union, exp.Intersect, exp.Except), _is_aligned),
    **dict.fromkeys(_CONDITIONS, lambda node, of: _fit(node.iter_expressions(), of, BOOLEAN)),
    **dict.fromkeys(_COMPARISONS, lambda node, of: _fit(node.iter_expressions(), of, *_COMPARED)),
}
