"""The variables of lambda functions, for questions about the types of what is within them."""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.walk import nodes, of_kind

# What has the type of each variable, where x and y are the arguments before the lambda.
_ELEMENT, _INDEX = "get(x, 0)", "cast(0 as int)"
_VALUES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("transform", "filter"), (_ELEMENT, _INDEX)),
    **dict.fromkeys(("exists", "forall", "any_match", "all_match"), (_ELEMENT,)),
    "array_sort": (_ELEMENT, _ELEMENT),
    **dict.fromkeys(("aggregate", "reduce"), ("(y)", _ELEMENT)),
    "map_filter": ("get(map_keys(x), 0)", "get(map_values(x), 0)"),
}


def without_variables(node: exp.Expr) -> exp.Expr:
    """A copy of an expression with a value of the same type in place of each variable of a lambda
    function that it stands in."""
    values = _values_around(node)
    copied: exp.Expr = exp.paren(node.copy(), copy=False)
    if not values:
        return node.copy()
    for part in reversed(of_kind(nodes(copied), exp.Column, exp.Identifier)):
        if isinstance(part, exp.Column):
            if part.table.lower() in values:
                field = exp.Dot(this=values[part.table.lower()].copy(), expression=part.this.copy())
                part.replace(field)
            elif not part.table and part.name.lower() in values:
                part.replace(values[part.name.lower()].copy())
        elif _is_variable(part) and part.name.lower() in values:
            part.replace(values[part.name.lower()].copy())
    return copied


def _is_variable(name: exp.Expr) -> bool:
    is_field = isinstance(name.parent, exp.Dot) and name.arg_key == "expression"
    is_name = isinstance(name.parent, (exp.Column, exp.Alias, exp.Lambda, exp.TableAlias))
    return not is_field and not is_name


def _values_around(node: exp.Expr) -> dict[str, exp.Expr]:
    values: dict[str, exp.Expr] = {}
    function = node.find_ancestor(exp.Lambda, exp.Select)
    while isinstance(function, exp.Lambda):
        call = function.parent
        assert call is not None
        is_anonymous = isinstance(call, exp.Anonymous)
        name = str(call.this).lower() if is_anonymous else call.key
        templates = _VALUES.get(name, ())
        if templates:
            arguments = call.expressions if is_anonymous else [call.this]
            given = arguments[: 2 if templates[0] == "(y)" else 1]
            places = {
                place: without_variables(argument)
                for place, argument in zip(("x", "y"), given, strict=False)
            }
            for parameter, template in zip(function.expressions, templates, strict=False):
                values.setdefault(parameter.name.lower(), fill(template, places))
        function = function.find_ancestor(exp.Lambda, exp.Select)
    return values
