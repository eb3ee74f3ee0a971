"""GROUP BY ALL, and GROUP BY with several sets of keys.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-groupby
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from sqlglot import exp

from local_warehouse.errors import SqlError, syntax_error
from local_warehouse.rewrites.scopes import (
    ColumnsOf,
    aggregates,
    is_all,
    is_total,
    place_of,
    position_of,
)
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_SETS = ("cube", "rollup", "grouping_sets")
_KINDS = (exp.Cube, exp.Rollup, exp.GroupingSets)
_AROUND_CALL = (exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)
_KEYS = (*_KINDS, exp.Tuple, exp.Paren)
OF_POSITION = "of_position"  # in the meta of a key: the alias of the output whose position it was


def group_by_all(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Group by every output that has no aggregate. Raises SqlError for a window function that has
    none, by which one cannot group."""
    group = select.args.get("group")
    if group is None or not is_all(group):
        if group is not None and group.args.get("all"):  # the name of a column
            key = exp.column("all", quoted=True)
            select.set("group", exp.Group(expressions=[key]))
        return select
    keys = []
    for output in select.expressions:
        window = output.find(exp.Window)
        if window is not None and not _aggregates_within(output):
            message = f"Cannot group by the window function {render(window)}, as GROUP BY ALL does."
            raise SqlError("UNSUPPORTED_EXPR_FOR_OPERATOR", message)
        if window is None and not aggregates(output):
            key = output.unalias().copy()
            is_position = position_of(key) is not None  # which a number is not here
            keys.append(exp.cast(key, "bigint") if is_position else key)
    select.set("group", exp.Group(expressions=keys) if keys else None)
    return select


def _aggregates_within(output: exp.Expr) -> bool:
    """Whether an aggregate is in the arguments, the keys or the order of a window function."""
    return any(
        aggregates(part)
        for window in output.find_all(exp.Window)
        for part in (
            *_call_of(window).iter_expressions(),
            *(window.args.get("partition_by") or []),
            *([window.args["order"]] if window.args.get("order") else []),
        )
    ) or aggregates(output)


def _call_of(window: exp.Expr) -> exp.Expr:
    """The function of a window, without IGNORE NULLS, WITHIN GROUP and FILTER."""
    call: exp.Expr = window.this
    while isinstance(call, _AROUND_CALL):
        call = call.this
    return call


