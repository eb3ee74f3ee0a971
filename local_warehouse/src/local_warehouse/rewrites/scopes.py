"""Places in a syntax tree: which relations and columns an expression can use where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from sqlglot import exp

from local_warehouse.catalog.model import Column
from local_warehouse.errors import SqlError
from local_warehouse.rewrites.evident_types import evidently_agree
from local_warehouse.sql.walk import PLAIN, nodes, of_kind

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


def places_around(node: exp.Expr) -> Iterator[exp.Expr]:
    """The place that an expression belongs to, and those around it whose columns it may name too: a
    CTE or a derived table names none of the query that reads it."""
    place, below = place_of(node), node
    while place is not None:
        if below is node or not _is_relation(below, place):
            yield place
        below, place = place, place_of(place)


def _is_relation(query: exp.Expr, place: exp.Expr) -> bool:
    """Whether a query stands among the relations of the place around it, and not as LATERAL."""
    part: exp.Expr = query
    while part.parent is not None and part.parent is not place:
        if isinstance(part, exp.Lateral) or (
            isinstance(part.parent, exp.Join) and part.arg_key == "on"
        ):
            return False
        part = part.parent
    return isinstance(part, (exp.From, exp.Join, exp.With)) or part.arg_key in ("this", "using")


def is_in_partial_join(node: exp.Expr) -> bool:
    """Whether an expression is in a SEMI or ANTI join, as its condition or that of a join within,
    and reads columns of a relation that the rest of its place does not see."""
    join = node.find_ancestor(exp.Join, exp.Select)
    while isinstance(join, exp.Join) and not is_partial(join):
        join = join.find_ancestor(exp.Join, exp.Select)
    return isinstance(join, exp.Join)


def is_partial(join: exp.Expr | None) -> bool:
    """Whether a node is a SEMI or ANTI join."""
    return isinstance(join, exp.Join) and str(join.args.get("kind") or "").upper() in (
        "SEMI",
        "ANTI",
    )


def relations_of(place: exp.Expr, seen_by: exp.Expr | None = None) -> exp.Select:
    """A query of the relations that the expressions of a place read, or that one of them does: a
    question about columns, to which `with_visible` adds the CTEs once it has its expressions, as
    these may name some too."""
    query = _relations_of(place)
    if seen_by is not None and is_in_partial_join(seen_by):
        for join in query.find_all(exp.Join):
            if is_partial(join) and join.find_ancestor(exp.Select) is query:
                join.set("side", None)
                join.set("kind", "CROSS")
                join.set("on", None)
    return query


def _relations_of(place: exp.Expr) -> exp.Select:
    query = exp.Select(expressions=[exp.Star()])
    if isinstance(place, exp.Select):
        for key in ("from_", "joins", "laterals"):
            value = place.args.get(key)
            if isinstance(value, list):
                query.set(key, [part.copy() for part in value])
            elif value is not None:
                query.set(key, value.copy())
        return query
    query.set("from_", exp.From(this=place.this.copy()))
    source = place.args.get("using")
    if isinstance(source, exp.Expr):
        query.set("joins", [exp.Join(this=source.copy(), kind="CROSS")])
    return query


# https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-functions-builtin (aggregates)
AGGREGATES = {
    "any", "any_value", "approx_count_distinct", "approx_percentile", "approx_top_k", "array_agg",
    "avg", "bit_and", "bit_or", "bit_xor", "bitmap_construct_agg", "bitmap_or_agg", "bool_and",
    "bool_or", "collect_list", "collect_set", "corr", "count", "count_if", "count_min_sketch",
    "covar_pop", "covar_samp", "every", "first", "first_value", "grouping", "grouping_id",
    "histogram_numeric", "hll_sketch_agg", "hll_union_agg", "kurtosis", "last", "last_value",
    "listagg", "max", "max_by", "mean", "median", "min", "min_by", "mode", "percentile",
    "percentile_approx", "percentile_cont", "percentile_disc", "regr_count", "regr_intercept",
    "regr_r2", "regr_slope", "schema_of_json_agg", "schema_of_variant_agg", "skewness", "some",
    "std", "stddev", "stddev_pop", "stddev_samp", "string_agg", "sum", "try_avg", "try_sum",
    "var_pop", "var_samp", "variance",
}  # fmt: skip

_RANDOM = {"monotonically_increasing_id", "rand", "randn", "random", "randstr", "shuffle",
           "uniform", "uuid"}  # fmt: skip


def selects(tree: exp.Expr) -> list[exp.Select]:
    """The SELECTs of a tree, inner before outer, those of CTEs first and in the CTEs' order."""
    return of_kind(queries(tree), exp.Select)


