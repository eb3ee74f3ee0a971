"""LATERAL explode(…) in FROM, and LATERAL VIEW: of the first the engine keeps rows whose collection
is empty, and it filters by WHERE before it views the second.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-lateral-view
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import unsupported
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.rewrites.templates import PREFIX, fill
from local_warehouse.sql.walk import nodes, of_kind

_GENERATORS = ("explode", "posexplode", "inline", "stack", "json_tuple")
_OF_COLLECTIONS = ("explode", "posexplode", "inline")


def view_generators(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Put LATERAL VIEW in place of a join with a generator. Raises SqlError where another join
    follows, before which a LATERAL VIEW cannot stand."""
    joins = select.args.get("joins") or []
    for join in list(joins):
        lateral = join.this
        is_generator = isinstance(lateral, exp.Lateral) and isinstance(lateral.this, exp.Anonymous)
        if not is_generator or str(lateral.this.this).lower() not in _GENERATORS:
            continue
        on = join.args.get("on")
        is_inner = join.kind in ("", "CROSS", "INNER") and not join.side
        is_plain = (
            on == exp.true() if join.side == "LEFT" else is_inner and on in (None, exp.true())
        )
        if join is not joins[-1] or not is_plain:
            raise unsupported(f"LATERAL {lateral.this.this} in this join (use LATERAL VIEW)")
        joins.remove(join)
        if lateral.args.get("alias") is None:
            lateral.set("alias", exp.TableAlias(this=exp.to_identifier(f"{PREFIX}generated")))
        lateral.set("view", True)
        lateral.set("outer", not is_inner)
        select.append("laterals", lateral)
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