def aggregate_totals(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Have HAVING aggregate where it does not and there is no GROUP BY, or where only the arguments
    of a window function do: the engine does not know these for totals."""
    having = select.args.get("having")
    if select.args.get("group") is not None:
        return select
    is_plain = having is not None and not aggregates(having)
    windows = (output for output in select.expressions if output.find(exp.Window) is not None)
    if is_plain or any(map(_aggregates_within, windows)):
        select.having(fill("count(*) >= 0", {}), copy=False)
    return select


def spell_out_sets(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Write one GROUPING SETS of lists of keys in place of what the engine does not read: sets
    behind keys (`GROUP BY a, b GROUPING SETS (a, b)`), one key without parentheses, ROLLUP or CUBE
    within sets; and of lists of keys in ROLLUP and CUBE, for which it has other sets, and of
    several sets beside each other, which have their keys several times there."""
    group = select.args.get("group")
    if group is None or not has_sets(group):
        return select
    (behind,) = group.args.get("grouping_sets") or [None]
    is_one = len(group.expressions) == 1 or bool(group.args.get("cube") or group.args.get("rollup"))
    if behind is None and is_one and not any(map(_is_unread, group.expressions)):
        return select
    if behind is None:
        found = _combined(_sets(key) for key in group.expressions)
    elif any(isinstance(key, _KINDS) for key in group.expressions):
        raise syntax_error(f"Syntax error at or near 'GROUPING SETS': {render(group)}.")
    else:
        # All keys come first, for grouping_id to have their order.
        keys = group.expressions
        rest = _sets(behind)
        whole = [keys for one in rest if set(one) == set(keys)]
        found = [*(whole or [keys]), *(one for one in rest if set(one) != set(keys))]
        if not whole:
            condition = exp.NEQ(this=_grouping_id(keys), expression=exp.Literal.number(0))
            select.having(condition, copy=False)
    lists = [exp.Tuple(expressions=[key.copy() for key in one]) for one in found]
    select.set("group", exp.Group(expressions=[exp.GroupingSets(expressions=lists)]))
    return select


def _is_unread(key: exp.Expr) -> bool:
    """Whether a part of a GROUP BY has sets that the engine does not read."""
    if isinstance(key, exp.GroupingSets):
        return not all(isinstance(one, (exp.Tuple, exp.Paren)) for one in key.expressions)
    is_short = isinstance(key, (exp.Cube, exp.Rollup))
    return is_short and any(isinstance(one, exp.Tuple) for one in key.expressions)


_Sets = list[list[exp.Expr]]


def _sets(key: exp.Expr) -> _Sets:
    """The sets of keys that a part of a GROUP BY stands for. Raises SqlError for a total among the
    keys of ROLLUP or CUBE."""
    lists = [_keys_of(one) for one in key.expressions]
    if [] in lists and isinstance(key, (exp.Cube, exp.Rollup)):
        raise syntax_error(f"Empty set in {render(key)} is not supported.")
    match key:
        case exp.GroupingSets():
            return [one for inner in key.expressions for one in _sets_within(inner)]
        case exp.Rollup():
            return [_flat(lists[:count]) for count in range(len(lists), -1, -1)]
        case exp.Cube():
            return _combined([one, []] for one in lists)
    return [[key]]


def _sets_within(key: exp.Expr) -> _Sets:
    return _sets(key) if isinstance(key, _KINDS) else [_flat([_keys_of(key)])]


def _combined(parts: Iterable[_Sets]) -> _Sets:
    """Each set of each part with each set of the others."""
    return [_flat(chosen) for chosen in itertools.product(*parts)]


def _flat(lists: Iterable[list[exp.Expr]]) -> list[exp.Expr]:
    return list(dict.fromkeys(key for one in lists for key in one))


def _keys_of(key: exp.Expr) -> list[exp.Expr]:
    """The keys of a list of them in parentheses, or the one key."""
    inner = key.unnest()
    return inner.expressions if isinstance(inner, exp.Tuple) else [inner]


def name_grouping_ids(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Put all keys into grouping_id(), and that in place of its older name, grouping__id. The
    engine's has bits above those of the keys, for a set that is there twice."""
    group = select.args.get("group")
    if group is None or not has_sets(group):
        return select
    keys = [key for key in group.expressions if not isinstance(key, _KINDS)]
    for part in nodes(group):
        if isinstance(part, _KINDS):
            keys += [key for one in part.expressions for key in _keys_of(one)]
    for node in of_kind(nodes(select), exp.Column, exp.Anonymous):
        name = "grouping_id" if isinstance(node, exp.Anonymous) else "grouping__id"
        if node.name.lower() != name or place_of(node) is not select:
            continue
        is_output, given = node.parent is select, node.expressions or _flat([keys])
        mask = exp.Literal.number(2 ** len(given) - 1)
        number: exp.Expr = exp.paren(exp.BitwiseAnd(this=_grouping_id(given), expression=mask))
        if not given:  # of a total alone
            number = exp.cast(exp.Literal.number(0), "bigint")
        node.replace(exp.alias_(number, name) if is_output else number)
    return select


def _grouping_id(keys: list[exp.Expr]) -> exp.Expr:
    return exp.Anonymous(this="grouping_id", expressions=[key.copy() for key in keys])


def spell_out_positions(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Put outputs in place of their positions within sets of keys, which the engine takes for
    constants there. Raises SqlError for a position that has no output, or one with an aggregate."""
    group, outputs = select.args.get("group"), select.expressions
    if group is None or any(output.is_star for output in outputs):
        return select
    for key in nodes(group):
        position, above = position_of(key), key.parent
        while isinstance(above, _KEYS):
            above = above.parent
        if position is None or above is not group:
            continue
        if not 1 <= position <= len(outputs):
            raise SqlError(
                "GROUP_BY_POS_OUT_OF_RANGE",
                f"GROUP BY position {position} is not in select list (valid range is"
                f" [1, {len(outputs)}]).",
            )
        output = outputs[position - 1].unalias()
        if aggregates(output):
            raise SqlError(
                "GROUP_BY_POS_AGGREGATE",
                f"GROUP BY {position} refers to an expression {render(output)} that contains an"
                " aggregate function. Aggregate functions are not allowed in GROUP BY.",
            )
        if key.parent is not group or has_sets(group):
            spelled = key.replace(output.copy())
            spelled.meta[OF_POSITION] = outputs[position - 1].alias
    return select


def sort_totals(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Have keys sorted by that are constants but for the totals, where they are NULL. The engine
    takes `k` for a constant after `WHERE k = 1`, also in a total, and neither sorts nor parts rows
    by it; what is computed beside a number of rows is none to it."""
    group = select.args.get("group")
    if group is None or not has_sets(group):
        return select
    parts = [part for part in nodes(group) if part is not group]
    for output in select.expressions:
        value = output.unalias()
        if value.find(exp.Window) is None:
            named = output.alias if isinstance(output, exp.Alias) else output.name or render(value)
            if _reads_keys(value) or value in parts:
                output.replace(exp.alias_(_varying(value), named, quoted=True))
        for window in value.find_all(exp.Window):
            order = window.args.get("order")
            for key in [*(window.args.get("partition_by") or []), *_sorted_by(order)]:
                if _reads_keys(key):
                    key.replace(_varying(key))
    names = {output.alias_or_name.lower() for output in select.expressions}
    for key in _sorted_by(select.args.get("order")):
        is_output = isinstance(key, exp.Column) and key.name.lower() in names
        if _reads_keys(key) and not is_output:
            key.replace(_varying(key))
    return select


def _sorted_by(order: exp.Expr | None) -> list[exp.Expr]:
    keys = order.expressions if order is not None else []
    return [key.this if isinstance(key, exp.Ordered) else key for key in keys]


def _reads_keys(value: exp.Expr) -> bool:
    return value.find(exp.Column) is not None and not aggregates(value)


def _varying(value: exp.Expr) -> exp.Expr:
    return fill("if(count(*) >= 0, x, null)", {"x": value})


def leave_out_empty_total(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Leave out the total of no rows, which sets of keys have on no other database's terms."""
    group = select.args.get("group")
    if group is None or not has_sets(group):
        return select
    return select.having(fill("count(*) > 0", {}), copy=False)


def limit_totals(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Say of a relation that is one total that it has one row: else the engine applies conditions
    without columns to the rows that are added up, and the total is there in any case."""
    around = select.parent.parent if isinstance(select.parent, exp.Subquery) else select.parent
    is_relation = isinstance(around, (exp.From, exp.Join, exp.CTE))
    if is_relation and is_total(select) and select.args.get("limit") is None:
        return select.limit(1, copy=False)
    return select


def has_sets(group: exp.Expr) -> bool:
    """Whether a GROUP BY has several sets of keys."""
    return any(group.args.get(key) for key in _SETS) or any(
        isinstance(key, _KINDS) for key in group.expressions
    )