def queries(tree: exp.Expr) -> list[exp.Select | exp.SetOperation]:
    """The SELECTs and set operations of a tree, in the same order."""
    found: list[exp.Select | exp.SetOperation] = []
    waiting = [tree]
    while waiting:  # outer before inner and the last first, which is turned round at the end
        node = waiting.pop()
        if isinstance(node, (exp.Select, exp.SetOperation)):
            found.append(node)
        clause = node.args.get("with_")
        if clause is not None:
            waiting.append(clause)
        for value in node.args.values():
            kind = type(value)
            if kind is list:
                waiting += [part for part in value if isinstance(part, exp.Expr)]
            elif kind not in PLAIN and value is not clause and isinstance(value, exp.Expr):
                waiting.append(value)
    found.reverse()
    return found


def sources(select: exp.Select) -> list[exp.Expr]:
    """The relations of a SELECT's FROM and its joins, in the order of the text."""
    clause = select.args.get("from_")
    first = [clause.this] if clause is not None else []
    return first + [join.this for join in select.args.get("joins") or []]


def relations_in(select: exp.Select) -> list[exp.Expr]:
    """The relations of a SELECT's FROM and its joins, and its LATERAL VIEWs."""
    return sources(select) + list(select.args.get("laterals") or [])


def in_parentheses(relation: exp.Expr) -> exp.Expr | None:
    """The relation, perhaps the first of joins, that stands in parentheses without a name of their
    own; None for another relation."""
    inner = relation.this if isinstance(relation, exp.Subquery) and not relation.alias else None
    if not isinstance(inner, (exp.Table, exp.Subquery)):
        return None
    return inner if inner.args.get("joins") or inner.alias_or_name else None


def star_query(select: exp.Select) -> exp.Select:
    """A SELECT * of the relations that a SELECT reads, with the CTEs that they name."""
    return with_visible(relations_of(select), select)


def nodes_read(select: exp.Select) -> list[exp.Expr]:
    """The nodes of the relations that a SELECT reads, and of the CTEs that these name."""
    clauses = [select.args.get("from_"), *(select.args.get("joins") or [])]
    found = [node for clause in clauses if clause is not None for node in nodes(clause)]
    needed = {table.name.lower() for table in of_kind(found, exp.Table)}
    for cte in visible(select):
        if cte.alias.lower() in needed:
            found += nodes(cte.this)
            needed |= _names_of_tables(cte)
    return found


def outer_columns(query: exp.Query, columns_of: ColumnsOf) -> list[exp.Column]:
    """The columns in a query that neither its own relations have nor those of queries in it."""
    known: dict[int, set[str]] = {}
    for select in of_kind(nodes(query), exp.Select):
        known[id(select)] = {one.alias_or_name.lower() for one in relations_in(select)}
    names: dict[int, set[str]] = {}

    def has(place: exp.Expr, column: exp.Column) -> bool:
        first = column.parts[0].name.lower()
        if len(column.parts) > 1 and first in known[id(place)]:
            return True
        if id(place) not in names:
            names[id(place)] = _names_of(place, columns_of) if known[id(place)] else set()
        return first in names[id(place)]

    return [
        column
        for column in of_kind(nodes(query), exp.Column)
        if not (len(column.parts) == 1 and _is_output_of_its_own(column))
        and not any(id(place) in known and has(place, column) for place in places_around(column))
    ]


