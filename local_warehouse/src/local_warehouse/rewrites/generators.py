"""explode of maps, on which the engine ends: the entries of the map, inline.

https://docs.databricks.com/aws/en/sql/language-manual/functions/explode
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.scopes import ColumnsOf, relations_of, sources, with_visible
from local_warehouse.sql.walk import nodes, of_kind

_INLINE = {"explode": "inline", "explode_outer": "inline_outer"}
_COUNTED = ("posexplode", "posexplode_outer")


def explode_maps(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Put inline(map_entries(m)) in place of explode(m), in FROM, LATERAL VIEW and SELECT."""
    for relation in sources(select):
        if isinstance(relation, exp.Table) and isinstance(relation.this, exp.Anonymous):
            _correct(relation.this, exp.Select, columns_of)
    laterals = select.args.get("laterals") or []
    for position, lateral in enumerate(laterals):
        if isinstance(lateral.this, exp.Anonymous):

            def before(end: int = position) -> exp.Select:
                query = relations_of(select)
                query.set("laterals", [one.copy() for one in laterals[:end]])
                return query

            _correct(lateral.this, before, columns_of)
    for projection in select.expressions:
        for call in of_kind(nodes(projection), exp.Anonymous):
            _correct(call, lambda: relations_of(select), columns_of)
    return select


def _correct(
    call: exp.Anonymous, relations: Callable[[], exp.Select], columns_of: ColumnsOf
) -> None:
    """Correct a call, if it is an explode; `relations` then gives the query of what it can read."""
    name = str(call.this).lower()
    if (name not in _INLINE and name not in _COUNTED) or len(call.expressions) != 1:
        return
    argument = call.expressions[0]
    query = relations()
    query.set("expressions", [exp.alias_(argument.copy(), "m")])
    try:
        data_type = columns_of(with_visible(query, call))[0].type
    except SqlError:  # a column of a query around this one
        return
    if not data_type.startswith("map<"):
        return
    if name in _COUNTED:
        raise unsupported(f"{name} of a MAP")
    call.set("this", _INLINE[name])
    entries = exp.Anonymous(this="map_entries", expressions=[argument.copy()])
    argument.replace(entries)
