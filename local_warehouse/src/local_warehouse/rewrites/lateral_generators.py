"""LATERAL explode(…) in FROM as LATERAL VIEW: the engine's keeps rows whose collection is empty.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-lateral-view
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import unsupported
from local_warehouse.rewrites.scopes import ColumnsOf

_GENERATORS = ("explode", "posexplode", "inline", "stack", "json_tuple")


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
        if join is not joins[-1] or not is_inner or not (on is None or on == exp.true()):
            raise unsupported(f"LATERAL {lateral.this.this} in this join (use LATERAL VIEW)")
        joins.remove(join)
        lateral.set("view", True)
        select.append("laterals", lateral)
    return select
