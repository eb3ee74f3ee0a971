"""IN and EXISTS with subqueries that the engine answers otherwise, or not at all.

Spark plans IN as EXISTS of an equal row, and NOT IN as no row that is equal or could be, also where
AND and OR are between the NOT and the IN. The engine does so for an IN, and for the NOT IN of a
WHERE that has one value and does not read its outer query. A subquery that aggregates all of its
rows has one row: the engine forgets it where no row is left, and for EXISTS its HAVING.

https://docs.databricks.com/aws/en/sql/language-manual/functions/in
https://docs.databricks.com/aws/en/sql/language-manual/functions/exists
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.scopes import (
    ColumnsOf,
    aggregates,
    branches,
    columns_of_relations,
    conditions,
    is_output,
    operations,
    outer_columns,
    place_of,
    sources,
)
from local_warehouse.rewrites.templates import PREFIX, fill
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_Place = TypeVar("_Place", bound=exp.Expr)

_ROWS, _LISTED = f"{PREFIX}rows", f"{PREFIX}listed"
EQUAL = "a = b"
PERHAPS_EQUAL = "(a = b or a is null or b is null)"
_SHAPED = ("group", "having", "limit", "offset", "windows", "qualify", "with_", "laterals")


def filter_joins(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Put the conditions with subqueries of a join's ON elsewhere, as the engine knows none there
    that reads its outer query: those of an inner join into WHERE, and those that read only the
    right side of a LEFT, SEMI or ANTI one into a filter of that side."""
    joins = select.args.get("joins") or []
    ask = columns_of_relations(select, columns_of)
    for at, join in enumerate(joins):
        on = join.args.get("on")
        if on is None or on.find(exp.Query) is None or isinstance(join.this, exp.Lateral):
            continue
        parts, later = conditions(on), joins[at + 1 :]
        moved = [part for part in parts if any(map(_has_query, nodes(part)))]
        if not join.side and not join.method and join.kind in ("", "INNER", "CROSS"):
            if any(one.side in ("RIGHT", "FULL") for one in later):
                continue
            moved = [part for part in moved if not _may_be_of(later, part, ask)]
            select.where(*(part.copy() for part in moved), copy=False)
        elif join.side == "LEFT" or (not join.side and join.kind in ("SEMI", "ANTI")):
            known = sources(select)[: at + 2]
            moved = [part for part in moved if _reads_last(known, part, ask, columns_of)]
            if moved:
                join.set("this", _filtered(join.this, moved))
        else:
            continue
        left = [part for part in parts if not any(part is one for one in moved)]
        if left:
            join.set("on", exp.and_(*left))
        elif join.side or join.kind in ("SEMI", "ANTI"):
            join.set("on", exp.true())
        else:
            join.set("on", None)
            join.set("kind", "CROSS")
    return select


def _may_be_of(later: list[exp.Expr], part: exp.Expr, ask: ColumnsOf) -> bool:
    """Whether a condition has a column without relation that later joins have too."""
    names = _unqualified(nodes(part))
    try:
        return bool(names) and any(
            names & {column.name.lower() for column in ask(join.this)} for join in later
        )
    except SqlError:  # for relations that are not yet as the engine reads them
        return False


def _filtered(relation: exp.Expr, parts: list[exp.Expr]) -> exp.Subquery:
    """The rows of a relation that fulfil conditions, under its name."""
    alias = exp.TableAlias(this=exp.to_identifier(relation.alias_or_name, quoted=True))
    rows = exp.select("*").from_(relation.copy(), copy=False)
    rows.where(*(part.copy() for part in parts), copy=False)
    return exp.Subquery(this=rows, alias=alias)


def _reads_last(
    relations: list[exp.Expr], part: exp.Expr, ask: ColumnsOf, columns_of: ColumnsOf
) -> bool:
    """Whether a condition reads no other of these relations than the last."""
    last, select = relations[-1], place_of(part)
    if not last.alias_or_name or last.args.get("joins"):
        return False
    read = [column for column in of_kind(nodes(part), exp.Column) if place_of(column) is select]
    try:
        for query in of_kind(nodes(part), exp.Select, exp.SetOperation):
            if place_of(query) is select and not isinstance(query.parent, exp.SetOperation):
                read += outer_columns(query, columns_of)
        names = _unqualified(read)
        for relation in relations if names else ():
            found = names & {column.name.lower() for column in ask(relation)}
            if found != (names if relation is last else set()):
                return False
    except SqlError:  # for relations that read the outer query
        return False
    name = last.alias_or_name.lower()
    return all(column.table.lower() in ("", name) for column in read)


