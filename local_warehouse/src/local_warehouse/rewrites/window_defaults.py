"""lag and lead with a default that is no literal, which the engine does not compute.

https://docs.databricks.com/aws/en/sql/language-manual/functions/lag
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import unsupported
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind


def spell_out_defaults_of_windows(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Put the default where the function finds no row: it finds a struct in each row, which is not
    NULL where the value in it is."""
    for window in reversed(of_kind(nodes(tree), exp.Window)):
        nulls = (
            window.this if isinstance(window.this, (exp.IgnoreNulls, exp.RespectNulls)) else None
        )
        call = nulls.this if nulls is not None else window.this
        is_shift = isinstance(call, exp.Anonymous) and str(call.this).lower() in ("lag", "lead")
        if not is_shift or len(call.expressions) < 3 or _is_constant(call.expressions[2]):
            continue
        if isinstance(nulls, exp.IgnoreNulls):
            raise unsupported(f"{render(call)} with IGNORE NULLS, whose default is no literal")
        value, offset, default = call.expressions
        found = window.copy()
        struct = fill("named_struct('found', value)", {"value": value})
        found.set("this", exp.Anonymous(this=str(call.this), expressions=[struct, offset.copy()]))
        places = {"row": found, "default_value": default}
        window.replace(fill("if(row is null, default_value, (row).found)", places))
    return tree


def _is_constant(default: exp.Expr) -> bool:
    value = default.this if isinstance(default, (exp.Neg, exp.Cast)) else default
    return isinstance(value, (exp.Literal, exp.Null, exp.Boolean))
