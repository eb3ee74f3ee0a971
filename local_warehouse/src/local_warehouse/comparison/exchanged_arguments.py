"""Examples of functions with an argument exchanged for a column, or a literal, of each type.

A column's type is not plain from the text of a query, a literal's is.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from sqlglot import exp

from local_warehouse.comparison.tables import TYPED
from local_warehouse.errors import SqlError
from local_warehouse.sql.dialect import parse, render
from local_warehouse.sql.walk import nodes

_VALUES = (
    *(literal for _, literal in TYPED.values()),
    *("interval '2' day", "interval '2' month", "parse_json('{\"a\": [1, null]}')", "null"),
    *(f"typed.c_{name}" for name in TYPED),
    # what a column of a table cannot be, made of columns
    *("(interval '1' day * typed.c_int)", "(interval '1' month * typed.c_int)"),
    "parse_json(typed.c_json)",
)
# What is no value: a type, a name, the part of an INTERVAL, what stands in rows or in a lambda.
_NO_VALUES = (
    exp.DataType, exp.Identifier, exp.Var, exp.Star, exp.Lambda, exp.Distinct, exp.Ordered,
    exp.Order, exp.WindowSpec, exp.Where, exp.WithinGroup, exp.PropertyEQ, exp.Kwarg, exp.Table,
    exp.TableAlias, exp.If, exp.Tuple,
)  # fmt: skip
_NO_CALLS = (exp.Lambda, exp.Interval, exp.Alias, exp.Paren, exp.Dot)
_CLOSED = (exp.Values, exp.Lambda, exp.Interval, exp.DataType, exp.Subquery, exp.With)

# Functions of rows in their order, which the join with the table does not keep.
_ORDERED = {"first", "first_value", "lag", "last", "last_value", "lead", "nth_value", "any_value",
            "argmax", "argmin"}  # fmt: skip


def with_argument_exchanged(
    examples: Iterable[str], chosen: random.Random, count: int
) -> Iterator[str]:
    """So many of the statements that are SELECTs, each with an argument of one of its calls and
    operators exchanged for a column or a literal; all three are chosen."""
    trees = [tree for sql in examples if isinstance(tree := parsed(sql), exp.Select)]
    places = [(tree, place) for tree in trees for place in range(len(_arguments(tree)))]
    for _ in range(count):
        yield _exchanged(*chosen.choice(places), chosen.choice(_VALUES))


def parsed(sql: str) -> exp.Expr | None:
    """A statement's syntax tree, None where it cannot be parsed."""
    try:
        return parse(sql)
    except SqlError:
        return None


def _arguments(tree: exp.Expr) -> list[exp.Expr]:
    """The arguments of a statement's calls and operators, in the order of their nodes."""
    return [
        node
        for node in nodes(tree)
        if is_argument(node)
        and (node.parent is None or name_of(node.parent) not in _ORDERED)
        and (node.arg_key != "expression" or not isinstance(node.parent, exp.Initcap))
    ]


def is_argument(node: exp.Expr) -> bool:
    """Whether it is a value that a call or an operator takes, which a column may stand for."""
    return (
        isinstance(node.parent, (exp.Func, exp.Binary, exp.Unary, exp.Between, exp.In))
        and not isinstance(node, _NO_VALUES)
        and not isinstance(node.parent, _NO_CALLS)
        and node.find_ancestor(*_CLOSED) is None
    )


def name_of(call: exp.Expr) -> str:
    """The name of a call's function."""
    return str(call.this).lower() if isinstance(call, exp.Anonymous) else call.key


def _exchanged(tree: exp.Expr, place: int, value: str) -> str:
    changed = tree.copy()
    _arguments(changed)[place].replace(parse(f"select {value}").expressions[0])
    return render(reading(changed, "typed") if "typed." in value else changed)


def reading(tree: exp.Expr, table: str) -> exp.Expr:
    """A SELECT, changed in place to read a table beside what it reads."""
    read = tree.args.get("from_")
    joins = [exp.Join(this=read.this, kind="CROSS")] if read is not None else []
    tree.set("from_", exp.From(this=exp.to_table(table)))
    tree.set("joins", [*joins, *(tree.args.get("joins") or [])])
    return tree
