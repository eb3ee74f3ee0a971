"""Relations in a syntax tree: pointed at the engine's tables, or replaced by subqueries."""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.scopes import sources


def point_at(table: exp.Table, engine_name: str) -> None:
    """Have `table` name a table of the engine, in place; it keeps its name as an alias."""
    if not table.alias:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
    table.set("this", exp.to_identifier(engine_name, quoted=True))
    table.set("db", None)
    table.set("catalog", None)


def subquery_for(table: exp.Table, body: exp.Expr, columns: list[str]) -> exp.Subquery:
    """A subquery of `body` with the alias, joins and samples of the table that it replaces.
    `columns` are the names that it gives the columns of `body`; none where they keep theirs."""
    alias = table.args.get("alias")
    if alias is None and not isinstance(table.this, exp.Anonymous):
        alias = exp.TableAlias(this=exp.to_identifier(table.name, quoted=True))
    if alias is not None and columns and not alias.columns:
        alias.set("columns", [exp.to_identifier(column, quoted=True) for column in columns])
    subquery = exp.Subquery(this=body, alias=alias)
    for key, value in table.args.items():
        if key not in ("this", "db", "catalog", "alias") and value:
            subquery.set(key, value)
    return subquery


def columns_by_name(body: exp.Expr, columns: list[str]) -> exp.Select:
    """A SELECT of the columns that a view's query had when the view was made. A star in it may
    show more today, as its tables may have been given columns since."""
    chosen = [exp.column(exp.to_identifier(column, quoted=True)) for column in columns]
    return exp.select(*chosen).from_(exp.Subquery(this=body, alias=exp.TableAlias(this="query")))


def drop_namespace(column: exp.Column) -> None:
    """Replace shop.orders.id by orders.id, as the engine knows the relation by its last name.
    What follows the column, as in orders.place.city.name, are fields. Where none of the names is
    that of a relation, the first is the column's."""
    parts = column.parts
    known = _relations_of_change(column)
    select = column.parent_select
    while select is not None:
        known |= {one.alias_or_name.lower() for one in sources(select)}
        known |= {one.alias.lower() for one in select.args.get("laterals") or []}
        select = select.parent_select
    relations = [i for i, part in enumerate(parts[:-1]) if part.name.lower() in known]
    at = relations[-1] if relations else -1
    shortened: exp.Expr = exp.Column(this=parts[at + 1], table=parts[at] if relations else None)
    for field in parts[at + 2 :]:
        shortened = exp.Dot(this=shortened, expression=field)
    column.replace(shortened)


def _relations_of_change(column: exp.Column) -> set[str]:
    """The names of the relations of the UPDATE, MERGE or DELETE that a column stands in."""
    change = column.find_ancestor(exp.Merge) or column.find_ancestor(exp.Update, exp.Delete)
    relations = [] if change is None else [change.this, change.args.get("using")]
    return {one.alias_or_name.lower() for one in relations if isinstance(one, exp.Expr)}
