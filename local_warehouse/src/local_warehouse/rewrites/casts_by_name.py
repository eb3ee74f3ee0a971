"""Functions that are named as types, such as string(x): the casts that they stand for.

https://docs.databricks.com/aws/en/sql/language-manual/functions/string
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.scopes import ColumnsOf, is_aggregate
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_TYPES = {"bigint", "binary", "boolean", "date", "decimal", "double", "float", "int", "smallint",
          "string", "timestamp", "tinyint"}  # fmt: skip


def cast_by_name(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Put a cast in place of a call of a type."""
    for call in reversed(of_kind(nodes(tree), exp.Anonymous)):
        name = str(call.this).lower()
        if name not in _TYPES or len(call.expressions) != 1 or isinstance(call.parent, exp.Dot):
            continue
        cast: exp.Expr = exp.cast(call.expressions[0].copy(), name)
        given = call.expressions[0]
        has_name = isinstance(given, exp.Column) or given.is_string or given.is_int
        if isinstance(call.parent, exp.Select) and has_name:
            cast = exp.alias_(cast, given.name, quoted=True)
        call.replace(cast)
    return tree


def keep_name(cast: exp.Cast) -> None:
    """Give the column of a SELECT that is a cast, or a cast or an aggregate of it, its name in
    place: what computes the cast otherwise has another one."""
    whole: exp.Expr = cast
    while isinstance(whole.parent, exp.Cast) or (whole.parent and is_aggregate(whole.parent)):
        whole = whole.parent
    if isinstance(whole.parent, exp.Select) and whole.arg_key == "expressions":
        is_column = whole is cast and isinstance(cast.this, exp.Column)
        name = cast.this.name if is_column else _text(whole)
        named = exp.Alias(alias=exp.to_identifier(name, quoted=True))
        whole.replace(named)
        named.set("this", whole)


def _text(value: exp.Expr) -> str:
    match value:
        case exp.Cast():
            word = "TRY_CAST" if isinstance(value, exp.TryCast) else "CAST"
            return f"{word}({_text(value.this)} AS {render(value.to)})"
        case exp.Anonymous():
            return f"{value.this}({', '.join(map(_text, value.expressions))})"
        case exp.Literal() | exp.Column():
            return str(value.name)
    return render(value)
