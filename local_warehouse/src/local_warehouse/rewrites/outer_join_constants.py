"""Constants in relations that an outer join, or a subquery of one value, may make NULL.

The engine takes such a column for a constant above the join too, as f.flag of
`left join (select id, true as flag from u) f`, and leaves it out of what rows are sorted by. So it
is not to know that the column is one; where nothing is sorted it may.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from local_warehouse.errors import SqlError
from local_warehouse.rewrites.scopes import (
    ColumnsOf,
    aggregates,
    conditions,
    expression_of,
    relations_of,
    with_visible,
)
from local_warehouse.rewrites.templates import PREFIX, fill
from local_warehouse.sql.node_map import NodeMap
from local_warehouse.sql.walk import nodes

_OUTER = ("LEFT", "RIGHT", "FULL")
_FILTERS = ("SEMI", "ANTI")
_ROW = f"from values (0) as {PREFIX}row({PREFIX}number)"  # what a query without FROM reads
_MOST = 16  # columns of which one is hoped to be no constant


def hide_constants(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Have the constants of such relations depend on columns beside them."""
    found = nodes(tree)
    if not any(isinstance(node, exp.Ordered) for node in found):
        return tree
    hidden = NodeMap[bool]()
    for node in found:
        if isinstance(node, exp.Join) and _is_outer(node):
            for relation in _made_null(node):
                _hide_within(relation, columns_of, hidden)
            _compare_nulls(node.args.get("on"))
        elif isinstance(node, exp.Subquery) and isinstance(
            node.parent, (exp.Select, exp.Alias, exp.Condition)
        ):
            _hide_within(node, columns_of, hidden)
    return tree


def _is_outer(join: exp.Join) -> bool:
    return join.side.upper() in _OUTER and join.kind.upper() not in _FILTERS


def _made_null(join: exp.Join) -> Iterator[exp.Expr]:
    """The relations whose columns a join may make NULL."""
    side, around = join.side.upper(), join.parent
    if side != "RIGHT":
        yield join.this
    if side != "LEFT" and around is not None:
        first = around.args.get("from_")
        yield first if isinstance(first, exp.From) else around.this
        for other in around.args.get("joins") or []:
            if other is join:
                return
            yield other.this


def _hide_within(relation: exp.Expr, columns_of: ColumnsOf, hidden: NodeMap[bool]) -> None:
    """Hide the constants in the queries of a relation, and of the CTEs that it names, once each."""
    for node in nodes(relation):
        if node in hidden:
            continue
        hidden[node] = True
        if isinstance(node, exp.Table) and (cte := expression_of(node)) is not None:
            _hide_within(cte, columns_of, hidden)
        elif isinstance(node, exp.Select):
            _hide(node, columns_of)


def _hide(select: exp.Select, columns_of: ColumnsOf) -> None:
    for clause in map(select.args.get, ("where", "having")):
        _compare_nulls(clause.this if clause is not None else None)
    values = [output.unalias() for output in select.expressions]
    constants = [value for value in values if _is_constant(value)]
    if not constants:
        return
    if select.args.get("from_") is None:
        select.set("from_", fill(f"(select 1 {_ROW})", {}).this.args["from_"])
    if select.args.get("group") or any(map(aggregates, values)):
        template, places = "if(count(*) < 0, null, x)", {}
    else:
        columns = _columns(select, columns_of)
        sizes = " + ".join(f"size(array(y{i}))" for i in range(len(columns)))
        template = f"if({sizes} < 0, null, x)" if columns else "x"
        places = {f"y{i}": column for i, column in enumerate(columns)}
    for value in constants:
        value.replace(fill(template, {**places, "x": value}))


def _is_constant(value: exp.Expr) -> bool:
    return (
        not isinstance(value, exp.Null)
        and not value.is_star
        and not any(isinstance(node, (exp.Column, exp.Query)) for node in nodes(value))
        and not aggregates(value)
        and value.find(exp.Window) is None
    )


def _columns(select: exp.Select, columns_of: ColumnsOf) -> list[exp.Expr]:
    """Columns that a SELECT reads, by names that are theirs alone."""
    try:
        columns = columns_of(with_visible(relations_of(select), select))
    except SqlError:
        return []
    names = [column.name.lower() for column in columns]
    alone = [column.name for column in columns if names.count(column.name.lower()) == 1]
    return [exp.column(name, quoted=True) for name in alone[:_MOST]]


def _compare_nulls(condition: exp.Expr | None) -> None:
    """Write `flag = 5` as `flag <=> 5`, which is true of the same rows, and of which the engine
    does not learn that the column is a constant."""
    for part in conditions(condition) if condition is not None else ():
        sides = _equal(part)
        has_column = any(isinstance(side.unnest(), exp.Column) for side in sides)
        if has_column and any(map(_is_constant, sides)):
            part.replace(exp.NullSafeEQ(this=sides[0], expression=sides[1]))


def _equal(condition: exp.Expr) -> list[exp.Expr]:
    """What a condition, if true, says to be equal: also as `not flag <> 5`, `flag in (5)`, `flag
    between 5 and 5` and `flag like 'x'`."""
    match condition:
        case exp.EQ():
            return [condition.this, condition.expression]
        case exp.Not() if isinstance(inner := condition.this.unnest(), exp.NEQ):
            return [inner.this, inner.expression]
        case exp.In() if len(set(condition.expressions)) == 1:
            return [condition.this, condition.expressions[0]]
        case exp.Between() if condition.args["low"] == condition.args["high"]:
            return [condition.this, condition.args["low"]]
        case exp.Like() if isinstance(condition.expression, exp.Literal):
            has_sign = any(sign in condition.expression.name for sign in "%_\\")
            return [] if has_sign else [condition.this, condition.expression]
    return []
