"""DISTINCT within a call, which the engine takes for functions that have none, leaves out for most
that aggregate several values, and finds percentiles without.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-functions-builtin (aggregates)
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.operand_types import Correction, OperandTypes
from local_warehouse.rewrites.scopes import ColumnsOf, is_aggregate
from local_warehouse.rewrites.signatures import arguments, name_of
from local_warehouse.rewrites.templates import fill
from local_warehouse.rewrites.texts import cast_known
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

# Aggregates whose value is the same with and without DISTINCT.
_SAME = {
    "any", "any_value", "approx_count_distinct", "argmax", "argmin", "bit_and", "bit_or",
    "bitmap_construct_agg", "bitmap_or_agg", "bool_and", "bool_or", "collect_set", "every",
    "first", "first_value", "hll_sketch_agg", "hll_union_agg", "last", "last_value", "max", "min",
    "schema_of_json_agg", "schema_of_variant_agg", "some",
}  # fmt: skip
# Aggregates that the engine computes of distinct values, and those that this project does.
_OF_ONE = {
    "array_agg", "avg", "bit_xor", "collect_list", "count", "mean", "std", "stddev", "stddev_pop",
    "stddev_samp", "sum", "var_pop", "var_samp", "variance",
}  # fmt: skip
_OF_SEVERAL = {"count", "median", "percentile"}
_JOINED = "if(size(list) = 0, null, array_join(sort_array(list, upwards), separator))"


def take_distinct_values(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Leave DISTINCT out where it changes nothing. Raises SqlError for functions that do not take
    it, and where the engine would leave it out."""
    for distinct in of_kind(nodes(tree), exp.Distinct):
        call = distinct.parent
        if isinstance(call, exp.Order) and distinct.arg_key == "this":
            call = call.parent
        if isinstance(call, exp.Func) and distinct.arg_key != "distinct":
            _take(call, distinct)
    return tree


def _take(call: exp.Expr, distinct: exp.Distinct) -> None:
    name, values = name_of(call), distinct.expressions
    if not is_aggregate(call) or name in ("grouping", "grouping_id"):
        raise SqlError(
            "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
            f"{render(call)}: DISTINCT is for aggregates.",
        )
    if name == "mode":
        condition = "INVALID_WITHIN_GROUP_EXPRESSION.DISTINCT_UNSUPPORTED"
        raise SqlError(condition, f"{render(call)}: mode does not take DISTINCT.")
    if name in _SAME and isinstance(call, exp.Anonymous):
        call.set("expressions", arguments(call))
    elif name in _SAME:
        for place, value in zip(("this", "expression"), values, strict=False):
            call.set(place, value)
    elif name == "count_if" and len(values) == 1:
        call.set("this", "count")
        values[0].replace(fill("if(x, true, null)", {"x": values[0]}))
    elif isinstance(call, exp.GroupConcat) or name in _OF_SEVERAL:
        return
    elif name not in _OF_ONE or len(values) > 1:
        raise unsupported(f"{render(call)}, the DISTINCT values of {name}")


def _listed(call: exp.Expr) -> list[exp.Expr]:
    values = call.this.this if isinstance(call.this, exp.Order) else call.this
    return list(values.expressions) if isinstance(values, exp.Distinct) else [values]


def _join(call: exp.Expr, types: OperandTypes) -> None:
    """Make texts of NULL and of values that are sorted, which the engine does not join, and sort
    distinct ones, whose order it leaves out. Raises SqlError for DISTINCT values that are none."""
    (value,) = _listed(call)
    order, data_type = call.this, types.of(value)
    is_sorted, is_distinct = isinstance(order, exp.Order), isinstance(value.parent, exp.Distinct)
    if is_sorted and data_type.startswith(("array<", "binary", "map<", "struct<")):
        raise unsupported(f"{render(call)} of {data_type.upper()}")
    if data_type == "void" or (is_sorted and not is_distinct and data_type != "string"):
        cast = exp.cast(value.copy(), "string")
        types.keep(value, cast.this)
        value.replace(cast)
        cast_known(cast, types)
    if not is_distinct or not is_sorted:
        return
    if data_type not in ("string", "void"):
        raise SqlError(
            "INVALID_WITHIN_GROUP_EXPRESSION.MISMATCH_WITH_DISTINCT_INPUT",
            f"{render(call)}: DISTINCT values are sorted as they are, and these become texts.",
        )
    whole = call.parent if isinstance(call.parent, exp.Filter) else call
    listed = whole.copy()
    aggregate = fill("collect_set(x)", {"x": _listed(call)[0]})
    if isinstance(listed, exp.Filter):
        listed.set("this", aggregate)
    is_descending = order.expressions[0].args.get("desc")
    places = {
        "list": listed if isinstance(listed, exp.Filter) else aggregate,
        "upwards": exp.false() if is_descending else exp.true(),
        "separator": call.args.get("separator") or exp.Literal.string(""),
    }
    whole.replace(fill(_JOINED, places))


LISTED: Correction = (_listed, _join)
