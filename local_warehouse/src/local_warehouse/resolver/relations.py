"""Relations in a syntax tree: pointed at the engine's tables, or replaced by subqueries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from local_warehouse.catalog.model import Column
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


def have_other_types(
    found: Mapping[str, Mapping[str, str]], recorded: Mapping[str, Mapping[str, str]]
) -> bool:
    """Whether a column that a view's query reads has another type than when the view was made."""
    return any(
        found.get(name, {}).get(column, data_type) != data_type
        for name, columns in recorded.items()
        for column, data_type in columns.items()
    )


def columns_as(body: exp.Expr, columns: Sequence[Column]) -> exp.Select:
    """A SELECT of a view's columns with the types that they had when the view was made.

    https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-create-view
    """
    names = [exp.to_identifier(column.name, quoted=True) for column in columns]
    alias = exp.TableAlias(this=exp.to_identifier("query"), columns=names)
    typed = [
        exp.alias_(exp.cast(exp.column(name.copy()), column.type), column.name, quoted=True)
        for name, column in zip(names, columns, strict=True)
    ]
    return exp.select(*typed).from_(exp.Subquery(this=body, alias=alias))


QualifierOf = Callable[[exp.Expr], list[str]]  # a relation's whole name in lower case, or its alias


@dataclass(frozen=True)
class _Meaning:
    """What the names before a column mean: a relation, in a place with others, and how many of the
    names are its own. The relations of places within are nearer to the column."""

    relation: exp.Expr
    count: int
    others: list[exp.Expr]
    nearer: list[exp.Expr]


def drop_namespaces(columns: list[exp.Column], qualifier_of: QualifierOf) -> None:
    """Replace shop.orders.id by orders.id, as the engine knows a relation by its last name, or by
    an alias where another one has that name too."""
    bare = [column for column in columns if column.table and not column.args.get("db")]
    for column in columns:
        if column.args.get("db") and not isinstance(column.parent, exp.Star):
            meaning = _meaning(column, qualifier_of)
            if meaning is not None and meaning.count > 1:
                _tell_from_twins(meaning, bare, qualifier_of)
            _shorten(column, meaning)


def _shorten(column: exp.Column, meaning: _Meaning | None) -> None:
    """Leave the relation's name before the column. What follows the column, as in
    orders.place.city.name, are fields. Where none of the names is that of a relation, the first is
    the column's."""
    parts = column.parts
    at, name = (meaning.count, meaning.relation.alias_or_name) if meaning else (0, None)
    table = exp.to_identifier(name, quoted=True)
    shortened: exp.Expr = exp.Column(this=parts[at], table=table)
    for field in parts[at + 1 :]:
        shortened = exp.Dot(this=shortened, expression=field)
    column.replace(shortened)


def _meaning(column: exp.Column, qualifier_of: QualifierOf) -> _Meaning | None:
    """What the names before a column mean: in the innermost place where they mean something, and
    there most of them, as Databricks looks for them."""
    names = [part.name.lower() for part in column.parts[:-1]]
    nearer: list[exp.Expr] = []
    for relations in _relations_around(column):
        for count in range(len(names), 0, -1):
            for relation in relations:
                if qualifier_of(relation)[-count:] == names[:count]:
                    others = [one for one in relations if one is not relation]
                    return _Meaning(relation, count, others, nearer)
        nearer = nearer + relations
    return None


def _tell_from_twins(meaning: _Meaning, bare: list[exp.Column], qualifier_of: QualifierOf) -> None:
    """Give a table an alias of its own where another one, beside it or nearer to the column, has
    its name in another schema. It stays as it is where a column is named by the last name only that
    it and one beside it have: that is ambiguous."""
    relation = meaning.relation
    name = relation.alias_or_name.lower()

    def has_name(one: exp.Expr) -> bool:
        return one.alias_or_name.lower() == name

    is_beside = any(map(has_name, meaning.others))
    if not is_beside and not any(map(has_name, meaning.nearer)):
        return
    whole = qualifier_of(relation)
    by_name = []
    for column in bare:
        found = _meaning(column, qualifier_of) if column.table.lower() == name else None
        if found is not None and found.relation in (relation, *meaning.others):
            by_name.append(column)
    if (is_beside and by_name) or whole in map(qualifier_of, meaning.others):
        return
    relation.meta["qualifier"] = whole
    alias = exp.to_identifier(".".join(whole), quoted=True)
    relation.set("alias", exp.TableAlias(this=alias))
    for column in by_name:
        column.set("table", alias.copy())


def _relations_around(column: exp.Column) -> Iterator[list[exp.Expr]]:
    """The relations of the places around a column, inner ones first: SELECTs, and a change."""
    select = column.parent_select
    while select is not None:
        laterals = select.args.get("laterals") or []
        yield [one for source in sources(select) for one in _within(source)] + laterals
        select = select.parent_select
    change = column.find_ancestor(exp.Merge) or column.find_ancestor(exp.Update, exp.Delete)
    if change is not None:
        both = (change.this, change.args.get("using"))
        yield [one for one in both if isinstance(one, exp.Expr)]


def _within(source: exp.Expr) -> list[exp.Expr]:
    """A relation, or those that are joined in parentheses."""
    inner = source.this
    if isinstance(source, exp.Subquery) and not source.alias and isinstance(inner, exp.Table):
        joined = [inner, *(join.this for join in inner.args.get("joins") or [])]
        return [one for part in joined for one in _within(part)]
    return [source]
