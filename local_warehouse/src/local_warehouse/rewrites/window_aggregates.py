"""Aggregates over windows and groups that the engine computes otherwise where NaN or NULL is met.

It takes the value that leaves a moving window off the sum, which stays NaN after a NaN or an
infinity, and digits of large numbers; its lists over windows have NULLs; the greatest value of a
group depends on where a NaN stands, which is greater than every number; of two STRUCTs or ARRAYs
with a NULL in them it takes the other one for the greater; and it cuts off digits of averages of
DECIMALs that Spark rounds.

https://docs.databricks.com/aws/en/sql/language-manual/data-types/double-type
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.distinct_values import LISTED
from local_warehouse.rewrites.evident_types import UNKNOWN, evident_type
from local_warehouse.rewrites.operand_types import DIGITS, ByClass, ByName, OperandTypes
from local_warehouse.rewrites.quotients import quotient
from local_warehouse.rewrites.scopes import ColumnsOf, place_of
from local_warehouse.rewrites.signatures import arguments, name_of
from local_warehouse.rewrites.structs import makes_struct
from local_warehouse.rewrites.templates import fill, held
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind
from local_warehouse.types.decimals import Decimal, decimal_of

_FRACTIONS = ("float", "double")
_RANKING = ("percentile_cont", "percentile_disc")
# What is between two whole numbers or DECIMALs the engine counts in millionths, or rounds.
_INEXACT = ("percentile", "percentile_cont")
_LISTS = ("array_agg", "collect_list", "collect_set")
_WITHOUT_NULLS = "filter(coalesce(list, array(if(false, x, null))), value -> value is not null)"
_SUMMED = (
    "aggregate(list, cast(null as double), (total, value) ->"
    " if(value is null, total, coalesce(total + value, value)))"
)
# A percentile of a list that is sorted; its variable is bound by transform.
_OF_SORTED = (
    "get(transform(array(sort_array(filter(list, v -> v is not null), upwards)),"
    " sorted -> if(size(sorted) = 0, null, found)), 0)"
)
_SORTED_TEXTS = (
    "get(transform(array(sort_array(filter(list, one -> one.text is not null), upwards)), sorted ->"
    " if(size(sorted) = 0, null, array_join(transform(sorted, one -> one.text), separator))), 0)"
)
_PLACE = "((size(sorted) - 1) * p)"
_LOWER, _UPPER = (f"get(sorted, cast({side}({_PLACE}) as int))" for side in ("floor", "ceil"))
_BETWEEN = (
    f"if({_LOWER} = {_UPPER}, {_LOWER}, (cast(ceil({_PLACE}) as double) - {_PLACE}) * {_LOWER}"
    f" + ({_PLACE} - cast(floor({_PLACE}) as double)) * {_UPPER})"
)
_AT = "get(sorted, cast(greatest(ceil(size(sorted) * p), 1) as int) - 1)"
_CORRELATED = (
    "if(number > 1, cast(pairs as double)"
    " / cast(nullif(sqrt(cast(first as double) * cast(second as double)), 0D) as double), null)"
)
_SIDES = (("x", "y"), ("y", "x"))
# Spark's own steps: the number of rows, the means, and what the rows are apart from them.
_APART = {
    1: "aggregate(list, named_struct('n', 0D, 'x', 0D, 's', 0D), (a, v) -> if(v.x is null, a,"
    " named_struct('n', a.n + 1D, 'x', a.x + (v.x - a.x) / (a.n + 1D),"
    " 's', a.s + (v.x - a.x) * (v.x - a.x - (v.x - a.x) / (a.n + 1D)))), a -> {})",
    2: "aggregate(list, named_struct('n', 0D, 'x', 0D, 'y', 0D, 's', 0D), (a, v) ->"
    " if(v.x is null or v.y is null, a, named_struct('n', a.n + 1D,"
    " 'x', a.x + (v.x - a.x) / (a.n + 1D), 'y', a.y + (v.y - a.y) / (a.n + 1D),"
    " 's', a.s + (v.x - a.x) * (v.y - a.y - (v.y - a.y) / (a.n + 1D)))), a -> {})",
}
_OF_ALL, _OF_SAMPLE = "a.s / nullif(a.n, 0D)", "if(a.n < 2D, null, a.s / (a.n - 1D))"
_FOUND_APART = {
    **dict.fromkeys(("var_pop", "covar_pop"), _OF_ALL),
    **dict.fromkeys(("var_samp", "variance", "covar_samp"), _OF_SAMPLE),
    "stddev_pop": f"sqrt({_OF_ALL})",
    **dict.fromkeys(("std", "stddev", "stddev_samp"), f"sqrt({_OF_SAMPLE})"),
}
_STRUCTS = {
    "max": "try_element_at(sort_array(list), -1)",
    "min": "try_element_at(sort_array(filter(list, e -> e is not null)), 1)",
}
_EXTREMES = {
    "max": "coalesce(nans, numbers)",
    "min": "coalesce(numbers, nans)",
}


def leave_nulls_out_of_lists(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Take the NULLs out of lists over windows, and give a window without rows an empty list."""
    for window in reversed(of_kind(nodes(tree), exp.Window)):
        call = window.this.this if isinstance(window.this, exp.Filter) else window.this
        if isinstance(call, exp.Anonymous) and str(call.this).lower() in _LISTS:
            window.replace(fill(_WITHOUT_NULLS, {"list": window, "x": call.expressions[0]}))
    return tree


