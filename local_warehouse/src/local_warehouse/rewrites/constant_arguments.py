"""Arguments that Databricks takes as constants alone, and the engine of each row.

https://docs.databricks.com/aws/en/error-messages/error-classes (NON_FOLDABLE_INPUT)
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError
from local_warehouse.rewrites import signatures
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes

_XPATHS = ("boolean", "double", "float", "int", "long", "number", "short", "string")
# By function, the places of such arguments: numbers, or the names that sqlglot has for them.
_PLACES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("round", "bround", "to_binary", "try_to_binary"), ("1",)),
    **dict.fromkeys(("to_number", "try_to_number", "collate", "lag", "lead", "nth_value"), ("1",)),
    **dict.fromkeys(("percentile", "histogram_numeric", "xpath"), ("1",)),
    **dict.fromkeys((f"xpath_{kind}" for kind in _XPATHS), ("1",)),
    **dict.fromkeys(("ntile", "schema_of_json", "schema_of_csv", "stack"), ("0",)),
    **dict.fromkeys(("percentile_cont", "percentile_disc"), ("0",)),
    **dict.fromkeys(("ceil", "floor"), ("decimals",)),
    **dict.fromkeys(("uniform", "randstr"), ("0", "1")),
    "approxquantile": ("quantile", "accuracy"),
    "groupconcat": ("separator",),
    "mask": ("1", "2", "3", "4"),
    "rand": ("0",),
    "randn": ("0",),
    "random": ("0",),
}
_SEEDED = ("rand", "randn", "random")


def check(call: exp.Expr) -> None:
    """Raise SqlError for a call with another value than a constant where one is needed."""
    name = signatures.name_of(call)
    for place in _PLACES.get(name, ()):
        argument = signatures.argument_at(call, place)
        if argument is not None and varies(argument):
            raise SqlError(
                "SEED_EXPRESSION_IS_UNFOLDABLE"
                if name in _SEEDED
                else "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                f"Cannot resolve {render(call)}: {render(argument)} must be a constant.",
            )


def varies(argument: exp.Expr) -> bool:
    """Whether an argument may have another value in each row, or is that of a query."""
    names = (exp.Column, exp.Query, exp.Identifier)  # the last are a lambda function's variables
    return any(isinstance(node, names) for node in nodes(argument))
