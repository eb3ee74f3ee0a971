"""ORDER BY ALL, ORDER BY an output that is an expression, CLUSTER BY, the order of range, and the
NULLs within nested values.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-orderby
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError, syntax_error, unsupported
from local_warehouse.rewrites import moments
from local_warehouse.rewrites.evident_types import UNKNOWN, evident_type
from local_warehouse.rewrites.operand_types import ByClass, OperandTypes
from local_warehouse.rewrites.scopes import (
    ColumnsOf,
    aggregates,
    is_all,
    position_of,
    queries,
    with_visible,
)
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_NESTED = ("struct<", "array<")
_PARTITIONS = ("sort", "distribute", "cluster")
_PLAIN = {"expressions", "from_", "where", "limit", "offset"}
_GENERATORS = {"explode", "posexplode", "inline", "stack", "json_tuple"}
_ROWS, _VALUES = 100_000, 10_000_000  # of a result that is sorted, which the engine holds for it


def order_by_all(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Order by the position of every output, and check the positions that are given."""
    _order(select, columns_of)
    return select


def order_unions_by_all(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """The same for set operations."""
    for query in of_kind(queries(tree), exp.SetOperation):
        _order(query, columns_of)
    return tree


def _order(query: exp.Query, columns_of: ColumnsOf) -> None:
    order = query.args.get("order")
    if order is None:
        return
    if not is_all(order):
        for key in order.expressions:
            if isinstance(key.this, (exp.Column, exp.Var)) and key.this.name.lower() == "all":
                key.this.replace(exp.column("all", quoted=True))
        _check_positions(query, order)
        return
    only = order.expressions[0]
    if query.is_star:
        unordered = query.copy()
        unordered.set("order", None)
        width = len(columns_of(with_visible(unordered, query)))
    else:
        width = len(query.selects)
    keys = [
        exp.Ordered(
            this=exp.Literal.number(position),
            desc=only.args.get("desc"),
            nulls_first=only.args.get("nulls_first"),
        )
        for position in range(1, width + 1)
    ]
    query.set("order", exp.Order(expressions=keys))


def _check_positions(query: exp.Query, order: exp.Expr) -> None:
    """Raise SqlError for a position that has no output; the engine takes one below 0 for a
    constant, and looks itself for those above the width of a star."""
    for key in order.expressions:
        position = position_of(key.this if isinstance(key, exp.Ordered) else key)
        if position is None or (query.is_star and position > 0):
            continue
        if not 1 <= position <= len(query.selects):
            raise SqlError(
                "ORDER_BY_POS_OUT_OF_RANGE",
                f"ORDER BY position {position} is not in the select list.",
            )


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


def sort_partitions(tree: exp.Expr, _: ColumnsOf) -> exp.Expr:
    """ORDER BY in place of SORT BY, CLUSTER BY and DISTRIBUTE BY, which the engine does not know or
    sorts each of its own partitions by: that all rows are in one is one of their results.

    https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-clusterby
    """
    for query in queries(tree):
        sort, distribute, cluster = (query.args.get(one) for one in _PARTITIONS)
        given = [clause for clause in (sort, distribute, cluster) if clause is not None]
        if given and (query.args.get("order") is not None or (cluster and len(given) > 1)):
            raise syntax_error("ORDER BY and CLUSTER BY stand alone")
        if given:
            keys = [key for clause in given for key in clause.expressions]
            for name in _PARTITIONS:
                query.set(name, None)
            keys = [key if isinstance(key, exp.Ordered) else exp.Ordered(this=key) for key in keys]
            query.set("order", exp.Order(expressions=keys))
    return tree


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


def _key(ordered: exp.Expr) -> list[exp.Expr]:
    """What is sorted by where its NULLs are put where they are not by default."""
    by_default = bool(ordered.args.get("nulls_first")) != bool(ordered.args.get("desc"))
    key = ordered.this if by_default else output(ordered)
    evident = evident_type(key)
    is_plain = evident != UNKNOWN and not evident.startswith(_NESTED)
    return [] if by_default or is_plain else [key]


def output(ordered: exp.Expr) -> exp.Expr:
    """The expression of the output that a key names or counts, else the key itself."""
    key: exp.Expr = ordered.this
    query = ordered.parent and ordered.parent.parent
    while isinstance(query, exp.SetOperation):
        query = query.this
    if not isinstance(query, exp.Select) or query.is_star:
        return key
    outputs: list[exp.Expr] = query.expressions
    if isinstance(key, exp.Literal) and key.is_int and 0 < int(key.name) <= len(outputs):
        return outputs[int(key.name) - 1].unalias()
    if isinstance(key, exp.Column) and not key.table:
        named = [one for one in outputs if one.alias_or_name.lower() == key.name.lower()]
        return named[0].unalias() if named else key
    return key


def _sort_nulls_apart(ordered: exp.Expr, types: OperandTypes) -> None:
    """Put the NULLs of nested values where they are wanted by a key of its own: the engine puts
    those inside of the values there too, which are the least of all."""
    key = output(ordered)
    if not types.of(key).startswith(_NESTED):
        return
    order = ordered.parent
    query = order and order.parent
    if isinstance(query, exp.SetOperation) or (query and query.args.get("distinct")):
        raise unsupported(
            f"ORDER BY {render(ordered)}, nested values with their NULLs put elsewhere, of a set"
            " operation or beside DISTINCT"
        )
    named = ordered.this if isinstance(ordered.this, exp.Column) else key
    if isinstance(key.parent, exp.Alias):  # over groups the engine finds no other name
        named = exp.column(key.parent.args["alias"].copy())
    is_null = exp.paren(named.copy()).is_(exp.null())
    nulls = exp.Ordered(this=is_null, desc=ordered.args.get("desc"))
    nulls.set("nulls_first", not ordered.args.get("desc"))
    assert isinstance(order, exp.Order)
    at = order.expressions.index(ordered)
    ordered.set("nulls_first", not ordered.args.get("desc"))
    order.set("expressions", [*order.expressions[:at], nulls, *order.expressions[at:]])


def _keys(window: exp.Expr) -> list[exp.Expr]:
    """The keys of a window, unless their text says that they are no fractions."""
    order = window.args.get("order")
    keys = [*(window.args.get("partition_by") or []), *(order.expressions if order else [])]
    values = [key.this if isinstance(key, exp.Ordered) else key for key in keys]
    return [value for value in values if evident_type(value) in (UNKNOWN, "float", "double")]


def _window(window: exp.Expr) -> list[exp.Expr]:
    keys = [*moments.keys_of_range(window), *_keys(window)]
    return list({id(key): key for key in keys}.values())


def _correct_window(window: exp.Expr, types: OperandTypes) -> None:
    """Correct a RANGE, and make 0 of -0.0 among the keys, where the engine has two numbers."""
    for key in moments.keys_of_range(window):
        if types.of(key).startswith(("array", "map", "struct")):
            raise unsupported(f"a RANGE of rows by {types.of(key).upper()} (ROWS is computed)")
    if moments.ranged(window):
        moments.order_range(window, types)
    for key in _keys(window):
        data_type = types.of(key)
        if data_type in ("float", "double"):
            key.replace(fill(f"x + cast(0 as {data_type})", {"x": exp.paren(key)}))


CORRECTIONS: ByClass = {
    exp.Ordered: (_key, _sort_nulls_apart),
    exp.Window: (_window, _correct_window),
}
