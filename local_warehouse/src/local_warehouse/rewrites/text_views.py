"""Texts that the engine makes as views into others, which some of its functions do not take: split,
regexp_extract, str_to_map and hash among them, wherever they come from."""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.rewrites.signatures import name_of
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.walk import nodes, of_kind

_MAKERS = {"left", "md5", "right", "substring_index"}


def copy_views(tree: exp.Expr, _: ColumnsOf) -> exp.Expr:
    """Make plain texts of them."""
    for call in reversed(of_kind(nodes(tree), exp.Anonymous)):
        if name_of(call) in _MAKERS:
            call.replace(fill("cast(x as string)", {"x": call}))
    return tree
