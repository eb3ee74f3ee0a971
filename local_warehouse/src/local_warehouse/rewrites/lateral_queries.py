"""LATERAL with a query that reads the relations before it, and has relations of its own.

The engine does not join such a query. So it gets a relation of the different values that its outer
columns have, the keys; it reads these in place of the outer columns, for each of them for itself,
and is joined with the relations before it by their equality.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-lateral-subquery
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError
from local_warehouse.rewrites.keyed_queries import (
    KEY,
    KEYS,
    ROWS,
    columns_to_key,
    hide_key,
    join_by_key,
    key_of,
    keyed,
    name_relations,
    refusal,
)
from local_warehouse.rewrites.lateral_generators import GENERATORS, can_be_viewed
from local_warehouse.rewrites.scopes import (
    ColumnsOf,
    conditions,
    random_call,
    sources,
    with_visible,
)
from local_warehouse.rewrites.templates import PREFIX
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind


def join_lateral_queries(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Join such queries of a SELECT by keys. Raises SqlError for those that cannot be."""
    first = select.args.get("from_")
    if first is not None and isinstance(first.this, exp.Lateral):
        _read_as_relation(first.this)
    for at, join in enumerate(select.args.get("joins") or []):
        lateral = join.this
        if not isinstance(lateral, exp.Lateral):
            continue
        query = lateral.this.unnest()
        if isinstance(query, exp.Select):
            _call_generator(lateral, query)
        if isinstance(lateral.this, exp.Anonymous):
            if str(lateral.this.this).lower() in GENERATORS and not can_be_viewed(select, join):
                _join_generator(select, at)
        elif isinstance(query, exp.Query):
            _check(join)
            has_relations = any(map(sources, of_kind(nodes(query), exp.Select)))
            if not has_relations and not join.side and lateral.find_ancestor(exp.Lateral) is None:
                _name_columns(lateral, query)
                continue
            outer = columns_to_key(query, columns_of)
            if outer:
                _join(select, at, query, outer, columns_of)
            else:
                _read_as_relation(lateral)
    return select


def _read_as_relation(lateral: exp.Lateral) -> None:
    """Leave out a LATERAL that reads no relation before it."""
    alias = lateral.args.get("alias")
    if isinstance(lateral.this, exp.Anonymous):
        lateral.replace(exp.Table(this=lateral.this, alias=alias))
    elif isinstance(lateral.this, exp.Subquery):
        lateral.replace(exp.Subquery(this=lateral.this.this, alias=alias))


def _name_columns(lateral: exp.Lateral, query: exp.Query) -> None:
    """Name the outputs of a query without relations as its alias does: otherwise the engine does
    not find columns that are shown as they are. Raises SqlError for a star of no relation."""
    if any(isinstance(output, exp.Star) for output in query.selects):
        raise refusal("by a star of no relation")
    alias = lateral.args.get("alias")
    if alias is None or not alias.columns or not isinstance(query, exp.Select):
        return
    if len(alias.columns) == len(query.expressions):
        pairs = zip(query.expressions, alias.columns, strict=True)
        query.set("expressions", [exp.alias_(one.unalias(), name.copy()) for one, name in pairs])
        alias.set("columns", None)


def _call_generator(lateral: exp.Lateral, query: exp.Select) -> None:
    """Let LATERAL (SELECT explode(a)) be LATERAL explode(a)."""
    output = query.expressions[0]
    call = output.unalias()
    is_alone = len(query.expressions) == 1 and not any(
        value for clause, value in query.args.items() if clause != "expressions"
    )
    if is_alone and isinstance(call, exp.Anonymous) and str(call.this).lower() in GENERATORS:
        alias = lateral.args.get("alias") or exp.TableAlias()
        if output.alias and not alias.columns:
            alias.set("columns", [exp.to_identifier(output.alias, quoted=True)])
        lateral.set("this", call)
        lateral.set("alias", alias)


def _join_generator(select: exp.Select, at: int) -> None:
    """Join with what a generator makes of each key."""
    join = select.args["joins"][at]
    outer = of_kind(nodes(join.this.this), exp.Column)
    if not outer:
        _read_as_relation(join.this)
        return
    _check(join)
    key, fields = key_of(outer)
    keys = _keys(select, at, key)
    view = join.this.copy()
    for column in of_kind(nodes(view.this), exp.Column):
        column.replace(exp.column(fields[render(column)], KEY, KEYS))
    name = str(view.this.this).lower()
    view.this.set("this", name.removesuffix("_outer"))
    names = view.args["alias"].columns if view.args.get("alias") is not None else []
    view.set("view", True)
    view.set("outer", name.endswith("_outer"))
    alias = exp.TableAlias(this=exp.to_identifier(ROWS), columns=[one.copy() for one in names])
    view.set("alias", alias)
    shown: list[exp.Expr] = [exp.column(one.copy(), ROWS) for one in names]
    shown = shown or [exp.Star(except_=[exp.column(KEY, KEYS)])]
    rows = exp.select(*shown, exp.alias_(exp.column(KEY, KEYS), KEY)).from_(keys.subquery(KEYS))
    rows.append("laterals", view)
    join_by_key(join, rows, key, f"{PREFIX}lateral_{at}")
    name_relations(select)
    hide_key(select, join.this.alias)


def _join(
    select: exp.Select, at: int, query: exp.Query, outer: list[exp.Column], columns_of: ColumnsOf
) -> None:
    join = select.args["joins"][at]
    key, fields = key_of(outer)
    keys = _keys(select, at, key)
    random = random_call(keys)
    if random is not None:
        raise refusal(f"beside the random values of {random}()")
    try:
        types = columns_of(with_visible(keys.copy(), select))[0].type
    except SqlError as error:
        raise refusal("behind relations that read others") from error
    if "map<" in types:
        raise refusal("that reads a MAP of its outer query")
    join_by_key(join, keyed(query, keys, outer, fields), key, f"{PREFIX}lateral_{at}")
    name_relations(select)
    hide_key(select, join.this.alias)


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
        raise refusal("in a join with USING")
    on = join.args.get("on")
    if on is not None and random_call(on) is not None:
        raise SqlError(
            "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.LATERAL_JOIN_CONDITION_NON_DETERMINISTIC",
            "The condition of a join with LATERAL has random values.",
        )


def _keys(select: exp.Select, at: int, key: exp.Expr) -> exp.Select:
    """The keys that the relations before a join have, of the rows that WHERE leaves of them."""
    before = exp.Select(from_=select.args["from_"].copy())
    if at:
        before.set("joins", [join.copy() for join in select.args["joins"][:at]])
    keys = before.select(exp.alias_(key.copy(), KEY), copy=False).distinct(copy=False)
    known = {relation.alias_or_name.lower() for relation in sources(before)}
    where = select.args.get("where")
    for condition in conditions(where.this) if where is not None else []:
        read = of_kind(nodes(condition), exp.Column)
        if condition.find(exp.Query) is None and all(
            column.parts[0].name.lower() in known and len(column.parts) > 1 for column in read
        ):
            keys.where(condition.copy(), copy=False)
    return keys
