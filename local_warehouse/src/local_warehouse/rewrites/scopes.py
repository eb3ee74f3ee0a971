"""Places in a syntax tree: which relations and columns an expression can use where it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlglot import exp

from local_warehouse.catalog.model import Column
from local_warehouse.sql.walk import nodes, of_kind

_Query = TypeVar("_Query", bound=exp.Expr)

ColumnsOf = Callable[[exp.Expr], list[Column]]  # asks the engine for the columns of a query
Rewrite = Callable[[exp.Expr, ColumnsOf], exp.Expr]
SelectRewrite = Callable[[exp.Select, ColumnsOf], exp.Select]


def place_of(node: exp.Expr) -> exp.Expr | None:
    """The SELECT, UPDATE, DELETE or MERGE that an expression belongs to, or None."""
    place = node.find_ancestor(exp.Select, exp.Delete, exp.Update, exp.Merge)
    if isinstance(place, exp.Update) and place.this is None:  # a step of MERGE
        return place.find_ancestor(exp.Merge)
    return place


def relations_of(place: exp.Expr) -> exp.Select:
    """A query of the relations that the expressions of a place read."""
    if isinstance(place, exp.Select):
        return star_query(place)
    query = exp.Select(from_=exp.From(this=place.this.copy()))
    source = place.args.get("using")
    if isinstance(source, exp.Expr):
        query.set("joins", [exp.Join(this=source.copy(), kind="CROSS")])
    return query


# https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-functions-builtin (aggregates)
AGGREGATES = {
    "any", "any_value", "approx_count_distinct", "approx_percentile", "approx_top_k", "array_agg",
    "avg", "bit_and", "bit_or", "bit_xor", "bool_and", "bool_or", "collect_list", "collect_set",
    "corr", "count", "count_if", "covar_pop", "covar_samp", "every", "first", "first_value",
    "kurtosis", "last", "last_value", "listagg", "max", "max_by", "mean", "median", "min",
    "min_by", "mode", "percentile", "percentile_approx", "percentile_cont", "percentile_disc",
    "regr_count", "skewness", "some", "std", "stddev", "stddev_pop", "stddev_samp", "string_agg",
    "sum", "try_avg", "try_sum", "var_pop", "var_samp", "variance",
}  # fmt: skip

_RANDOM = {"monotonically_increasing_id", "rand", "randn", "random", "randstr", "shuffle",
           "uniform", "uuid"}  # fmt: skip


def selects(tree: exp.Expr) -> list[exp.Select]:
    """The SELECTs of a tree, inner before outer, those of CTEs first and in the CTEs' order."""
    found: list[exp.Select] = []
    _add_selects(tree, found)
    return found


def _add_selects(tree: exp.Expr, found: list[exp.Select]) -> None:
    clause = tree.args.get("with_")
    if clause is not None:
        _add_selects(clause, found)
    for value in tree.args.values():
        for child in value if type(value) is list else (value,):
            if isinstance(child, exp.Expr) and child is not clause:
                _add_selects(child, found)
    if isinstance(tree, exp.Select):
        found.append(tree)


def sources(select: exp.Select) -> list[exp.Expr]:
    """The relations of a SELECT's FROM and its joins, in the order of the text."""
    clause = select.args.get("from_")
    first = [clause.this] if clause is not None else []
    return first + [join.this for join in select.args.get("joins") or []]


def star_query(select: exp.Select) -> exp.Select:
    """A SELECT * of the relations that a SELECT reads, with the CTEs that it can see."""
    alone = exp.Select(expressions=[exp.Star()])
    for key in ("from_", "joins", "laterals"):
        value = select.args.get(key)
        if isinstance(value, list):
            alone.set(key, [part.copy() for part in value])
        elif value is not None:
            alone.set(key, value.copy())
    return with_visible(alone, select)


def columns_of_relations(select: exp.Select, columns_of: ColumnsOf) -> ColumnsOf:
    """A function that asks for the columns of a relation that a SELECT reads."""

    def columns(relation: exp.Expr) -> list[Column]:
        query = exp.Select(expressions=[exp.Star()], from_=exp.From(this=relation.copy()))
        return columns_of(with_visible(query, select))

    return columns


def with_visible(query: _Query, place: exp.Expr) -> _Query:
    """The query, to which copies of the CTEs are added that can be seen at a place of a tree."""
    expressions: list[exp.Expr] = []
    node: exp.Expr | None = place
    while node is not None:
        clause = node.args.get("with_")
        if clause is not None:
            expressions = [cte.copy() for cte in clause.expressions] + expressions
        elif isinstance(node, exp.CTE) and isinstance(node.parent, exp.With):
            position = node.parent.expressions.index(node)
            earlier = [cte.copy() for cte in node.parent.expressions[:position]]
            expressions = earlier + expressions
            node = node.parent.parent
        node = node.parent if node is not None else None
    if expressions:
        query.set("with_", exp.With(expressions=expressions))
    return query


def random_call(tree: exp.Expr) -> str | None:
    """The name of a function in the tree that yields another value at each call, or None."""
    names = (str(call.this) for call in of_kind(nodes(tree), exp.Anonymous))
    return next((name for name in names if name.lower() in _RANDOM), None)


def aggregates(projection: exp.Expr) -> bool:
    """Whether an expression has an aggregate outside its subqueries and window functions."""
    return any(
        isinstance(node, exp.AggFunc)
        or (isinstance(node, exp.Anonymous) and str(node.this).lower() in AGGREGATES)
        for node in projection.walk(prune=lambda n: isinstance(n, (exp.Window, exp.Query)))
        if not isinstance(node.parent, exp.Window)
    )


def is_all(clause: exp.Expr) -> bool:
    """Whether a GROUP BY or ORDER BY has the word ALL in place of keys."""
    if clause.args.get("all"):
        return True
    if len(clause.expressions) != 1:
        return False
    key = clause.expressions[0]
    key = key.this if isinstance(key, exp.Ordered) else key
    return (
        isinstance(key, (exp.Column, exp.Var))
        and key.name.upper() == "ALL"
        and not (isinstance(key, exp.Column) and key.this.quoted)
    )