def _names_of(place: Any, columns_of: ColumnsOf) -> set[str]:
    """The names of the columns that the relations of a SELECT have: also of those that the engine
    cannot be asked for, as they read an outer query."""
    try:
        return {column.name.lower() for column in columns_of(_without_conditions(place))}
    except SqlError:
        if place.args.get("laterals"):
            raise
        columns = columns_of_relations(place, columns_of)
        return {name for one in sources(place) for name in _names_of_relation(one, columns)}


_SHOWN = {"explode": ["col"], "posexplode": ["pos", "col"]}  # of functions in FROM


def _names_of_relation(relation: exp.Expr, columns_of: ColumnsOf) -> set[str]:
    alias = relation.args.get("alias")
    if alias is not None and alias.columns:
        return {column.name.lower() for column in alias.columns}
    if isinstance(relation.this, exp.Anonymous) and str(relation.this.this).lower() in _SHOWN:
        return {*_SHOWN[str(relation.this.this).lower()]}
    query = branches(relation.unnest())[0] if isinstance(relation, exp.Subquery) else None
    if not isinstance(query, exp.Select):
        return {column.name.lower() for column in columns_of(relation)}
    names = set()
    for output in query.selects:
        if not output.is_star:
            names.add(output.alias_or_name.lower())
            continue
        table = output.args.get("table") if isinstance(output, exp.Column) else None
        for one in sources(query):
            if table is None or one.alias_or_name.lower() == table.name.lower():
                names |= _names_of_relation(one, columns_of)
    return names


def _without_conditions(select: exp.Select) -> exp.Select:
    """A SELECT * of relations whose joins have no condition, which may read an outer query."""
    query = relations_of(select)
    for join in query.args.get("joins") or []:
        if join.args.get("on") is not None:
            join.set("on", exp.true())
    return with_visible(query, select)


def _is_output_of_its_own(column: exp.Column) -> bool:
    """Whether a name is that of an output of its SELECT, which clauses behind WHERE may name."""
    node: exp.Expr = column
    while node.parent is not None and not isinstance(node.parent, exp.Query):
        node = node.parent
    query = node.parent
    if query is None or node.arg_key in ("from_", "joins", "laterals", "where"):
        return False
    outputs = branches(query)[0].selects
    if isinstance(query, exp.SetOperation):
        return any(column.name.lower() == output.alias_or_name.lower() for output in outputs)
    return any(is_output(column, output) for output in outputs)


def is_output(sorted_by: exp.Expr, output: exp.Expr) -> bool:
    """Whether an expression names an output by its alias."""
    is_alias = isinstance(sorted_by, exp.Column) and not sorted_by.table
    return is_alias and sorted_by.name.lower() == output.alias.lower()


def columns_of_relations(select: exp.Select, columns_of: ColumnsOf) -> ColumnsOf:
    """A function that asks for the columns of a relation that a SELECT reads."""

    def columns(relation: exp.Expr) -> list[Column]:
        query = exp.Select(expressions=[exp.Star()], from_=exp.From(this=relation.copy()))
        return columns_of(with_visible(query, select))

    return columns


def with_visible(query: _Query, place: exp.Expr) -> _Query:
    """The query, a question about columns, with the CTEs that it needs of those that can be seen at
    a place of a tree: copies of them, or of their first branches where these tell the types."""
    needed = _names_of_tables(query)
    expressions: list[exp.Expr] = []
    for cte in visible(place):
        if cte.alias.lower() in needed:
            expressions.append(_outline(cte))
            needed |= _names_of_tables(expressions[-1])
    if expressions:
        query.set("with_", exp.With(expressions=expressions[::-1]))
    return query


def visible(place: exp.Expr) -> Iterator[exp.Expr]:
    """The CTEs that can be seen at a place of a tree, each before those that it may name."""
    node: exp.Expr | None = place
    while node is not None:
        clause = node.args.get("with_")
        if clause is not None:
            yield from reversed(clause.expressions)
        elif isinstance(node, exp.CTE) and isinstance(node.parent, exp.With):
            yield from reversed(node.parent.expressions[: node.index])
            node = node.parent.parent
        node = node.parent if node is not None else None


def expression_of(table: exp.Table) -> exp.Expr | None:
    """The CTE that a relation names, or None."""
    name = table.name.lower()
    if table.args.get("db"):
        return None
    return next((one for one in visible(table) if one.alias.lower() == name), None)


