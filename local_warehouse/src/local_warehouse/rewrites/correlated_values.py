"""Subqueries of one value and of EXISTS that the engine cannot join with their outer query: those
that compare with it by other than equality, have groups, a LIMIT or no aggregate, or are within an
aggregate or a window function.

The engine joins by equality only. So the subquery gets a relation of the different values that its
outer columns have, the keys; it reads these in place of the outer columns, and is joined with its
outer query by their equality. Of what may have several rows a second one fails.

They are written otherwise only after the engine has failed on them, so that other queries cost
nothing; but for those in whose FROM queries read the outer query, which it does not read at all.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-expression
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError
from local_warehouse.rewrites.keyed_queries import (
    KEY,
    KEYS,
    ROWS,
    columns_to_key,
    key_of,
    keyed,
    own_selects,
    reference_error,
)
from local_warehouse.rewrites.scopes import (
    ColumnsOf,
    aggregates,
    branches,
    is_aggregate,
    is_total,
    outer_columns,
    place_of,
    relations_of,
    sources,
)
from local_warehouse.rewrites.templates import PREFIX, fill
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_FAILURES = (
    "correlated scalar subquery must be aggregated",
    "scalar correlated subquery cannot contain non-correlated columns",
    "does not support logical expression scalarsubquery",
    "does not support logical expression exists",
    "projected exists with unsupported correlation",
    "no field named",
    "projections require unique expression names",
)
_VALUE = f"{PREFIX}value"
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
    """Join each subquery of one value or of EXISTS by keys. Raises SqlError for one that Spark
    refuses."""
    for subquery in reversed(of_kind(nodes(tree), exp.Subquery, exp.Exists)):
        query, place = subquery.this, place_of(subquery)
        if _is_relation(subquery) or not isinstance(query, exp.Select):
            continue
        try:
            outer = outer_columns(query, columns_of)
        except SqlError:  # for relations that read the outer query
            continue
        if place is None or any(one.parent_select is not query for one in outer):
            continue
        if isinstance(place, exp.Select) and _is_aggregated(subquery, place):
            _join(subquery, query, outer, place)
            continue
        is_of_group = (
            place.args.get("group") is not None
            and subquery.find_ancestor(exp.Having, exp.Where, exp.Select) is place
        )
        if not outer or (is_of_group and isinstance(subquery, exp.Exists)):
            continue
        if is_of_group:
            raise SqlError(
                "SCALAR_SUBQUERY_IS_IN_GROUP_BY_OR_AGGREGATE_FUNCTION",
                f"{render(subquery)} reads its outer query, and is not grouped by there.",
            )
        if isinstance(subquery, exp.Exists):
            subquery.set("this", _rows_of_key(_of_rows(query), query, outer, place))
        elif not sources(query):
            subquery.replace(_computed(query))
        elif is_total(query):
            subquery.set("this", _joined(query, outer, place))
        else:
            subquery.set("this", _rows_of_key(_only(query), query, outer, place))
    return tree


def join_deep_values(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Join subqueries by keys in whose FROM queries read the outer query, or that are set
    operations: the engine does not look for it there."""
    for subquery in reversed(of_kind(nodes(select), exp.Subquery, exp.Exists)):
        query = subquery.this.unnest()
        is_own = place_of(subquery) is select and not _is_relation(subquery)
        if not is_own or not isinstance(query, exp.Query):
            continue
        if isinstance(subquery, exp.Subquery) and isinstance(query, exp.Select):
            _keep_one_row(query)
        if query.args.get("with_") is not None or len(list(own_selects(query))) > 1:
            outer = columns_to_key(query, columns_of)
            if any(one.parent_select is not query for one in outer):
                is_exists = isinstance(subquery, exp.Exists)
                found = _of_rows(query) if is_exists else _only(query)
                subquery.set("this", _rows_of_key(found, query, outer, select))
    return select


def _is_relation(subquery: exp.Expr) -> bool:
    """Whether a query stands for a relation, or in IN or EXISTS, whatever parentheses it has."""
    parent = subquery.parent
    while isinstance(parent, exp.Subquery):
        parent = parent.parent
    return isinstance(parent, _RELATIONS)


def _keep_one_row(query: exp.Select) -> None:
    """Say of a subquery that aggregates all of its rows no more than that: beside DISTINCT or LIMIT
    the engine forgets its row where none is left, and where it is NULL by what can never be."""
    if not is_total(query):
        return
    limit = query.args.get("limit")
    if (
        limit is not None
        and limit.expression.name not in ("", "0")
        and not query.args.get("offset")
    ):
        query.set("limit", None)
    for clause in ("distinct", "order"):
        query.set(clause, None)
    for test in of_kind(nodes(query), exp.Is):
        if test.parent_select is query and aggregates(test.this):
            test.this.replace(fill("if(count(*) >= 0, x, null)", {"x": test.this}))


