"""Questions about what functions take: the documented examples with an argument exchanged for a
column of each kind, which Spark does by what `declared` says of a question."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlglot import exp

from local_warehouse.comparison.exchanged_arguments import is_argument, name_of, parsed, reading
from local_warehouse.comparison.questions import documented
from local_warehouse.comparison.tables import TABLES
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes

# The kinds by the column of `typed` that is of it, in the order in which they are tried.
_COLUMNS = {
    "string": "c_string", "int": "c_int", "double": "c_double", "date": "c_date",
    "timestamp": "c_timestamp", "array": "c_array", "map": "c_map", "boolean": "c_boolean",
    "binary": "c_binary", "struct": "c_struct", "decimal": "c_decimal",
    "variant": "parse_json(c_json)", "days": "interval '1' day * c_int",
    "months": "interval '1' month * c_int", "tinyint": "c_tinyint", "bigint": "c_bigint",
    "smallint": "c_smallint", "float": "c_float", "timestamp_ntz": "c_ntz",
}  # fmt: skip
_TABLE = "kinds"
_NO_FUNCTIONS = (exp.Cast, exp.Binary)
_AROUND = (exp.Alias, exp.Window, exp.Filter, exp.WithinGroup)


def questions() -> list[dict[str, Any]]:
    """The table, and a question for each place of each function, called with so many arguments."""
    columns = ", ".join(f"{value} as `{kind}`" for kind, value in _COLUMNS.items())
    table = f"select {columns} from ({TABLES['typed']})"
    kept = {"name": "table", "sql": table, "keep": f"default.{_TABLE}"}
    asked: dict[str, dict[str, Any]] = {}
    for question in _questions():
        asked.setdefault(question["name"], question)
    return [kept, *asked.values()]


def _questions() -> Iterator[dict[str, Any]]:
    for sql in documented():
        tree = parsed(sql)
        for number, node in enumerate(nodes(tree) if isinstance(tree, exp.Select) else ()):
            if is_argument(node) and _is_of_a_function(node):
                yield _question(tree, number)


def _is_of_a_function(argument: exp.Expr) -> bool:
    is_function = isinstance(argument.parent, exp.Func)
    return (
        is_function
        and not isinstance(argument.parent, _NO_FUNCTIONS)
        and argument.find_ancestor(exp.From, exp.Join) is None
    )


def _question(tree: exp.Expr, number: int) -> dict[str, Any]:
    """About the node of this number; `is_whole` says whether its call is all that is selected."""
    argument = nodes(tree)[number]
    call = argument.parent
    place = argument.index if argument.arg_key == "expressions" else argument.arg_key
    selected = tree.expressions[0]
    while isinstance(selected, _AROUND):
        selected = selected.this
    changed = tree.copy()
    nodes(changed)[number].replace(exp.Var(this="{}"))
    return {
        "name": f"{name_of(call)} {place} of {len(list(call.iter_expressions()))}",
        "declared": render(reading(changed, _TABLE)),
        "of": _TABLE,
        "is_whole": selected is call and len(tree.expressions) == 1,
    }
