"""GROUP BY ALL, and GROUP BY with several sets of keys.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-groupby
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError
from local_warehouse.rewrites.scopes import ColumnsOf, aggregates, is_all, is_total
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes

_SETS = ("cube", "rollup", "grouping_sets")
_KINDS = (exp.Cube, exp.Rollup, exp.GroupingSets)
_KEYS = (*_KINDS, exp.Tuple, exp.Paren)


def group_by_all(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Group by every output that has no aggregate. Raises SqlError for a window function that has
    none, by which one cannot group."""
    group = select.args.get("group")
    if group is None or not is_all(group):
        return select
    keys = []
    for output in select.expressions:
        window = output.find(exp.Window)
        if window is not None and not _aggregates_within(output):
            message = f"Cannot group by the window function {render(window)}, as GROUP BY ALL does."
            raise SqlError("UNSUPPORTED_EXPR_FOR_OPERATOR", message)
        if window is None and not aggregates(output):
            keys.append(output.unalias().copy())
    select.set("group", exp.Group(expressions=keys) if keys else None)
    return select


def _aggregates_within(output: exp.Expr) -> bool:
    """Whether an aggregate is in the arguments, the keys or the order of a window function."""
    return any(
        aggregates(part)
        for window in output.find_all(exp.Window)
        for part in (
            *window.this.iter_expressions(),
            *(window.args.get("partition_by") or []),
            *([window.args["order"]] if window.args.get("order") else []),
        )
    ) or aggregates(output)


def spell_out_positions(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Put outputs in place of their positions within sets of keys, which the engine takes for
    constants there. Raises SqlError for a position that has no output, or one with an aggregate."""
    group, outputs = select.args.get("group"), select.expressions
    if group is None or any(output.is_star for output in outputs):
        return select
    for key in nodes(group):
        position, above = _position(key), key.parent
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
        if key.parent is not group:
            key.replace(output.copy())
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


def _position(key: exp.Expr) -> int | None:
    digits = key.this if isinstance(key, exp.Neg) else key
    if not isinstance(digits, exp.Literal) or not digits.is_int:
        return None
    return -int(digits.name) if digits is not key else int(digits.name)


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
