"""Functions whose answers differ in the engine, called so that they give those of Databricks.

tests/conformance/ holds the warehouse against Apache Spark, function by function.
"""

from __future__ import annotations

import re

from sqlglot import exp

from local_warehouse.rewrites.regular_expressions import _translate
from local_warehouse.sql.parse_cache import parse_again
from local_warehouse.sql.walk import nodes, of_kind

# What stands for a call with so many arguments; `call` is the call, `x` its first argument.
_CORRECTED = {
    ("datediff", 2): "cast(call as int)",  # the engine's is a BIGINT
    ("date_diff", 2): "cast(call as int)",
    ("weekday", 1): "pmod(call, 7)",  # the engine's Sunday is -1
    ("isnan", 1): "coalesce(call, false)",  # the engine's is NULL of NULL
    # words end at a blank only, and not at every sign
    ("initcap", 1): "array_join(transform(split(x, ' '),"
    " w -> concat(upper(left(w, 1)), lower(substr(w, 2)))), ' ')",
}
_TESTS = {"rlike", "regexp", "regexp_like"}  # take a pattern second, and tell whether it occurs
_USES = {"regexp_count", "regexp_extract", "regexp_extract_all", "regexp_instr", "regexp_replace",
         "regexp_substr"}  # fmt: skip


def correct(tree: exp.Expr, found: list[exp.Expr]) -> None:
    """Change the calls of such functions in a query, whose nodes are `found`, inner before
    outer."""
    to_date = [cast for cast in of_kind(found, exp.Cast) if cast.to.this == exp.DataType.Type.DATE]
    to_date = [cast for cast in to_date if not _is_day(cast.this)]
    for cast in reversed(to_date):
        _take_time_off(cast)
    calls: list[exp.Expr] = of_kind(
        nodes(tree) if to_date else found, exp.Anonymous, exp.Initcap, exp.RegexpLike
    )
    for call in reversed(calls):
        if isinstance(call, exp.RegexpLike):
            _translate(call.expression, tests=True)
            continue
        is_anonymous = isinstance(call, exp.Anonymous)
        name = str(call.this).lower() if is_anonymous else "initcap"
        arguments = call.expressions if is_anonymous else [call.this]
        if name in _TESTS | _USES and len(arguments) > 1:
            _translate(arguments[1], tests=name in _TESTS)
        elif (name, len(arguments)) in _CORRECTED:
            corrected = _CORRECTED[name, len(arguments)]
            call.replace(_filled(corrected, {"call": call, "x": arguments[0]}))


def _filled(template: str, places: dict[str, exp.Expr]) -> exp.Expr:
    """An expression with others in place of its columns of these names."""
    expression: exp.Expr = parse_again(f"select {template}").expressions[0]
    for place in of_kind(nodes(expression), exp.Column):
        if place.name in places:
            place.replace(places[place.name].copy())
    return expression


# In the condition of rows to delete or to replace, the engine computes no coalesce


def spell_out_defaults(tree: exp.Expr) -> None:
    """Put a CASE in place of each coalesce, nvl, ifnull and nvl2."""
    calls: list[exp.Expr] = of_kind(nodes(tree), exp.Coalesce, exp.Anonymous)
    for node in reversed(calls):
        is_anonymous = isinstance(node, exp.Anonymous)
        name = str(node.this).lower() if is_anonymous else "coalesce"
        if name not in ("coalesce", "nvl", "ifnull", "nvl2"):
            continue
        values = [*([] if is_anonymous else [node.this]), *node.expressions]
        steps = [values[:2]] if name == "nvl2" else [[value, value] for value in values[:-1]]
        ifs = [
            exp.If(this=exp.paren(tested.copy()).is_(exp.null()).not_(), true=given.copy())
            for tested, given in steps
        ]
        node.replace(exp.Case(ifs=ifs, default=values[-1].copy()))


# A text as a DATE may have blanks around it and a time behind it

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_BEFORE_TIME = "substring_index(substring_index(trim(cast(x as string)), ' ', 1), 'T', 1)"


def _is_day(operand: exp.Expr) -> bool:
    is_text = isinstance(operand, exp.Literal) and operand.is_string
    return isinstance(operand, exp.Cast) or (is_text and _DAY.fullmatch(operand.name) is not None)


def _take_time_off(cast: exp.Cast) -> None:
    """Where the engine finds no DATE in a value, what is before its first blank or T."""
    second = type(cast)(this=_filled(_BEFORE_TIME, {"x": cast.this}), to=cast.to.copy())
    first = exp.TryCast(this=cast.this.copy(), to=cast.to.copy())
    whole: exp.Expr = exp.Coalesce(this=first, expressions=[second])
    if isinstance(cast.parent, exp.Select) and isinstance(cast.this, exp.Column):
        whole = exp.alias_(whole, cast.this.name, quoted=True)
    cast.replace(whole)
