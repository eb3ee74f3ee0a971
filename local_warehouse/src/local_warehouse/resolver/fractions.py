"""FLOAT and DOUBLE columns of tables, of which the engine must not read the bounds.

A file's least and greatest values, which the engine writes and passes over files by, know nothing
of NaN: `max(f)` would not find it, and neither `f > 1` nor ORDER BY with LIMIT. The engine has no
setting for these columns alone, so it gets to see expressions in their place, of which no file has
bounds: here, and in snapshots.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlglot import exp

from local_warehouse.catalog.model import Column, Relation
from local_warehouse.delta import bounds
from local_warehouse.resolver.relations import subquery_for
from local_warehouse.sql.walk import nodes, of_kind


def are_in(columns: Iterable[Column]) -> bool:
    """Whether a table has such columns."""
    return any(column.may_be_nan for column in columns)


def subquery(table: exp.Table, relation: Relation) -> exp.Expr:
    """What takes the place of a table in a query that is not read by a snapshot."""
    inner = exp.Table(this=table.this.copy(), version=table.args.get("version"))
    inner.set("alias", exp.TableAlias(this=exp.to_identifier("own", quoted=True)))
    table.set("version", None)
    shown = [exp.alias_(bounds.read(c, "own"), c.name, quoted=True) for c in relation.columns]
    return subquery_for(table, exp.select(*shown).from_(inner), [])


def change_conditions(change: exp.Expr, table: exp.Table, relation: Relation) -> None:
    """Exchange the columns in the conditions of the UPDATE, DELETE or MERGE that changes a table,
    in place; those of subqueries are others."""
    for condition in _conditions(change):
        exchange(condition, relation, table.alias_or_name)


def exchange(condition: exp.Expr, relation: Relation, name: str = "") -> None:
    """Exchange a table's columns in a condition on its rows, in place; they have the table's name
    or none before them."""
    own = {c.name.lower() for c in relation.columns if c.may_be_nan}
    for column in of_kind(nodes(condition), exp.Column) if own else ():
        is_own = column.name.lower() in own and column.table.lower() in ("", name.lower())
        if is_own and column.find_ancestor(exp.Select) is None:
            column.replace(bounds.hidden(column.copy()))


def _conditions(change: exp.Expr) -> Iterator[exp.Expr]:
    whens = change.args.get("whens")
    found = [change.args.get("where"), change.args.get("on")]
    found += [when.args.get("condition") for when in (whens.expressions if whens else ())]
    yield from (condition for condition in found if condition is not None)