def _names_of_tables(tree: exp.Expr) -> set[str]:
    return {table.name.lower() for table in of_kind(nodes(tree), exp.Table)}


def _outline(cte: exp.Expr) -> exp.Expr:
    """A copy of a CTE that has the same columns: of the first branch alone where all are SELECTs of
    the same plain types, as rows are that stand in the text."""
    body = cte.this
    if not isinstance(body, exp.SetOperation) or not evidently_agree(branches(body)):
        return cte.copy()
    first = exp.CTE(this=branches(body)[0].copy(), alias=cte.args["alias"].copy())
    clause = body.args.get("with_")
    if clause is not None:
        first.this.set("with_", clause.copy())
    return first


def operations(whole: exp.SetOperation) -> list[exp.SetOperation]:
    """A set operation and those that its branches are, inner before outer."""
    found = [whole]
    for node in found:  # which grows meanwhile
        found += [b for b in (node.this, node.expression) if isinstance(b, exp.SetOperation)]
    return found[::-1]


def conditions(node: exp.Expr) -> list[exp.Expr]:
    """The conditions that AND combines."""
    if isinstance(node, (exp.And, exp.Paren)):
        return [part for side in node.iter_expressions() for part in conditions(side)]
    return [node]


def branches(whole: exp.Expr) -> list[exp.Query]:
    """The queries that set operations combine, in the order of the text, or the query itself."""
    found: list[exp.Query] = []
    waiting: list[Any] = [whole]
    while waiting:
        node = waiting.pop()
        if isinstance(node, exp.SetOperation):
            waiting += [node.expression, node.this]
        else:
            found.append(node)
    return found


def is_total(select: exp.Select) -> bool:
    """Whether a SELECT aggregates all of its rows."""
    return select.args.get("group") is None and any(map(aggregates, select.expressions))


def random_call(tree: exp.Expr) -> str | None:
    """The name of a function in the tree that yields another value at each call, or None."""
    calls = of_kind(nodes(tree), exp.Anonymous)
    return next((str(call.this) for call in calls if is_random(call)), None)


def is_random(call: exp.Anonymous) -> bool:
    """Whether a function yields another value at each call."""
    return str(call.this).lower() in _RANDOM


def is_aggregate(node: exp.Expr) -> bool:
    """Whether an expression is the call of an aggregate."""
    is_call = isinstance(node, exp.Anonymous)
    return isinstance(node, exp.AggFunc) or (is_call and str(node.this).lower() in AGGREGATES)


def aggregates(projection: exp.Expr) -> bool:
    """Whether an expression has an aggregate outside its subqueries and window functions."""
    return any(
        is_aggregate(node)
        for node in projection.walk(prune=lambda n: isinstance(n, (exp.Window, exp.Query)))
        if not isinstance(node.parent, exp.Window)
    )


def is_all(clause: exp.Expr) -> bool:
    """Whether a GROUP BY or ORDER BY has the word ALL in place of keys. A column or an output of
    that name, as far as it can be told, comes first."""
    if _knows_all(clause.parent):
        return False
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


def _knows_all(query: exp.Expr | None) -> bool:
    """Whether a query, or a relation that it reads, has a column of the name ALL."""
    if not isinstance(query, exp.Query):
        return False
    names = [output.alias_or_name for output in query.selects]
    for node in nodes_read(query) if isinstance(query, exp.Select) else ():
        if isinstance(node, exp.Table):
            names += [column.name for column in node.meta.get("columns") or ()]
        elif isinstance(node, exp.TableAlias):
            names += [name.name for name in node.columns]
        elif isinstance(node, exp.Alias):
            names.append(node.alias)
    return any(name.lower() == "all" for name in names)


def position_of(key: exp.Expr) -> int | None:
    """The number by which a key of GROUP BY or ORDER BY counts an output, None for other keys."""
    digits = key.this if isinstance(key, exp.Neg) else key
    if not isinstance(digits, exp.Literal) or not digits.is_int:
        return None
    return -int(digits.name) if digits is not key else int(digits.name)
