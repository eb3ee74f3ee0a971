"""Predicates over rows, lists of them and of patterns, as comparisons one by one.

https://docs.databricks.com/aws/en/sql/language-manual/functions/in
https://docs.databricks.com/aws/en/sql/language-manual/functions/like
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from local_warehouse.errors import SqlError, syntax_error
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.rewrites.structs import makes_struct
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.walk import nodes, of_kind

# What says that a comparison is one of two rows' values, and the error where their types differ.
OF_ROWS = "condition_of_different_types"
_DIFFER = "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES"
_DIFFER_IN_LIST = "DATATYPE_MISMATCH.DATA_DIFF_TYPES"


def compare_rows(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Compare (a, b) = (…), (a, b) < (…) and (a, b) IN ((…), …) value by value. NULLs in rows are
    equal, and less than other values, as they are in the structs that Spark compares."""
    for node in reversed(of_kind(nodes(tree), exp.Between, *_COMPARISONS)):
        if isinstance(node, exp.Between):
            low, high = node.args["low"], node.args["high"]
            pairs = [(_COMPARISONS[exp.GTE], low), (_COMPARISONS[exp.LTE], high)]
        else:
            pairs = [(_COMPARISONS[type(node)], node.expression)]
        if all(_are_rows(node.this, other) for _, other in pairs):
            node.replace(exp.paren(exp.and_(*(compare(node.this, one) for compare, one in pairs))))
    for listing in reversed(of_kind(nodes(tree), exp.In)):
        rows = listing.expressions
        if isinstance(listing.parent, exp.Pivot):  # whose values are no conditions
            continue
        if rows and all(_are_rows(listing.this, row) for row in rows):
            matches = (_equals(listing.this, row, _DIFFER_IN_LIST) for row in rows)
            listing.replace(exp.paren(exp.or_(*matches)))
    return tree


