"""NEW local_warehouse/src/local_warehouse/resolver/scans.py"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local_warehouse import errors
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind


def _asks_for_metadata(tree: exp.Expr) -> bool:
    """Whether the query names the hidden column _metadata."""
    return any(name.name.lower() == "_metadata" for name in of_kind(nodes(tree), exp.Identifier))


def _hide_metadata(table: exp.Table) -> None:
    """A star does not show the column."""
    select = table.parent_select
    for projection in select.expressions if select is not None else ():
        star = projection.this if isinstance(projection, exp.Column) else projection
        if isinstance(star, exp.Star):
            hidden = [*(star.args.get("except_") or ()), exp.to_identifier("_metadata")]
            star.set("except_", hidden)


def _text(node: exp.Expr) -> str:
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise errors.syntax_error(f"Expected a string literal, found {render(node)}.")
    return node.name


def _file_options(arguments: list[exp.Expr]) -> tuple[str, dict[str, Any]]:
    """The path and the named options of a read_files call."""
    path: str | None = None
    options: dict[str, Any] = {}
    for argument in arguments:
        if not isinstance(argument, (exp.Kwarg, exp.PropertyEQ)):
            path = _text(argument)
            continue
        value = argument.expression
        if isinstance(value, exp.Boolean):
            options[argument.name.lower()] = bool(value.this)
        elif isinstance(value, exp.Literal):
            options[argument.name.lower()] = value.name if value.is_string else int(value.name)
        elif isinstance(value, exp.Null):
            options[argument.name.lower()] = None
        else:
            raise errors.syntax_error(f"read_files takes literals only: {render(argument)}.")
    path = path if path is not None else options.pop("path", None)
    if path is None:
        raise errors.syntax_error("read_files needs a path as its first argument.")
    return path, options
