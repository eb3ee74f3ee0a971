"""Common table expressions: which of them a name means, and names that do not collide."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.scopes import random_call

Reference = tuple[exp.Table, exp.CTE]  # a name in FROM, and the expression that it means


def common_table_expression(table: exp.Table) -> exp.CTE | None:
    """The common table expression that a one-part name means where it stands, or None."""
    name = table.name.lower()
    child: exp.Expr = table
    node = table.parent
    while node is not None:
        clause = node.args.get("with_")
        if isinstance(node, exp.With):  # inside a CTE: those before it are visible
            before = node.expressions[: _position(node.expressions, child)]
            visible: list[Any] = [*before, child] if node.recursive else before
        elif clause is not None and child is not clause:
            visible = clause.expressions
        else:
            visible = []
        for expression in reversed(visible):
            if isinstance(expression, exp.CTE) and expression.alias.lower() == name:
                return expression
        child, node = node, node.parent
    return None


def _position(expressions: list[exp.Expr], wanted: exp.Expr) -> int:
    return next(i for i, expression in enumerate(expressions) if expression is wanted)


def check_names(clause: exp.With) -> None:
    """Raise SqlError where two common table expressions of one WITH have the same name."""
    seen: set[str] = set()
    for name in (expression.alias for expression in clause.expressions):
        if name.lower() in seen:
            raise SqlError(
                "DUPLICATED_CTE_NAMES", f"CTE definition can't have duplicate names: '{name}'."
            )
        seen.add(name.lower())


def check_random(references: list[Reference]) -> None:
    """Raise SqlError for a common table expression of random values that is read several times, be
    it by others: the engine would compute it each time, with other values."""
    reads: dict[int, int] = {}

    def count(expression: exp.CTE) -> int:
        if id(expression) not in reads:
            around = [t.find_ancestor(exp.CTE) for t, read in references if read is expression]
            reads[id(expression)] = sum(count(one) if one else 1 for one in around)
        return reads[id(expression)]

    for expression in {id(read): read for _, read in references}.values():
        call = random_call(expression.this) if count(expression) > 1 else None
        if call is not None:
            raise unsupported(
                f"{call}() in a common table expression that is read more than once"
                f" ({expression.alias}; write it to a table)"
            )


def number_ctes(references: list[Reference]) -> None:
    """Give every referenced CTE a name of its own, in place. The engine loses an outer CTE where
    an inner one, such as that of a view, has the same name."""
    names: dict[int, str] = {}
    for table, expression in references:
        if id(expression) not in names:
            names[id(expression)] = f"{expression.alias}_{len(names) + 1}"
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
        table.set("this", exp.to_identifier(names[id(expression)], quoted=True))
    for _, expression in references:
        alias = expression.args["alias"]
        alias.set("this", exp.to_identifier(names[id(expression)], quoted=True))
