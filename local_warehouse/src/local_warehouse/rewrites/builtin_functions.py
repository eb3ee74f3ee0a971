"""Functions whose answers differ in the engine, called so that they give those of Databricks.

tests/conformance/ compares the warehouse with Apache Spark, function by function.
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.walk import nodes, of_kind

# What stands for a call with so many arguments; `call` is the call, `x` and `y` its arguments.
_CORRECTED = {
    ("datediff", 2): "cast(call as int)",  # the engine's is a BIGINT
    ("date_diff", 2): "cast(call as int)",
    ("weekday", 1): "pmod(call, 7)",  # the engine's Sunday is -1
    ("isnan", 1): "coalesce(call, false)",  # the engine's isnan(NULL) is NULL
    ("raise_error", 1): "raise_error(concat('[USER_RAISED_EXCEPTION] ', x))",
    ("assert_true", 2): "assert_true(x, concat('[USER_RAISED_EXCEPTION] ', y))",
    # words end at a blank only; the engine's end at every sign
    ("initcap", 1): "array_join(transform(split(x, ' '),"
    " w -> concat(upper(left(w, 1)), lower(substr(w, 2)))), ' ')",
}


def correct_functions(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Put what gives the answer of Databricks in place of a call, inner calls before outer."""
    calls: list[exp.Expr] = of_kind(nodes(tree), exp.Anonymous, exp.Initcap)
    for call in reversed(calls):
        is_anonymous = isinstance(call, exp.Anonymous)
        name = str(call.this).lower() if is_anonymous else "initcap"
        arguments = call.expressions if is_anonymous else [call.this]
        template = _CORRECTED.get((name, len(arguments)))
        if template is not None:
            places = dict(zip("xy", arguments, strict=False))
            call.replace(fill(template, {"call": call} | places))
    return tree