def compare_nulls(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Write equal_null(a, b) as a <=> b, whose sides are cast to one type."""
    for call in reversed(of_kind(nodes(tree), exp.Anonymous)):
        if str(call.this).lower() == "equal_null" and len(call.expressions) == 2:
            one, other = map(exp.paren, call.expressions)
            call.replace(exp.paren(exp.NullSafeEQ(this=one, expression=other)))
    return tree


def _check_pattern(pattern: str, escape: str) -> None:
    """Raise SqlError for a sign of escape before what needs none, or before nothing."""
    if len(escape) != 1:
        return
    for after in re.findall(f"{re.escape(escape)}(.?)", pattern, re.DOTALL):
        if after == "":
            message = f"The pattern {pattern!r} must not end with {escape!r}."
            raise SqlError("INVALID_FORMAT.ESC_AT_THE_END", message)
        if after not in ("_", "%", escape):
            message = f"The pattern {pattern!r} has {escape!r} before {after!r}, which needs none."
            raise SqlError("INVALID_FORMAT.ESC_IN_THE_MIDDLE", message)


def compare_structs(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Compare a struct that is made in the list of IN, or before it, by =, for which the names of
    its fields do not count."""
    for listing in reversed(of_kind(nodes(tree), exp.In)):
        values = listing.expressions
        if values and any(makes_struct(one) for one in (listing.this, *values)):
            equals = (exp.EQ(this=listing.this.copy(), expression=one.copy()) for one in values)
            listing.replace(exp.paren(exp.or_(*equals)))
    return tree


def _are_rows(one: exp.Expr, other: exp.Expr) -> bool:
    """Whether both are rows of so many values, (a, b) or struct(a, b)."""
    is_pair = all(
        isinstance(row, exp.Tuple)
        or (makes_struct(row) and row.name.lower() == "struct" and not _has_star(row))
        for row in (one, other)
    )
    return is_pair and len(one.expressions) == len(other.expressions)


def _has_star(row: exp.Expr) -> bool:
    return any(value.is_star for value in row.expressions)


def _values(row: exp.Expr) -> list[exp.Expr]:
    return [value.unalias() for value in row.expressions]


def _names(row: exp.Expr) -> list[str | int]:
    """The names of a row's fields, as those of a struct; places of those that have none."""
    return [
        value.alias_or_name.lower() if isinstance(value, (exp.Alias, exp.Column)) else at
        for at, value in enumerate(row.expressions)
    ]


def check_patterns(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Fail by a pattern of a row that has a sign of escape before what needs none."""
    for node in reversed(of_kind(nodes(tree), exp.Like, exp.ILike)):
        pattern = node.expression
        if pattern.find(exp.Column) is not None and not isinstance(node.parent, exp.Escape):
            pattern.replace(fill(_CHECKED, {"p": exp.paren(pattern)}))
    return tree


def _equals(row: exp.Expr, other: exp.Expr, condition: str = _DIFFER) -> exp.Expr:
    """Values may have different types where the names of the fields are the same; it is an error of
    this condition elsewhere."""
    check = condition if _names(row) != _names(other) else ""
    pairs = zip(_values(row), _values(other), strict=True)
    return exp.and_(*(_comparison(exp.NullSafeEQ, *pair, check) for pair in pairs), copy=False)


def _is_less(row: exp.Expr, other: exp.Expr) -> exp.Expr:
    made: exp.Expr | None = None
    check = _DIFFER if _names(row) != _names(other) else ""
    for one, two in reversed(list(zip(_values(row), _values(other), strict=True))):
        places = {
            "a": exp.paren(one),
            "b": exp.paren(two),
            "less": _comparison(exp.LT, one, two, check),
            "same": _comparison(exp.NullSafeEQ, one, two, check),
            "rest": made or exp.false(),
        }
        made = fill(_LESS if made else _LAST_LESS, places)
    return made or exp.false()


def _comparison(kind: type[exp.Binary], one: exp.Expr, two: exp.Expr, check: str) -> exp.Expr:
    made = kind(this=exp.paren(one), expression=exp.paren(two))
    made.meta[OF_ROWS] = check
    return made


_LAST_LESS = "coalesce(less, a is null and b is not null)"
_LESS = f"({_LAST_LESS} or (same and rest))"
_COMPARISONS: dict[type[exp.Expr], Callable[[exp.Expr, exp.Expr], exp.Expr]] = {
    exp.EQ: _equals,
    exp.NullSafeEQ: _equals,
    exp.NEQ: lambda row, other: exp.not_(_equals(row, other)),
    exp.LT: _is_less,
    exp.GT: lambda row, other: _is_less(other, row),
    exp.LTE: lambda row, other: exp.not_(_is_less(other, row)),
    exp.GTE: lambda row, other: exp.not_(_is_less(row, other)),
}


# A pattern of a row, with signs of escape before what needs them alone.
_CHECKED = (
    r"if(not p rlike '^([^\\\\]|\\\\[%_\\\\])*$', raise_error(concat('[INVALID_FORMAT.',"
    r" if(p rlike '(^|[^\\\\])(\\\\\\\\)*\\\\$', 'ESC_AT_THE_END', 'ESC_IN_THE_MIDDLE'),"
    r" '] The format is invalid: ', p, '. The escape character is not allowed there.')), p)"
)


def compare_patterns(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Compare x LIKE ANY (…) and x LIKE ALL (…) pattern by pattern."""
    for call in of_kind(nodes(tree), exp.Anonymous):
        is_pattern = str(call.this).lower() in ("like", "ilike") and len(call.expressions) == 2
        if is_pattern and isinstance(call.expressions[1], exp.Literal):
            _check_pattern(call.expressions[1].name, "\\")
    for node in reversed(of_kind(nodes(tree), exp.Like, exp.ILike)):
        quantifier = node.expression
        if isinstance(quantifier, exp.Literal):
            around = node.parent
            _check_pattern(
                quantifier.name, around.expression.name if isinstance(around, exp.Escape) else "\\"
            )
        if not isinstance(quantifier, (exp.Any, exp.All)):
            continue
        listed = quantifier.this
        patterns = listed.expressions if isinstance(listed, exp.Tuple) else [listed.unnest()]
        if not patterns:
            raise syntax_error("Expected a pattern in ().")
        parts = []
        for pattern in patterns:
            part = type(node)(this=node.this.copy(), expression=pattern.copy())
            parts.append(part.not_() if node.args.get("negate") else part)
        combine = exp.or_ if isinstance(quantifier, exp.Any) else exp.and_
        node.replace(exp.paren(combine(*parts)))
    return tree
