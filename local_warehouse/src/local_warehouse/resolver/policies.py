"""Row filters and column masks: what a statement sees of a table that has them.

A query reads a subquery in place of the table, whose functions the resolver then replaces by their
bodies. A statement that changes rows changes those that the filter lets it see; it reads their own
values.
https://docs.databricks.com/aws/en/tables/row-and-column-filters
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlglot import exp

from local_warehouse import errors
from local_warehouse.catalog.model import Relation
from local_warehouse.catalog.names import quoted
from local_warehouse.delta import bounds
from local_warehouse.resolver import fractions
from local_warehouse.resolver.relations import subquery_for
from local_warehouse.sql.parse_cache import parse_again


def has_policy(relation: Relation) -> bool:
    """Whether a table has a row filter or a column mask."""
    return bool(relation.row_filter) or any(column.mask for column in relation.columns)


def seen(table: exp.Table, relation: Relation) -> exp.Expr | None:
    """What takes the place of a table that the engine knows, or None where it stays: for the one
    that a statement changes, whose condition is narrowed in place."""
    parent = table.parent
    if isinstance(parent, (exp.Delete, exp.Update, exp.Merge)) and table.arg_key == "this":
        fractions.change_conditions(parent, table, relation)
        if relation.row_filter:
            _narrow(parent, _filter(relation, table.alias_or_name))
        return None
    inner = exp.Table(this=table.this.copy(), version=table.args.get("version"))
    inner.set("alias", exp.TableAlias(this=exp.to_identifier("own", quoted=True)))
    table.set("version", None)
    body = exp.Select(from_=exp.From(this=inner))
    for column in relation.columns:
        value = bounds.read(column, "own")
        if column.mask:
            arguments = [f"own.{quoted(column.name)}", *_arguments(relation, column.mask, "own")]
            value = _call(column.mask["function"], arguments)
        body.append("expressions", exp.alias_(value, column.name, quoted=True))
    if relation.row_filter:
        body.set("where", exp.Where(this=_filter(relation, "own")))
    return subquery_for(table, body, [])


def _filter(relation: Relation, source: str) -> exp.Expr:
    assert relation.row_filter is not None
    arguments = _arguments(relation, relation.row_filter, source)
    return _call(relation.row_filter["function"], arguments)


def _arguments(relation: Relation, policy: Mapping[str, Any], source: str) -> list[str]:
    """The arguments of a policy's function: columns of the table by their names, and literals."""
    given = policy["columns"] if "columns" in policy else policy.get("using_columns") or []
    return [
        f"{quoted(source)}.{quoted(argument)}" if relation.column(argument) else argument
        for argument in given
    ]


def _call(function: str, arguments: Iterable[str]) -> exp.Expr:
    name = quoted(*function.split("."))
    call: exp.Expr = parse_again(f"select {name}({', '.join(arguments)})").expressions[0]
    return call


def _narrow(statement: exp.Expr, condition: exp.Expr) -> None:
    if not isinstance(statement, exp.Merge):
        where = statement.args.get("where")
        both = exp.and_(where.this, condition) if where is not None else condition
        statement.set("where", exp.Where(this=both))
        return
    if any(when.args.get("source") for when in statement.args["whens"].expressions):
        raise errors.unsupported("WHEN NOT MATCHED BY SOURCE on a table with a row filter")
    statement.set("on", exp.and_(statement.args["on"], condition))
