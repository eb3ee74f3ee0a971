"""LATERAL explode(…) in FROM, and LATERAL VIEW: of the first the engine keeps rows whose collection
is empty, and it filters by WHERE before it views the second.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-lateral-view
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.rewrites.templates import PREFIX, fill
from local_warehouse.sql.walk import nodes, of_kind

_OUTER = "_outer"
_OF_COLLECTIONS = ("explode", "posexplode", "inline")
GENERATORS = (*_OF_COLLECTIONS, *(name + _OUTER for name in _OF_COLLECTIONS), "stack", "json_tuple")


def can_be_viewed(select: exp.Select, join: exp.Join) -> bool:
    """Whether a LATERAL VIEW can stand in place of a join with a generator: no other join follows,
    before which it cannot be, and no row is kept for which a condition finds none."""
    is_inner = join.kind in ("", "CROSS", "INNER") and not join.side and not join.method
    is_plain = is_inner or (join.side == "LEFT" and join.args.get("on") in (None, exp.true()))
    return join is select.args["joins"][-1] and is_plain and not join.args.get("using")


def view_generators(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Put LATERAL VIEW in place of a join with a generator, where it can stand."""
    joins = select.args.get("joins") or []
    for join in reversed(list(joins)):
        lateral = join.this
        is_call = isinstance(lateral, exp.Lateral) and isinstance(lateral.this, exp.Anonymous)
        name = str(lateral.this.this).lower() if is_call else ""
        if name not in GENERATORS or not can_be_viewed(select, join):
            continue
        joins.remove(join)
        if lateral.args.get("alias") is None:
            name_of_view = exp.to_identifier(f"{PREFIX}lateral_{len(joins)}")
            lateral.set("alias", exp.TableAlias(this=name_of_view))
        on = join.args.get("on")
        if on is not None and not join.side:
            select.where(on, copy=False)
        lateral.set("view", True)
        lateral.set("outer", bool(join.side) or name.endswith(_OUTER))
        lateral.this.set("this", name.removesuffix(_OUTER))
        select.set("laterals", [lateral, *(select.args.get("laterals") or [])])
    return select


def join_filtered_views(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Put joins with LATERAL in place of LATERAL VIEWs of which a WHERE reads columns."""
    where, views = select.args.get("where"), select.args.get("laterals") or []
    if where is None or not any(_may_be_of(view, where) for view in views):
        return select
    for number, view in enumerate(views):
        alias, call = view.args["alias"], view.this
        if alias.this is None:
            alias.set("this", exp.to_identifier(f"{PREFIX}view_{number}"))
        if not view.args.get("outer") and str(call.this).lower() in _OF_COLLECTIONS:
            is_filled = fill("size(x) > 0", {"x": call.expressions[0]})
            select.where(is_filled, copy=False)
        view.set("view", False)
        select.append("joins", exp.Join(this=view, kind="CROSS"))
    select.set("laterals", None)
    return select


def _may_be_of(view: exp.Expr, where: exp.Expr) -> bool:
    """Whether a WHERE names a column that may be one of a view."""
    alias = view.args["alias"]
    names = {column.name.lower() for column in alias.columns}
    return any(
        column.table.lower() == alias.name.lower()
        if column.table
        else not names or column.name.lower() in names
        for column in of_kind(nodes(where), exp.Column)
    )
