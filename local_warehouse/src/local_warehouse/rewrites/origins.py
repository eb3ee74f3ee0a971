"""The columns of tables that expressions and the outputs of queries are: with all that the catalog
says of them and the engine does not know, comments and types such as CHAR(5).

An output that is a column, by whatever name, has them; one that is computed has not.
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.catalog.model import Column
from local_warehouse.rewrites.mixed_numbers import KnownColumns
from local_warehouse.rewrites.scopes import expression_of, place_of, relations_in

_META = "origins"  # of a query that stands for a table or a view
_Outputs = list[tuple[str, Column | None]]  # names, and the columns that they are


class NotKnownError(LookupError):
    """The text of a statement does not say which column it is."""


def note_columns(query: exp.Expr, columns: list[Column]) -> None:
    """Say which columns a query has that stands in place of a table or a view."""
    query.meta[_META] = KnownColumns(columns)


def origin(column: exp.Column) -> Column | None:
    """The column of a table that a column of a query is, or None where it is computed or is of no
    table. Raises NotKnownError."""
    name, qualifier = column.name.lower(), column.table.lower()
    place = place_of(column)
    while place is not None:
        for relation in _relations(place):
            if qualifier in ("", relation.alias_or_name.lower()):
                columns = dict(_columns(relation))
                if qualifier or name in columns:
                    return columns.get(name)
        place = place_of(place)
    return None


def outputs(query: exp.Expr) -> _Outputs:
    """The names of the columns of a query, in lower case, and the columns of tables that they are;
    of a set operation those of its first branch. Raises NotKnownError."""
    query = query.unnest() if isinstance(query, (exp.Subquery, exp.Paren)) else query
    if isinstance(query, exp.SetOperation):
        return outputs(query.this)
    if not isinstance(query, exp.Select):
        raise NotKnownError
    found: _Outputs = []
    for output in query.expressions:
        if output.is_star:
            found += _of_star(query, output)
            continue
        value = output.unalias().unnest()
        is_column = isinstance(value, exp.Column)
        found.append((output.alias_or_name.lower(), origin(value) if is_column else None))
    return found


def _of_star(select: exp.Select, star: exp.Expr) -> _Outputs:
    bare = star.this if isinstance(star, exp.Column) else star
    joins = select.args.get("joins") or []
    is_merged = any(join.args.get("using") or join.method for join in joins)
    if is_merged or any(bare.args.get(key) for key in ("except_", "replace", "rename")):
        raise NotKnownError
    qualifier = star.table.lower() if isinstance(star, exp.Column) else ""
    relations = relations_in(select)
    if qualifier:
        relations = [one for one in relations if one.alias_or_name.lower() == qualifier]
    return [column for relation in relations for column in _columns(relation)]


def _relations(place: exp.Expr) -> list[exp.Expr]:
    if isinstance(place, exp.Select):
        return relations_in(place)
    given = [place.this, place.args.get("using"), place.args.get("from_")]
    return [one.this if isinstance(one, exp.From) else one for one in given if one is not None]


def _columns(relation: exp.Expr) -> _Outputs:
    alias = relation.args.get("alias")
    named = [one.name.lower() for one in alias.columns] if alias is not None else []
    found = _columns_within(relation, named)
    if not named:
        return found
    return [(name, column) for name, (_, column) in zip(named, found, strict=False)]


def _columns_within(relation: exp.Expr, named: list[str]) -> _Outputs:
    if _META in relation.meta:
        return _named(relation.meta[_META])
    if isinstance(relation, (exp.Subquery, exp.CTE)):
        return outputs(relation.this)
    if isinstance(relation, exp.Table) and not isinstance(relation.this, exp.Func):
        cte = expression_of(relation)
        if cte is not None:
            return _columns(cte)
        if relation.meta.get("columns") is None:
            raise NotKnownError
        return _named(relation.meta["columns"])
    return [(name, None) for name in named]  # VALUES, and calls of functions


def _named(columns: list[Column]) -> _Outputs:
    return [(column.name.lower(), column) for column in columns]
