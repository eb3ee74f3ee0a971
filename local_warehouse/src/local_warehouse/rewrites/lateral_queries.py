"""LATERAL with a query that reads the relations before it, and has relations of its own.

The engine does not join such a query. So it gets a relation of the different values that its outer
columns have, the keys; it reads these in place of the outer columns, for each of them for itself,
and is joined with the relations before it by their equality.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-lateral-subquery
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.correlated_values import key_of, reference_error
from local_warehouse.rewrites.scopes import (
    ColumnsOf,
    branches,
    conditions,
    is_all,
    is_output,
    is_total,
    outer_columns,
    random_call,
    sources,
    with_visible,
)
from local_warehouse.rewrites.signatures import name_of
from local_warehouse.rewrites.templates import PREFIX, fill
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_KEYS, _KEY, _ROWS = f"{PREFIX}keys", f"{PREFIX}key", f"{PREFIX}rows"
_PLACE, _NONE = f"{PREFIX}place", f"{PREFIX}none"


def join_lateral_queries(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Join such queries of a SELECT by keys. Raises SqlError for those that cannot be."""
    for at, join in enumerate(select.args.get("joins") or []):
        lateral = join.this
        query = lateral.this.unnest() if isinstance(lateral, exp.Lateral) else None
        if isinstance(query, exp.Query) and any(map(sources, of_kind(nodes(query), exp.Select))):
            outer = _outer_columns(query, columns_of)
            if outer:
                _join(select, at, query, outer, columns_of)
    return select


def _outer_columns(query: exp.Query, columns_of: ColumnsOf) -> list[exp.Column]:
    try:
        found = outer_columns(query, columns_of)
    except SqlError as error:
        raise _refusal("whose own relations read others") from error
    own = {id(branch.unnest()) for branch in branches(query)}
    for column in found:
        place = column.parent_select
        if place is None or id(place) not in own:
            raise _refusal(f"that reads {render(column)} in a query within")
        clause = column.find_ancestor(exp.Where, exp.Join, exp.Having, exp.Order, exp.Select)
        is_sorted_by = isinstance(clause, exp.Order) and clause.parent is place
        is_aggregated = place.args.get("group") is not None or is_total(place)
        if is_sorted_by or (clause is place and is_aggregated):
            raise reference_error(column)
    return found


def _join(
    select: exp.Select, at: int, query: exp.Query, outer: list[exp.Column], columns_of: ColumnsOf
) -> None:
    join = select.args["joins"][at]
    lateral = join.this
    _check(join)
    key, fields = key_of(outer)
    keys = _keys(select, at, key)
    random = random_call(keys)
    if random is not None:
        raise _refusal(f"beside the random values of {random}()")
    types = columns_of(with_visible(keys.copy(), select))[0].type
    if "map<" in types:
        raise _refusal("that reads a MAP of its outer query")
    for column in outer:
        column.replace(exp.column(fields[render(column)], _KEY, _KEYS))
    clause = query.args.get("with_")
    query.set("with_", None)
    keyed = _keyed(query, keys)
    if clause is not None:
        keyed.set("with_", clause)
    alias = lateral.args.get("alias") or exp.TableAlias()
    if alias.this is None:
        alias.set("this", exp.to_identifier(f"{PREFIX}lateral_{at}"))
    if alias.columns:
        alias.append("columns", exp.to_identifier(_KEY))
    by_key = exp.column(_KEY, alias.this.copy()).eq(key)
    on = join.args.get("on")
    join.set("this", exp.Subquery(this=keyed, alias=alias))
    join.set("on", exp.and_(by_key, on) if on is not None and on != exp.true() else by_key)
    join.set("kind", "" if join.side else "INNER")
    _hide_key(select, alias.name)


