"""Subqueries of one value that the engine cannot join with their outer query: those that compare
with it by other than equality, or have no aggregate.

The engine joins by equality only. So the subquery gets a relation of the different values that its
outer columns have, the keys; it reads these in place of the outer columns, and is joined with its
outer query by their equality. Of what may have several rows a second one fails.

They are written otherwise only after the engine has failed on them, so that other queries cost
nothing.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-expression
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError
from local_warehouse.rewrites.scopes import (
    ColumnsOf,
    is_aggregate,
    is_output,
    is_total,
    outer_columns,
    place_of,
    relations_of,
    sources,
)
from local_warehouse.rewrites.templates import PREFIX, fill
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_KEYS, _ROWS = f"{PREFIX}keys", f"{PREFIX}rows"
_FAILURES = (
    "correlated scalar subquery must be aggregated",
    "does not support logical expression scalarsubquery",
    "no field named",
    "projections require unique expression names",
)
_RELATIONS = (exp.From, exp.Join, exp.Lateral, exp.In, exp.Exists, exp.SetOperation, exp.CTE)
_ONLY = (
    "if(count(*) > 1, raise_error('[SCALAR_SUBQUERY_TOO_MANY_ROWS] More than one row returned by a"
    " subquery used as an expression.'), any_value(value))"
)


def may_help(sql: str, message: str) -> bool:
    """Whether the engine's error may come from such a subquery."""
    lowered = message.lower()
    return any(failure in lowered for failure in _FAILURES) and "(SELECT" in sql.upper()


def change(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Join each subquery of one value by keys. Raises SqlError for one that Spark refuses."""
    for subquery in reversed(of_kind(nodes(tree), exp.Subquery)):
        query, place = subquery.this, place_of(subquery)
        if isinstance(subquery.parent, _RELATIONS) or not isinstance(query, exp.Select):
            continue
        try:
            outer = outer_columns(query, columns_of)
        except SqlError:  # for relations that read the outer query
            continue
        if not outer or place is None or any(one.parent_select is not query for one in outer):
            continue
        if (
            place.args.get("group") is not None
            and subquery.find_ancestor(exp.Having, exp.Where, exp.Select) is place
        ):
            raise SqlError(
                "SCALAR_SUBQUERY_IS_IN_GROUP_BY_OR_AGGREGATE_FUNCTION",
                f"{render(subquery)} reads its outer query, and is not grouped by there.",
            )
        if sources(query):
            subquery.set("this", _joined(query, outer, place))
        else:
            subquery.replace(_computed(query))
    return tree


def _computed(query: exp.Select) -> exp.Expr:
    """The expression of a subquery without relations, NULL where its WHERE is not true."""
    value, where = query.expressions[0].unalias(), query.args.get("where")
    is_shown = exp.If(this=where.this, true=value) if where is not None else None
    return exp.paren(exp.Case(ifs=[is_shown]) if is_shown is not None else value)


def _joined(query: exp.Select, outer: list[exp.Column], place: exp.Expr) -> exp.Select:
    """The subquery, joined with the keys."""
    key, fields = key_of(outer)
    keys = relations_of(place).select(exp.alias_(key.copy(), "key"), append=False, copy=False)
    where = place.args.get("where")
    if where is not None and where.find(exp.Query) is None:
        keys.set("where", where.copy())
    is_aggregated = is_total(query)
    for column in outer:
        if is_aggregated and column.find_ancestor(exp.Where, exp.Select) is query:
            raise reference_error(column)
        column.replace(exp.column(fields[render(column)], "key", _KEYS))
    query.join(keys.distinct(copy=False).subquery(_KEYS), join_type="cross", copy=False)
    if is_aggregated:  # has a row where no row is joined, as the engine knows
        return query.where(exp.column("key", _KEYS).eq(key), copy=False)
    return _only(query).where(exp.column("key", _ROWS).eq(key), copy=False)


def key_of(outer: list[exp.Column]) -> tuple[exp.Expr, dict[str, str]]:
    """A struct of the outer columns, and the name of each one's field by its text."""
    fields: dict[str, str] = {}
    parts: list[exp.Expr] = []
    for column in outer:
        text = render(column)
        if text not in fields:
            fields[text] = f"c{len(fields)}"
            parts += [exp.Literal.string(fields[text]), column.copy()]
    return exp.Anonymous(this="named_struct", expressions=parts), fields


def _only(query: exp.Select) -> exp.Select:
    """The only value that a subquery has for each key."""
    key, value = exp.column("key", _KEYS), query.expressions[0].unalias()
    limit, offset = query.args.get("limit"), query.args.get("offset")
    order = query.args.get("order")
    for sorted_by in order.expressions if order is not None else []:
        named = sorted_by.this
        if isinstance(named, exp.Literal) or is_output(named, query.expressions[0]):
            sorted_by.set("this", value.copy())
    for window in of_kind(nodes(value), exp.Window):
        if window.parent_select is query:
            window.append("partition_by", key.copy())
    if query.args.get("group") is not None:
        query.group_by(key, copy=False)
    query.set("expressions", [exp.alias_(value, "value"), exp.alias_(key.copy(), "key")])
    if limit is not None or offset is not None:
        number = "dense_rank" if query.args.get("distinct") else "row_number"
        order = order or exp.Order(expressions=[exp.Ordered(this=value.copy())])
        place = exp.Window(this=exp.func(number), partition_by=[key.copy()], order=order)
        query.select(exp.alias_(place, "place"), copy=False)
    for clause in ("order", "limit", "offset"):
        query.set(clause, None)
    only = exp.select(_ONLY).from_(query.subquery(_ROWS))
    skipped = offset.expression if offset is not None else exp.Literal.number(0)
    if offset is not None:
        only = only.where(fill("place > n", {"n": skipped}))
    if limit is not None:
        only = only.where(fill("place <= n + m", {"n": skipped, "m": limit.expression}))
    return only


def reference_error(column: exp.Column) -> SqlError:
    """Spark's error of an outer column beside what a subquery aggregates."""
    call = column.parent
    while call is not None and not isinstance(call, exp.Select):
        if is_aggregate(call) and len({one.table for one in of_kind(nodes(call), exp.Column)}) > 1:
            return SqlError(
                "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY"
                ".AGGREGATE_FUNCTION_MIXED_OUTER_LOCAL_REFERENCES",
                f"{render(call)} has columns of a subquery and of its outer query.",
            )
        call = call.parent
    return SqlError(
        "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.CORRELATED_REFERENCE",
        f"A subquery that aggregates has {render(column)} of its outer query outside its WHERE.",
    )
