"""Parameter markers and their values. A marker without a name, `?`, is given one, so that parts of
the statement can be read in any order.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-parameter-marker
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import TokenType, exp
from sqlglot.errors import TokenError

from local_warehouse import errors
from local_warehouse.session.context import Context
from local_warehouse.sql.dialect import WarehouseDialect, parse
from local_warehouse.sql.walk import of_kind


def bind(nodes: list[exp.Expr], context: Context) -> None:
    """Replace the parameter markers among the nodes of a tree by their values, as literals of the
    types that the client has sent, in place. Raises SqlError for a marker without a value."""
    for marker in of_kind(nodes, exp.Placeholder):
        value = context.named_parameter(marker.name)
        marker.replace(parse(f"select {value}").expressions[0])


def name_markers(context: Context, text: str) -> tuple[Context, str]:
    """The context with the values by names, and the statement with `:_1`, `:_2`, … in place of
    each `?`. Raises SqlError if there are more markers than values."""
    if not context.positional:
        return context, text
    try:
        tokens = WarehouseDialect().tokenize(text)
    except TokenError as error:
        raise errors.syntax_error(str(error)) from error
    places = [token.start for token in tokens if token.token_type is TokenType.PLACEHOLDER]
    if len(places) > len(context.positional):
        raise errors.unbound_parameter(f"? ({len(context.positional) + 1})")
    values = {f"_{i}": value for i, value in enumerate(context.positional, 1)}
    parts, end = [], 0
    for name, place in zip(values, places, strict=False):  # values may be left over
        parts += [text[end:place], f":{name}"]
        end = place + 1
    return replace(context, named=values, positional=()), "".join([*parts, text[end:]])