def _check(join: exp.Join) -> None:
    """Raise SqlError for a join that LATERAL cannot be in."""
    if join.side in ("RIGHT", "FULL") or join.kind in ("SEMI", "ANTI"):
        raise SqlError(
            "INVALID_LATERAL_JOIN_TYPE",
            f"The {join.side or 'LEFT'} {join.kind} JOIN cannot have LATERAL on its right side.",
        )
    if join.method == "NATURAL":
        raise SqlError("INCOMPATIBLE_JOIN_TYPES", "The join types NATURAL and LATERAL differ.")
    if join.args.get("using"):
        raise _refusal("in a join with USING")


def _keys(select: exp.Select, at: int, key: exp.Expr) -> exp.Select:
    """The keys that the relations before a join have, of the rows that WHERE leaves of them."""
    before = exp.Select(from_=select.args["from_"].copy())
    if at:
        before.set("joins", [join.copy() for join in select.args["joins"][:at]])
    keys = before.select(exp.alias_(key.copy(), _KEY), copy=False).distinct(copy=False)
    known = {relation.alias_or_name.lower() for relation in sources(before)}
    where = select.args.get("where")
    for condition in conditions(where.this) if where is not None else []:
        read = of_kind(nodes(condition), exp.Column)
        if condition.find(exp.Query) is None and all(
            column.parts[0].name.lower() in known and len(column.parts) > 1 for column in read
        ):
            keys.where(condition.copy(), copy=False)
    return keys


def _keyed(query: exp.Expr, keys: exp.Select) -> exp.Expr:
    """The query for each of the keys, which are its last column."""
    if isinstance(query, exp.Subquery):
        query.set("this", _keyed(query.this, keys))
        return query
    if isinstance(query, exp.SetOperation):
        for side in ("this", "expression"):
            query.set(side, _keyed(query.args[side], keys))
        return _limited(query)
    if not isinstance(query, exp.Select):
        raise _refusal(f"of the form {query.key.upper()}")
    _name_outputs(query)
    if is_total(query):
        return _total(query, keys)
    group = query.args.get("group")
    if group is not None and group.find(exp.Cube, exp.Rollup, exp.GroupingSets):
        raise SqlError(
            "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.ACCESSING_OUTER_QUERY_COLUMN_IS_NOT_ALLOWED",
            f"LATERAL with totals of groups reads its outer query: {render(group).strip()}.",
        )
    _read_keys(query, keys)
    if group is not None and not is_all(group):
        query.group_by(_column(_KEYS), copy=False)
    _hide_key(query, _KEYS)
    query.select(exp.alias_(_column(_KEYS), _KEY), copy=False)
    for window in of_kind(nodes(query), exp.Window):
        is_reference = window.args.get("alias") is not None and window.arg_key != "windows"
        if window.parent_select is query and not is_reference:
            window.append("partition_by", _column(_KEYS))
    return _limited(query)


def _read_keys(query: exp.Select, keys: exp.Select) -> None:
    """Put the keys before a query's relations, which may then name them."""
    joins = query.args.get("joins") or []
    if any(join.side in ("RIGHT", "FULL") for join in joins):
        raise _refusal("with a RIGHT or FULL JOIN in it")
    first = query.args.get("from_")
    query.set("from_", exp.From(this=keys.copy().subquery(_KEYS)))
    if first is not None:
        query.set("joins", [exp.Join(this=first.this, kind="CROSS"), *joins])


def _total(query: exp.Select, keys: exp.Select) -> exp.Select:
    """A query that aggregates all of its rows, and has a row for keys without any too."""
    limit = query.args.get("limit")
    is_cut = limit is not None and limit.expression.name in ("", "0")
    if is_cut or any(query.args.get(clause) for clause in ("having", "qualify", "offset")):
        raise _refusal("that aggregates all rows and leaves some out")
    for clause in ("order", "limit"):
        query.set(clause, None)
    if any(window.parent_select is query for window in of_kind(nodes(query), exp.Window)):
        raise _refusal("that aggregates all rows and has a window")
    _read_keys(query, keys)
    none = query.where(exp.false())
    query.group_by(_column(_KEYS), copy=False)
    query.select(exp.alias_(_column(_KEYS), _KEY), copy=False)
    outputs = [_output(output.alias) for output in none.expressions]
    return (
        exp.select(*outputs, exp.alias_(_column(_KEYS), _KEY))
        .from_(keys.copy().subquery(_KEYS), copy=False)
        .join(
            query.subquery(_ROWS),
            on=_column(_ROWS).eq(_column(_KEYS)),
            join_type="left",
            copy=False,
        )
        .join(none.subquery(_NONE), join_type="cross", copy=False)
    )