def sort_texts_over_windows(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Join the texts of a sorted list: the engine has no listagg WITHIN GROUP over windows."""
    for window in reversed(of_kind(nodes(tree), exp.Window)):
        call = window.this
        if not isinstance(call, exp.GroupConcat) or not isinstance(call.this, exp.Order):
            continue
        keys = call.this.expressions
        is_descending = bool(keys[0].args.get("desc"))
        wanted = (is_descending, not is_descending)
        if any((bool(k.args.get("desc")), bool(k.args.get("nulls_first"))) != wanted for k in keys):
            raise unsupported(f"{render(window)}, sorted upwards and downwards over a window")
        fields = {f"key_{at}": key.this for at, key in enumerate(keys)}
        fields["text"] = exp.cast(call.this.this.copy(), "string")
        named = ", ".join(f"'{name}', {name}" for name in fields)
        listed = window.copy()
        listed.set("this", fill(f"collect_list(named_struct({named}))", fields))
        separator = call.args.get("separator") or exp.Literal.string("")
        upwards = exp.false() if is_descending else exp.true()
        places = {"list": listed, "upwards": upwards, "separator": separator}
        window.replace(fill(_SORTED_TEXTS, places))
    return tree


def divide_covariances(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Compute a correlation as a quotient, NULL where one side is constant: the engine's is NULL of
    NaN too, and wrong over windows that move.

    Spark has NULL from 4.3 on, and fails before: https://issues.apache.org/jira/browse/SPARK-58213
    """
    for call in reversed(of_kind(nodes(tree), exp.Anonymous)):
        if str(call.this).lower() != "corr" or len(call.expressions) != 2:
            continue
        places = {"x": call.expressions[0], "y": call.expressions[1]}
        whole = _whole(call)
        x, y = (fill(f"if({other} is null, null, {one})", places) for one, other in _SIDES)
        parts = {
            "number": _of_values(whole, "count", x),
            "pairs": _of_values(whole, "covar_pop", *places.values()),
            "first": _of_values(whole, "var_pop", x),
            "second": _of_values(whole, "var_pop", y),
        }
        whole.replace(fill(_CORRELATED, parts))
    return tree


def sum_of_moving_window(call: exp.Expr, types: OperandTypes) -> bool:
    """Add up fractions row by row where a window's lower bound moves. Returns whether it did."""
    window = _window_of(call)
    if window is None or types.of(_argument(call)) not in _FRACTIONS or not _moves(window):
        return False
    window.replace(_summed(window))
    return True


def _summed(window: exp.Window) -> exp.Expr:
    listed = window.copy()
    call = listed.this.this if isinstance(listed.this, exp.Filter) else listed.this
    call.set("this", "collect_list")
    _argument(call).replace(exp.cast(_argument(call).copy(), "double"))
    return fill(_SUMMED, {"list": listed})


def _averaged(call: exp.Expr) -> list[exp.Expr]:
    """The argument of an average that may be one of DECIMALs, or over a window that moves."""
    if len(call.expressions) != 1:
        return []
    window, evident = _window_of(call), evident_type(_argument(call))
    is_moving = window is not None and _moves(window)
    is_other = evident in (UNKNOWN, "void") or "decimal" in evident
    return [_argument(call)] if is_moving or is_other else []


def average(call: exp.Expr, types: OperandTypes) -> None:
    """Compute an average of DECIMALs, or over a window that moves, as a sum and a number."""
    window, data_type = _window_of(call), types.of(_argument(call))
    if data_type == "void":
        _argument(call).replace(exp.cast(exp.Null(), "double"))
        return
    if data_type.startswith("decimal"):
        _round_average(call, decimal_of(data_type))
        return
    if window is None or data_type not in (*_FRACTIONS, "bigint") or not _moves(window):
        return
    counted = window.copy()
    inner = counted.this.this if isinstance(counted.this, exp.Filter) else counted.this
    inner.set("this", "count")
    places = {"total": _summed(window), "rows": counted}
    window.replace(fill("(total / nullif(rows, 0))", places))


def vary(call: exp.Expr) -> None:
    """Compute a variance or a covariance row by row, of each window anew, where windows move, and
    of DISTINCT values, of which the engine has most not."""
    window, name = _window_of(call), name_of(call)
    is_distinct = bool(call.expressions) and isinstance(call.expressions[0], exp.Distinct)
    if not is_distinct and (window is None or not _moves(window)):
        return
    if name not in _FOUND_APART:
        if name.startswith("regr"):
            raise unsupported(f"{name} over a window that moves")
        return
    whole, pairs = _whole(call), list(zip("xy", arguments(call), strict=False))
    fields = [
        part for name, one in pairs for part in (exp.Literal.string(name), exp.cast(one, "double"))
    ]
    structs = exp.Anonymous(this="named_struct", expressions=fields)
    listed = _of_values(whole, "collect_set" if is_distinct else "collect_list", structs)
    found = _APART[len(pairs)].format(_FOUND_APART[name])
    whole.replace(fill(found, {"list": listed}))


def _round_average(call: exp.Expr, averaged: Decimal | None) -> None:
    """Divide the sum of DECIMALs by their number."""
    if averaged is None:
        return
    whole = _whole(call)
    places = {
        "a": _by_another(whole, "sum"),
        "b": fill("nullif(x, 0)", {"x": _by_another(whole, "count")}),
    }
    summed = Decimal(min(averaged.precision + 10, 38), averaged.scale)
    result = Decimal(min(averaged.precision + 4, 38), min(averaged.scale + 4, 38))
    template = quotient(summed, Decimal(20, 0), result)
    whole.replace(held(fill(template, places), str(result)))


def _grouped(call: exp.Expr) -> list[exp.Expr]:
    """The argument of an aggregate, unless its text says that it is neither a fraction of groups
    nor an ARRAY or a STRUCT."""
    if len(call.expressions) != 1:
        return []
    argument = _argument(call)
    if makes_struct(argument):
        return [argument]
    types = (UNKNOWN, *_FRACTIONS) if _is_grouped(call) else (UNKNOWN,)
    return [argument] if evident_type(argument) in types else []


def _is_grouped(call: exp.Expr) -> bool:
    place = place_of(call)
    is_grouped = isinstance(place, exp.Select) and place.args.get("group") is not None
    return is_grouped and _window_of(call) is None


def _extreme(call: exp.Expr, types: OperandTypes) -> None:
    if types.of(_argument(call)).startswith(("struct<", "array<")):
        _extreme_struct(call)
        return
    if types.of(_argument(call)) not in _FRACTIONS or not _is_grouped(call):
        return
    whole = call.parent if isinstance(call.parent, exp.Filter) else call
    parts = {"nans": ("max", "if(isnan(x), x, null)"), "numbers": ("", "if(isnan(x), null, x)")}
    places = {}
    for place, (name, template) in parts.items():
        part = whole.copy()
        aggregate = part.this if isinstance(part, exp.Filter) else part
        if name:
            aggregate.set("this", name)
        _argument(aggregate).replace(fill(template, {"x": _argument(aggregate)}))
        places[place] = part
    whole.replace(fill(_EXTREMES[str(call.this).lower()], places))


def _extreme_struct(call: exp.Expr) -> None:
    """Sort the structs or arrays, which the engine does as Databricks; a window's list has NULLs,
    which come first."""
    made = _argument(call)
    if makes_struct(made):
        _let_constants_hold_null(made)
    whole = _whole(call)
    listed = _by_another(whole, "collect_list")
    sorted_structs = fill(_STRUCTS[str(call.this).lower()], {"list": listed})
    whole.replace(sorted_structs)


def _let_constants_hold_null(made: exp.Expr) -> None:
    """Have the constants of a STRUCT as values of a row that may be NULL: as such the engine plans
    them, and computes them beforehand as ones that may not."""
    column = made.find(exp.Column)
    is_named = str(made.this).lower() == "named_struct"
    for field in made.expressions[1::2] if is_named else made.expressions:
        value = field.unalias()
        if column is None or isinstance(value, exp.Literal) or value.find(exp.Column) is not None:
            continue
        value.replace(fill("if(size(array(y)) < 0, null, x)", {"x": value, "y": column}))


def _ranked(call: exp.Expr) -> list[exp.Expr]:
    """The values of a percentile. A whole number that they are is no position of a column."""
    if isinstance(call, exp.Anonymous) and len(arguments(call)) > 2:
        raise unsupported(f"{call.this} with a frequency")
    key = _ranked_value(call)
    if key is None:
        return []
    if isinstance(key, exp.Literal) and key.is_int:
        key.replace(exp.cast(key.copy(), "int"))
        return []
    return [key]


def _is_unknown(call: exp.Expr) -> bool:
    """Whether the engine has no such percentile: WITHIN GROUP over a window, and percentile_cont of
    an array of shares."""
    if not isinstance(call, exp.WithinGroup):
        return False
    shares = call.this.expressions[:1] if name_of(call.this) == "percentile_cont" else []
    lists_shares = any(name_of(one) == "array" and one.expressions for one in shares)
    return lists_shares or isinstance(_whole(call), exp.Window)


def _ranked_value(call: exp.Expr) -> exp.Expr | None:
    if isinstance(call, exp.WithinGroup):
        is_known = isinstance(call.this, exp.Anonymous) and str(call.this.this).lower() in _RANKING
        if is_known and evident_type(call.this.expressions[0]) == "float":
            raise unsupported(f"{render(call.this)}, whose share is a FLOAT (cast it to DOUBLE)")
        keys = call.expression.expressions if is_known else []
        return keys[0].this if len(keys) == 1 else None
    return arguments(call)[0]


def _rank(call: exp.Expr, types: OperandTypes) -> None:
    """Take a percentile from the sorted values: the engine has no place for NaN, and makes it of
    infinities, by whose difference it finds what is between two values."""
    value = _ranked_value(call)
    data_type = types.of(value) if value is not None else UNKNOWN
    is_number = data_type in DIGITS or data_type.startswith("decimal")
    function = call.this if isinstance(call, exp.WithinGroup) else call
    name = str(function.this).lower()
    if name in ("median", "percentile_cont") and data_type.startswith("interval"):
        raise unsupported(f"{render(call)} of an INTERVAL")
    is_exact = data_type not in _FRACTIONS and not (is_number and name in _INEXACT)
    is_distinct = isinstance(function.expressions[0], exp.Distinct)
    if value is None or (is_exact and not _is_unknown(call) and not is_distinct):
        return
    if data_type not in _FRACTIONS and not is_number:
        raise unsupported(f"{render(call)} of {data_type.upper() or 'other types'}")
    order = call.expression.expressions[0] if function is not call else None
    shares = function.expressions if function is not call else arguments(call)[1:]
    share = shares[0] if shares else exp.Literal.number("0.5")  # of a median
    is_array = name_of(share) == "array"
    template = _AT if str(function.this).lower() == "percentile_disc" else _BETWEEN
    found = []
    for one in share.expressions if is_array else [share]:
        if _is_beyond_one(one):
            raise SqlError(
                "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                f"Cannot resolve {render(function)}: {render(one)} is no share between 0 and 1.",
            )
        found.append(fill(template, {"p": exp.cast(one.copy(), "double")}))
    whole = _whole(call)
    if isinstance(value, exp.Cast) or data_type != "double":  # casts have no name either
        value = fill("cast(x as double) * 1D", {"x": value})
    listed = _of_values(whole, "collect_set" if is_distinct else "collect_list", value)
    is_ascending = exp.false() if order is not None and order.args.get("desc") else exp.true()
    found_there = exp.Anonymous(this="array", expressions=found) if is_array else found[0]
    places = {"list": listed, "upwards": is_ascending, "found": found_there}
    whole.replace(fill(_OF_SORTED, places))


def _is_beyond_one(share: exp.Expr) -> bool:
    """Whether a share is a NULL, or a literal that is none."""
    while isinstance(share, exp.Cast):
        share = share.this
    digits = share.this if isinstance(share, exp.Neg) else share
    if not isinstance(digits, exp.Literal):
        return isinstance(share, exp.Null)
    try:
        number = float(digits.name)
    except ValueError:  # a text, which the cast says
        return False
    return not 0 <= (number if digits is share else -number) <= 1


def _whole(call: exp.Expr) -> exp.Expr:
    """An aggregate with its FILTER and its OVER."""
    while isinstance(call.parent, (exp.Filter, exp.Window)) and call.arg_key == "this":
        call = call.parent
    return call


def _by_another(whole: exp.Expr, name: str) -> exp.Expr:
    """A copy of a `_whole` whose aggregate is called otherwise."""
    found = aggregate = whole.copy()
    while isinstance(aggregate, (exp.Filter, exp.Window)):
        aggregate = aggregate.this
    aggregate.set("this", name)
    return found


def _of_values(whole: exp.Expr, name: str, *values: exp.Expr) -> exp.Expr:
    """Another aggregate of other values over the rows of a `_whole`. A FILTER becomes a condition
    of the values, without which they are NULL: the engine's name of an aggregate has none, and it
    takes no name twice."""
    filtered = whole.this if isinstance(whole, exp.Window) else whole
    called = exp.Anonymous(this=name, expressions=list(values))
    if isinstance(filtered, exp.Filter):
        condition = exp.paren(filtered.expression.this)
        given = [fill("if(y, x, null)", {"x": one, "y": condition}) for one in values]
        called.set("expressions", given)
    if not isinstance(whole, exp.Window):
        return called
    over = whole.copy()
    over.set("this", called)
    return over


def _argument(call: exp.Expr) -> exp.Expr:
    argument: exp.Expr = call.expressions[0]
    return argument


def _window_of(call: exp.Expr) -> exp.Window | None:
    """The window that an aggregate, or its FILTER, is computed over."""
    whole: exp.Expr = call.parent if isinstance(call.parent, exp.Filter) else call
    parent = whole.parent
    return parent if isinstance(parent, exp.Window) and whole is parent.this else None


def _moves(window: exp.Window) -> bool:
    """Whether rows leave a window as it moves on."""
    spec, place = window.args.get("spec"), place_of(window)
    if window.args.get("alias") is not None and isinstance(place, exp.Select):
        name = window.args["alias"].name.lower()
        for named in place.args.get("windows") or []:
            if named.this is not None and named.this.name.lower() == name:
                spec = named.args.get("spec")
    return spec is not None and str(spec.args.get("start")).upper() != "UNBOUNDED"


CALLS: ByName = {
    "avg": (_averaged, average),
    "mean": (_averaged, average),
    "max": (_grouped, _extreme),
    "min": (_grouped, _extreme),
    **dict.fromkeys(("median", "percentile"), (_ranked, _rank)),
}
CORRECTIONS: ByClass = {
    exp.WithinGroup: (_ranked, _rank),
    exp.GroupConcat: LISTED,
}
