"""Forms that Databricks refuses and the engine computes: NULL as a condition or a LIMIT, random
values that are aggregated or within LATERAL, DISTINCT in a window function, WITHIN GROUP of
functions that have none, aggregates in WHERE, and columns where a function takes constants.

https://docs.databricks.com/aws/en/error-messages/error-classes
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError, syntax_error
from local_warehouse.rewrites import constant_arguments
from local_warehouse.rewrites.evident_types import UNKNOWN, evident_type
from local_warehouse.rewrites.operand_types import DIGITS
from local_warehouse.rewrites.scopes import (
    ColumnsOf,
    aggregates,
    is_aggregate,
    is_random,
    places_around,
)
from local_warehouse.rewrites.signatures import arguments, name_of
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes

# Functions that the engine has and Databricks has not, each with one that does what it does.
_OTHERS = {
    "array_concat": "concat", "bitwise_not": "~", "quote": "concat", "strpos": "position",
}  # fmt: skip
_COUNTS: dict[str, tuple[int, int | None]] = {  # of arguments
    **dict.fromkeys(("dayofweek", "weekday"), (1, 1)),
    **dict.fromkeys(("greatest", "least"), (2, None)),
    **dict.fromkeys(("make_timestamp", "make_timestamp_ltz"), (6, 7)),
    **dict.fromkeys(("try_make_timestamp", "try_make_timestamp_ltz"), (6, 7)),
    **dict.fromkeys(("make_timestamp_ntz", "try_make_timestamp_ntz"), (6, 6)),
    **dict.fromkeys(("regexp_count", "to_number", "try_to_number"), (2, 2)),
    "str_to_map": (1, 3),
    **dict.fromkeys(("cume_dist", "row_number"), (0, 0)),
    "ntile": (0, 1),
}
_ARGUMENTS = {"percentile_cont": 1, "percentile_disc": 1, "mode": 0}  # beside WITHIN GROUP


def refuse(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Raise SqlError where one of these forms stands in a tree."""
    for node in nodes(tree):
        match node:
            case exp.Case() if node.this is None:
                for branch in node.args["ifs"]:
                    _check_condition(node, branch.this, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE")
            case exp.If() if not isinstance(node.parent, exp.Case) and not node.args.get("false"):
                raise SqlError(
                    "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "The `if` requires 3 parameters."
                )
            case exp.Where() if isinstance(node.parent, exp.Filter):
                _check_condition(node.parent, node.this, "INVALID_AGGREGATE_FILTER.NOT_BOOLEAN")
            case exp.Where():
                _check_condition(node, node.this, "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN")
                _check_filter(node)
            case exp.Join() if node.args.get("on") is not None:
                _check_condition(node, node.args["on"], "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE")
            case exp.Limit() | exp.Offset() if isinstance(node.expression, exp.Expr):
                _check_limit(node)
            case exp.Window():
                _check_window(node)
            case exp.WithinGroup():
                _check_sorted(node)
            case exp.IgnoreNulls() | exp.RespectNulls() if not isinstance(node.this, exp.Func):
                word = "IGNORE" if isinstance(node, exp.IgnoreNulls) else "RESPECT"
                raise syntax_error(f"{word} NULLS stands behind the parentheses of a function")
            case exp.Unnest():
                raise SqlError(
                    "UNRESOLVABLE_TABLE_VALUED_FUNCTION",
                    "Could not resolve `unnest` to a table-valued function: it is explode().",
                )
            case exp.GroupConcat() if isinstance(node.this, exp.Order):
                _check_sorted_texts(node, node.this)
            case exp.Func():
                _check_call(node)
                constant_arguments.check(node)
                if isinstance(node, exp.Anonymous) and is_random(node):
                    _check_random(node)
    return tree


def _check_call(call: exp.Expr) -> None:
    """Raise SqlError for a function of the engine's own, and for another number of arguments than
    Databricks takes, where the engine takes it."""
    name = name_of(call)
    if name in _OTHERS:
        raise SqlError(
            "UNRESOLVED_ROUTINE",
            f"Cannot resolve routine `{name}`: Databricks has no function of that name"
            f" ({_OTHERS[name]} is one).",
        )
    if name not in _COUNTS or any(one.is_star for one in arguments(call)):
        return
    least, most = _COUNTS[name]
    count = len(arguments(call))
    if count < least or (most is not None and count > most):
        wanted = f"{least}" if least == most else f"{least} to {most}" if most else f">= {least}"
        raise SqlError(
            "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
            f"The `{name}` requires {wanted} parameters but the actual number is {count}.",
        )


def _check_condition(whole: exp.Expr, condition: exp.Expr, error: str) -> None:
    if evident_type(condition.unnest()) == "void":
        raise SqlError(error, f"Cannot resolve {render(whole)}: NULL is no BOOLEAN (cast it).")


def _check_limit(limit: exp.Limit | exp.Offset) -> None:
    """Raise SqlError for a LIMIT or an OFFSET that is NULL, or no number of rows."""
    value = limit.expression.unnest()
    data_type = evident_type(value)
    if isinstance(value, exp.Cast) and isinstance(value.this, exp.Null):
        condition = "INVALID_LIMIT_LIKE_EXPRESSION.IS_NULL"
    elif data_type not in (UNKNOWN, *DIGITS):
        condition = "INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE"
    else:
        return
    raise SqlError(condition, f"{render(limit).strip()} is no number of rows.")


def _check_filter(where: exp.Where) -> None:
    """Raise SqlError for a WHERE with what is computed of several rows. An aggregate in a subquery
    may be one of the query around it."""
    is_computed = aggregates(where.this) or any(
        isinstance(node, exp.Window)
        for node in where.walk(prune=lambda node: isinstance(node, exp.Query))
    )
    if is_computed and len(list(places_around(where))) == 1:
        raise SqlError(
            "INVALID_WHERE_CONDITION",
            f"{render(where)}: aggregates belong to HAVING, window functions to QUALIFY.",
        )


def _check_window(window: exp.Window) -> None:
    call = window.this
    while isinstance(call, (exp.Filter, exp.IgnoreNulls, exp.RespectNulls)):
        call = call.this
    texts = call.this if isinstance(call, exp.GroupConcat) else None
    listed = texts.this if isinstance(texts, exp.Order) else texts
    if any(isinstance(one, exp.Distinct) for one in (listed, *(call.expressions or []))):
        raise SqlError(
            "DISTINCT_WINDOW_FUNCTION_UNSUPPORTED",
            f"Distinct window functions are not supported: {render(window)}.",
        )


def _check_sorted(ordered: exp.WithinGroup) -> None:
    """Raise SqlError for a function that takes no WITHIN GROUP, not these arguments beside it, or
    not several keys."""
    call, keys = ordered.this, ordered.expression.expressions
    name, given = str(call.this).lower(), call.expressions or []
    if name not in _ARGUMENTS:
        condition = "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX"
        raise SqlError(condition, f"{name} does not take WITHIN GROUP (ORDER BY …).")
    if any(isinstance(one, exp.Distinct) for one in given):
        condition = "INVALID_WITHIN_GROUP_EXPRESSION.DISTINCT_UNSUPPORTED"
        raise SqlError(condition, f"{render(ordered)}: {name} does not take DISTINCT.")
    if len(given) != _ARGUMENTS[name]:
        condition, wanted = "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", _ARGUMENTS[name]
        raise SqlError(condition, f"{name} takes {wanted} arguments beside WITHIN GROUP.")
    if len(keys) != 1:
        condition = "INVALID_WITHIN_GROUP_EXPRESSION.WRONG_NUM_ORDERINGS"
        raise SqlError(condition, f"{render(ordered)}: {name} takes one key of ORDER BY.")


def _check_sorted_texts(call: exp.GroupConcat, order: exp.Order) -> None:
    """Raise SqlError where distinct texts are sorted by what is not distinct with them."""
    listed, keys = order.this, [key.this for key in order.expressions]
    if isinstance(listed, exp.Distinct) and [_named(key) for key in keys] != [
        _named(value) for value in listed.expressions
    ]:
        raise SqlError(
            "INVALID_WITHIN_GROUP_EXPRESSION.MISMATCH_WITH_DISTINCT_INPUT",
            f"{render(call)}: DISTINCT values are sorted by these values alone.",
        )


def _named(value: exp.Expr) -> str:
    """The text of a value, of a column without its relation."""
    return (value.name if isinstance(value, exp.Column) else render(value)).lower()


def _check_random(call: exp.Anonymous) -> None:
    around = call.parent
    while around is not None and not isinstance(around, (exp.Select, exp.Window)):
        if is_aggregate(around) and not _is_windowed(around):
            raise SqlError(
                "AGGREGATE_FUNCTION_WITH_NONDETERMINISTIC_EXPRESSION",
                f"{render(around)} aggregates the random values of {call.this}().",
            )
        around = around.parent
    lateral = call.find_ancestor(exp.Lateral)
    if lateral is not None and not lateral.args.get("view"):
        raise SqlError(
            "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.NON_DETERMINISTIC_LATERAL_SUBQUERIES",
            f"LATERAL with the random values of {call.this}().",
        )


def _is_windowed(call: exp.Expr) -> bool:
    whole = call.parent if isinstance(call.parent, exp.Filter) else call
    return isinstance(whole.parent, exp.Window)
