"""ORDER BY ALL, ORDER BY an output that is an expression, and the order of range.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-orderby
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.scopes import ColumnsOf, aggregates, is_all
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_PLAIN = {"expressions", "from_", "where", "limit", "offset"}
_GENERATORS = {"explode", "posexplode", "inline", "stack", "json_tuple"}
_ROWS, _VALUES = 100_000, 10_000_000  # of a result that is sorted, which the engine holds for it


def order_by_all(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Order by the position of every output."""
    order = select.args.get("order")
    if order is None or not is_all(order):
        return select
    only = order.expressions[0]
    if select.is_star:
        unordered = select.copy()
        unordered.set("order", None)
        width = len(columns_of(unordered))
    else:
        width = len(select.expressions)
    keys = [
        exp.Ordered(
            this=exp.Literal.number(position),
            desc=only.args.get("desc"),
            nulls_first=only.args.get("nulls_first"),
        )
        for position in range(1, width + 1)
    ]
    select.set("order", exp.Order(expressions=keys))
    return select


def order_by_outputs(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Order groups by the position of an output: beside a HAVING the engine loses an expression
    that is grouped and sorted by."""
    order = select.args.get("order")
    if order is None or not select.args.get("having"):
        return select
    outputs = [render(projection.unalias()) for projection in select.expressions]
    for key in order.expressions:
        sorted_by = key.this if isinstance(key, exp.Ordered) else key
        if not isinstance(sorted_by, exp.Column) and render(sorted_by) in outputs:
            position = outputs.index(render(sorted_by)) + 1
            sorted_by.replace(exp.Literal.number(position))
    return select


def order_ranges(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Order what a statement computes from one range by its numbers, as Spark's threads leave it.
    The engine deals batches of it out to its threads, and gathers them as they are done."""
    source = _only_source(tree)
    numbers = _numbers(source.this) if source is not None else None
    if source is None or numbers is None or _stays_in_order(tree) or _gathers(tree):
        return tree
    if len(numbers) <= min(_ROWS, _VALUES // len(tree.expressions)):
        if not source.alias:
            source.set("alias", exp.TableAlias(this=exp.to_identifier("range")))
        columns = source.args["alias"].columns
        key = exp.column(columns[0].copy() if columns else "id", table=source.alias)
        tree.set("order", exp.Order(expressions=[exp.Ordered(this=key, desc=numbers.step < 0)]))
    return tree


def _only_source(tree: exp.Expr) -> exp.Table | None:
    """The relation of a SELECT that has one, and no clause that changes its order."""
    source = tree.args["from_"].this if tree.args.get("from_") else None
    if not isinstance(tree, exp.Select) or not isinstance(source, exp.Table):
        return None
    return source if _clauses(tree) <= _PLAIN and _clauses(source) <= {"this", "alias"} else None


def _clauses(node: exp.Expr) -> set[str]:
    return {name for name, given in node.args.items() if given}


def _numbers(call: exp.Expr) -> range | None:
    """The numbers of a call of range with literals; None for anything else."""
    if not isinstance(call, exp.Anonymous) or str(call.this).lower() != "range":
        return None
    try:
        return range(*(int(render(argument)) for argument in call.expressions[:3]))
    except (TypeError, ValueError):
        return None


def _stays_in_order(select: exp.Expr) -> bool:
    """Whether the engine leaves to one thread what is neither computed nor filtered."""
    outputs = (output.unalias() for output in select.expressions)
    plain = all(isinstance(output, (exp.Column, exp.Literal, exp.Star)) for output in outputs)
    return plain and not select.args.get("where")


def _gathers(select: exp.Expr) -> bool:
    """Whether an output is made of several rows, or makes several."""
    calls = (str(call.this).lower() for call in of_kind(nodes(select), exp.Anonymous))
    return (
        any(map(aggregates, select.expressions))
        or bool(of_kind(nodes(select), exp.Window, exp.Explode))
        or any(call.removesuffix("_outer") in _GENERATORS for call in calls)
    )