def _output(name: str) -> exp.Expr:
    """An aggregate of the rows that there are for a key, or of none."""
    none, rows = (exp.column(name, table, quoted=True) for table in (_NONE, _ROWS))
    chosen = fill("if(k is null, a, b)", {"k": _column(_ROWS), "a": none, "b": rows})
    return exp.alias_(chosen, name, quoted=True)


def _limited(query: exp.Query) -> exp.Query:
    """The query with its ORDER BY, LIMIT and OFFSET for each key."""
    order, limit, offset = (query.args.get(clause) for clause in ("order", "limit", "offset"))
    for clause in ("order", "limit", "offset"):
        query.set(clause, None)
    if limit is None and offset is None:
        return query
    sorted_by = [key.copy() for key in order.expressions] if order is not None else []
    is_whole = isinstance(query, exp.Select) and not (
        query.args.get("distinct") or query.args.get("qualify")
    )
    for key in sorted_by:
        value = key.this if isinstance(key, exp.Ordered) else key
        value.replace(_sorting(value, query, is_whole=is_whole))
    table = _KEYS if is_whole else _ROWS
    place = exp.Window(
        this=exp.func("row_number"),
        partition_by=[_column(table)],
        order=exp.Order(expressions=sorted_by or [exp.Ordered(this=_column(table))]),
    )
    if isinstance(query, exp.Select) and is_whole:
        query.select(exp.alias_(place, _PLACE), copy=False)
    else:
        query = exp.select("*", exp.alias_(place, _PLACE)).from_(query.subquery(_ROWS))
    star = exp.Star(except_=[exp.column(_PLACE)])
    left = exp.select(star).from_(query.subquery(f"{PREFIX}placed"))
    skipped = offset.expression if offset is not None else exp.Literal.number(0)
    if offset is not None:
        left.where(fill(f"{_PLACE} > n", {"n": skipped}), copy=False)
    if limit is not None:
        places = {"n": skipped, "m": limit.expression}
        left.where(fill(f"{_PLACE} <= n + m", places), copy=False)
    return left


def _sorting(value: exp.Expr, query: exp.Query, *, is_whole: bool) -> exp.Expr:
    """What a key of ORDER BY stands for: of a whole SELECT beside its outputs, else outside."""
    for at, output in enumerate(branches(query)[0].selects):
        is_place = isinstance(value, exp.Literal) and value.name == str(at + 1)
        is_same = is_output(value, output) or render(value) == render(output.unalias())
        if is_place or (is_same and not isinstance(value, exp.Literal)):
            if is_whole:
                return output.unalias().copy()
            return exp.column(output.alias_or_name, _ROWS, quoted=True)
    if not is_whole:
        raise _refusal("that is sorted by what is no output")
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


def _hide_key(select: exp.Select, relation: str) -> None:
    """Leave the keys, which a relation has, out of the stars of a SELECT that have its columns, but
    for those of count, which count rows."""
    for star in of_kind(nodes(select), exp.Star):
        table = star.parent.table if isinstance(star.parent, exp.Column) else ""
        around = star.parent.parent if table else star.parent
        is_counted = around is not None and name_of(around) == "count"
        has_key = table.lower() in ("", relation.lower())
        if star.parent_select is select and has_key and not is_counted:
            hidden = star.args.get("except_") or []
            if all(one.name != _KEY for one in hidden):
                star.set("except_", [*hidden, exp.column(_KEY)])


def _column(table: str) -> exp.Column:
    return exp.column(_KEY, table)


def _refusal(what: str) -> SqlError:
    return unsupported(f"LATERAL with a query {what} (write a join)")