def _rows_of_key(
    found: exp.Select, query: exp.Query, outer: list[exp.Column], place: exp.Expr
) -> exp.Select:
    """A SELECT from the rows that a subquery has for the key of its outer query."""
    key, rows = _keyed(query, outer, place)
    found = found.from_(rows.subquery(ROWS), copy=False)
    return found.where(exp.column(KEY, ROWS).eq(key), copy=False)


def _keyed(
    query: exp.Query, outer: list[exp.Column], place: exp.Expr
) -> tuple[exp.Expr, exp.Query]:
    """The key of a subquery in its place, and the subquery for each key."""
    key, fields = key_of(outer)
    return key, keyed(query, _keys(place, key), outer, fields)


def _only(query: exp.Query) -> exp.Select:
    """A SELECT of the only value of the rows that a subquery has."""
    value = exp.column(branches(query)[0].selects[0].alias_or_name, ROWS, quoted=True)
    return exp.select(exp.alias_(fill(_ONLY, {"value": value}), _VALUE))


def _is_aggregated(subquery: exp.Expr, place: exp.Select) -> bool:
    """Whether a subquery is in an aggregate or a window function, where the engine has none."""
    node = subquery.parent
    while node is not None and node is not place:
        if is_aggregate(node) or isinstance(node, (exp.Filter, exp.Window)):
            return True
        node = node.parent
    return False


def _join(
    subquery: exp.Expr, query: exp.Select, outer: list[exp.Column], place: exp.Select
) -> None:
    """Join a subquery with the relations of its place, and put its value in place of it."""
    if not sources(place) or place.args.get("laterals") or any(p.is_star for p in place.selects):
        return
    is_exists = isinstance(subquery, exp.Exists)
    if is_exists:
        found = _of_rows(query).select(exp.alias_(fill("count(*) > 0", {}), _VALUE), append=False)
    else:
        found = _only(query)
    name = f"{PREFIX}joined_{len(place.args.get('joins') or [])}"
    if outer:
        key, rows = _keyed(query, outer, place)
        found = found.select(exp.column(KEY, ROWS), copy=False)
        found = found.from_(rows.subquery(ROWS), copy=False)
        found = found.group_by(exp.column(KEY, ROWS), copy=False)
        on = exp.column(KEY, name).eq(key)
        place.join(found.subquery(name), on=on, join_type="left", copy=False)
    else:
        found = found.from_(query.subquery(ROWS), copy=False)
        place.join(found.subquery(name), join_type="cross", copy=False)
    value: exp.Expr = exp.column(_VALUE, name)
    subquery.replace(fill("coalesce(v, false)", {"v": value}) if is_exists else value)


def _of_rows(query: exp.Query) -> exp.Select:
    """A SELECT of whether there are rows, of which the outputs then do not matter, nor how many
    there are."""
    limit = query.args.get("limit")
    is_one = limit is not None and limit.expression.is_int and limit.expression.name != "0"
    if is_one and query.args.get("offset") is None:
        query.set("limit", None)
        query.set("order", None)
    if not query.args.get("distinct") and any(output.is_star for output in query.selects):
        query.set("expressions", [exp.Literal.number(1)])
    return exp.select("1")


def _keys(place: exp.Expr, key: exp.Expr) -> exp.Select:
    """The keys that the relations of a place have, of the rows that WHERE leaves of them."""
    keys = relations_of(place).select(exp.alias_(key.copy(), KEY), append=False, copy=False)
    where = place.args.get("where")
    if where is not None and where.find(exp.Query) is None:
        keys.set("where", where.copy())
    return keys.distinct(copy=False)


def _computed(query: exp.Select) -> exp.Expr:
    """The expression of a subquery without relations, NULL where its WHERE is not true."""
    value, where = query.expressions[0].unalias(), query.args.get("where")
    is_shown = exp.If(this=where.this, true=value) if where is not None else None
    return exp.paren(exp.Case(ifs=[is_shown]) if is_shown is not None else value)


def _joined(query: exp.Select, outer: list[exp.Column], place: exp.Expr) -> exp.Select:
    """A subquery that aggregates all of its rows, joined with the keys: it has a row where no row
    is joined, as the engine knows."""
    key, fields = key_of(outer)
    for column in outer:
        if column.find_ancestor(exp.Where, exp.Select) is query:
            raise reference_error(column)
        column.replace(exp.column(fields[render(column)], KEY, KEYS))
    query.join(_keys(place, key).subquery(KEYS), join_type="cross", copy=False)
    return query.where(exp.column(KEY, KEYS).eq(key), copy=False)
