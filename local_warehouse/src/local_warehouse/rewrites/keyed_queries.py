"""Queries that read columns of an outer query, computed for each of the different values that these
columns have, the keys.

Such a query reads the keys, a relation of one column, in place of the outer columns, and has the
key as its last column. So have the queries in its FROM that read outer columns, which are joined
with the keys by it.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.scopes import (
    ColumnsOf,
    branches,
    is_aggregate,
    is_all,
    is_output,
    is_total,
    outer_columns,
    sources,
)
from local_warehouse.rewrites.signatures import name_of
from local_warehouse.rewrites.templates import PREFIX, fill
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

KEYS, KEY, ROWS = f"{PREFIX}keys", f"{PREFIX}key", f"{PREFIX}rows"
_PLACE, _NONE, _KEPT = f"{PREFIX}place", f"{PREFIX}none", f"{PREFIX}kept"


def columns_to_key(query: exp.Query, columns_of: ColumnsOf) -> list[exp.Column]:
    """The outer columns that a query reads. Raises SqlError for those that no keys can replace, and
    for those that Spark refuses."""
    try:
        inline_ctes(query, columns_of)
        found = outer_columns(query, columns_of)
    except SqlError as error:
        raise refusal("whose own relations read others") from error
    own = {id(select) for select in own_selects(query)}
    for column in found:
        place = column.parent_select
        if place is None or id(place) not in own or column.is_star:
            raise refusal(f"that reads {render(column)} in a query within")
        clause = column.find_ancestor(exp.Where, exp.Join, exp.Having, exp.Order, exp.Select)
        is_sorted_by = isinstance(clause, exp.Order) and clause.parent is place
        is_aggregated = place.args.get("group") is not None or is_total(place)
        if is_sorted_by or (clause is place and is_aggregated) or _is_aggregated(column):
            raise reference_error(column)
        _require_whole_joins(column, query)
    return found


def inline_ctes(query: exp.Query, columns_of: ColumnsOf) -> None:
    """Put those CTEs of a query that read an outer query in place of their names, which no other
    CTEs have."""
    clause = query.args.get("with_")
    if clause is None:
        return
    for cte in list(clause.expressions):
        if not outer_columns(cte.this, columns_of):
            continue
        cte.pop()
        for table in of_kind(nodes(query), exp.Table):
            if table.name.lower() == cte.alias.lower():
                alias = table.args.get("alias") or exp.TableAlias(this=table.this.copy())
                if not alias.columns:
                    alias.set("columns", [name.copy() for name in cte.args["alias"].columns])
                table.replace(exp.Subquery(this=cte.this.copy(), alias=alias))
        if not clause.expressions:
            query.set("with_", None)


def own_selects(query: exp.Expr) -> Iterator[exp.Select]:
    """The SELECTs of a query and of the queries in their FROM."""
    for branch in branches(query):
        one = branch.unnest()
        if isinstance(one, exp.SetOperation):
            yield from own_selects(one)
        elif isinstance(one, exp.Select):
            yield one
            for relation in sources(one):
                if isinstance(relation, exp.Subquery):
                    yield from own_selects(relation)


def _require_whole_joins(column: exp.Column, query: exp.Query) -> None:
    """Raise SqlError for an outer column in a relation of which a join keeps rows that match
    none, or of which it only looks whether there are rows."""
    node: exp.Expr = column
    while node is not query and node.parent is not None:
        join = node.parent
        if isinstance(join, exp.Join) and node.arg_key == "this":
            kind = " ".join(filter(None, (join.side, join.kind)))
            if join.side or join.kind in ("SEMI", "ANTI"):
                raise SqlError(
                    "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY"
                    ".ACCESSING_OUTER_QUERY_COLUMN_IS_NOT_ALLOWED",
                    f"A relation of a {kind} JOIN reads {render(column)} of an outer query.",
                )
        node = join


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


def keyed(
    query: exp.Query, keys: exp.Select, outer: list[exp.Column], fields: dict[str, str]
) -> exp.Query:
    """The query for each of the keys, which are its last column."""
    for column in outer:
        column.replace(exp.column(fields[render(column)], KEY, KEYS))
    return _keyed(query, keys)


def _keyed(query: exp.Expr, keys: exp.Select) -> exp.Query:
    clause = query.args.get("with_")
    query.set("with_", None)
    found = _keyed_body(query, keys)
    if clause is not None:
        found.set("with_", clause)
    return found


def _keyed_body(query: exp.Expr, keys: exp.Select) -> exp.Query:
    if isinstance(query, exp.Subquery):
        query.set("this", _keyed(query.this, keys))
        return query
    if isinstance(query, exp.SetOperation):
        for side in ("this", "expression"):
            query.set(side, _keyed(query.args[side], keys))
        return _limited(query)
    if not isinstance(query, exp.Select):
        raise refusal(f"of the form {query.key.upper()}")
    _name_outputs(query)
    group, having = query.args.get("group"), query.args.get("having")
    if is_total(query) or (having is not None and group is None):
        return _total(query, keys)
    if group is not None and group.find(exp.Cube, exp.Rollup, exp.GroupingSets):
        raise SqlError(
            "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.ACCESSING_OUTER_QUERY_COLUMN_IS_NOT_ALLOWED",
            f"A subquery with totals of groups reads its outer query: {render(group).strip()}.",
        )
    _group_distinct(query)
    group = query.args.get("group")
    _read_keys(query, keys)
    if group is not None and not is_all(group):
        query.group_by(_column(KEYS), copy=False)
    hide_key(query, KEYS)
    query.select(exp.alias_(_column(KEYS), KEY), copy=False)
    for window in of_kind(nodes(query), exp.Window):
        is_reference = window.args.get("alias") is not None and window.arg_key != "windows"
        if window.parent_select is query and not is_reference:
            window.append("partition_by", _column(KEYS))
    return _limited(query)


def _group_distinct(query: exp.Select) -> None:
    """Let DISTINCT be groups: of rows that are joined with keys, the engine leaves out columns that
    are not used, though rows differ by them."""
    if not query.args.get("distinct") or query.args.get("limit") or query.args.get("offset"):
        return
    values = [output.unalias() for output in query.expressions]
    if query.args.get("group") or any(one.is_star or one.find(exp.Window) for one in values):
        raise refusal("with DISTINCT of a star, of groups or of windows")
    query.set("distinct", None)
    keys = [value.copy() for value in values if not isinstance(value, exp.Literal)]
    query.group_by(*(keys or [exp.cast(exp.null(), "int")]), copy=False)


def _read_keys(query: exp.Select, keys: exp.Select) -> None:
    """Put the keys before a query's relations, which may then name them, and join with them those
    that are queries which read them."""
    joins = query.args.get("joins") or []
    if any(join.side in ("RIGHT", "FULL") for join in joins):
        raise refusal("with a RIGHT or FULL JOIN in it")
    first = query.args.get("from_")
    query.set("from_", exp.From(this=keys.copy().subquery(KEYS)))
    if first is None:
        return
    query.set("joins", [exp.Join(this=first.this, kind="CROSS"), *joins])
    name_relations(query)
    for join in query.args["joins"]:
        if isinstance(join.this, exp.Subquery) and _reads_keys(join.this):
            join_by_key(join, _keyed(join.this.this, keys), _column(KEYS), join.this.alias)
            hide_key(query, join.this.alias)
        _read_keys_of_call(join, query)


def name_relations(select: exp.Select) -> None:
    """Name the queries in a FROM that have no name, beside which a star is one of all relations."""
    for at, relation in enumerate(sources(select)):
        if isinstance(relation, exp.Subquery) and not relation.alias:
            alias = relation.args.get("alias") or exp.TableAlias()
            alias.set("this", exp.to_identifier(f"{ROWS}_{at}"))
            relation.set("alias", alias)


def _read_keys_of_call(join: exp.Join, query: exp.Select) -> None:
    """Let a table function that reads the keys be LATERAL."""
    if isinstance(join.this, exp.Table) and _reads_keys(join.this):
        if any(output.is_star for output in query.expressions):
            raise refusal("by a table function and shows all of its columns")
        join.set("this", exp.Lateral(this=join.this.this, alias=join.this.args.get("alias")))


def _reads_keys(relation: exp.Expr) -> bool:
    return any(
        [part.name for part in column.parts[:2]] == [KEYS, KEY]
        for column in of_kind(nodes(relation), exp.Column)
    )


def join_by_key(join: exp.Join, query: exp.Expr, key: exp.Expr, name: str) -> None:
    """Let a join be one with a query that has been keyed, by its key."""
    if join.args.get("using") or join.method == "NATURAL":
        raise refusal("in a join with USING")
    alias = join.this.args.get("alias") or exp.TableAlias()
    if alias.this is None:
        alias.set("this", exp.to_identifier(name))
    if alias.columns:
        alias.append("columns", exp.to_identifier(KEY))
    by_key = exp.column(KEY, alias.this.copy()).eq(key)
    on = join.args.get("on")
    join.set("this", exp.Subquery(this=query, alias=alias))
    join.set("on", exp.and_(by_key, on) if on is not None and on != exp.true() else by_key)
    join.set("kind", "" if join.side else "INNER")


def _total(query: exp.Select, keys: exp.Select) -> exp.Select:
    """A query that aggregates all of its rows, and has a row for keys without any too."""
    limit, having = query.args.get("limit"), query.args.get("having")
    is_cut = limit is not None and limit.expression.name in ("", "0")
    if is_cut or any(query.args.get(clause) for clause in ("qualify", "offset")):
        raise refusal("that aggregates all rows and leaves some out")
    if having is not None:
        query.select(exp.alias_(_kept(having, query), _KEPT), copy=False)
    for clause in ("having", "distinct", "order", "limit"):
        query.set(clause, None)
    if any(window.parent_select is query for window in of_kind(nodes(query), exp.Window)):
        raise refusal("that aggregates all rows and has a window")
    _read_keys(query, keys)
    none = query.where(exp.false())
    query.group_by(_column(KEYS), copy=False)
    query.select(exp.alias_(_column(KEYS), KEY), copy=False)
    names = [output.alias for output in none.expressions if output.alias != _KEPT]
    total = (
        exp.select(*map(_output, names), exp.alias_(_column(KEYS), KEY))
        .from_(keys.copy().subquery(KEYS), copy=False)
        .join(
            query.subquery(ROWS),
            on=_column(ROWS).eq(_column(KEYS)),
            join_type="left",
            copy=False,
        )
        .join(none.subquery(_NONE), join_type="cross", copy=False)
    )
    return total if having is None else total.where(_output(_KEPT).this, copy=False)


def _kept(having: exp.Expr, query: exp.Select) -> exp.Expr:
    """The condition of a HAVING, with outputs in place of their names."""
    condition = exp.paren(having.this)
    for column in of_kind(nodes(condition), exp.Column):
        output = next((one for one in query.expressions if is_output(column, one)), None)
        if output is not None and not _is_aggregated(column):
            column.replace(exp.paren(output.unalias().copy()))
    return condition


def _is_aggregated(column: exp.Column) -> bool:
    node = column.parent
    while node is not None and not isinstance(node, exp.Select):
        if is_aggregate(node):
            return True
        node = node.parent
    return False


def _output(name: str) -> exp.Expr:
    """An aggregate of the rows that there are for a key, or of none."""
    none, rows = (exp.column(name, table, quoted=True) for table in (_NONE, ROWS))
    chosen = fill("if(k is null, a, b)", {"k": _column(ROWS), "a": none, "b": rows})
    return exp.alias_(chosen, name, quoted=True)


def _limited(query: exp.Query) -> exp.Query:
    """The query with its ORDER BY, LIMIT and OFFSET for each key."""
    order, limit, offset = (query.args.get(clause) for clause in ("order", "limit", "offset"))
    for clause in ("order", "limit", "offset"):
        query.set(clause, None)
    if limit is None and offset is None:
        return query
    shown: list[exp.Expr] = [
        exp.column(output.alias_or_name, quoted=True) for output in branches(query)[0].selects
    ]
    if any(output.is_star for output in branches(query)[0].selects):
        shown = [exp.Star(except_=[exp.column(_PLACE)])]
    sorted_by = [key.copy() for key in order.expressions] if order is not None else []
    is_whole = isinstance(query, exp.Select) and not (
        query.args.get("distinct") or query.args.get("qualify")
    )
    for key in sorted_by:
        value = key.this if isinstance(key, exp.Ordered) else key
        value.replace(_sorting(value, query, is_whole=is_whole))
    table = KEYS if is_whole else ROWS
    place = exp.Window(
        this=exp.func("row_number"),
        partition_by=[_column(table)],
        order=exp.Order(expressions=sorted_by or [exp.Ordered(this=_column(table))]),
    )
    if isinstance(query, exp.Select) and is_whole:
        query.select(exp.alias_(place, _PLACE), copy=False)
    else:
        query = exp.select("*", exp.alias_(place, _PLACE)).from_(query.subquery(ROWS))
    left = exp.select(*shown).from_(query.subquery(f"{PREFIX}placed"))
    skipped = offset.expression if offset is not None else exp.Literal.number(0)
    if offset is not None:
        left.where(fill(f"{_PLACE} > n", {"n": skipped}), copy=False)
    if limit is not None:
        places = {"n": skipped, "m": limit.expression}
        left.where(fill(f"{_PLACE} <= n + m", places), copy=False)
    return left


def _sorting(value: exp.Expr, query: exp.Expr, *, is_whole: bool) -> exp.Expr:
    """What a key of ORDER BY stands for: of a whole SELECT beside its outputs, else outside."""
    for at, output in enumerate(branches(query)[0].selects):
        is_place = isinstance(value, exp.Literal) and value.name == str(at + 1)
        is_same = is_output(value, output) or render(value) == render(output.unalias())
        if is_place or (is_same and not isinstance(value, exp.Literal)):
            if is_whole:
                return output.unalias().copy()
            return exp.column(output.alias_or_name, ROWS, quoted=True)
    if not is_whole:
        raise refusal("that is sorted by what is no output")
    return value.copy()


def _name_outputs(query: exp.Select) -> None:
    """Name outputs that have the name of a column, which is read from the keys now."""
    outputs = [
        output
        if isinstance(output, exp.Alias) or output.is_star
        else exp.alias_(output, output.output_name, quoted=True)
        for output in query.expressions
    ]
    query.set("expressions", outputs)


def hide_key(select: exp.Select, relation: str) -> None:
    """Leave the keys, which a relation has, out of the stars of a SELECT that have its columns, but
    for those of count, which count rows."""
    for star in of_kind(nodes(select), exp.Star):
        table = star.parent.table if isinstance(star.parent, exp.Column) else ""
        around = star.parent.parent if isinstance(star.parent, exp.Column) else star.parent
        is_counted = around is not None and name_of(around) == "count"
        has_key = table.lower() in ("", relation.lower())
        if star.parent_select is select and has_key and not is_counted:
            hidden = star.args.get("except_") or []
            star.set("except_", [*hidden, exp.column(KEY, relation)])


def _column(table: str) -> exp.Column:
    return exp.column(KEY, table)


def refusal(what: str) -> SqlError:
    """The refusal of a query that reads its outer query so."""
    return unsupported(f"a subquery {what}, which reads an outer query (write a join)")
