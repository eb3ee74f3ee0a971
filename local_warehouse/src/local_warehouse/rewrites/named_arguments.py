"""Named arguments of functions, `mask(s, digitChar => '#')`: put where they belong, as the engine
takes them by their places, whatever their names.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-function-invocation
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_Parameters = dict[str, str | None]
# The parameters of functions that take names, each with its default, None where it must be given.
_COLLECTION: dict[str, str | None] = {"collection": None}
_INPUT: dict[str, str | None] = {"input": None}
_PARAMETERS: dict[str, _Parameters] = {
    "mask": {"str": None, "upperchar": "'X'", "lowerchar": "'x'", "digitchar": "'n'",
             "otherchar": "NULL"},
    "count_min_sketch": {"column": None, "epsilon": None, "confidence": None, "seed": None},
    **dict.fromkeys(("explode", "explode_outer", "posexplode", "posexplode_outer"), _COLLECTION),
    **dict.fromkeys(("inline", "inline_outer", "variant_explode", "variant_explode_outer"), _INPUT),
}  # fmt: skip
_NAMED = (exp.Kwarg, exp.PropertyEQ)


def place_named_arguments(tree: exp.Expr, _: ColumnsOf | None = None) -> exp.Expr:
    """Put the named arguments of calls where they belong, and defaults before them. Raises SqlError
    for a function that takes no names, and for names that it does not take."""
    calls = {id(one.parent): one.parent for one in of_kind(nodes(tree), *_NAMED)}
    for call in calls.values():
        if isinstance(call, exp.Anonymous):
            call.set("expressions", _placed(call))
    return tree


def _placed(call: exp.Anonymous) -> list[exp.Expr]:
    parameters = _PARAMETERS.get(str(call.this).lower())
    if parameters is None:
        raise SqlError(
            "NAMED_PARAMETERS_NOT_SUPPORTED",
            f"Named parameters are not supported for function `{call.this}`.",
        )
    given: dict[str, exp.Expr] = {}
    names, named = list(parameters), set[str]()
    for at, argument in enumerate(call.expressions):
        if isinstance(argument, _NAMED):
            name, value = argument.this.name.lower(), argument.expression
        elif named:
            raise _fault(call, "UNEXPECTED_POSITIONAL_ARGUMENT", "a value without a name is last")
        elif at >= len(names):
            raise _fault(call, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", f"it takes {len(names)}")
        else:
            name, value = names[at], argument
        if name not in parameters:
            raise _fault(call, "UNRECOGNIZED_PARAMETER_NAME", f"it has no {name}")
        if name in given:
            kind = (
                "DOUBLE_NAMED_ARGUMENT_REFERENCE" if name in named else "BOTH_POSITIONAL_AND_NAMED"
            )
            condition = f"DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.{kind}"
            raise _fault(call, condition, f"it gives {name} twice")
        given[name] = value
        if value is not argument:
            named.add(name)
    for name, default in parameters.items():
        if name not in given and default is None:
            raise _fault(call, "REQUIRED_PARAMETER_NOT_FOUND", f"it does not give {name}")
    return [given[name].copy() if name in given else fill(str(default), {})
            for name, default in parameters.items()]  # fmt: skip


def _fault(call: exp.Anonymous, condition: str, why: str) -> SqlError:
    return SqlError(condition, f"Cannot invoke {render(call)}: {why}.")