def _unqualified(found: Sequence[exp.Expr]) -> set[str]:
    """The names of the columns among nodes that are without their relation."""
    return {one.name.lower() for one in of_kind(found, exp.Column) if not one.table}


def look_into_subqueries(place: _Place, columns_of: ColumnsOf) -> _Place:
    """Write the predicates of a SELECT, DELETE or UPDATE otherwise where the engine needs it.
    Raises SqlError for those that have no such form."""
    for predicate in _predicates(place):
        _correct(predicate, place, columns_of)
    return place


def look_into_changes(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """The same for a statement that is a DELETE or UPDATE."""
    is_change = isinstance(tree, (exp.Delete, exp.Update))
    return look_into_subqueries(tree, columns_of) if is_change else tree


def query_of(predicate: exp.Expr) -> exp.Query:
    """The query of an IN or EXISTS that has one."""
    found: Any = predicate.args["query"] if isinstance(predicate, exp.In) else predicate.this
    if isinstance(found, exp.Subquery):
        found = found.unnest()
    query: exp.Query = found
    return query


def denies(listing: exp.Expr) -> bool:
    """Whether an IN is denied: by one NOT before it, or by three, as the optimizer has it."""
    node, is_denied = listing.parent, False
    while isinstance(node, (exp.Not, exp.Paren, exp.And, exp.Or)):
        is_denied ^= isinstance(node, exp.Not)
        node = node.parent
    return is_denied


def row_that(form: str, query: exp.Query, values: list[exp.Expr]) -> exp.Exists:
    """EXISTS of a row of a query whose values agree with others: the form has a and b for two that
    do. Any row will do where there are none."""
    names = [exp.to_identifier(f"{_LISTED}_{at}") for at in range(len(values))]
    alias = exp.TableAlias(this=exp.to_identifier(_ROWS), columns=names)
    rows = exp.select("1").from_(exp.Subquery(this=query.copy(), alias=alias), copy=False)
    listed: list[exp.Expr] = [exp.column(name.copy(), _ROWS) for name in names]
    return exp.Exists(this=_where_they_agree(rows, form, listed, values))


def _predicates(place: exp.Expr) -> list[exp.Expr]:
    """The INs and EXISTS of a place that have a subquery, inner before outer."""
    return [node for node in reversed(nodes(place)) if _has_query(node) and place_of(node) is place]


def _has_query(node: exp.Expr) -> bool:
    """Whether it is an IN or EXISTS with a subquery."""
    if isinstance(node, exp.In):
        return node.args.get("query") is not None
    return isinstance(node, exp.Exists) and isinstance(node.this, exp.Query)


def _correct(predicate: exp.Expr, place: exp.Expr, columns_of: ColumnsOf) -> None:
    query = query_of(predicate)
    if not any(query.args.get(clause) for clause in ("limit", "offset")):
        query.set("order", None)  # the engine joins no sorted query with its outer one
    if isinstance(query, exp.SetOperation) and _reads_outer(query, columns_of):
        parts = _over_branches(predicate, query)
        predicate.replace(exp.paren(exp.or_(*parts, copy=False), copy=False))
        for part in parts:
            _correct(part, place, columns_of)
    elif isinstance(query, exp.Select) and _is_total(query):
        _compare_with_total(predicate, query, columns_of)
    elif _is_in_partial_join(predicate) or (
        isinstance(predicate, exp.Exists) and query.args.get("offset") is not None
    ):
        _refuse_outer(query, columns_of)
    elif isinstance(predicate, exp.In) and denies(predicate) and not _is_output(predicate):
        found = _row_that_denies(predicate, query, place, columns_of)
        if found is not None:
            predicate.replace(found)


def _over_branches(predicate: exp.Expr, query: exp.SetOperation) -> list[exp.Expr]:
    """The predicate over each branch of a UNION that reads its outer query."""
    is_plain = not any(query.args.get(clause) for clause in ("limit", "offset", "with_"))
    if not is_plain or not all(isinstance(one, exp.Union) for one in operations(query)):
        raise unsupported(
            "IN and EXISTS with a set operation that reads its outer query, but for UNION (write a"
            f" join): {render(query)}"
        )
    queries = [branch.unnest().copy() for branch in branches(query)]
    if isinstance(predicate, exp.Exists):
        return [exp.Exists(this=one) for one in queries]
    return [exp.In(this=predicate.this.copy(), query=exp.Subquery(this=one)) for one in queries]


def _compare_with_total(predicate: exp.Expr, query: exp.Select, columns_of: ColumnsOf) -> None:
    """Compare with the only row of a subquery that aggregates all of its rows."""
    limit = query.args.get("limit")
    is_whole = limit is None or (limit.expression.is_int and limit.expression.name != "0")
    if query.args.get("offset") is not None or not is_whole:
        _refuse_outer(query, columns_of)
    elif isinstance(predicate, exp.Exists):
        predicate.replace(_has_row(query))
    elif len(query.expressions) == 1 and not isinstance(predicate.this.unnest(), exp.Tuple):
        predicate.replace(_is_the_row(predicate, query))


def _is_total(query: exp.Select) -> bool:
    having = query.args.get("having")
    parts = [*query.expressions, *([having.this] if having is not None else [])]
    is_plain = not any(query.args.get(key) for key in ("group", "qualify", "windows"))
    return is_plain and any(map(aggregates, parts)) and not any(one.is_star for one in parts)


def _has_row(query: exp.Select) -> exp.Expr:
    """Whether the only row of a total is left: what it has must be valid all the same."""
    if query.args.get("having") is not None:
        return _value_of(query, fill("coalesce(h, false)", {"h": _having(query)}))
    outputs = [output.unalias().copy() for output in query.expressions]
    row = exp.Anonymous(this="struct", expressions=outputs)
    return _value_of(query, fill("(count(*) >= 0 or r is null)", {"r": row}))


def _is_the_row(listing: exp.Expr, query: exp.Select) -> exp.Expr:
    value, one = exp.paren(listing.this), query.expressions[0].unalias()
    equal = fill("(a = b)", {"a": value, "b": _value_of(query, one)})
    if not _is_condition(listing):
        otherwise = exp.true() if denies(listing) else exp.false()
        equal = fill("coalesce(e, o)", {"e": equal, "o": otherwise})
    if query.args.get("having") is None:
        return equal
    kept = _value_of(query, fill("coalesce(h, false)", {"h": _having(query)}))
    return fill("(h and e)", {"h": kept, "e": equal})


def _value_of(query: exp.Select, value: exp.Expr) -> exp.Subquery:
    """The value of an expression in the only row of a total, also where HAVING alone aggregates."""
    found = query.copy()
    if not aggregates(value):
        value = fill("if(count(*) >= 0, x, null)", {"x": value})
    found.set("expressions", [exp.alias_(value.copy(), _LISTED)])
    for clause in ("having", "distinct", "order", "limit"):
        found.set(clause, None)
    return exp.Subquery(this=found)


def _having(query: exp.Select) -> exp.Expr:
    """The condition of HAVING, with outputs in place of their names."""
    whole = exp.paren(query.args["having"].this.copy())
    for column in of_kind(nodes(whole), exp.Column):
        for output in query.expressions:
            if is_output(column, output):
                column.replace(exp.paren(output.unalias().copy()))
    return whole


def _is_condition(predicate: exp.Expr) -> bool:
    """Whether only AND, OR and NOT are between it and a WHERE, HAVING or ON."""
    node = predicate
    while isinstance(node.parent, (exp.And, exp.Or, exp.Not, exp.Paren)):
        node = node.parent
    return isinstance(node.parent, (exp.Where, exp.Having)) or node.arg_key == "on"


def _is_output(predicate: exp.Expr) -> bool:
    node = predicate
    while node.parent is not None and not isinstance(node.parent, exp.Select):
        node = node.parent
    return node.parent is not None and node.arg_key == "expressions"


def _is_in_partial_join(predicate: exp.Expr) -> bool:
    """Whether it is in the condition of a join, which is an outer, SEMI or ANTI one by now."""
    return predicate.find_ancestor(exp.Join, exp.Select) is not predicate.parent_select


def _is_alone(listing: exp.Expr) -> bool:
    """Whether it is a NOT IN of a WHERE or HAVING, beside AND at the most."""
    node = listing.parent
    while isinstance(node, exp.Paren):
        node = node.parent
    if not isinstance(node, exp.Not):
        return False
    while isinstance(node.parent, (exp.And, exp.Paren)):
        node = node.parent
    return isinstance(node.parent, (exp.Where, exp.Having))


def _row_that_denies(
    listing: exp.Expr, query: exp.Query, place: exp.Expr, columns_of: ColumnsOf
) -> exp.Exists | None:
    """EXISTS of a row that makes a NOT IN false, or None where the engine finds it."""
    value = listing.this.unnest()
    values = value.expressions if isinstance(value, exp.Tuple) else [value]
    if isinstance(place, exp.Delete) and len(values) > 1:  # Delta refuses it
        return None
    reads_outer = _reads_outer(query, columns_of)
    if not reads_outer and len(values) == 1 and _is_alone(listing):
        return None
    qualified = _qualified(values, place, columns_of)
    if not any(one.is_star for one in query.selects) and len(query.selects) != len(values):
        raise SqlError(
            "DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH",
            f"{len(values)} columns are compared with {len(query.selects)}: {render(listing)}",
        )
    if not reads_outer:
        return row_that(PERHAPS_EQUAL, query, qualified)
    found = _with_condition(query, qualified)
    if found is None:
        raise unsupported(f"this NOT IN with a subquery (use NOT EXISTS): {render(listing)}")
    return found


def _with_condition(query: exp.Query, values: list[exp.Expr]) -> exp.Exists | None:
    """EXISTS of a row of a subquery that may be equal to these values of its outer query, or None
    where WHERE is no place to say so."""
    if not isinstance(query, exp.Select) or any(query.args.get(key) for key in _SHAPED):
        return None
    outputs = [output.unalias() for output in query.expressions]
    names = {one.alias_or_name.lower() for one in sources(query)}
    columns = [column for value in values for column in of_kind(nodes(value), exp.Column)]
    if (
        len(outputs) != len(values)
        or any(of_kind(nodes(one), exp.AggFunc, exp.Window, exp.Star) for one in outputs)
        or any(not column.table or column.table.lower() in names for column in columns)
    ):
        return None
    rows = query.copy()
    for clause in ("distinct", "order"):
        rows.set(clause, None)
    rows.set("expressions", [exp.Literal.number(1)])
    return exp.Exists(this=_where_they_agree(rows, PERHAPS_EQUAL, outputs, values))


def _where_they_agree(
    rows: exp.Select, form: str, listed: list[exp.Expr], values: list[exp.Expr]
) -> exp.Select:
    for one, value in zip(listed, values, strict=True):
        places = {"a": exp.paren(value), "b": exp.paren(one)}
        rows.where(fill(form, places), copy=False)
    return rows


def _qualified(values: list[exp.Expr], place: exp.Expr, columns_of: ColumnsOf) -> list[exp.Expr]:
    """The values, with the relations of their columns where these can be told."""
    found = [value.copy() for value in values]
    unqualified = [
        column for one in found for column in of_kind(nodes(one), exp.Column) if not column.table
    ]
    if not unqualified or place.args.get("laterals"):
        return found
    if isinstance(place, exp.Select) and len(sources(place)) > 1:
        ask = columns_of_relations(place, columns_of)
        having = {
            relation.alias_or_name: {column.name.lower() for column in ask(relation)}
            for relation in sources(place)
        }
    else:
        relation = sources(place)[0] if isinstance(place, exp.Select) else place.this
        having = {relation.alias_or_name: {column.name.lower() for column in unqualified}}
    for column in unqualified:
        tables = [name for name, names in having.items() if name and column.name.lower() in names]
        if len(tables) == 1:
            column.set("table", exp.to_identifier(tables[0], quoted=True))
    return found


def _reads_outer(query: exp.Query, columns_of: ColumnsOf) -> bool:
    """Whether a subquery reads its outer query."""
    known = {
        source.alias_or_name.lower()
        for select in of_kind(nodes(query), exp.Select)
        for source in sources(select)
    }
    columns = of_kind(nodes(query), exp.Column)
    if all(column.table and column.table.lower() in known for column in columns):
        return False
    try:
        return bool(outer_columns(query, columns_of))
    except SqlError as error:  # for relations that read the outer query
        raise unsupported(f"this subquery of a predicate: {render(query)}") from error


def _refuse_outer(query: exp.Query, columns_of: ColumnsOf) -> None:
    if _reads_outer(query, columns_of):
        raise unsupported(
            "IN and EXISTS with a subquery that reads its outer query and has an OFFSET, or is in"
            f" the condition of an outer, SEMI or ANTI join (write a join): {render(query)}"
        )
